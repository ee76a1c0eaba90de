"""Recorded answers in; those that something speaks against as rows for the lead, and to other people for a second opinion, out.

A model that had not seen a document may speak against its answer (`models.label_errors`), or another person who was
asked for agreement. What a second person says is an answer like any other: the newest one counts. A training looks
for them before it learns, and leaves them out (`before_training`); what it must not learn from is looked through when
it has ended.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotation import audit_trail, jobs, ledger, rechecks
from annotation.errors import Refused
from annotation.models import Correction, Document, DocumentType, Recheck, Refiling
from learner import probes
from learner.models import Snapshot, Suspect
from learner.snapshots import InDoubt, Split
from models import label_errors
from models.errors import TrainingFailed
from models.extractors.base import Example, OnProgress
from models.label_errors import Doubt
from models.schema import Field

log = logging.getLogger(__name__)

State = Suspect.State
WAITING = (State.OPEN, State.ASKED)
LEAST_DOCUMENTS = 20  # of fewer, a model that learned from the others knows too little
DIFFER = 0.5  # likelihood of what one of two people said


def find_suspects(type_id: int) -> None:
    """Look all confirmed documents of a type through, and ask second people about the most doubtful ones."""
    document_type = DocumentType.objects.get(pk=type_id)
    rows = _confirmed(document_type)
    if len(rows) < LEAST_DOCUMENTS:
        return
    found = _doubts(document_type, rows, lambda progress: jobs.tell(progress.share))
    _store(document_type, found, looked_at=None)
    ask_others(document_type)


def before_training(snapshot: Snapshot, on_progress: OnProgress) -> list[tuple[int, str]]:
    """Look through what a training is to learn from, and ask second people; answers (correction, field) to leave out.

    These are the ones that somebody is asked about now: of the others more are right than wrong. Gold stays out of it,
    as whatever decides what is learned must not have seen what judges it.
    """
    document_type = snapshot.document_type
    learned = {correction for correction, split in snapshot.items if split != Split.GOLD}
    rows = [row for row in _confirmed(document_type) if row.pk in learned]
    if len(rows) >= LEAST_DOCUMENTS:
        try:
            found = _doubts(document_type, rows, on_progress)
        except TrainingFailed as problem:  # what the quick learner can't learn, the type's own extractor may
            log.info("no answers of %s were looked through: %s", document_type.name, problem)
        else:
            _store(document_type, found, looked_at=[row.pk for row in rows])
            ask_others(document_type)
    doubted = waiting(document_type).filter(state=State.ASKED, correction__in=learned)
    return sorted(doubted.values_list("correction", "field"))


def with_what_is_said(doubted: Collection[tuple[int, str]]) -> list[InDoubt]:
    """What `before_training` answered, with the words that are said instead: text of documents, so no run keeps it."""
    rows = Suspect.objects.filter(correction__in={correction for correction, _ in doubted})
    says = {(row.correction_id, row.field): row.says for row in rows}
    return [(*each, says.get(each, "")) for each in doubted]


def _confirmed(document_type: DocumentType) -> list[Correction]:
    truths = ledger.truths(document_type).select_related("document")
    return list(truths.prefetch_related("document__pages").order_by("pk"))


def _doubts(
    document_type: DocumentType, rows: Sequence[Correction], on_progress: OnProgress = lambda _: None
) -> list[tuple[Correction, Doubt]]:
    names = set(document_type.schema.names)
    examples = [example_of(row, names) for row in rows]
    found = label_errors.find(document_type.schema, examples, on_progress=on_progress)
    return [(rows[doubt.document], doubt) for doubt in found]


def example_of(row: Correction, names: set[str]) -> Example:
    """What a correction, whose document and pages are fetched, says of the fields with these `names`."""
    unconfirmed = row.unconfirmed & names
    answers = tuple(answer for answer in row.said if answer.field in names - unconfirmed)
    return Example(str(row.document_id), row.document.word_pages, answers, unconfirmed)


@transaction.atomic
def _store(
    document_type: DocumentType,
    doubts: Iterable[tuple[Correction, Doubt]],
    *,
    looked_at: Collection[int] | None,
) -> None:
    """Keep what is in doubt now; what was and isn't any more goes, unless somebody was asked about it.

    `looked_at` are the corrections (ids) that the doubts are about; None: all of the type's.
    """
    jobs.assert_held()
    ours = Suspect.objects.filter(document__document_type=document_type)
    if looked_at is not None:
        ours = ours.filter(correction__in=looked_at)
    settled = _settled(document_type)
    found: set[int] = set()
    for correction, doubt in doubts:
        field = document_type.schema[doubt.field]
        if answer_key(correction, field) in settled[correction.document_id, doubt.field]:
            continue
        suspect, new = Suspect.objects.get_or_create(
            correction=correction,
            field=doubt.field,
            defaults={
                "document_id": correction.document_id,
                "likelihood": doubt.likelihood,
                "says": doubt.says,
            },
        )
        found.add(suspect.pk)
        if not new and suspect.state == State.OPEN and suspect.source == Suspect.Source.MODEL:
            suspect.likelihood, suspect.says = doubt.likelihood, doubt.says
            suspect.save(update_fields=["likelihood", "says"])
    ours.filter(state=State.OPEN, source=Suspect.Source.MODEL).exclude(pk__in=found).delete()


def _settled(document_type: DocumentType) -> defaultdict[tuple[int, str], set[tuple[str, ...]]]:
    """By document and field, the answers that a second person confirmed, or a lead has looked at: not in doubt again."""
    closed = Suspect.objects.filter(
        document__document_type=document_type, state__in=(State.CONFIRMED, State.DISMISSED)
    )
    settled: defaultdict[tuple[int, str], set[tuple[str, ...]]] = defaultdict(set)
    for suspect in closed.select_related("correction"):
        if suspect.field in document_type.schema:
            key = answer_key(suspect.correction, document_type.schema[suspect.field])
            settled[suspect.document_id, suspect.field].add(key)
    return settled


def answer_key(correction: Correction, field: Field) -> tuple[str, ...]:
    """What a correction says of a field, in a form that is equal for equal answers; empty: that it is absent."""
    texts = (answer.text for answer in correction.said if answer.field == field.name)
    return tuple(sorted({field.normalise(text) or text.strip() for text in texts}))


def waiting(document_type: DocumentType) -> QuerySet[Suspect]:
    """What is in doubt about present truths, the least likely first."""
    ours = Suspect.objects.filter(document__document_type=document_type, state__in=WAITING)
    return ours.select_related("correction", "document", "recheck").order_by("likelihood", "pk")


def close_doubts(refiling_id: int) -> None:
    """What was doubted of a document that was moved to another type since needs nobody's decision any more."""
    refiling = Refiling.objects.filter(pk=refiling_id).first()
    if refiling is None:
        return
    with transaction.atomic():
        jobs.assert_held()
        doubted = Suspect.objects.filter(document=refiling.document_id, state__in=WAITING)
        doubted.filter(correction__recorded_at__lte=refiling.at).update(
            state=State.DISMISSED, closed_at=timezone.now(), closed_by=audit_trail.DOCLOOP
        )


