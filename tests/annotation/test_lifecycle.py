from itertools import product

import pytest

from annotation import lifecycle
from annotation.errors import IllegalMove
from annotation.models import Document, Move
from tests.factories import make_document, make_type

State = Document.State

pytestmark = pytest.mark.django_db


def test_every_state_has_its_row_in_the_table():
    assert set(lifecycle.MAY_FOLLOW) == set(State)


@pytest.mark.parametrize(("before", "after"), [pair for pair in product(State, State) if pair[0] != pair[1]])
def test_only_what_the_table_allows_happens_and_leaves_a_trace(before, after):
    document = make_document(state=before)
    if after in lifecycle.MAY_FOLLOW[before]:
        lifecycle.move(document.pk, after, reason="because")
        assert list(document.moves.values_list("before", "after", "reason")) == [(before, after, "because")]
    else:
        with pytest.raises(IllegalMove, match=f"document {document.pk} is {before}"):
            lifecycle.move(document.pk, after, reason="because")
        after = before
        assert not Move.objects.exists()
    document.refresh_from_db()
    assert document.state == after


def test_an_unread_document_cannot_be_confirmed():
    for state in (State.RECEIVED, State.UNREADABLE):
        assert State.CONFIRMED not in lifecycle.MAY_FOLLOW[state]


def test_to_stay_is_no_move():
    document = make_document(state=State.QUEUED)
    lifecycle.move(document.pk, State.QUEUED, reason="again")
    assert not Move.objects.exists()


def test_many_move_together_and_those_that_may_not_stay():
    kind = make_type()
    movable = [make_document(kind, state=State.READ), make_document(kind, state=State.QUEUED)]
    fixed = make_document(kind, state=State.RECEIVED)
    assert lifecycle.move_many(kind.documents.all(), State.EXTRACTED, reason="extracted by v2") == 2
    states = dict(Document.objects.values_list("pk", "state"))
    assert states == {movable[0].pk: "extracted", movable[1].pk: "extracted", fixed.pk: "received"}
    assert set(Move.objects.values_list("document", "before", "after")) == {
        (movable[0].pk, "read", "extracted"),
        (movable[1].pk, "queued", "extracted"),
    }


def test_the_number_of_documents_does_not_change_the_number_of_statements(django_assert_num_queries):
    kind = make_type()
    for _ in range(30):
        make_document(kind)
    with django_assert_num_queries(5):  # a savepoint and its release, lock, history, state
        lifecycle.move_many(kind.documents.all(), State.EXTRACTED, reason="extracted by v2")
