"""Real receipts, where they are at hand: labelled ones in, a model out, and predictions that save people work.

The packs are not part of the repository: `DOCLOOP_REAL_DOCUMENTS` names their folder.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import yaml

from models.extractors.base import Value
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
        version = until("a first version", lambda: next(iter(loop.versions("till_receipt")), None))
        assert version["decision"]["promote"], version["decision"]["reasons"]

        right = asked = 0
        truth = {document.key: document.answers for document in others}
        until("the others are extracted", lambda: loop.live()["counts"]["read"] == 0)
        for line in loop.get("documents", document_type="till_receipt", limit=100)["items"]:
            answers = truth.get(line["filename"], ())
            extraction = loop.get(f"documents/{line['id']}")["extraction"]
            said = (
                {each["field"]: Value.from_json(each) for each in extraction["values"]} if extraction else {}
            )
            asked += len(answers)
            right += sum(
                answer.field in said and is_right(schema[answer.field], said[answer.field], answer.text)
                for answer in answers
            )
        # 45 labels are few; people must still find more right than they have to type
        assert asked >= 3 * WAITING
        assert right / asked > 0.5
