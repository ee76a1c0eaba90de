"""All that models and people ever said of a document in, field by field; who, when, how sure, how it ended, out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from annotation.models import Correction, Document, Extraction
from models.schema import Field

NEWEST = 8  # extractions that are shown unless all are asked for


@dataclass(frozen=True, slots=True)
class Happening:
    """What somebody or something said of a field; no texts: that it is not there."""

    at: datetime
    version: str  # the model version; "" if a person said it
    number: int | None  # of the version, if it is one of the type's
    person: str
    texts: tuple[str, ...]
    confidence: float | None  # of a version: the least sure value's, or that the field is absent
    outcome: str  # of a person: accepted, edited, …
    seconds: float | None
    stands: bool  # whether it is what counts now


@dataclass(frozen=True, slots=True)
class FieldHistory:
    """A field and what was said of it, the newest first; `agreed` if nobody ever said anything else."""

    name: str
    title: str
    happenings: tuple[Happening, ...]
    agreed: bool


@dataclass(frozen=True, slots=True)
class Skip:
    """A person passed the document over."""

    at: datetime
    person: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class History:
    """What was said of a document; `older` counts extractions that are not shown."""

    fields: tuple[FieldHistory, ...]
    skips: tuple[Skip, ...]
    corrections: tuple[int, ...]  # ids
    older: int


def of(document: Document, *, all_versions: bool = False) -> History:
    """Two queries, and few rows: the newest extractions unless `all_versions` are asked for, and every correction."""
    rows = document.extractions.order_by("-created_at", "-pk")
    extractions = list(rows if all_versions else rows[: NEWEST + 1])
    shown = extractions if all_versions else extractions[:NEWEST]
    corrections = list(document.corrections.order_by("-submitted_at", "-pk"))
    return History(
        tuple(_field(document, field, shown, corrections) for field in document.document_type.schema),
        tuple(
            Skip(each.submitted_at, each.annotator, each.lead_time) for each in corrections if each.skipped
        ),
        tuple(each.pk for each in corrections),
        len(extractions) - len(shown),
    )


def _field(
    document: Document, field: Field, extractions: list[Extraction], corrections: list[Correction]
) -> FieldHistory:
    said = [
        *(_extracted(document, field, each) for each in extractions),
        *_corrected(document, field, corrections),
    ]
    said.sort(key=lambda each: each.at, reverse=True)
    meant = {tuple(sorted(field.normalise(text) or text for text in each.texts)) for each in said}
    return FieldHistory(field.name, field.title, tuple(said), agreed=len(meant) < 2)


def _extracted(document: Document, field: Field, each: Extraction) -> Happening:
    values = [value for value in each.found if value.field == field.name]
    confidence = min((value.confidence for value in values), default=each.absent.get(field.name))
    return Happening(
        at=each.created_at,
        version=each.model_version,
        number=_number(document, each.model_version),
        person="",
        texts=tuple(value.text for value in values),
        confidence=confidence,
        outcome="",
        seconds=None,
        stands=document.truth_id is None and document.extraction_id == each.pk,
    )


def _corrected(document: Document, field: Field, corrections: list[Correction]) -> Iterator[Happening]:
    for each in corrections:
        if not each.skipped:
            yield Happening(
                at=each.submitted_at,
                version="",
                number=None,
                person=each.annotator or "somebody",
                texts=tuple(answer.text for answer in each.said if answer.field == field.name),
                confidence=None,
                outcome=each.outcomes.get(field.name, ""),
                seconds=each.lead_time,
                stands=document.truth_id == each.pk,
            )


def _number(document: Document, version: str) -> int | None:
    """3 of receipts-v3; None for what read the type before it had a model."""
    start = f"{document.document_type.name}-v"
    number = version.removeprefix(start)
    return int(number) if version.startswith(start) and number.isdecimal() else None
