"""Audited documents that people have answered, many at once: what auto-accept learns its thresholds from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from itertools import count

import numpy as np
from django.utils import timezone

from annotation.models import Correction, Document, DocumentType, Extraction

number = count(1)
RIGHT = {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}
WRONG = {"company": "ACNE LTD", "date": "01/02/2023", "total": "12.99"}


def answered(
    document_type: DocumentType,
    confidence: Sequence[Sequence[float]],
    wrong: Sequence[Sequence[bool]],
    *,
    version: str = "v1",
    audited: bool = True,
    at: datetime | None = None,
) -> list[Document]:
    """Confirmed documents, a row of `confidence` (N, 3) and of `wrong` (N, 3) each: what `version` said of them.

    What a person answered is right; the version said the same but for the fields in which it is wrong.
    """
    at = at or timezone.now()
    fields = list(RIGHT)
    n = len(confidence)
    first = next(number)
    documents = Document.objects.bulk_create(
        Document(
            document_type=document_type,
            sha256=hashlib.sha256(f"answered {first} {row}".encode()).hexdigest(),
            filename=f"answered{row}.pdf",
            media_type="application/pdf",
            size=1000,
            file=f"files/answered{row}.pdf",
            state=Document.State.CONFIRMED,
            audit_probability=0.1 if audited else None,
        )
        for row in range(n)
    )
    extractions = Extraction.objects.bulk_create(
        Extraction(
            document=document,
            model_version=version,
            values=[
                {
                    "field": field,
                    "text": (WRONG if bad else RIGHT)[field],
                    "normalised": None,
                    "confidence": float(sure),
                    "place": None,
                }
                for field, sure, bad in zip(fields, sures, bads, strict=True)
            ],
            score=min(float(sure) for sure in sures),
        )
        for document, sures, bads in zip(documents, confidence, wrong, strict=True)
    )
    corrections = Correction.objects.bulk_create(
        Correction(
            document=document,
            source=Correction.Source.LABEL_STUDIO,
            annotation_id=1_000_000 + document.pk,
            content_hash=hashlib.sha256(f"answer {document.pk}".encode()).hexdigest(),
            answers=[{"field": field, "text": text, "place": None} for field, text in RIGHT.items()],
            outcomes={
                field: "edited" if bad else "accepted" for field, bad in zip(fields, bads, strict=True)
            },
            extraction=extraction,
            annotator="ann@example.org",
            lead_time=20,
            submitted_at=at,
            recorded_at=at,
        )
        for document, extraction, bads in zip(documents, extractions, wrong, strict=True)
    )
    for document, extraction, correction in zip(documents, extractions, corrections, strict=True):
        document.extraction, document.truth = extraction, correction
    Document.objects.bulk_update(documents, ["extraction", "truth"], batch_size=500)
    return documents


def model(rng: np.random.Generator, n: int, *, hard: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Confidences and errors, (N, 3) each, of a calibrated model: sure of easy documents, in doubt of the `hard` share."""
    easy = rng.random(n) >= hard
    chance = np.where(easy[:, None], rng.beta(900, 1, (n, 3)), rng.beta(5, 1.5, (n, 3)))
    return chance, rng.random((n, 3)) > chance
