"""A base's folder in; its network as an ONNX graph, kept on disk, out: who only asks the base never imports torch.

The first to ask has a child process export the graph, which takes torch and some seconds; then it lies in the cache,
under the hash of the base's files. It is in 32 bits: nothing tells what 8 would cost a type that nobody has corrected
anything of.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tokenizers import Tokenizer

from models.errors import RegistryError
from models.extractors.base_files import digest, head_of
from models.extractors.layoutlm.inference import THREADS, Session
from models.extractors.layoutlm.windows import open_tokenizer
from models.extractors.precision import FLOAT32

CHECKOUT = Path(__file__).resolve().parents[2]
FORM = 3  # of the exported graph; one of another form is exported anew
PATIENCE = 600  # seconds


@dataclass(frozen=True, slots=True)
class Base:
    """The base's graph, ready to run, with its tokenizer and the labels of its head."""

    session: Session
    tokenizer: Tokenizer
    head: tuple[str, ...]


@lru_cache(maxsize=2)
def open_graph(folder: Path, cache: Path) -> Base:
    """The base in `folder`, by its graph in `cache`, which is exported if it isn't there; once per process.

    Raises `RegistryError` if that can't be done.
    """
    graph = cache / f"{digest(folder)[:32]}-{FORM}.onnx"
    if not graph.is_file():
        _export(folder, graph)
    head = head_of(folder)
    return Base(Session(graph, len(head), threads=THREADS), open_tokenizer(folder), head)


def _export(folder: Path, graph: Path) -> None:
    """Writes the graph, by a child: its memory is given back. Of several workers one does it, and the others wait."""
    graph.parent.mkdir(parents=True, exist_ok=True)
    with (
        (graph.parent / ".exporting").open("w") as lock,
        tempfile.TemporaryDirectory(dir=graph.parent, prefix=".unfinished-") as temporary,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)  # given back with the file, also by a worker that dies
        if graph.is_file():
            return
        written = Path(temporary) / graph.name
        command = [sys.executable, "-m", "models.extractors.base_graph", str(folder.resolve()), str(written)]
        try:
            done = subprocess.run(
                command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired as error:
            raise RegistryError(
                f"exporting the base in {folder} took more than {PATIENCE} s: is the machine busy?"
            ) from error
        if done.returncode or not written.is_file():
            told = done.stderr.decode(errors="replace").strip().splitlines()
            raise RegistryError(
                f"the base in {folder} can't be exported (exit code {done.returncode}): "
                f"{told[-1][:200] if told else 'it said nothing'}"
            )
        written.replace(graph)


def main() -> None:
    """`python -m models.extractors.base_graph FOLDER GRAPH`"""
    from models.extractors.tagger.base import open_concepts  # imports torch

    folder, graph = sys.argv[1:]
    session, _, _ = open_concepts(folder, THREADS, FLOAT32)
    session.save(Path(graph))


if __name__ == "__main__":
    main()
