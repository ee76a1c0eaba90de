"""The overview, the type page, health and an annotator's day."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.models import Document, DocumentType, Job, LabelTask
from learner import headlines
from learner.models import Decision, Headline, Run, Snapshot, VersionMove
from tests.factories import make_document, make_extraction, make_truth, make_type, make_version
from webapp import services
from webapp.dashboard import document_type as type_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client, lea):
    client.force_login(lea)
    return client


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def queued(document_type: DocumentType, task_id: int, priority: float, **more) -> Document:
    document = make_document(document_type, state="queued", priority=priority, **more)
    make_extraction(document)
    LabelTask.objects.create(document=document, project_id=7, task_id=task_id, state="open")
    return document


# --- overview


def test_an_empty_docloop_tells_what_to_do_next(lead):
    page = text_of(lead.get(reverse("overview")))
    assert "No document types yet" in page and reverse("new-type") in page


def test_the_overview_counts_documents_and_links_to_them(lead):
    receipts = make_type(name="receipts")
    make_document(receipts, state="queued")
    make_document(receipts, state="extracted")
    answer = lead.get(reverse("overview"))
    row = answer.context["rows"][0]
    assert (row.glance.documents, row.pool) == (2, 1)
    assert "type=receipts&amp;state=extracted" in text_of(answer)


def test_quality_stands_beside_the_goal_and_what_is_missing(lead):
    receipts, invoices = make_type(title="Receipts", goal=0.9), make_type(title="Invoices", goal=0.95)
    for document_type in (receipts, invoices):
        score = {"f1": 0.92, "low": 0.9, "high": 0.94}
        make_version(document_type, state="champion", figures={"overall": score, "documents": 9})
    Headline.objects.create(
        document_type=invoices, to_goal=300, audited=40, accuracy=0.97, low=0.9, high=0.99
    )
    answer = lead.get(reverse("overview"))
    assert [row.met for row in answer.context["rows"]] == [True, False]
    page = text_of(answer)
    assert "0.900 met" in page and "≈ 300 <small>corrections to 0.950" in page
    assert "audit 97 % (90 %–99 %)" in page


def test_many_notices_are_folded_away(lead):
    for n in range(9):
        make_document(make_type(title=f"Kind {n}"), state="skipped")
    answer = lead.get(reverse("overview"))
    assert len(answer.context["notices"]) == 5 and len(answer.context["more_notices"]) == 4
    assert "4 more" in text_of(answer)


def test_of_a_type_without_documents_no_bar_is_drawn_that_says_nothing(lead):
    make_type(title="Receipts")
    page = text_of(lead.get(reverse("overview")))
    assert 'aria-label=""' not in page
    make_document(make_type(title="Invoices"))
    assert 'aria-label="1 read"' in text_of(lead.get(reverse("overview")))


def test_the_live_part_is_the_same_part(lead):
    make_document(make_type(title="Receipts"))
    whole, part = lead.get(reverse("overview")), lead.get(reverse("overview-live"))
    assert part.content.decode().strip() in whole.content.decode()
    assert b"<html" not in part.content


def test_a_running_training_shows_how_far_it_is(lead):
    now = timezone.now()
    Run.objects.create(
        document_type=make_type(),
        state="running",
        stage="fine-tuning",
        share=0.25,
        epoch=3,
        epochs=12,
        started_at=now - timedelta(minutes=5),
    )
    page = text_of(lead.get(reverse("overview")))
    assert "25 % · epoch 3 of 12 · about 15 minutes left" in page
    assert '<progress max="1" value="0.250"' in page


def test_what_needs_attention_is_said_with_where_to_look(lead):
    receipts = make_type(name="receipts", title="Receipts")
    make_document(receipts, state="unreadable", problem="encrypted")
    make_document(receipts, state="skipped")
    make_document(receipts, state="extracted")
    Run.objects.create(document_type=receipts, state="failed", problem="the weights became NaN")
    Job.objects.create(task="annotation.sync_project", subject=receipts.pk, state="failed", problem="refused")
    notices = lead.get(reverse("overview")).context["notices"]
    assert [notice.text for notice in notices] == [
        "1 job failed and will not be tried again by itself.",
        "the last training failed: the weights became NaN.",
        "1 document could not be read.",
        "the queue is empty although documents wait in the pool.",
        "1 document was skipped by annotators.",
    ]
    assert all(notice.url for notice in notices)


def test_a_training_that_failed_before_a_good_one_is_history(lead):
    receipts = make_type()
    Run.objects.create(document_type=receipts, state="failed")
    Run.objects.create(document_type=receipts, state="finished")
    make_truth(make_document(receipts))
    assert lead.get(reverse("overview")).context["notices"] == []


# --- a type's page


def test_the_queue_stands_in_its_order_with_reasons_and_links(lead):
    receipts = make_type(name="receipts")
    second = queued(receipts, 41, priority=0.2, reason="unsure of the total")
    first = queued(receipts, 42, priority=0.9, reason="picked at random", audit_probability=0.1)
    make_document(receipts, state="queued", priority=1)  # its task is not in Label Studio yet
    rows = lead.get(reverse("type", args=["receipts"])).context["queue"]
    assert [row.id for row in rows] == [first.pk, second.pk]
    assert rows[0].audit and not rows[1].audit
    assert rows[0].url == reverse("label-document", args=[first.pk]) and rows[1].sure == 0.6


def test_the_champions_fields_stand_in_the_types_order(lead):
    receipts = make_type(name="receipts")
    scores = {name: {"f1": 0.9, "low": 0.85, "high": 0.95} for name in ("total", "company", "gone")}
    make_version(
        receipts, state="champion", figures={"documents": 40, "overall": scores["total"], "fields": scores}
    )
    answer = lead.get(reverse("type", args=["receipts"]))
    assert [field.title for field in answer.context["scores"]] == ["company", "total"]
    assert "0.850–0.950" in text_of(answer)


def test_the_reason_for_a_refusal_stands_in_words(lead):
    receipts = make_type(name="receipts")
    version = make_version(receipts, state="retired")
    Decision.objects.create(
        version=version,
        promote=False,
        reasons=["Total lost 0.040, more than it may."],
        figures={"documents": 40},
    )
    page = text_of(lead.get(reverse("type", args=["receipts"])))
    assert f"Why {version.name} was not promoted" in page
    assert "Total lost 0.040, more than it may." in page


def test_the_page_costs_the_same_queries_for_one_version_and_for_ten(lead, django_assert_max_num_queries):
    receipts = make_type(name="receipts")
    for n in range(10):
        version = make_version(receipts, state="retired")
        Decision.objects.create(version=version, promote=False, reasons=["no"], figures={})
        queued(receipts, n + 1, priority=n)
    with django_assert_max_num_queries(28):
        lead.get(reverse("type", args=["receipts"]))


def test_a_training_is_asked_for_with_who_asked(lead, monkeypatch):
    receipts = make_type(name="receipts")
    asked = []
    monkeypatch.setattr(
        type_page.triggers, "ask", lambda kind, *, trigger, by: asked.append((kind, trigger, by))
    )
    lead.post(reverse("retrain", args=["receipts"]))
    assert asked == [(receipts, "asked for by lea", "lea")]


def test_a_training_that_can_not_be_is_refused_with_the_reason(lead):
    make_type(name="receipts")
    answer = lead.post(reverse("retrain", args=["receipts"]), follow=True)
    assert "alert-danger" in text_of(answer)
    assert not Run.objects.exists()


@pytest.mark.parametrize("page", ["type", "versions"])
def test_who_presses_a_button_stays_on_its_page(lead, page):
    make_type(name="receipts")
    shown = text_of(lead.get(reverse(page, args=["receipts"])))
    assert f'name="page" value="{page}"' in shown
    for button in ("retrain", "roll-back", "stop"):
        answer = lead.post(reverse(button, args=["receipts"]), {"page": page})
        assert answer["Location"] == reverse(page, args=["receipts"])


def test_a_running_training_is_asked_to_stop(lead):
    run = Run.objects.create(document_type=make_type(name="receipts"), state="running")
    lead.post(reverse("stop", args=["receipts"]))
    run.refresh_from_db()
    assert run.stop_asked
    Run.objects.update(state="finished")
    assert "nothing to stop" in text_of(lead.post(reverse("stop", args=["receipts"]), follow=True))


def test_rolling_back_asks_for_the_champion_that_the_reader_saw(lead):
    receipts = make_type(name="receipts")
    old = make_version(receipts, state="retired")
    VersionMove.objects.create(
        version=old, before="challenger", after="champion", reason="first", by="the gate"
    )
    new = make_version(receipts, state="champion")
    DocumentType.objects.filter(pk=receipts.pk).update(champion=new.name)

    answer = lead.post(reverse("roll-back", args=["receipts"]), {"champion": "another"}, follow=True)
    assert "has changed in the meantime" in text_of(answer)
    new.refresh_from_db()
    assert new.state == "champion"

    lead.post(reverse("roll-back", args=["receipts"]), {"champion": new.name})
    assert DocumentType.objects.get().champion == old.name


# --- health


def test_a_failed_job_shows_why_and_can_be_tried_again(client, otto, rung):
    client.force_login(otto)
    job = Job.objects.create(
        task="annotation.sync_project", subject=5, state="failed", problem="Label Studio refused the config"
    )
    assert "Label Studio refused the config" in text_of(client.get(reverse("health")))
    page = text_of(client.post(reverse("try-again", args=[job.pk]), follow=True))
    assert "No job has failed" in page
    assert ("annotation.sync_project", 5) in rung
    assert "tried again already" in text_of(client.post(reverse("try-again", args=[job.pk]), follow=True))


def test_services_that_do_not_answer_are_told_and_nothing_waits_for_them(settings, lead):
    closed = "http://127.0.0.1:9"  # nobody listens on the discard port
    settings.CONFIG = settings.CONFIG.model_copy(update={"label_studio_url": closed, "mlflow_url": closed})
    found = {service.name: service for service in services.check()}
    assert not found["Label Studio"].ok and not found["MLflow"].ok
    assert found["Broker"].ok and found["Workers"].ok
    assert "in trouble" in text_of(lead.get(reverse("services")))


def test_jobs_that_nobody_takes_mean_that_no_worker_lives():
    Job.objects.create(task="annotation.tick", subject=1, due_at=timezone.now() - timedelta(minutes=5))
    workers = next(service for service in services.check() if service.name == "Workers")
    assert not workers.ok and "more than two minutes" in workers.said


def test_a_long_line_that_gets_shorter_means_that_workers_live():
    def well() -> bool:
        return next(service for service in services.check() if service.name == "Workers").ok

    long_ago = timezone.now() - timedelta(minutes=5)
    for subject in (1, 2):
        Job.objects.create(task="annotation.read_document", subject=subject, due_at=long_ago)
    Job.objects.create(task="learner.train", subject=1, state="done", finished_at=timezone.now())
    assert not well()  # another worker's
    running = Job.objects.create(task="annotation.read_document", subject=3, state="running")
    Job.objects.filter(pk=running.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert not well()  # who held it died
    Job.objects.filter(pk=running.pk).update(lease_until=timezone.now() + timedelta(seconds=30))
    assert well()
    Job.objects.filter(pk=running.pk).update(state="done", finished_at=timezone.now())
    assert well()


def test_times_are_in_the_zone_that_the_browser_told(lead):
    make_document(received_at="2020-06-01T20:00:00Z")
    lead.cookies["docloop_zone"] = "Asia/Tokyo"
    assert "2020-06-02T05:00:00+09:00" in text_of(lead.get(reverse("documents")))
    for nonsense in ("Not/AZone", "../../etc/passwd", "/etc", "Europe", "a" * 5000):
        lead.cookies["docloop_zone"] = nonsense
        assert "2020-06-01T20:00:00+00:00" in text_of(lead.get(reverse("documents")))


# --- whether more labelling is worth it


def worth(lead) -> str:
    return text_of(lead.get(reverse("type-worth", args=["receipts"])))


def test_a_type_without_a_model_has_no_forecast_and_says_why(lead):
    make_type(name="receipts")
    page = worth(lead)
    assert "the forecast starts with the first trained version" in page
    assert "nobody's time is known yet" in page and "<svg" not in page


def test_the_forecast_stands_in_words_with_its_curve_the_hours_and_the_assumptions(lead):
    receipts = make_type(name="receipts")
    for number, f1 in enumerate((0.6, 0.7, 0.8), start=1):
        items = [[n, "train"] for n in range(25 * number)]
        taken = Snapshot.objects.create(document_type=receipts, hash=f"{number}", items=items, fields=[])
        score = {"f1": f1, "low": f1 - 0.05, "high": f1 + 0.05}
        make_version(
            receipts,
            run=Run.objects.create(document_type=receipts, state="finished", snapshot=taken),
            figures={"documents": 5 * number, "overall": score, "fields": {"total": score}},
        )
    queued(receipts, 41, priority=0.2)
    audited = make_document(receipts, audit_probability=0.1)
    make_extraction(audited, version=receipts.versions.latest("pk").name)
    make_truth(audited, outcomes={"total": "accepted", "company": "edited"}, lead_time=40)
    page = worth(lead)
    assert "The next 1 correction:" in page and "points of F1" in page
    assert "1 document;" in page and "by hand about" in page
    assert "1<small>of 3 answers nobody had to fill in or mend" in page
    assert "<docloop-chart" in page and "F1 on held-back documents" in page and "Right in the audit" in page
    assert "learned from the time that 1 correction took" in page
    assert "Field by field, on the 1 audited document" in page


def test_what_random_order_would_have_taught_stands_beside_the_versions_or_why_it_is_not_known(lead):
    receipts = make_type(name="receipts")
    taken = Snapshot.objects.create(document_type=receipts, hash="1", items=[[1, "train"]], fields=[])
    score = {"f1": 0.8, "low": 0.7, "high": 0.9}
    f1 = {"value": 0.6, "low": 0.5, "high": 0.7}
    version = make_version(
        receipts,
        run=Run.objects.create(document_type=receipts, state="finished", snapshot=taken),
        figures={
            "documents": 5,
            "overall": score,
            "fields": {"total": score},
            "random": {"audited": 12, "places": [], "equal": None},
        },
    )
    queued(receipts, 41, priority=0.2)
    assert "too few documents to tell yet, 12 of them audited" in worth(lead)
    places = [[5, f1, f1], [10, f1, f1]]
    version.figures["random"] = {"audited": 30, "places": places, "equal": [5, None, 7.2, None]}
    version.save()
    page = worth(lead)
    assert (
        "&gt; 10<small>random documents teach the quick learner as much as the first 5 chosen ones (7 to more than 10)"
        in page
    )
    assert "Quick learner, random documents" in page and "Quick learner, documents as chosen" in page


def test_the_audit_stands_with_its_interval(lead):
    receipts = make_type(name="receipts")
    for _ in range(5):
        document = make_document(receipts, audit_probability=0.1)
        make_extraction(document)
        make_truth(document, outcomes={"total": "accepted"})
    headlines.renew(receipts.pk)
    page = text_of(lead.get(reverse("type", args=["receipts"])))
    assert "of all fields right (57 % to 100 %), as found on 5 documents picked at random" in page


def test_when_docloop_fails_its_page_needs_nothing_that_may_have_failed(lead, monkeypatch):
    lead.raise_request_exception = False
    monkeypatch.setattr("webapp.dashboard.overview.figures", lambda: 1 / 0)
    answer = lead.get(reverse("overview"))
    page = answer.content.decode()
    assert answer.status_code == 500 and "Something went wrong" in page
    assert "prefers-color-scheme: dark" in page
    assert "/static/" not in page and "<script" not in page and "{" + "#" not in page
