"""The life of a document: the only writer of its state, with a row of history per move."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from annotation.errors import IllegalMove
from annotation.models import Document, Move

State = Document.State

MAY_FOLLOW: dict[Document.State, set[Document.State]] = {
    State.RECEIVED: {State.READ, State.UNREADABLE},
    State.UNREADABLE: {State.RECEIVED},
    # a person may confirm or skip what is not, or no longer, in the queue: their answer counts all the same
    State.READ: {State.EXTRACTED, State.QUEUED, State.SKIPPED, State.CONFIRMED},
    # read once more as another type (`annotation.refiling`)
    State.EXTRACTED: {State.READ, State.QUEUED, State.ACCEPTED, State.SKIPPED, State.CONFIRMED},
    State.ACCEPTED: {State.READ, State.EXTRACTED, State.QUEUED, State.SKIPPED, State.CONFIRMED},
    # withdrawn, corrected or skipped
    State.QUEUED: {State.READ, State.EXTRACTED, State.SKIPPED, State.CONFIRMED},
    # the annotation was changed or deleted
    State.SKIPPED: {State.READ, State.EXTRACTED, State.QUEUED, State.CONFIRMED},
    State.CONFIRMED: {State.READ, State.EXTRACTED, State.QUEUED, State.SKIPPED},
}

POOL = (State.READ, State.EXTRACTED)


def move(document_id: int, to: Document.State, *, reason: str) -> None:
    """Move one document; to where it is already is no move. Raises `IllegalMove`."""
    move_each({document_id: (to, reason)})


@transaction.atomic
def move_each(moves: Mapping[int, tuple[Document.State, str]]) -> None:
    """Move every document (by id) to its state, for its reason; all or none. Raises `IllegalMove`."""
    documents = Document.objects.select_for_update().filter(pk__in=moves).order_by("pk")
    before = {pk: State(state) for pk, state in documents.values_list("pk", "state")}
    made: list[Move] = []
    for pk, (to, reason) in moves.items():
        if before[pk] == to:
            continue
        if to not in MAY_FOLLOW[before[pk]]:
            raise IllegalMove(f"document {pk} is {before[pk]}, it can't become {to}")
        made.append(Move(document_id=pk, before=before[pk], after=to, reason=reason[:500]))
    Move.objects.bulk_create(made)
    for after in {move.after for move in made}:
        moved = [move.document_id for move in made if move.after == after]
        Document.objects.filter(pk__in=moved).update(state=after)


@transaction.atomic
def move_many(documents: QuerySet[Document], to: Document.State, *, reason: str) -> int:
    """Move all `documents` that may follow, a few statements for any number; answers how many moved."""
    may = [before for before, after in MAY_FOLLOW.items() if to in after]
    # locked in one order everywhere, so that two bulk moves can't wait for each other
    movable = documents.filter(state__in=may).order_by("pk").select_for_update(of=("self",))
    before = dict(movable.values_list("pk", "state"))
    moves = [Move(document_id=pk, before=was, after=to, reason=reason[:500]) for pk, was in before.items()]
    Move.objects.bulk_create(moves, batch_size=5000)
    return Document.objects.filter(pk__in=before).update(state=to)
