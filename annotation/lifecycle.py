"""The life of a document: the only writer of its state, with a row of history per move."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from annotation.errors import IllegalMove
from annotation.models import Document, Move

State = Document.State

MAY_FOLLOW: dict[Document.State, set[Document.State]] = {
    State.RECEIVED: {State.READ, State.UNREADABLE},
    State.UNREADABLE: {State.RECEIVED},
    State.READ: {State.EXTRACTED, State.QUEUED, State.CONFIRMED},
    State.EXTRACTED: {State.QUEUED, State.ACCEPTED, State.CONFIRMED},
    State.ACCEPTED: {State.EXTRACTED, State.QUEUED, State.CONFIRMED},
    State.QUEUED: {
        State.READ,
        State.EXTRACTED,
        State.CONFIRMED,
        State.SKIPPED,
    },  # withdrawn, corrected, skipped
    State.SKIPPED: {State.READ, State.EXTRACTED, State.QUEUED, State.CONFIRMED},
    State.CONFIRMED: {
        State.READ,
        State.EXTRACTED,
        State.QUEUED,
        State.SKIPPED,
    },  # its annotation was deleted or skipped
}

POOL = (State.READ, State.EXTRACTED)


@transaction.atomic
def move(document_id: int, to: Document.State, *, reason: str) -> None:
    """Move one document; to where it is already is no move. Raises `IllegalMove`."""
    document = Document.objects.select_for_update().get(pk=document_id)
    before = State(document.state)
    if before == to:
        return
    if to not in MAY_FOLLOW[before]:
        raise IllegalMove(f"document {document_id} is {before}, it can't become {to}")
    Move.objects.create(document=document, before=before, after=to, reason=reason[:500])
    Document.objects.filter(pk=document_id).update(state=to)


@transaction.atomic
def move_many(documents: QuerySet[Document], to: Document.State, *, reason: str) -> int:
    """Move all `documents` that may follow, two statements for any number; answers how many moved."""
    may = [before for before, after in MAY_FOLLOW.items() if to in after]
    movable = documents.filter(state__in=may).select_for_update()
    ids = list(movable.values_list("pk", flat=True))
    chosen = Document.objects.filter(pk__in=ids)
    Move.objects.bulk_create(
        [
            Move(document_id=pk, before=before, after=to, reason=reason[:500])
            for pk, before in chosen.values_list("pk", "state")
        ],
        batch_size=5000,
    )
    return chosen.update(state=to)
