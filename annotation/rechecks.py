"""Documents that somebody has answered in; further tasks for them in Label Studio, and what people said to those, out.

For a second opinion, for agreement between people, as a probe whether they look, and because an answer looks wrong
(`Recheck.Purpose`). Who asks for which is decided in `learner`, but for the last; here they are pushed, kept from those who have answered the document already, collected
and cleaned up. What is said to a probe stays in its row: it never enters the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from annotation import (
    doorbell,
    jobs,
    label_studio,
    label_studio_rechecks,
    labelling,
    ledger,
    people,
    task_pages,
)
from annotation.models import Correction, CurrentAnnotation, Document, DocumentType, Recheck, json_of
from annotation.task_views import AnnotationView
from annotation.validation import Finding
from models.extractors.base import Value

Purpose = Recheck.Purpose
State = Recheck.State

LIVE = (State.PUSHING, State.OPEN)
NO_VERSION = "docloop"  # of what is shown while there is no model: Label Studio shows nothing without a name
LONGEST_REASON = 200
MOST_DOUBTS = 100  # at a time
CORRECT_OR_CONFIRM = "Put it right, or submit it as it is if the document says so"
FIRST = 0.0  # the score of what is shown: Label Studio gives the lowest first, so nobody waits for an answer for long


def answered_by(document: Document) -> set[str]:
    """The e-mails of those whose answers to the document count, whatever they were asked for."""
    pointers = CurrentAnnotation.objects.filter(document=document, correction__skipped=False)
    people = set(pointers.values_list("correction__annotator", flat=True))
    return {name for name in people | {document.truth.annotator if document.truth else ""} if name}


def annotators(document_type: DocumentType) -> set[str]:
    """The e-mails of everybody who has answered a document of the type in Label Studio, and may still come in."""
    said = Correction.objects.filter(
        document__document_type=document_type, source=Correction.Source.LABEL_STUDIO, skipped=False
    )
    gone = people.gone()
    names = said.values_list("annotator", flat=True).distinct()
    return {name for name in names if name and name.lower() not in gone}


@transaction.atomic
def ask(
    document: Document,
    purpose: Recheck.Purpose,
    *,
    because: str,
    shown: Sequence[Value],
    fields: Sequence[str] = (),
    reason: str = "",
) -> Recheck | None:
    """A further task for a confirmed document, of which people begin with `shown`; rings "ranking changed".

    None if the same call (`because`) was answered before, if the document is being asked about just now, or if nobody
    else is known who could answer it (a probe may go to anybody then).
    """
    locked = Document.objects.select_for_update(of=("self",)).select_related("document_type", "truth")
    document = locked.get(pk=document.pk)
    project_id = document.document_type.project_id
    if document.truth is None or project_id is None or document.rechecks.filter(state__in=LIVE).exists():
        return None
    known = answered_by(document)
    others = annotators(document.document_type) - known
    if not others and purpose != Purpose.PROBE:
        return None
    try:
        with transaction.atomic():
            recheck = Recheck.objects.create(
                document=document,
                purpose=purpose,
                first=document.truth,
                because=because,
                fields=list(fields),
                shown=json_of(tuple(shown)),
                reason=reason,
                not_by=sorted(known) if others else [],
                project_id=project_id,
            )
    except IntegrityError:
        return None
    doorbell.ring("ranking changed", document.document_type_id)
    return recheck


def fill(document_type: DocumentType, project_id: int, *, most: int) -> None:
    """Bring the type's rechecks in Label Studio up to date, `most` open at a time; part of `queueing.fill_queue`."""
    ours = Recheck.objects.filter(document__document_type=document_type)
    _ask_about_doubts(document_type, project_id)
    if not ours.filter(state__in=LIVE).exists() and not _answered_probes(document_type).exists():
        return
    _take_back(document_type)
    _look_up(document_type, project_id)
    _clean_up(document_type)
    present = label_studio.project(project_id)
    version = (present.model_version if present else "") or NO_VERSION
    _withdraw(document_type, project_id, version)
    room = most - ours.filter(state=State.OPEN).count()
    waiting = ours.filter(state=State.PUSHING).select_related("document__document_type").order_by("pk")
    for recheck in waiting.prefetch_related("document__pages")[: max(0, room)]:
        _push(recheck, project_id, version)


