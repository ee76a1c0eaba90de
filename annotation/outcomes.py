"""Corrections in; a row of figures for each (`Outcome`), written with the correction, so that no page works it out.

What was recorded before there were such rows, or written into the ledger by other means, is made up for in the
background (`keep_missing`).
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from annotation import causes
from annotation.labelling import confidences
from annotation.models import Correction, Outcome

BATCH = 500


def keep(corrections: Iterable[Correction]) -> None:
    """Write the figures of corrections; in the transaction that records them. Skips and imported labels have none."""
    said = [
        each for each in corrections if not each.skipped and each.source == Correction.Source.LABEL_STUDIO
    ]
    Outcome.objects.bulk_create(map(_of, said), ignore_conflicts=True)


def keep_missing() -> int:
    """Write the figures of all corrections that have none, the newest first; answers how many."""
    kept = 0
    while batch := list(_without()[:BATCH]):
        keep(batch)
        kept += len(batch)
    return kept


def _without() -> QuerySet[Correction]:
    said = Correction.objects.filter(
        outcome__isnull=True, skipped=False, source=Correction.Source.LABEL_STUDIO
    )
    related = said.select_related("extraction", "document__document_type")
    return related.prefetch_related("document__pages").order_by("-pk")


def _of(correction: Correction) -> Outcome:
    document, seen = correction.document, correction.extraction
    schema = document.document_type.schema
    values, absent = (seen.values, seen.absent) if seen else ([], {})
    ended = correction.outcomes
    why = causes.of(seen.found if seen else (), correction.said, ended, document.word_pages, schema)
    sure = dict(zip(schema.names, confidences(schema, values, absent), strict=True))
    return Outcome(
        correction=correction,
        document=document,
        document_type=document.document_type,
        annotator=correction.annotator,
        seconds=None if correction.recheck_id else correction.lead_time,
        model_version=seen.model_version if seen else "",
        audited=bool(document.audit_probability),
        # how the fields of another type's document ended says nothing of this one's
        fields={}
        if correction.misfiled
        else {
            name: [ended.get(name, ""), why.get(name, ""), round(sure.get(name, 0.0), 4)]
            for name in dict.fromkeys([*schema.names, *ended])
        },
        at=correction.submitted_at,
    )
