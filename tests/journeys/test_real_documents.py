"""Real receipts, where they are at hand: labelled ones in, a model out, and predictions that save people work.

The packs are not part of the repository: `DOCLOOP_REAL_DOCUMENTS` names their folder.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.extractors.base import Answer, Value
from models.metrics import is_right
from models.packs import PackDocument, read_pack
from models.schema import Schema
from tests.journeys.test_loop import Loop, until
from webapp.config import CHECKOUT
from webapp.embedded.running import running

PACKS = Path(os.environ.get("DOCLOOP_REAL_DOCUMENTS", CHECKOUT.parent / "shared" / "data"))
SROIE = PACKS / "sroie" / "train"
LABELLED, WAITING = 45, 15

pytestmark = [
    pytest.mark.journey,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not SROIE.is_dir(), reason=f"no real documents in {PACKS}"),
]

SPECIFICATION = {
    "name": "till_receipt",
    "title": "Till receipts",
    "fields": [
        {"name": "company", "kind": "text"},
        {"name": "date", "kind": "date"},
        {"name": "address", "kind": "text"},
        {"name": "total", "kind": "money"},
    ],
    "retraining": {"after": LABELLED},
    "recipe": {"threads": 2},
}


def part_of_pack(folder: Path, first: int, count: int) -> list[PackDocument]:
    """A pack of its own, of `count` documents from number `first` on."""
    folder.mkdir()
    for name in ("ocr.jsonl", "labels.jsonl"):
        lines = (SROIE / name).read_text().splitlines()[first : first + count]
        (folder / name).write_text("\n".join(lines))
    for line in (folder / "ocr.jsonl").read_text().splitlines():
        for page in json.loads(line)["pages"]:
            (folder / page["image"]).parent.mkdir(exist_ok=True)
            shutil.copy(SROIE / page["image"], folder / page["image"])
    return list(read_pack(folder))


def test_labelled_receipts_make_a_model_that_pre_annotates_the_others(tmp_path):
    with running(tmp_path / "data") as installation:
        (tmp_path / "type.yaml").write_text(yaml.safe_dump(SPECIFICATION))
        installation.manage("document_type", str(tmp_path / "type.yaml"))
        part_of_pack(tmp_path / "labelled", 0, LABELLED)
        others = part_of_pack(tmp_path / "others", LABELLED, WAITING)
        installation.manage("ingest", str(tmp_path / "others"), "--type", "till_receipt")
        installation.manage("ingest", str(tmp_path / "labelled"), "--type", "till_receipt", "--answers")

        schema = Schema.from_json(SPECIFICATION["fields"])
        loop = Loop.reach(installation, schema, {})
        truth = {document.key: document.answers for document in others}
        # nobody has taught the base anything, and people get its answers
        until("the base reads them", lambda: loop.live()["counts"]["read"] == 0)
        untaught = share_right(loop, schema, truth)
        assert untaught > 0.5

        version = until("a first version", lambda: next(iter(loop.versions("till_receipt")), None))
        decision = version["decision"]
        assert decision["against"].startswith("base-")
        before, after = (decision["differences"][0][when] for when in ("before", "after"))
        # on so few gold documents it may be no better than the base; then it must stay out
        assert decision["promote"] <= (after > before), decision["reasons"]
        champion = loop.live()["champion"]
        assert (champion["name"] if champion else None) == (version["name"] if decision["promote"] else None)
        shown = version["name"] if decision["promote"] else decision["against"]
        until("all have its answers", lambda: readers(loop) == {shown})
        assert share_right(loop, schema, truth) > untaught - 0.1


def extractions(loop: Loop) -> dict[str, dict[str, Any]]:
    """What the documents that nobody has confirmed are shown with, by file name."""
    lines = loop.get("documents", document_type="till_receipt", limit=100)["items"]
    found = {line["filename"]: loop.get(f"documents/{line['id']}")["extraction"] for line in lines}
    return {name: extraction for name, extraction in found.items() if extraction}


def readers(loop: Loop) -> set[str]:
    """The versions that have read what people may still be asked about."""
    lines = loop.get("documents", document_type="till_receipt", limit=100)["items"]
    return {
        loop.get(f"documents/{line['id']}")["extraction"]["model_version"]
        for line in lines
        if line["state"] in ("extracted", "queued")
    }


def share_right(loop: Loop, schema: Schema, truth: dict[str, tuple[Answer, ...]]) -> float:
    """The share of the answers that people don't have to type."""
    right = asked = 0
    for name, extraction in extractions(loop).items():
        answers = truth.get(name, ())
        said = {each["field"]: Value.from_json(each) for each in extraction["values"]}
        asked += len(answers)
        right += sum(
            answer.field in said and is_right(schema[answer.field], said[answer.field], answer.text)
            for answer in answers
        )
    assert asked >= 3 * WAITING
    return right / asked
