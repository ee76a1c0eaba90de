"""Packs on disk for tests: receipts from the generator, in the format of `models.packs`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from models.generator import generate

FIELDS = ("company", "date", "address", "total")


def write_pack(folder: Path, count: int, *, seed: int = 5, **meta: Any) -> Path:
    """`count` receipts with their answers; `meta` goes to every document's."""
    folder.mkdir(parents=True)
    with (folder / "ocr.jsonl").open("w") as read, (folder / "labels.jsonl").open("w") as labelled:
        for index in range(count):
            document = generate("receipt", index, seed, scan=False)
            page = document.pages[0]
            items = [
                [
                    word.text,
                    word.box.x0 * page.width,
                    word.box.y0 * page.height,
                    word.box.x1 * page.width,
                    word.box.y1 * page.height,
                    0,
                ]
                for word in page.words
            ]
            stored = {"page": 1, "image": None, "width": page.width, "height": page.height, "items": items}
            answers = {answer.field: answer.text for answer in document.answers}
            fields = {name: answers.get(name) for name in FIELDS}
            read.write(json.dumps({"id": document.name, "doc_type": "receipt", "pages": [stored]}) + "\n")
            labels = {
                "id": document.name,
                "fields": fields,
                "in_ocr": {name: bool(value) for name, value in fields.items()},
                "meta": meta,
            }
            labelled.write(json.dumps(labels) + "\n")
    return folder


def relabel(folder: Path, change: Any) -> None:
    """Rewrite the labels: `change` gets each document's number and labels, and changes them in place."""
    lines = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    for number, labels in enumerate(lines):
        change(number, labels)
    (folder / "labels.jsonl").write_text("".join(json.dumps(labels) + "\n" for labels in lines))
