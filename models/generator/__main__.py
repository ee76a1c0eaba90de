"""`python -m models.generator --out demo-documents --seed 7 --count 60`: files, and `answers.jsonl` beside them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from models.generator import KINDS, GeneratedDocument, generate


def to_json(document: GeneratedDocument) -> dict[str, Any]:  # mixed: what a line of answers.jsonl holds
    """File, type, layout, page sizes in pixels, answers (box in shares of the page), words of each page."""
    return {
        "file": document.name,
        "type": document.kind,
        "layout": document.layout,
        "scan": document.scan,
        "pages": [{"width": page.width, "height": page.height} for page in document.pages],
        "answers": [
            {
                "field": answer.field,
                "text": answer.text,
                "page": answer.place.page,
                "box": answer.place.box.to_json(),
            }
            for answer in document.answers
            if answer.place
        ],
        "words": [[[word.text, word.box.to_json()] for word in page.words] for page in document.pages],
    }


def write(
    out: Path,
    *,
    seed: int,
    count: int,
    kinds: tuple[str, ...] = KINDS,
    first: int = 0,
    scan: bool | None = None,
) -> int:
    """Writes `count` documents, of the kinds in turn, and `answers.jsonl`; answers how many it wrote."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "answers.jsonl").open("w", encoding="utf-8") as answers:
        for number in range(count):
            kind = kinds[number % len(kinds)]
            document = generate(kind, first + number // len(kinds), seed, scan=scan)
            (out / document.name).write_bytes(document.content)
            answers.write(json.dumps(to_json(document), ensure_ascii=False) + "\n")
    return count


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m models.generator", description="Makes receipts and invoices with known answers."
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the files and answers.jsonl")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=60, help="documents in all, the kinds in turn")
    parser.add_argument("--first", type=int, default=0, help="index of the first document of each kind")
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this kind (may be repeated)")
    parser.add_argument("--scans", choices=("some", "all", "none"), default="some")
    given = parser.parse_args(arguments)
    scan = {"some": None, "all": True, "none": False}[given.scans]
    kinds = tuple(given.kind or KINDS)
    written = write(given.out, seed=given.seed, count=given.count, kinds=kinds, first=given.first, scan=scan)
    sys.stdout.write(f"{written} documents and answers.jsonl in {given.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
