"""A challenger that the gate let through in; tried out on the documents that come, and promoted or stopped, out.

It fills in a share of the documents (`annotation.canary`), or none: then it is in the shadow. Whatever people correct
meanwhile, both models read, whoever had filled it in; how they compare is asked after each (`learner.canary_rule`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.db import transaction

from annotation import audit_trail, doorbell, extraction, jobs
from annotation.canary_model import Canary as Mode
from annotation.errors import Refused
from annotation.labelling import ASSUMED
from annotation.models import Correction, Document, DocumentType, Extraction
from learner import canary_rule, evaluation, promotion
from learner.audit import RIGHT
from learner.canary_rule import Compared
from learner.models import Canary, CanaryDocument, ModelVersion
from models.extractors.base import Extracted, Extractor
from models.metrics import Scores, score

CANARY = "the canary"  # who promotes and refuses


@dataclass(frozen=True, slots=True)
class Side:
    """What people did with the documents that one of the two had filled in."""

    version: str
    documents: int
    edited: float | None  # share (0…1) of the fields that they changed
    seconds: float | None  # median that a document took them


@dataclass(frozen=True, slots=True)
class Trial:
    """A challenger on trial: how far it is."""

    version: str
    number: int
    champion: str
    share: float  # 0…1 of the documents, which it fills in; 0: it is in the shadow
    began_at: datetime
    ended_at: datetime | None
    outcome: str  # promoted, stopped, or empty while it runs
    why: str
    documents: int  # corrected, and read by both
    fields: int
    wrong_before: float | None  # share (0…1) of the fields that the champion had wrong
    wrong: float | None  # the challenger
    took_before: float | None  # median seconds that the champion took for one
    took: float | None
    better: float  # 0…1: how sure it is that the challenger is better, of what a promotion needs
    worse: float  # how sure that it does harm, of what stops it
    sides: tuple[Side, ...]  # the champion's and the challenger's; none in the shadow


def wanted(document_type: DocumentType) -> bool:
    """Whether a challenger of the type has to prove itself on the stream; never where there is no champion yet."""
    return document_type.canary != Mode.NONE and bool(document_type.champion) and not document_type.unknown


def running(document_type: DocumentType) -> Canary | None:
    """The trial that runs now."""
    return Canary.objects.filter(document_type=document_type, ended_at=None).select_related("version").first()


def begin(version: ModelVersion) -> Canary:
    """Try a challenger out from now on; in the caller's transaction, with the type locked."""
    document_type = version.document_type
    share = document_type.canary_share if document_type.canary == Mode.SHARE else 0.0
    begun = Canary.objects.create(
        document_type=document_type, version=version, champion=document_type.champion, share=share
    )
    DocumentType.objects.filter(pk=document_type.pk).update(
        challenger=version.name,
        challenger_uri=version.uri,
        challenger_sha256=version.sha256,
        challenger_share=share,
    )
    how = f"fills in {share:.0%} of the documents" if share else "reads in the shadow what people correct"
    audit_trail.record(by=CANARY, action="is trying out", subject=version.name, why=f"it {how}")
    doorbell.ring("canary changed", document_type.pk)
    return begun


def compare(document_id: int) -> None:
    """After each correction: have both models read the document, and do as the comparison so far says."""
    document = (
        Document.objects.select_related("document_type", "truth__extraction").filter(pk=document_id).first()
    )
    if document is None or not document.document_type.challenger:
        return
    trial = running(document.document_type)
    if trial is None or document.truth is None or document.truth.recorded_at < trial.began_at:
        return
    found = _compared(trial, document, document.truth)
    with transaction.atomic():
        jobs.assert_held()
        DocumentType.objects.select_for_update().get(pk=document.document_type_id)
        trial.refresh_from_db()
        if trial.ended_at:  # another worker saw it first
            return
        # an answer that was changed counts as it is now, where it first stood
        if found:
            CanaryDocument.objects.update_or_create(canary=trial, document=document, defaults=found)
        else:
            CanaryDocument.objects.filter(canary=trial, document=document).delete()
        _follow(trial)