def _ask_about_doubts(document_type: DocumentType, project_id: int) -> None:
    """A task for every answer that looks wrong: whoever takes it sees the answer, and what is wrong with it.

    Anybody may, also who gave the answer: Label Studio shows it next, before the rest of the queue.
    """
    asked = Recheck.objects.filter(purpose=Purpose.DOUBT, first=OuterRef("pk"))
    live = Recheck.objects.filter(document=OuterRef("document"), state__in=LIVE)
    new = ledger.doubtful(document_type).filter(~Exists(asked), ~Exists(live)).order_by("pk")
    with transaction.atomic():
        jobs.assert_held()
        Recheck.objects.bulk_create(
            [
                Recheck(
                    document=correction.document,
                    purpose=Purpose.DOUBT,
                    first=correction,
                    because=f"answer {correction.pk} looks wrong",
                    fields=sorted({each.field for each in _findings(correction)}),
                    shown=json_of(_as_answered(correction)),
                    reason=_complaint(correction)[:LONGEST_REASON],
                    project_id=project_id,
                )
                for correction in new.select_related("document__document_type")[:MOST_DOUBTS]
            ],
            ignore_conflicts=True,
        )


def _findings(correction: Correction) -> list[Finding]:
    return [Finding.from_json(stored) for stored in correction.findings]


def _complaint(correction: Correction) -> str:
    return " ".join(finding.sentence for finding in _findings(correction))


def _as_answered(correction: Correction) -> tuple[Value, ...]:
    """The answers as a model's values: of what looks wrong it is not sure, of the rest it is."""
    schema = correction.document.document_type.schema
    wrong = {finding.field for finding in _findings(correction)}
    return tuple(
        Value(
            each.field,
            each.text,
            schema[each.field].normalise(each.text) if each.field in schema else None,
            0.0 if each.field in wrong else 1.0,
            each.place,
        )
        for each in correction.said
    )


def _take_back(document_type: DocumentType) -> None:
    """Delete the tasks of those that are to be pushed anew (`push_anew`)."""
    answered = Recheck.objects.filter(
        document__document_type=document_type, state=State.PUSHING, task_id__isnull=False
    )
    for recheck in answered:
        label_studio.delete_tasks(recheck.project_id, [recheck.task_id or 0])
        with transaction.atomic():
            jobs.assert_held()
            Recheck.objects.filter(pk=recheck.pk, state=State.PUSHING).update(task_id=None)


def _look_up(document_type: DocumentType, project_id: int) -> None:
    """Find what an earlier push left without saying whether it arrived."""
    left = {
        each.key: each
        for each in Recheck.objects.filter(document__document_type=document_type, state=State.PUSHING)
    }
    found = label_studio_rechecks.tasks_by_key(project_id, left.keys())
    label_studio.delete_tasks(project_id, {double for ids in found.values() for double in ids[1:]})
    for key, ids in found.items():
        label_studio_rechecks.skip_in_advance(ids[0], left[key].not_by)
        _arrived(left[key], project_id, ids[0])


def _answered_probes(document_type: DocumentType) -> QuerySet[Recheck]:
    return Recheck.objects.filter(
        document__document_type=document_type,
        purpose=Purpose.PROBE,
        state__in=(State.DONE, State.WITHDRAWN),
        task_id__isnull=False,
    )


def _clean_up(document_type: DocumentType) -> None:
    """Take answered probes out of Label Studio: nobody should come upon a wrong value there later."""
    for probe in _answered_probes(document_type):
        label_studio.delete_tasks(probe.project_id, [probe.task_id or 0])
        with transaction.atomic():
            jobs.assert_held()
            Recheck.objects.filter(pk=probe.pk).update(task_id=None)


def _withdraw(document_type: DocumentType, project_id: int, version: str) -> None:
    """Take out what has become pointless, and what Label Studio would show empty: another version's name is on it."""
    opened = Recheck.objects.filter(document__document_type=document_type, state=State.OPEN)
    rows = {each.task_id or 0: each for each in opened.select_related("document")}
    pointless = {pk for pk, each in rows.items() if each.document.truth_id != each.first_id}
    renamed = {pk for pk, each in rows.items() if each.model_version != version} - pointless
    gone = label_studio.delete_untouched(project_id, pointless | renamed, skipped_too=True) or frozenset()
    with transaction.atomic():
        jobs.assert_held()
        Recheck.objects.filter(task_id__in=gone & pointless).update(state=State.WITHDRAWN, task_id=None)
        Recheck.objects.filter(task_id__in=gone & renamed).update(state=State.PUSHING, task_id=None, seen="")


