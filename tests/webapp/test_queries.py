"""Every page that there is, and every one that will be: few queries, and no more of them when there are more rows."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from annotation.models import Arrival, Document, DocumentType, Job, LabelImport, LabelTask, Recheck, Source
from benchmarks.pages_addresses import Address, NoSample, addresses
from learner import ongoing
from learner.models import (
    Canary,
    CanaryDocument,
    Decision,
    DriftAlarm,
    DriftWindow,
    ModelVersion,
    Run,
    Snapshot,
    Suspect,
    VersionMove,
)
from tests.factories import make_document, make_extraction, make_source, make_truth, make_type, make_version
from tests.streams import changed
from webapp.models import ApiToken, Delivery, WebhookEndpoint

pytestmark = pytest.mark.django_db

MOST = 15  # queries of a page, whatever there is to show

OUTCOMES = {"company": "accepted", "date": "edited", "total": "added"}


def fill(document_type: DocumentType) -> None:
    """Rows of every kind for one type: two documents in each state, two versions, runs, tasks, doubts, jobs."""
    for state in Document.State.values * 2:
        document = make_document(document_type, state=state)
        if state not in ("received", "read", "unreadable"):
            make_extraction(document, version=f"{document_type.name}-v1")
        if state == "queued":
            LabelTask.objects.create(document=document, project_id=7, task_id=document.pk, state="open")
        if state == "confirmed":
            answer(document)
    changed(document_type)
    for _ in range(2):
        train(document_type)
    try_out(document_type)
    for state in ("failed", "stopped"):
        Run.objects.create(document_type=document_type, state=state)
    live = {"started_at": timezone.now()}
    Run.objects.get_or_create(document_type=document_type, state="running", defaults=live)
    LabelImport.objects.create(document_type=document_type, filename="export.json", by="lea", state="done")
    make_source(document_type=document_type)
    for task in ongoing.TITLES:
        Job.objects.get_or_create(task=task, subject=document_type.pk, state="running")
    newest = document_type.documents.order_by("-pk").values_list("pk", flat=True)[0]
    Job.objects.create(task="annotation.read_document", subject=newest, state="failed", problem="no")


def know_people(count: int) -> None:
    """Annotators, and addresses of other programs with what they were told."""
    for _ in range(count):
        n = User.objects.count()
        user = User.objects.create_user(f"person{n}", f"person{n}@example.org")
        user.groups.add(Group.objects.get_or_create(name="annotator")[0])
        ApiToken.objects.create(user=user, hash=f"{n:064x}")
        endpoint = WebhookEndpoint.objects.create(
            url=f"https://example.org/{n}", events=["correction.recorded"], salt="salt", created_by="otto"
        )
        for about in range(n):
            Delivery.objects.create(
                endpoint=endpoint, event="correction.recorded", about=str(about), payload={}
            )


def answer(document: Document) -> None:
    """What a person said of a document, with what it calls for."""
    truth = make_truth(document, outcomes=OUTCOMES, annotator="ann@example.org", lead_time=20.0)
    Document.objects.filter(pk=document.pk).update(audit_probability=0.1)
    LabelTask.objects.create(document=document, project_id=7, task_id=document.pk, state="done")
    Suspect.objects.create(correction=truth, document=document, field="total", likelihood=0.1, says="12.80")
    for purpose in (Recheck.Purpose.PROBE, Recheck.Purpose.OVERLAP):
        Recheck.objects.create(
            document=document, purpose=purpose, state="done", first=truth, because=str(truth.pk), fields=["total"],
            shown=[], project_id=7, annotator="bob@example.org", outcomes=OUTCOMES, answered_at=timezone.now(),
        )  # fmt: skip


def train(document_type: DocumentType) -> None:
    """One more version, which takes over."""
    before = ModelVersion.objects.filter(document_type=document_type, state="champion").first()
    if before:
        ModelVersion.objects.filter(pk=before.pk).update(state="retired")
    score = {"f1": 0.9, "low": 0.85, "high": 0.95, "precision": 0.9, "recall": 0.9}
    figures = {"documents": 10, "overall": score, "fields": dict.fromkeys(document_type.schema.names, score)}
    version = make_version(document_type, state="champion", figures=figures)
    snapshot = Snapshot.objects.create(
        document_type=document_type,
        hash=f"{version.pk:064x}",
        items=[
            [pk, "gold"]
            for pk in document_type.documents.filter(truth__isnull=False).values_list("truth", flat=True)
        ],
        fields=document_type.fields,
    )
    finished = timezone.now() - timedelta(minutes=1)
    Run.objects.filter(pk=version.run_id).update(
        snapshot=snapshot, started_at=finished - timedelta(hours=1), finished_at=finished
    )
    change = {"before": 0.8, "after": 0.9, "difference": 0.1, "low": 0.0, "high": 0.2}
    Decision.objects.create(
        version=version, champion=before, promote=True, reasons=["Promoted."],
        figures={"documents": 10, "overall": change, "fields": {"total": change}},
    )  # fmt: skip
    VersionMove.objects.create(version=version, before="candidate", after="champion", by="the gate")
    DocumentType.objects.filter(pk=document_type.pk).update(champion=version.name)


def try_out(document_type: DocumentType) -> None:
    """The version before the champion on trial, compared on every corrected document."""
    document_type.refresh_from_db()
    version = document_type.versions.filter(state="retired")[0]
    trial = Canary.objects.filter(document_type=document_type).first() or Canary.objects.create(
        document_type=document_type, version=version, champion=document_type.champion, share=0.1
    )
    DocumentType.objects.filter(pk=document_type.pk).update(
        challenger=trial.version.name, challenger_share=0.1
    )
    for document in document_type.documents.filter(truth__isnull=False):
        CanaryDocument.objects.get_or_create(
            canary=trial, document=document,
            defaults={
                "correction": document.truth, "filled": bool(document.pk % 2), "fields": 3, "wrong_before": 1,
                "wrong": 0, "edited": 1, "took_before": 0.1, "took": 0.1, "by_lot": False,
            },
        )  # fmt: skip


def samples(document_type: DocumentType) -> dict[str, object]:
    """An argument of every kind that pages have, each of something that is there: add here what a new page asks for."""
    document = document_type.documents.filter(truth__isnull=False)[0]
    version = document_type.versions.all()[0]
    drawn = BytesIO()
    Image.new("RGB", (100, 140)).save(drawn, "JPEG")
    default_storage.save(f"pages/{document.pk}/0.jpg", ContentFile(drawn.getvalue()))
    default_storage.save(document.file.name, ContentFile(b"%PDF"))
    return {
        "name": document_type.name,
        "document_id": document.pk,
        "deep_id": document.pk,
        "number": 0,
        "suspect_id": Suspect.objects.filter(document=document)[0].pk,
        "alarm_id": DriftAlarm.objects.filter(document_type=document_type)[0].pk,
        "window_id": DriftWindow.objects.filter(document_type=document_type).exclude(report="")[0].pk,
        "job_id": Job.objects.all()[0].pk,
        "run_id": version.run_id,
        "correction_id": document.truth_id,
        "user_id": User.objects.filter(groups__name="annotator")[0].pk,
        "uidb64": "MQ",
        "token": "worn-out",
        "token_id": ApiToken.objects.all()[0].pk,
        "import_id": LabelImport.objects.all()[0].pk,
        "source_id": Source.objects.all()[0].pk,
        "arrival_id": Arrival.objects.all()[0].pk,
        "endpoint_id": Delivery.objects.all()[0].endpoint_id,
        "delivery_id": Delivery.objects.all()[0].pk,
        "version/number": version.number,
        "form": "jsonl",
        "api:version/name": version.name,
        "api:compare_versions/name": version.name,
        "api:compare_versions/other": document_type.versions.all()[1].name,
    }


def asked(client: Client, every: list[Address], refused: int = 405) -> dict[str, int]:
    """Queries by page; pages that only answer POST are left out, and those that are `refused` with this status."""
    found, broken = {}, {}
    for address in every:
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address.url)
            if answer.streaming:
                b"".join(answer)
        if answer.status_code in (405, refused):
            continue
        if answer.status_code not in (200, 302):
            broken[address.url] = answer.status_code
        found[address.title] = len(queries)
    assert broken == {}, "samples of things that are not there"
    return found


def test_every_page_asks_the_database_little_and_no_more_when_there_is_more_to_show(client, ada, monkeypatch):
    monkeypatch.setattr("webapp.services.check", list)  # nothing is asked over the network here
    first = make_type(name="receipts")
    for document_type in (first, make_type(), make_type()):
        fill(document_type)
    know_people(3)
    try:
        every = addresses(samples(first))
    except NoSample as missing:
        pytest.fail(f"{missing}: add it to samples() in {__name__} and to those of benchmarks.pages")
    client.force_login(ada)
    asked(client, every)  # what is read once per process
    few = asked(client, every)
    for document_type in (*DocumentType.objects.all(), make_type(), make_type(), make_type()):
        fill(document_type)
    know_people(4)
    many = asked(client, every)
    assert {page: n for page, n in many.items() if n > MOST} == {}, f"more than {MOST} queries"
    more = {page: (few[page], n) for page, n in many.items() if n > few[page]}
    assert more == {}, "more rows make more queries: a query for each row"


@pytest.mark.parametrize("who", ["lea", "ann"])
def test_leads_and_annotators_cost_the_database_as_little(client, who, lea, ann, monkeypatch):
    monkeypatch.setattr("webapp.services.check", list)
    first = make_type(name="receipts")
    for document_type in (first, make_type()):
        fill(document_type)
    know_people(2)
    client.force_login(lea if who == "lea" else ann)
    every = addresses(samples(first))
    asked(client, every, refused=403)
    cost = asked(client, every, refused=403)
    assert {page: n for page, n in cost.items() if n > MOST} == {}, f"more than {MOST} queries"
    assert "today" in cost