def ask_others(document_type: DocumentType) -> int:
    """Ask second people about the most doubtful documents, as many as the type's share allows; answers how many."""
    confirmed = ledger.truths(document_type).count()
    asked = Recheck.objects.filter(
        document__document_type=document_type, purpose=Recheck.Purpose.SECOND_OPINION
    ).exclude(state=Recheck.State.WITHDRAWN)
    room = int(document_type.second_opinions * confirmed) - asked.count()
    documents = list(
        dict.fromkeys(each.document_id for each in waiting(document_type).filter(state=State.OPEN))
    )
    done = 0
    for document_id in documents:
        if done >= room:
            break
        done += ask(document_id) is not None
    return done


@transaction.atomic
def ask(document_id: int, *, by: str | None = None) -> Recheck | None:
    """Have another person answer the fields of a document that are in doubt; None if nobody can be asked just now.

    They see what was recorded of all other fields, and nothing of those: their answer is to be their own. `by` is who wants
    it, if it is somebody.
    """
    document = Document.objects.select_related("document_type", "truth", "extraction").get(pk=document_id)
    schema = document.document_type.schema
    open_ones = Suspect.objects.filter(
        document=document, state=State.OPEN, correction=document.truth_id, field__in=schema.names
    )
    fields = [name for name in schema.names if name in set(open_ones.values_list("field", flat=True))]
    if document.truth is None or not fields:
        return None
    certain = [answer for answer in document.truth.said if answer.field not in fields]
    recheck = rechecks.ask(
        document,
        Recheck.Purpose.SECOND_OPINION,
        because=f"correction {document.truth_id}: {len(fields)} fields",
        shown=probes.known(schema, document.word_pages, certain, {}),
        fields=fields,
        reason=f"Second opinion: {', '.join(schema[name].title for name in fields)}"[:200],
    )
    if recheck:
        open_ones.update(state=State.ASKED, recheck=recheck)
    if recheck and by is not None:
        audit_trail.record(by=by, action="asked for a second opinion", subject=f"document {document_id}")
    return recheck


@transaction.atomic
def settle(document: Document) -> None:
    """Close what was in doubt about earlier answers of a document: the present one says the same, or something else."""
    if document.truth is None:
        return
    schema = document.document_type.schema
    earlier = Suspect.objects.filter(document=document, state__in=WAITING).exclude(
        correction=document.truth_id
    )
    for suspect in earlier.select_related("correction"):
        field = next(
            (each for each in schema if each.name == suspect.field), None
        )  # None: the type has it no more
        same = field is not None and answer_key(suspect.correction, field) == answer_key(
            document.truth, field
        )
        suspect.state = State.CONFIRMED if same else State.CHANGED
        suspect.closed_at, suspect.closed_by = timezone.now(), document.truth.annotator
        suspect.save(update_fields=["state", "closed_at", "closed_by"])


def differ(recheck: Recheck) -> None:
    """Two people were asked for agreement: where they differ, what counts now is in doubt."""
    other = recheck.corrections.filter(skipped=False).order_by("pk").last()
    document = recheck.document
    if other is None or document.truth_id != other.pk:
        return
    for field in document.document_type.schema:
        theirs = answer_key(recheck.first, field)
        if field.name in recheck.first.unconfirmed | other.unconfirmed or theirs == answer_key(other, field):
            continue
        said = [answer.text for answer in recheck.first.said if answer.field == field.name]
        Suspect.objects.get_or_create(
            correction=other,
            field=field.name,
            defaults={
                "document": document,
                "source": Suspect.Source.PEOPLE,
                "likelihood": DIFFER,
                "says": "; ".join(said),
            },
        )


@transaction.atomic
def dismiss(suspect: Suspect, by: str) -> None:
    """A lead has looked: the recorded answer is right. Raises `Refused` if the doubt is settled already."""
    found = Suspect.objects.filter(pk=suspect.pk, state__in=WAITING)
    if not found.update(state=State.DISMISSED, closed_at=timezone.now(), closed_by=by[:150]):
        raise Refused("This was settled in the meantime; there is nothing to dismiss.")
    audit_trail.record(
        by=by,
        action="dismissed a doubt",
        subject=f"document {suspect.document_id}",
        why=f"about {suspect.field}",
    )
