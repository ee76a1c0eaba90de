from pathlib import Path

import pytest

from tests.generated_pack import write_pack


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packs with one in it: 30 generated receipts under the name of the real ones."""
    folder = tmp_path_factory.mktemp("data")
    write_pack(folder / "sroie/train", 30)
    return folder