def report(trial: Canary) -> Trial:
    """A trial for people."""
    rows = compared(trial)
    fields = sum(each.fields for each in rows)
    sides = (
        _side(trial.champion, [each for each in rows if not each.filled]),
        _side(trial.version.name, [each for each in rows if each.filled]),
    )
    return Trial(
        version=trial.version.name,
        number=trial.version.number,
        champion=trial.champion,
        share=trial.share,
        began_at=trial.began_at,
        ended_at=trial.ended_at,
        outcome=trial.outcome,
        why=trial.why,
        documents=len(rows),
        fields=fields,
        wrong_before=sum(each.wrong_before for each in rows) / fields if fields else None,
        wrong=sum(each.wrong for each in rows) / fields if fields else None,
        took_before=_median(each.took_before for each in rows),
        took=_median(each.took for each in rows),
        better=trial.better,
        worse=trial.worse,
        sides=() if trial.shadow else sides,
    )


def stop(document_type: DocumentType, *, by: str, why: str) -> ModelVersion:
    """Stop the trial by hand and retire the challenger, which is answered; raises `Refused` if none runs."""
    trial = running(document_type)
    if trial is None:
        raise Refused(f"{document_type.title} has no challenger on trial.")
    promotion.refuse(trial.version, by=by, reason=f"by hand: {why}")
    return trial.version


def compared(trial: Canary) -> list[Compared]:
    """What was compared so far, in the order in which it was corrected."""
    columns = (
        "filled",
        "fields",
        "wrong_before",
        "wrong",
        "edited",
        "seconds",
        "took_before",
        "took",
        "by_lot",
    )
    return [Compared(*row) for row in trial.documents.values_list(*columns)]


def _side(version: str, rows: Sequence[Compared]) -> Side:
    fields = sum(each.fields for each in rows)
    edited = sum(each.edited for each in rows) / fields if fields else None
    return Side(version, len(rows), edited, _median(each.seconds for each in rows if each.seconds))


def _median(numbers: Iterable[float | None]) -> float | None:
    known = [each for each in numbers if each is not None]
    return median(known) if known else None


def _follow(trial: Canary) -> None:
    found = canary_rule.judge(compared(trial), shadow=trial.shadow)
    Canary.objects.filter(pk=trial.pk).update(why=found.why[:500], better=found.better, worse=found.worse)
    if found.outcome == Canary.Outcome.PROMOTED:
        promotion.promote(trial.version, by=CANARY, reason=found.why)
    elif found.outcome == Canary.Outcome.STOPPED:
        promotion.refuse(trial.version, by=CANARY, reason=found.why)


def _compared(trial: Canary, document: Document, truth: Correction) -> dict[str, object] | None:
    """The columns of the document's row; None where there is nothing to compare."""
    document_type = document.document_type
    judged = [name for name in document_type.schema.names if truth.outcomes.get(name, ASSUMED) != ASSUMED]
    if truth.source != Correction.Source.LABEL_STUDIO or truth.unsettled or truth.misfiled or not judged:
        return None
    before, took_before = _read(document, trial.champion, extraction.champion(document_type))
    now, took = _read(document, trial.version.name, extraction.challenger(document_type))
    answers = [answer for answer in truth.said if answer.field in judged]
    shown = truth.extraction.model_version if truth.extraction else ""
    return {
        "correction": truth,
        "filled": shown == trial.version.name,
        "fields": len(judged),
        "wrong_before": _wrong(score(document_type.schema, [answers], [before]), judged),
        "wrong": _wrong(score(document_type.schema, [answers], [now]), judged),
        "edited": sum(truth.outcomes[name] not in RIGHT for name in judged),
        "seconds": truth.lead_time,
        "took_before": took_before,
        "took": took,
        "by_lot": document.audit_probability is not None,
    }


def _read(document: Document, version: str, model: Extractor) -> tuple[Extracted, float]:
    """What a version says of a document, kept, and the seconds that it took."""
    began = time.perf_counter()
    (said,) = model.extract([document.word_pages])
    took = time.perf_counter() - began
    # what a person was shown stays as it was
    if not Extraction.objects.filter(document=document, model_version=version).exists():
        with transaction.atomic():
            jobs.assert_held()
            extraction.keep(document, version, said)
    return evaluation.by_schema(document.document_type.schema, said), took


def _wrong(scores: Scores, judged: list[str]) -> int:
    """How many of the fields are not as people say: a value that is wrong, missing or too many."""
    columns = [scores.fields.index(name) for name in judged]
    right, predicted, true = (table[0, columns] for table in (scores.right, scores.predicted, scores.true))
    return int(((right != predicted) | (right != true)).sum())
