"""Made-up documents for `benchmarks.live_queue`, straight into the database: words, extractions, and some corrections.

They lie in layouts of unequal size, of which some are harder for the model than others, as selection's are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils import timezone

from annotation.models import Correction, CurrentAnnotation, Document, DocumentType, Extraction, json_of
from annotation.models import Page as PageRow
from models.extractors.base import Answer, Value
from models.pages import Box, Page, Place, Word
from models.schema import Schema
from models.similarity import fingerprint

FIELDS = [
    {"name": "company", "kind": "text"},
    {"name": "date", "kind": "date"},
    {"name": "total", "kind": "money"},
    {"name": "tax", "kind": "money"},
]
LAYOUTS = 300
WORDS = 60  # a document, besides its values
BATCH = 1000
SYLLABLES = (
    "ba",
    "den",
    "fir",
    "go",
    "hal",
    "kin",
    "lo",
    "mar",
    "nes",
    "pol",
    "ru",
    "sta",
    "tem",
    "vi",
    "wa",
    "zen",
)


@dataclass(frozen=True, slots=True)
class Made:
    """A document with what the model says of it."""

    page: Page
    values: tuple[Value, ...]

    @property
    def score(self) -> float:
        return min(value.confidence for value in self.values)


def make(count: int, *, seed: int) -> Iterator[Made]:
    """So many documents; the same for the same seed."""
    rng = np.random.default_rng(seed)
    sizes = rng.zipf(1.5, size=LAYOUTS).clip(1, 200).astype(float)
    vocabulary = ["".join(rng.choice(SYLLABLES, size=3)) for _ in range(2000)]
    printed = [rng.choice(vocabulary, size=WORDS // 2).tolist() for _ in range(LAYOUTS)]
    ease = rng.uniform(2, 40, size=LAYOUTS)
    schema = Schema.from_json(FIELDS)
    for _ in range(count):
        layout = int(rng.choice(LAYOUTS, p=sizes / sizes.sum()))
        texts = [*printed[layout], *rng.choice(vocabulary, size=WORDS // 2).tolist()]
        said = {
            "company": printed[layout][0].title(),
            "date": f"{rng.integers(1, 29):02}/{rng.integers(1, 13):02}/2025",
            "total": f"{rng.uniform(1, 900):.2f}",
            "tax": f"{rng.uniform(1, 90):.2f}",
        }
        words = [Word(text, _box(place)) for place, text in enumerate([*texts, *said.values()])]
        sure = rng.beta(ease[layout], 2, size=len(said))
        values = tuple(
            Value(
                name, text, schema[name].normalise(text), float(confidence), _place(words, len(texts) + nth)
            )
            for nth, ((name, text), confidence) in enumerate(zip(said.items(), sure, strict=True))
        )
        yield Made(Page(1000, 1400, tuple(words)), values)


def insert(document_type: DocumentType, made: Sequence[Made], *, first: int = 0) -> None:
    """Put documents into the pool as if they had been read, and extracted by the type's champion."""
    for start in range(0, len(made), BATCH):
        some = made[start : start + BATCH]
        documents = Document.objects.bulk_create(
            Document(
                document_type=document_type,
                sha256=hashlib.sha256(f"{document_type.name} {first + start + n}".encode()).hexdigest(),
                filename=f"{first + start + n}.pdf",
                media_type="application/pdf",
                size=1000,
                file=f"files/{document_type.name}-{first + start + n}.pdf",
                state=Document.State.EXTRACTED,
                fingerprint=f"{fingerprint([each.page]):016x}",
            )
            for n, each in enumerate(some)
        )
        PageRow.objects.bulk_create(
            PageRow(
                document=document,
                number=0,
                image=f"pages/{document.pk}/0.jpg",
                width=each.page.width,
                height=each.page.height,
                words=each.page.to_json()["words"],
                read_by="text-layer",
            )
            for document, each in zip(documents, some, strict=True)
        )
        extractions = Extraction.objects.bulk_create(
            Extraction(
                document=document,
                model_version=document_type.champion,
                values=json_of(each.values),
                score=each.score,
            )
            for document, each in zip(documents, some, strict=True)
        )
        for document, extraction in zip(documents, extractions, strict=True):
            document.extraction = extraction
        Document.objects.bulk_update(documents, ["extraction"])


def correct(document_type: DocumentType, count: int, *, seed: int) -> None:
    """Have the newest `count` documents corrected, as if months ago: wrong as often as their confidences say."""
    rng = np.random.default_rng(seed)
    newest = document_type.documents.order_by("-pk").select_related("extraction")[:count]
    documents = [document for document in newest if document.extraction]
    rows = Correction.objects.bulk_create(
        Correction(
            document=document,
            source=Correction.Source.LABEL_STUDIO,
            annotation_id=1_000_000_000 + document.pk,  # far above those that Label Studio is about to give
            content_hash=document.sha256,
            answers=json_of(
                tuple(Answer(value.field, value.text, value.place) for value in document.extraction.found)
            ),
            outcomes={
                value.field: "accepted" if rng.random() < value.confidence else "edited"
                for value in document.extraction.found
            },
            extraction=document.extraction,
            annotator=f"person{document.pk % 3}@docloop.example",
            lead_time=float(rng.lognormal(3, 0.5)),
            submitted_at=timezone.now(),
        )
        for document in documents
        if document.extraction
    )
    CurrentAnnotation.objects.bulk_create(
        CurrentAnnotation(
            source=row.source, annotation_id=row.annotation_id, document=row.document, correction=row
        )
        for row in rows
    )
    for document, row in zip(documents, rows, strict=True):
        document.truth, document.state = row, Document.State.CONFIRMED
    Document.objects.bulk_update(documents, ["truth", "state"])


def _box(place: int) -> Box:
    """Eight words a line."""
    x, y = 0.05 + 0.11 * (place % 8), 0.05 + 0.03 * (place // 8)
    return Box(x, y, x + 0.1, y + 0.02)


def _place(words: Sequence[Word], at: int) -> Place:
    return Place(0, words[at].box, (at,))