def _push(recheck: Recheck, project_id: int, version: str) -> None:
    document, document_type = recheck.document, recheck.document.document_type
    with transaction.atomic():
        jobs.assert_held()
        Recheck.objects.filter(pk=recheck.pk).update(model_version=version)
    pages = task_pages.addresses(recheck)
    data = labelling.task_data(document.pk, pages, reason=recheck.reason, title=document_type.title)
    if recheck.purpose == Purpose.DOUBT:
        data[labelling.ASKED] = CORRECT_OR_CONFIRM
    prediction = labelling.prediction(
        recheck.shows,
        document.word_pages,
        document_type.schema,
        document_type=document_type.name,
        model_version=version,
        score=FIRST,
    )
    (task_id,) = label_studio.push_tasks(project_id, [(data | {"doc_id": recheck.key}, prediction)])
    label_studio_rechecks.skip_in_advance(task_id, recheck.not_by)
    _arrived(recheck, project_id, task_id)


def _arrived(recheck: Recheck, project_id: int, task_id: int) -> None:
    with transaction.atomic():
        jobs.assert_held()
        # an earlier row of the task, from before Label Studio began to count anew
        Recheck.objects.filter(task_id=task_id).exclude(pk=recheck.pk).update(task_id=None)
        Recheck.objects.filter(pk=recheck.pk, state=State.PUSHING).update(
            project_id=project_id, task_id=task_id, state=State.OPEN
        )


def counts(recheck: Recheck, annotation: AnnotationView) -> bool:
    """Whether an annotation of its task says something.

    Skips don't: the task goes to somebody else. Nor does an answer of who has answered the document already: Label
    Studio can't keep them from opening a task by its address.
    """
    return not annotation.skipped and annotation.completed_by not in recheck.not_by


def answer(recheck: Recheck, annotation: AnnotationView, *, noticed_by: str) -> None:
    """Write down what a person said; a probe's first answer counts, the others' as often as they are changed.

    In the caller's transaction, which settles the document afterwards. Raises `Refused` for what can't be understood.
    """
    if recheck.purpose == Purpose.PROBE and recheck.state == State.DONE:
        return
    schema = recheck.document.document_type.schema
    regions, _ = labelling.read_annotation(annotation.result, recheck.document.word_pages, schema)
    ended = labelling.outcomes(labelling.shown(recheck.shows, schema), regions, schema)
    if recheck.purpose != Purpose.PROBE:
        problems = ledger.record([(recheck, annotation)], noticed_by=noticed_by)
        if annotation.id in problems:
            raise problems[annotation.id]
    answered_before = recheck.state == State.DONE
    recheck.state, recheck.annotator = State.DONE, annotation.completed_by[:150]
    recheck.lead_time, recheck.answered_at = annotation.lead_time, annotation.updated_at
    recheck.outcomes, recheck.untouched = ended, all(each == "accepted" for each in ended.values())
    columns = ["state", "annotator", "lead_time", "answered_at", "outcomes", "untouched"]
    recheck.save(update_fields=columns)
    if not answered_before:
        task_pages.show_again(recheck)


def reopen(recheck: Recheck) -> None:
    """Nobody's answer is left in Label Studio: it waits for one again. A probe is asked once."""
    answered = Recheck.objects.filter(pk=recheck.pk, state=State.DONE).exclude(purpose=Purpose.PROBE)
    answered.update(state=State.OPEN)


def push_anew(recheck: Recheck) -> None:
    """Only people who may not answer it have: Label Studio takes its task for labelled, and would offer it to nobody.

    Until the task is deleted (`fill`), the row that is pushed anew keeps its number.
    """
    again = Recheck.objects.filter(pk=recheck.pk, state__in=(State.OPEN, State.DONE))
    again.exclude(purpose=Purpose.PROBE, state=State.DONE).update(state=State.PUSHING, seen="")


def give_up(recheck: Recheck) -> None:
    """Somebody set the document aside in place of an answer: nobody else is given the task, and a lead decides."""
    Recheck.objects.filter(pk=recheck.pk, state__in=LIVE).update(state=State.WITHDRAWN)


def gone(recheck: Recheck) -> None:
    """Its task was deleted in Label Studio: a probe's answer stays, others are gone with it."""
    if recheck.state == State.PUSHING:  # by us, to push it anew
        Recheck.objects.filter(pk=recheck.pk, state=State.PUSHING).update(task_id=None)
    elif recheck.state in LIVE or recheck.purpose != Purpose.PROBE:
        Recheck.objects.filter(pk=recheck.pk).update(state=State.WITHDRAWN, task_id=None)
