"""Model folders that were made to do harm: none runs anything, each is refused with a reason (T22).

Each is whole by its manifest unless that is what is wrong with it: whoever can write to MLflow's store can write a manifest.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models import extractors
from models.errors import DocloopError, RegistryError
from models.extractors import manifest
from models.registry import _checked
from models.schema import Field, Schema
from tests.factories import make_tiny_base

SCHEMA = Schema((Field("total"),))


class Evil:
    """Unpickled, it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.marker}",)


def code(marker: Path) -> bytes:
    return f"open({str(marker)!r}, 'w').close()\n".encode()


def seal(folder: Path, contents: dict[str, bytes], *, extractor: str = "rules", **changes: Any) -> None:
    """A folder with these files and a manifest that fits them, as an attacker can make it."""
    folder.mkdir(exist_ok=True)
    told = {}
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        told[name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    schema = {"schema": SCHEMA.to_json(), "schema_hash": SCHEMA.hash}
    stored = {"format": manifest.FORMAT, "extractor": extractor, **schema, "settings": {}, "files": told}
    (folder / manifest.NAME).write_text(json.dumps(stored | changes))


def entry(path: Path) -> dict[str, Any]:
    return {"sha256": manifest.sha256_of(path), "size": path.stat().st_size}


# --- each makes one folder


def a_pickle(folder: Path, marker: Path) -> None:
    seal(folder, {"model.pkl": pickle.dumps(Evil(marker))})


def a_pickle_called_safetensors(folder: Path, marker: Path) -> None:
    config = json.dumps({"model_type": "layoutlm", "head": ["O"]}).encode()
    seal(
        folder, {"model.safetensors": pickle.dumps(Evil(marker)), "config.json": config}, extractor="layoutlm"
    )


def torchs_optimizer(folder: Path, marker: Path) -> None:
    seal(
        folder, {"optimizer.pt": pickle.dumps(Evil(marker)), "training_args.bin": pickle.dumps(Evil(marker))}
    )


def an_array_of_objects(folder: Path, marker: Path) -> None:
    seal(folder, {"weights.npy": b"\x93NUMPY\x01\x00" + pickle.dumps(Evil(marker))})


def joblibs_dump(folder: Path, marker: Path) -> None:
    seal(folder, {"model.joblib": pickle.dumps(Evil(marker))})


def a_module(folder: Path, marker: Path) -> None:
    seal(folder, {"modeling_evil.py": code(marker)})


def modules_that_python_imports_by_itself(folder: Path, marker: Path) -> None:
    seal(folder, {"sitecustomize.py": code(marker), "__init__.py": code(marker)})


def an_mlmodel_with_a_loader(folder: Path, marker: Path) -> None:
    told = b"flavors:\n  python_function:\n    loader_module: evil\n    code: code\n    python_model: python_model.pkl\n"
    seal(folder, {"MLmodel": told, "python_model.pkl": pickle.dumps(Evil(marker))})


def code_in_a_folder(folder: Path, marker: Path) -> None:
    seal(folder, {"code/evil.json": code(marker)})


def an_extra_file(folder: Path, marker: Path) -> None:
    seal(folder, {})
    (folder / "more.json").write_bytes(code(marker))


def a_link(folder: Path, marker: Path) -> None:
    seal(folder, {})
    (folder / "config.json").symlink_to("/etc/passwd")
    seal(folder, {}, files={"config.json": entry(Path("/etc/passwd"))})


def a_manifest_that_is_a_link(folder: Path, marker: Path) -> None:
    seal(folder, {})
    (folder / manifest.NAME).rename(folder.parent / "elsewhere.json")
    (folder / manifest.NAME).symlink_to(folder.parent / "elsewhere.json")


def a_linked_folder(folder: Path, marker: Path) -> None:
    seal(folder, {})
    (folder / "weights").symlink_to("/etc")


def a_pipe(folder: Path, marker: Path) -> None:
    seal(folder, {}, files={"model.onnx": {"sha256": "0" * 64, "size": 0}})
    os.mkfifo(folder / "model.onnx")


def a_path_out_of_the_folder(folder: Path, marker: Path) -> None:
    outside = folder.parent / "outside.json"
    outside.write_bytes(code(marker))
    seal(folder, {}, files={"../outside.json": entry(outside)})


def an_absolute_path(folder: Path, marker: Path) -> None:
    seal(folder, {}, files={"/etc/passwd": entry(Path("/etc/passwd"))})


def a_swapped_hash(folder: Path, marker: Path) -> None:
    seal(folder, {"marks.json": b"[1]", "config.json": b"{}"})
    (folder / "marks.json").write_bytes(b"[2]")


def another_size(folder: Path, marker: Path) -> None:
    seal(folder, {"marks.json": b"[1]"})
    seal(folder, {}, files={"marks.json": entry(folder / "marks.json") | {"size": 4}})


def a_header_beyond_the_file(folder: Path, marker: Path) -> None:
    seal(folder, {"model.safetensors": (2**62).to_bytes(8, "little") + b"{}"})


def a_header_of_fifty_megabytes(folder: Path, marker: Path) -> None:
    seal(folder, {"model.safetensors": (50_000_000).to_bytes(8, "little") + b" " * 50_000_000})


def a_config_that_names_code(folder: Path, marker: Path) -> None:
    config = {
        "model_type": "layoutlm",
        "head": ["O"],
        "auto_map": {"AutoModel": "evil/repo--modeling_evil.Evil"},
    }
    seal(folder, {"config.json": json.dumps(config).encode()}, extractor="layoutlm")


def a_config_that_trusts(folder: Path, marker: Path) -> None:
    config = {"model_type": "layoutlm", "trust_remote_code": True}
    seal(folder, {"config.json": json.dumps(config).encode()}, extractor="layoutlm")


def a_config_of_another_model(folder: Path, marker: Path) -> None:
    seal(folder, {"config.json": b'{"model_type": "lightglue"}'}, extractor="layoutlm")


def a_config_of_a_billion(folder: Path, marker: Path) -> None:
    seal(folder, {"config.json": b'{"model_type": "bert", "hidden_size": 1000000000}'}, extractor="layoutlm")


def a_call_for_an_extractor(folder: Path, marker: Path) -> None:
    seal(folder, {}, extractor="os.system")


def a_path_for_an_extractor(folder: Path, marker: Path) -> None:
    seal(folder, {}, extractor="../../evil")


def brackets_without_end(folder: Path, marker: Path) -> None:
    seal(folder, {})
    (folder / manifest.NAME).write_text("[" * 200_000)


def a_manifest_of_twenty_megabytes(folder: Path, marker: Path) -> None:
    seal(folder, {}, padding="x" * 20_000_000)


def files_that_are_numbers(folder: Path, marker: Path) -> None:
    seal(folder, {}, files=[1, 2, 3])


def a_thousand_files(folder: Path, marker: Path) -> None:
    seal(folder, {f"part_{n}.json": b"{}" for n in range(1000)})


def settings_of_nothing(folder: Path, marker: Path) -> None:
    seal(
        folder, {"base.onnx": b"x", "tokenizer.json": b"{}"}, extractor="combined", settings={"concepts": "x"}
    )


def a_graph_with_weights_elsewhere(folder: Path, marker: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    weights = helper.make_tensor("w", TensorProto.FLOAT, [1, 2], bytes(8), raw=True)
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="../../../../etc/passwd")
    taken, given = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", [taken], [given], [weights])
    content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()
    assert onnx.load_from_string(content)
    settings = {
        "concepts": 2,
        "columns": [],
        "weights": [1, 0, 0],
        "reading": {},
        "taught": False,
        "recipe": {},
    }
    seal(folder, {"base.onnx": content, "tokenizer.json": b"{}"}, extractor="combined", settings=settings)


FOLDERS = [
    a_pickle, a_pickle_called_safetensors, torchs_optimizer, an_array_of_objects, joblibs_dump, a_module,
    modules_that_python_imports_by_itself, an_mlmodel_with_a_loader, code_in_a_folder, an_extra_file, a_link,
    a_manifest_that_is_a_link, a_linked_folder, a_pipe, a_path_out_of_the_folder, an_absolute_path, a_swapped_hash,
    another_size, a_header_beyond_the_file, a_header_of_fifty_megabytes, a_config_that_names_code, a_config_that_trusts,
    a_config_of_another_model, a_config_of_a_billion, a_call_for_an_extractor, a_path_for_an_extractor, brackets_without_end,
    a_manifest_of_twenty_megabytes, files_that_are_numbers, a_thousand_files,
]  # fmt: skip
WITH_GRAPHS = [
    pytest.param(each, marks=pytest.mark.slow)
    for each in (settings_of_nothing, a_graph_with_weights_elsewhere)
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("make", [*FOLDERS, *WITH_GRAPHS], ids=lambda make: make.__name__)
def test_a_hostile_model_runs_nothing_and_is_refused_with_a_reason(
    tmp_path: Path, make: Callable[[Path, Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder, marker = tmp_path / "model", tmp_path / "pwned"
    make(folder, marker)
    with pytest.raises(DocloopError) as refusal:
        extractors.load(folder)
    assert not marker.exists()
    assert len(str(refusal.value)) > 30 and "\n" not in str(refusal.value)


def test_there_are_twenty_and_more() -> None:
    assert len(FOLDERS) >= 20


def test_a_model_that_is_whole_but_not_the_one_that_was_registered_is_refused(tmp_path: Path) -> None:
    seal(tmp_path / "model", {})
    assert extractors.load(tmp_path / "model")
    with pytest.raises(RegistryError, match="not the one that was registered"):
        _checked(tmp_path / "model", "0" * 64)


# --- bases, which people choose by name


def change(base: Path, **changes: Any) -> None:
    config = json.loads((base / "config.json").read_text()) | changes
    (base / "config.json").write_text(json.dumps(config))


def code_beside_it(base: Path, marker: Path) -> None:
    (base / "modeling_evil.py").write_bytes(code(marker))
    change(base, auto_map={"AutoModel": "modeling_evil.Evil"})


def a_module_alone(base: Path, marker: Path) -> None:
    (base / "modeling_evil.py").write_bytes(code(marker))


def code_on_the_hub(base: Path, marker: Path) -> None:
    change(base, auto_map={"AutoConfig": "evil/repo--evil.Config"})


def another_architecture(base: Path, marker: Path) -> None:
    change(base, model_type="lightglue")


def a_billion_of_everything(base: Path, marker: Path) -> None:
    change(base, hidden_size=10**9)


def pickled_weights(base: Path, marker: Path) -> None:
    (base / "model.safetensors").unlink()
    (base / "pytorch_model.bin").write_bytes(pickle.dumps(Evil(marker)))


def weights_that_are_a_pickle(base: Path, marker: Path) -> None:
    (base / "model.safetensors").write_bytes(pickle.dumps(Evil(marker)))


def a_huge_header(base: Path, marker: Path) -> None:
    (base / "model.safetensors").write_bytes((10**9).to_bytes(8, "little") + bytes(99))


BASES = [
    code_beside_it, a_module_alone, code_on_the_hub, another_architecture, a_billion_of_everything, pickled_weights,
    weights_that_are_a_pickle, a_huge_header,
]  # fmt: skip


@pytest.fixture(scope="module")
def good_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_base(tmp_path_factory.mktemp("base"))


@pytest.mark.slow
@pytest.mark.parametrize("spoil", BASES, ids=lambda spoil: spoil.__name__)
def test_a_hostile_base_runs_nothing_and_is_refused_with_a_reason(
    tmp_path: Path, good_base: Path, spoil: Callable[[Path, Path], None]
) -> None:
    from models.extractors.layoutlm.bases import open_base

    base, marker = tmp_path / "base", tmp_path / "pwned"
    shutil.copytree(good_base, base)
    assert open_base(str(base))
    spoil(base, marker)
    with pytest.raises(DocloopError) as refusal:
        open_base(str(base))
    assert not marker.exists() and len(str(refusal.value)) > 30


@pytest.mark.slow
@pytest.mark.parametrize("called", ["{sha256:.8}", "00000000", "test"])
def test_weights_for_doctr_that_are_a_pickle_run_nothing(tmp_path: Path, called: str) -> None:
    from models.ocr import engine

    marker, content = tmp_path / "pwned", pickle.dumps(Evil(tmp_path / "pwned"))
    ending = called.format(sha256=hashlib.sha256(content).hexdigest())
    for architecture in ("db_mobilenet_v3_large", "crnn_mobilenet_v3_small"):
        (tmp_path / f"{architecture}-{ending}.pt").write_bytes(content)
    with pytest.raises(DocloopError, match="holds no weights|not called after its SHA-256"):
        engine("doctr", weights=tmp_path)
    assert not marker.exists()
