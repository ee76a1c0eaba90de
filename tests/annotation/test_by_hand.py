import pytest

from annotation import by_hand, queueing
from annotation.errors import Refused
from annotation.models import Document, LabelTask, Recheck, TrailEntry
from learner import selection
from tests.annotation.queue_stand_in import stand_in
from tests.factories import make_document, make_extraction, make_truth, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def studio(monkeypatch):
    return stand_in(monkeypatch)


@pytest.fixture
def receipts(studio):
    project = studio.create_project("Receipts", "1", "")
    return make_type(name="receipts", project_id=project, queue_depth=2, champion="v1")


def pooled(document_type, n):
    documents = []
    for place in range(n):
        document = make_document(
            document_type, f"Shop {place} LTD", state="extracted", priority=2 - place / 100
        )
        make_extraction(document, {"company": (f"Shop {place}", 0.5)})
        documents.append(document)
    return documents


@pytest.mark.parametrize("state", ["read", "extracted", "accepted"])
def test_it_is_what_label_studio_gives_out_next_however_long_the_queue_is(receipts, studio, state):
    pooled(receipts, 4)
    queueing.fill_queue(receipts.pk)
    wanted = make_document(receipts, "Wanted LTD", state=state, priority=0.1)
    make_extraction(wanted, {"company": ("Wanted LTD", 0.99)})
    by_hand.send_to_queue(wanted.pk, by="lea")
    queueing.fill_queue(receipts.pk)
    task = LabelTask.objects.get(document=wanted)
    wanted.refresh_from_db()
    assert (wanted.state, task.state, task.reason) == ("queued", "open", "asked for by lea")
    scores = {pk: each.predictions[-1]["score"] for pk, each in studio.tasks.items()}
    assert min(scores, key=scores.get) == task.task_id
    assert len(scores) == 3  # beside the two of the queue


def test_it_stays_there_when_the_pool_is_ranked_anew(receipts, studio):
    wanted, *_ = pooled(receipts, 6)
    Document.objects.filter(pk=wanted.pk).update(priority=0.1)
    by_hand.send_to_queue(wanted.pk, by="lea")
    for _ in range(3):
        selection.rank_pool(receipts.pk)
        queueing.fill_queue(receipts.pk)
    wanted.refresh_from_db()
    assert (wanted.state, wanted.priority, wanted.reason) == ("queued", by_hand.HEAD, "asked for by lea")
    assert Document.objects.exclude(pk=wanted.pk).filter(priority__gte=by_hand.HEAD).count() == 0


def test_what_is_in_the_queue_already_moves_to_its_head(receipts, studio):
    _, last = pooled(receipts, 2)
    queueing.fill_queue(receipts.pk)
    by_hand.send_to_queue(last.pk, by="lea")
    assert LabelTask.objects.filter(document=last).count() == 1
    last.refresh_from_db()
    assert (last.priority, last.reason, last.asked_by) == (by_hand.HEAD, "asked for by lea", "lea")


@pytest.mark.parametrize("state", ["received", "unreadable", "skipped", "confirmed"])
def test_what_somebody_answered_or_nobody_can_read_is_refused(receipts, state):
    document = make_document(receipts, state=state)
    with pytest.raises(Refused, match=state):
        by_hand.send_to_queue(document.pk, by="lea")
    assert not LabelTask.objects.exists() and not TrailEntry.objects.exists()


def test_who_asked_is_on_the_trail(receipts):
    document = make_document(receipts)
    by_hand.send_to_queue(document.pk, by="lea")
    entry = TrailEntry.objects.get()
    assert (entry.by, entry.action, entry.subject) == ("lea", "sent to the queue", f"document {document.pk}")


def test_somebody_else_is_asked_about_a_confirmed_document_once(receipts):
    document = make_document(receipts)
    make_extraction(document)
    make_truth(document, annotator="ann@example.org")
    with pytest.raises(Refused, match="Nobody can be asked"):  # nobody else labels receipts
        by_hand.ask_another(document.pk, by="lea")
    make_truth(make_document(receipts), annotator="amy@example.org")
    by_hand.ask_another(document.pk, by="lea")
    recheck = Recheck.objects.get()
    assert (recheck.reason, recheck.not_by) == ("Second opinion, asked for by lea", ["ann@example.org"])
    with pytest.raises(Refused, match="Nobody can be asked"):
        by_hand.ask_another(document.pk, by="lea")
    with pytest.raises(Refused, match="Nobody has confirmed"):
        by_hand.ask_another(make_document(receipts).pk, by="lea")
