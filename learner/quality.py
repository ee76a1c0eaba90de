"""How people's corrections ended in; how right each field is, why it wasn't, and what confidences are worth, out.

Of the newest documents only, so that the figures tell of the models of today, and cost the same for a hundred
documents and for a million.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import F, QuerySet

from annotation.causes import Cause
from annotation.labelling import ASSUMED
from annotation.models import DocumentType, Outcome
from learner.audit import JUDGED, RIGHT, Audited, audit, wilson

NEWEST = 2000  # documents
BINS = 10  # of equally many fields, by confidence
FEWEST_A_BIN = 20  # fields, else there are fewer bins
EXAMPLES = 50


class Which(StrEnum):
    """The documents that are looked at: the newest ones of …"""

    ALL = "all"
    CHAMPION = "champion"  # those that were shown as the present champion reads them
    AUDIT = "audit"  # those picked at random: the only ones that tell of all documents


@dataclass(frozen=True, slots=True)
class Answered:
    """One document: how each field ended, why, and how sure the machine had been (0…1) of what it showed."""

    document: int
    version: str
    probability: float | None  # with which it was picked at random; None: it wasn't
    fields: Mapping[str, tuple[str, str, float]]  # {field: (outcome or "", cause or "", confidence)}


@dataclass(frozen=True, slots=True)
class FieldQuality:
    """One field: the share (0…1) that was right, with its 95 % interval; None if nobody has judged it."""

    name: str
    judged: int
    right: float | None
    low: float | None
    high: float | None
    ended: Mapping[str, int]  # {outcome: documents}, every one that happened
    causes: Mapping[str, int]  # {cause: documents}, every one that happened


@dataclass(frozen=True, slots=True)
class Bin:
    """Fields of about the same confidence: its mean, and the share (0…1) that was right with its 95 % interval."""

    fields: int
    confidence: float
    right: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Quality:
    """All that the page shows of the selected documents."""

    documents: int
    fields: tuple[FieldQuality, ...]  # in the schema's order
    changed: int  # fields that people had to change
    bins: tuple[Bin, ...]  # by growing confidence
    off: float | None  # mean distance of confidence and share right over the bins, 0…1


def of(document_type: DocumentType, which: Which = Which.ALL) -> Quality:
    """In one query."""
    return measure(answered(document_type, which), document_type.schema.names, weighed=which == Which.AUDIT)


def answered(document_type: DocumentType, which: Which = Which.ALL) -> list[Answered]:
    """The newest `NEWEST` documents of which people were shown an extraction, as their present truth says; one query."""
    columns = ("document", "model_version", "document__audit_probability", "fields")
    found = _selected(document_type, which).order_by("-at").values_list(*columns)[:NEWEST]
    return [Answered(*row) for row in found]


def audited(document_type: DocumentType) -> list[Audited]:
    """The newest documents of the audit slice that people have judged, the oldest of them first; one query."""
    return [
        _audited(row)
        for row in reversed(answered(document_type, Which.AUDIT))
        # that was drawn when somebody had it open already: the fields in doubt say nothing of the others
        if row.probability and all(outcome != ASSUMED for outcome, _, _ in row.fields.values())
    ]


def examples(document_type: DocumentType, field: str, cause: Cause, which: Which = Which.ALL) -> list[int]:
    """The newest documents (ids) in which `field` had to be changed because of `cause`; at most `EXAMPLES`."""
    found = [
        row.document
        for row in answered(document_type, which)
        if field in row.fields and row.fields[field][1] == cause
    ]
    return found[:EXAMPLES]


def measure(rows: Sequence[Answered], names: Sequence[str], *, weighed: bool = False) -> Quality:
    """The figures of the fields `names`; `weighed` makes shares hold for all documents if the rows are of the audit."""
    measured = tuple(_field(rows, name) for name in names)
    if weighed:
        measured = _weighed(rows, measured)
    judged = [
        (confidence, outcome in RIGHT)
        for row in rows
        for name, (outcome, _, confidence) in row.fields.items()
        if outcome in JUDGED and name in names
    ]
    found = bins(judged)
    total = sum(each.fields for each in found)
    off = sum(each.fields * abs(each.right - each.confidence) for each in found)
    return Quality(
        documents=len(rows),
        fields=measured,
        changed=sum(not right for _, right in judged),
        bins=found,
        off=off / total if total else None,
    )


def bins(judged: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    """(confidence, right) of fields into at most `BINS` equally large bins; those of equal confidence stay together."""
    by_confidence = Counter(confidence for confidence, _ in judged)
    right_by = Counter(confidence for confidence, right in judged if right)
    size = max(FEWEST_A_BIN, -(-len(judged) // BINS))
    found: list[Bin] = []
    fields, right, mass = 0, 0, 0.0
    left = len(judged)
    for confidence, n in sorted(by_confidence.items()):
        fields, right, mass = fields + n, right + right_by[confidence], mass + n * confidence
        left -= n
        if (fields >= size and left >= FEWEST_A_BIN) or not left:
            share = right / fields
            found.append(Bin(fields, mass / fields, share, *wilson(share, fields)))
            fields, right, mass = 0, 0, 0.0
    return tuple(found)


def _selected(document_type: DocumentType, which: Which) -> QuerySet[Outcome]:
    # an edited answer has a row for each content it had: the document's truth says which one counts
    rows = Outcome.objects.filter(document_type=document_type, document__truth=F("correction"))
    rows = rows.exclude(fields={})  # of another type
    match which:
        case Which.AUDIT:
            return rows.filter(audited=True).exclude(model_version="")
        case Which.CHAMPION:
            return rows.filter(model_version=document_type.champion).exclude(model_version="")
        case _:
            return rows.exclude(model_version="")


def _field(rows: Sequence[Answered], name: str) -> FieldQuality:
    said = [row.fields[name] for row in rows if name in row.fields]
    ended = Counter(outcome for outcome, _, _ in said if outcome)
    judged = sum(ended[outcome] for outcome in JUDGED)
    right = sum(ended[outcome] for outcome in RIGHT)
    low, high = wilson(right / judged, judged) if judged else (None, None)
    return FieldQuality(
        name=name,
        judged=judged,
        right=right / judged if judged else None,
        low=low,
        high=high,
        ended=dict(ended),
        causes=dict(Counter(cause for _, cause, _ in said if cause)),
    )


def _weighed(rows: Sequence[Answered], measured: Sequence[FieldQuality]) -> tuple[FieldQuality, ...]:
    """The shares as the audit estimates them for all documents (`learner.audit`)."""
    drawn = [_audited(row) for row in rows if row.probability]
    by_name = {each.name: each for each in audit(drawn, [each.name for each in measured]).by_field}
    return tuple(
        FieldQuality(
            name=each.name,
            judged=each.judged,
            right=by_name[each.name].accuracy,
            low=by_name[each.name].low,
            high=by_name[each.name].high,
            ended=each.ended,
            causes=each.causes,
        )
        if each.name in by_name
        else each
        for each in measured
    )


def _audited(row: Answered) -> Audited:
    outcomes = {name: outcome for name, (outcome, _, _) in row.fields.items()}
    return Audited(row.probability or 1.0, row.version, outcomes)
