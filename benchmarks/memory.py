"""How much memory a training of some 500 pages takes: the largest resident set of a process that does nothing else."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contenders import CONTENDERS, DEFAULT
from benchmarks.tables import table
from models.errors import TrainingFailed
from models.pack_schema import inferred
from models.packs import PackDocument, read_pack

PACK = "nda"  # the longest documents
PAGES = 500
MOST_GB = 4.0
# the network's memory is that of its longest batch, which the first pass over the documents holds
CONTENDED: dict[str, dict[str, Any]] = {DEFAULT: {}, "layoutlm": {"epochs": 1}}

Row = dict[str, Any]  # JSON: names, counts, figures


def measure(data: Path, *, threads: int, say: Callable[[str], None]) -> Iterator[tuple[str, Row]]:
    """(key, row) of each extractor; raises `TrainingFailed` where the process ends without an answer."""
    for name, recipe in CONTENDED.items():
        say(f"memory: {name}, {PAGES} pages")
        yield name, of_training(data / PACK / "train", name, recipe | {"threads": threads}, PAGES)


def of_training(pack: Path, extractor: str, recipe: Row, pages: int) -> Row:
    """Train on documents of `pack`, in its order, until they have so many pages, in a process of its own."""
    asked = {"pack": str(pack), "extractor": extractor, "recipe": recipe, "pages": pages}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", json.dumps(asked)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
        check=False,
    )
    if done.returncode:
        raise TrainingFailed(f"the training of {extractor} for its memory ended with {done.returncode}")
    row: Row = json.loads(done.stdout.splitlines()[-1])
    return {"extractor": extractor, "recipe": recipe} | row


def report(rows: Sequence[Row]) -> str:
    """A line for each extractor."""
    header = ["extractor", "recipe", "pages", "documents", "words", "most memory, GB", "minutes"]
    body = [
        [
            row["extractor"],
            ", ".join(f"{name} {value}" for name, value in row["recipe"].items() if name != "threads"),
            str(row["pages"]),
            str(row["documents"]),
            str(row["words"]),
            f"{row['gigabytes']:.2f}",
            f"{row['minutes']:.1f}",
        ]
        for row in rows
    ]
    return table(header, body)


def _train(asked: Row) -> Row:
    """The training itself, and the most memory that this process ever held."""
    documents: list[PackDocument] = []
    pages = 0
    for document in read_pack(Path(asked["pack"])):
        documents.append(document)
        pages += len(document.pages)
        if pages >= asked["pages"]:
            break
    examples = [document.example for document in documents]
    held_back = max(2, len(examples) // 10)
    began = time.perf_counter()
    CONTENDERS[asked["extractor"]].fit(
        inferred(documents), examples[held_back:], examples[:held_back], asked["recipe"], lambda _: None
    )
    return {
        "pages": pages,
        "documents": len(documents),
        "words": sum(len(page.words) for each in documents for page in each.pages),
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "minutes": (time.perf_counter() - began) / 60,
    }


if __name__ == "__main__":
    print(json.dumps(_train(json.loads(sys.argv[1]))))
