"""A type's truths out, for other programs: JSON lines, a table, word labels, pictures, or a pack for `manage.py train`.

A document at a time, by its id, so that it makes no difference how many there are.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from annotation import audit_trail
from annotation.export_rows import Row, Sink, line, truths, value_of, values_of, word_tags
from annotation.exports_coco import coco
from annotation.exports_csv import cell, csv_row, finished_table, tame
from annotation.exports_unseen import unseen
from annotation.models import Correction, DocumentType
from models.alignment import label_words
from models.extractors.base import Answer
from models.lines import lines_of
from models.pages import Page
from models.schema import Field

PARQUET = "application/vnd.apache.parquet"


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write truths down: what it is called, for whom it is, and the bytes of its file."""

    name: str
    title: str
    suffix: str
    content_type: str
    write: Callable[[DocumentType], Iterator[bytes]]


def write_down(document_type: DocumentType, form: Form, *, by: str) -> None:
    """Who took a type's documents out of Docloop."""
    subject = f"document type {document_type.name}"
    audit_trail.record(by=by, action="exported", subject=subject, why=form.title)


def filename(document_type: DocumentType, form: Form) -> str:
    """What the file is called, such as `receipts.words.jsonl`."""
    return f"{document_type.name}.{form.suffix}"


def _json_lines(document_type: DocumentType) -> Iterator[bytes]:
    """A document a line: its values in the form that they are compared in, and the answers as they were given."""
    schema = document_type.schema
    for truth in truths(document_type):
        yield line(
            _facts(truth)
            | {
                "document_type": document_type.name,
                "sha256": truth.document.sha256,
                "fields": {field.name: value_of(field, truth.said) for field in schema},
                "unconfirmed": sorted(truth.unconfirmed),
                "answers": [answer.to_json() for answer in truth.said if answer.field in schema],
                "outcomes": truth.outcomes,
            }
        )


def _table(document_type: DocumentType) -> Iterator[bytes]:
    """A document a row, a field a column; several values of a field stand in one cell, a line each."""
    schema = document_type.schema
    facts = ("id", "filename", "source", "annotator", "submitted_at", "seconds")
    yield csv_row([*facts[:2], *schema.names, "unconfirmed", *facts[2:]])
    for truth in truths(document_type):
        known = _facts(truth)
        cells = [cell(field, values_of(field, truth.said)) for field in schema]
        unconfirmed = " ".join(sorted(truth.unconfirmed))
        yield csv_row(
            [*(tame(known[each]) for each in facts[:2]), *cells, unconfirmed]
            + [tame(known[each]) for each in facts[2:]]
        )


def _word_labels(document_type: DocumentType) -> Iterator[bytes]:
    """A page a line, for token classification (FUNSD's form as the `datasets` library has it).

    `tokens`, `bboxes` (0…1000 of the page) and `ner_tags` (BIO) are equally long. A tag is null where nobody can
    learn from the word: the value stands in a second place, or nobody confirmed the field.
    """
    schema = document_type.schema
    for truth in truths(document_type):
        pages = truth.document.word_pages
        for number, (page, tags) in enumerate(zip(pages, word_tags(truth, schema), strict=True)):
            yield line(
                {
                    "id": f"{truth.document_id}-{number}",
                    "document": truth.document_id,
                    "page": number,
                    "tokens": [word.text for word in page.words],
                    "bboxes": [list(word.box.to_thousandths()) for word in page.words],
                    "ner_tags": tags,
                }
            )


def _pack(document_type: DocumentType) -> Iterator[bytes]:
    """A zip of `ocr.jsonl` and `labels.jsonl` (`models.packs`): what `manage.py train`, `evaluate` and `rehearse` read.

    Documents that nobody confirmed in full are left out: a pack has no way to say so. Pages come without images.
    """
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, line_of in (("ocr.jsonl", _pack_pages), ("labels.jsonl", _pack_labels)):
            with archive.open(name, "w", force_zip64=True) as file:
                for truth in truths(document_type):
                    if not truth.unconfirmed:
                        file.write(line(line_of(truth, document_type)))
                        yield sink.taken()
    yield sink.taken()


def _pack_pages(truth: Correction, document_type: DocumentType) -> Row:
    pages = [_pack_page(number, page) for number, page in enumerate(truth.document.word_pages)]
    return {"id": str(truth.document_id), "doc_type": document_type.name, "pages": pages}


def _pack_page(page_number: int, page: Page) -> Row:
    line_of = {word: line for line, words in enumerate(lines_of(page)) for word in words}
    items = [
        [
            word.text,
            *(round(each, 2) for each in word.box.to_pixels(page.width, page.height)),
            line_of[number],
        ]
        for number, word in enumerate(page.words)
    ]
    return {
        "page": page_number,
        "image": None,
        "width": page.width,
        "height": page.height,
        "level": "word",
        "items": items,
    }


def _pack_labels(truth: Correction, document_type: DocumentType) -> Row:
    schema = document_type.schema
    answers = [answer for answer in truth.said if answer.field in schema]
    found = label_words(truth.document.word_pages, answers, schema).places
    missing = {answer.field for answer, place in zip(answers, found, strict=True) if place is None}
    return {
        "id": str(truth.document_id),
        "fields": {field.name: _texts(field, answers) for field in schema},
        "in_ocr": {name: name not in missing for name in schema.names},
        "meta": {"group": truth.document.fingerprint or str(truth.document_id)},
    }


def _texts(field: Field, answers: Iterable[Answer]) -> Any:  # a text, a list of them or None
    texts = [answer.text for answer in answers if answer.field == field.name]
    return texts if field.repeats and texts else next(iter(texts), None)


def _facts(truth: Correction) -> Row:
    return {
        "id": truth.document_id,
        "filename": truth.document.filename,
        "correction": truth.pk,
        "source": truth.source,
        "annotator": truth.annotator,
        "submitted_at": truth.submitted_at.isoformat(),
        "seconds": truth.lead_time,
    }


def _parquet(document_type: DocumentType) -> Iterator[bytes]:
    # here and not above: the library takes 60 MB, in every process that knows how exports are called
    from annotation.exports_parquet import parquet

    return parquet(document_type)


FORMS = {
    form.name: form
    for form in (
        Form("jsonl", "JSON lines, a document each", "jsonl", "application/jsonl", _json_lines),
        Form("csv", "Table (CSV)", "csv", "text/csv; charset=utf-8", _table),
        Form(
            "finished",
            "Results: confirmed and accepted unseen (CSV)",
            "finished.csv",
            "text/csv; charset=utf-8",
            finished_table,
        ),
        Form("words", "Word labels (FUNSD's form)", "words.jsonl", "application/jsonl", _word_labels),
        Form("parquet", "Hugging Face datasets (pages, words, tags)", "parquet", PARQUET, _parquet),
        Form("coco", "COCO (page images and boxes)", "coco.zip", "application/zip", coco),
        Form("pack", "Pack for train and evaluate", "pack.zip", "application/zip", _pack),
        Form(
            "unseen",
            "JSON lines of documents accepted unseen, which nobody confirmed",
            "unseen.jsonl",
            "application/jsonl",
            unseen,
        ),
    )
}
