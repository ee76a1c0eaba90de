"""A confined process reads and writes where it was told to, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]

PROBE = """
import socket, sys
from pathlib import Path
from models.landlock import confine

given, other, out = map(Path, sys.argv[1:])
if not confine(readable=[given], writable=[out]):
    print("no landlock")
    sys.exit()

def works(act):
    try:
        act()
    except PermissionError:
        return False
    except ConnectionRefusedError:
        return True
    return True

print(works(given.read_bytes), works(other.read_bytes))
print(works(lambda: (out / "x").write_text("x")), works(lambda: other.with_name("y").write_text("y")))
print(works(lambda: other.write_text("z")), works(lambda: given.write_text("z")))
print(works(lambda: socket.create_connection(("127.0.0.1", 9), timeout=2)))
"""


def test_a_confined_process_reaches_only_what_it_was_given(tmp_path: Path) -> None:
    given, other, out = tmp_path / "given", tmp_path / "other", tmp_path / "out"
    given.write_text("1")
    other.write_text("2")
    out.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(given), str(other), str(out)],
        cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    if done.stdout.startswith("no landlock"):
        pytest.skip("this kernel has no Landlock")
    files = done.stdout.splitlines()[:3]
    assert files == ["True False", "True False", "False False"]
    assert other.read_text() == "2" and not (tmp_path / "y").exists()
