"""The ledger, overlaps and probes in; how each annotator of a type works, with intervals, for leads, out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from annotation.models import Correction, DocumentType, Recheck
from learner import agreement, probes
from learner.agreement import Agreement
from learner.audit import wilson
from learner.probes import Verdict

UNCHANGED = {"accepted", "assumed"}  # outcomes of fields that the person left as they were


@dataclass(frozen=True, slots=True)
class Share:
    """A share (0…1) of `n`, with its 95 % interval."""

    n: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Person:
    """One annotator's work on one document type. None stands for what nothing is known of."""

    annotator: str
    documents: int
    median_seconds: float | None
    agreement: Agreement | None  # with others, on documents picked by lot
    probes: Verdict | None
    untouched: Share | None  # of documents that were submitted as the machine filled them in


def of(document_type: DocumentType) -> list[Person]:
    """Everybody who has answered a document or a probe of the type, who did most first."""
    rows: defaultdict[str, list[Correction]] = defaultdict(list)
    said = Correction.objects.filter(
        document__document_type=document_type, source=Correction.Source.LABEL_STUDIO, skipped=False
    )
    for correction in said.exclude(annotator="").order_by("pk").defer("answers"):
        rows[correction.annotator].append(correction)
    missed = _missed(document_type)
    overlaps = agreement.answered(document_type)
    people = [
        Person(
            who,
            len({row.document_id for row in rows[who]}),
            _median([row.lead_time for row in rows[who] if row.recheck_id is None and row.lead_time]),
            agreement.with_others(overlaps, who),
            probes.judge(missed[who]) if missed[who] else None,
            _untouched(rows[who]),
        )
        for who in rows.keys() | missed.keys()
    ]
    return sorted(people, key=lambda person: (-person.documents, person.annotator))


def _missed(document_type: DocumentType) -> defaultdict[str, list[bool]]:
    """By annotator, whether each probe was missed, oldest first: the wrong value was left as it was."""
    done = Recheck.objects.filter(
        document__document_type=document_type, purpose=Recheck.Purpose.PROBE, state=Recheck.State.DONE
    )
    missed: defaultdict[str, list[bool]] = defaultdict(list)
    for probe in done.exclude(annotator="").order_by("answered_at", "pk"):
        missed[probe.annotator].append(
            all(probe.outcomes.get(name) in (*UNCHANGED, "moved") for name in probe.fields)
        )
    return missed


def _untouched(rows: Sequence[Correction]) -> Share | None:
    """Of each document's first answer by this person to what a model said."""
    first: dict[int, Correction] = {}
    for row in rows:
        if row.recheck_id is None and row.extraction_id is not None:
            first.setdefault(row.document_id, row)
    if not first:
        return None
    left = sum(all(each in UNCHANGED for each in row.outcomes.values()) for row in first.values())
    return Share(len(first), left / len(first), *wilson(left / len(first), len(first)))


def _median(seconds: Sequence[float | None]) -> float | None:
    known = [each for each in seconds if each is not None]
    return median(known) if known else None
