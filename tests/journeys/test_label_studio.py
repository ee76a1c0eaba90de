"""What `annotation.label_studio` and the queue rely on, held against a real Label Studio 1.23.2."""

from __future__ import annotations

import httpx
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image
from pydantic import SecretStr

from annotation import document_types, label_studio, label_studio_whole, labelling, projects, queueing
from annotation.errors import LabelStudioRefused, LabelStudioUnreachable
from annotation.models import Document, LabelTask
from models.schema import Schema
from tests.factories import make_document, make_extraction, make_type
from tests.journeys.annotator import shown_prediction

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

SECRET = "s" * 40


@pytest.fixture
def receipts(configured):
    """A type with its project."""
    return synced(make_type(project_id=None, queue_depth=4, champion="v1"))


def synced(document_type):
    projects.sync_project(document_type.pk)
    document_type.refresh_from_db()
    return document_type


def make_pool(document_type, priorities, version="v1"):
    documents = []
    for priority in priorities:
        document = make_document(document_type, priority=priority, state="extracted")
        make_extraction(document, version=version)
        documents.append(document)
    return documents


def task_of(document):
    return LabelTask.objects.exclude(state="withdrawn").get(document=document).task_id


def listed(document_type):
    """Every task's document, as Label Studio tells."""
    return [entry.document_id for entry in label_studio.inventory(document_type.project_id)]


def post(person, path, **body):
    headers = {"X-CSRFToken": person.csrf_token, "Referer": str(person.client.base_url)}
    answer = person.client.post(path, json=body, headers=headers)
    assert answer.is_success, (path, answer.status_code, answer.text[:300])
    return answer.json()


def draft(person, task_id, result):
    """Begin to correct, and go away."""
    post(person, f"/api/tasks/{task_id}/drafts", result=result, lead_time=2.0)


# projects


def test_titles_of_every_kind_make_a_configuration_that_label_studio_takes(configured):
    fields = [
        {
            "name": "total",
            "kind": "money",
            "label": 'Total & "sum" <$total>',
            "help": "In $, with tax; {{not}} net",
        },
        {"name": "paid_by", "kind": "choice", "choices": ["Cash & card", "<none>"], "repeats": True},
        {"name": "date", "label": "paid by"},
        {"name": "size", "label": "Größe 漢字 🙂"},
    ]
    kind = synced(make_type(title="Bills & <receipts>", fields=fields, project_id=None))
    assert label_studio.project(kind.project_id).label_config
    document = make_document(kind)
    make_extraction(document, {"total": ("12.90", 0.6), "paid_by": ("ACME LTD", 0.5), "date": ("Date", 0.5)})
    queueing.fill_queue(kind.pk)  # with predictions, which Label Studio checks against the configuration
    assert listed(kind) == [document.pk]


def test_a_project_is_found_again_and_kept_as_it_is(receipts):
    assert projects.sync_project(receipts.pk) is None
    again = receipts.project_id
    type(receipts).objects.update(project_id=None)  # as if the job had died before it wrote it down
    assert synced(receipts).project_id == again
    assert label_studio.project(again + 1000) is None


def test_a_field_more_keeps_every_annotation(receipts, ann):
    (document,) = make_pool(receipts, [1])
    queueing.fill_queue(receipts.pk)
    task = ann.next_task(receipts.project_id)
    ann.submit(task, shown_prediction(task)["result"])
    before = label_studio.fetch_task(task_of(document)).annotations
    document_types.change(receipts, {"fields": [*receipts.fields, {"name": "tax", "kind": "money"}]})
    synced(receipts)
    assert "tax" in label_studio.project(receipts.project_id).label_config
    after = label_studio.fetch_task(task_of(document)).annotations
    assert after[0].result == before[0].result
    regions, _ = labelling.read_annotation(after[0].result, document.word_pages, receipts.schema)
    assert {region.answer.field for region in regions} == {"company", "total"}


def test_one_webhook_stands_as_it_should_whatever_was_done_to_it(receipts, ann, label_studio_url):
    project, url = receipts.project_id, "http://127.0.0.1:9/hooks/label-studio/x/"
    assert label_studio.ensure_webhook(project, url, SECRET)
    assert not label_studio.ensure_webhook(project, url, SECRET)

    def hooks():
        return ann.client.get("/api/webhooks/", params={"project": project}).json()

    (hook,) = hooks()  # the one that the project was made with carried our header, so it gave way
    assert hook["headers"] == {label_studio.SECRET_HEADER: SECRET}
    service = httpx.Client(base_url=label_studio_url, headers={"Authorization": "Token " + "f" * 40})
    service.patch(f"/api/webhooks/{hook['id']}/", json={"is_active": False}).raise_for_status()
    assert label_studio.ensure_webhook(project, url, SECRET)
    double = {"url": url, "project": project, "send_for_all_actions": True}
    service.post("/api/webhooks/", json=double).raise_for_status()
    foreign = {"url": "http://127.0.0.1:9/somebody/elses/", "project": project}
    service.post("/api/webhooks/", json=foreign).raise_for_status()
    assert label_studio.ensure_webhook(project, url, SECRET)
    assert label_studio.ensure_webhook(project, url, "t" * 40)  # a new secret
    kept = sorted((each["url"], each["is_active"], each["headers"]) for each in hooks())
    assert kept == [
        (url, True, {label_studio.SECRET_HEADER: "t" * 40}),
        ("http://127.0.0.1:9/somebody/elses/", True, {}),
    ]


def test_page_images_are_shown_on_label_studios_page_and_nowhere_else(receipts, ann, label_studio_url):
    (document,) = make_pool(receipts, [1])
    page = document.pages.get()
    default_storage.delete(page.image)
    default_storage.save(page.image, ContentFile(b""))
    Image.new("L", (10, 14), 255).save(default_storage.path(page.image), "JPEG")
    queueing.fill_queue(receipts.pk)
    (address,) = ann.next_task(receipts.project_id)["data"]["pages"]
    shown = httpx.get(address, headers={"Origin": label_studio_url})
    assert shown.is_success
    assert shown.content.startswith(b"\xff\xd8")
    assert httpx.get(address).status_code == 403
    # Label Studio itself serves nothing of the store any more, also not to who is signed in
    local = ann.client.get("/data/local-files/", params={"d": page.image})
    assert (local.status_code, local.content[:2]) != (200, b"\xff\xd8")


# pushing


@pytest.mark.parametrize(
    "spoil",
    [
        lambda items: items[1]["value"].update(rectanglelabels=["nonsense"]),
        lambda items: items[1].update(from_name="nonsense"),
        lambda items: items[2]["value"].update(text={"a secret": 1}),
        lambda items: items[0]["value"].update(choices=["no such type"]),
    ],
)
def test_a_prediction_that_does_not_fit_is_refused_whole_and_not_quoted(receipts, spoil):
    schema = Schema.from_json(receipts.fields)
    good, bad = make_pool(receipts, [2, 1])

    def pair(document):
        prediction = labelling.prediction(
            document.extraction.found,
            document.word_pages,
            schema,
            document_type=receipts.name,
            model_version="v1",
            score=0.5,
        )
        return labelling.task_data(document.pk, ["/a.jpg"], reason="", title="x"), prediction

    for each in (good, bad):
        each.refresh_from_db()
    pairs = [pair(good), pair(bad)]
    spoil(pairs[1][1]["result"])
    with pytest.raises(LabelStudioRefused) as refusal:
        label_studio.push_tasks(receipts.project_id, pairs)
    assert refusal.value.status == 400
    assert not any(word in str(refusal.value) for word in ("secret", "ACME", "12.90"))
    assert listed(receipts) == []


def test_what_was_pushed_is_found_by_its_document(receipts):
    documents = make_pool(receipts, [3, 2, 1])
    queueing.fill_queue(receipts.pk)
    found = label_studio.tasks_by_document(receipts.project_id, [each.pk for each in documents] + [10**9])
    assert found == {each.pk: [task_of(each)] for each in documents}
    view = label_studio.fetch_task(task_of(documents[0]))
    assert (view.document_id, view.project_id, view.annotations) == (documents[0].pk, receipts.project_id, ())
    assert label_studio.fetch_task(2_000_000_000) is None


@pytest.mark.parametrize("arrives", [True, False])
def test_a_cut_push_leaves_neither_duplicates_nor_holes(receipts, monkeypatch, arrives):
    documents = make_pool(receipts, [4, 3, 2, 1])
    push, batches = label_studio.push_tasks, []

    def cut(project_id, tasks):
        batches.append(tasks)
        if len(batches) == 2:
            if arrives:
                push(project_id, tasks)
            raise LabelStudioUnreachable("the line broke")
        return push(project_id, tasks)

    monkeypatch.setattr(queueing, "BATCH", 2)
    with monkeypatch.context() as broken:
        broken.setattr(label_studio, "push_tasks", cut)
        with pytest.raises(LabelStudioUnreachable):
            queueing.fill_queue(receipts.pk)
    queueing.fill_queue(receipts.pk)
    assert sorted(listed(receipts)) == [each.pk for each in documents]
    assert {task_of(each) for each in documents} == {
        entry.task_id for entry in label_studio.inventory(receipts.project_id)
    }


# what people are shown


def test_who_began_before_a_promotion_is_told_from_who_began_after_it(receipts, ann, amy):
    documents = make_pool(receipts, [2, 1])
    queueing.fill_queue(receipts.pk)
    before = ann.next_task(receipts.project_id)
    assert shown_prediction(before)["model_version"] == "v1"
    for each in documents:
        make_extraction(each, {"total": ("12.90", 0.99)}, version="v2")
    queueing.fill_queue(receipts.pk)
    after = amy.next_task(receipts.project_id)
    assert after["id"] != before["id"]
    assert shown_prediction(after)["model_version"] == "v2"
    assert label_studio.project(receipts.project_id).model_version == "v2"
    # the page that was open all the while still submits, and says what it began with
    ann.submit(before, shown_prediction(before)["result"])
    amy.submit(after, shown_prediction(after)["result"])
    for task, version, email in ((before, "v1", "ann@example.org"), (after, "v2", "amy@example.org")):
        (annotation,) = label_studio.fetch_task(task["id"]).annotations
        assert (annotation.model_version, annotation.completed_by) == (version, email)


def test_a_refresh_that_is_repeated_adds_no_second_prediction(receipts, ann):
    (document,) = make_pool(receipts, [1])
    queueing.fill_queue(receipts.pk)
    make_extraction(document, version="v2")
    queueing.fill_queue(receipts.pk)
    LabelTask.objects.update(extraction=None)  # as if the job had died before it wrote it down
    queueing.fill_queue(receipts.pk)
    task = ann.client.get(f"/api/tasks/{task_of(document)}").json()
    assert sorted(each["model_version"] for each in task["predictions"]) == ["v1", "v2"]


def test_the_least_sure_document_comes_first(receipts, ann):
    sure, unsure = make_document(receipts, priority=1), make_document(receipts, priority=1)
    make_extraction(sure, {"total": ("12.90", 0.65)})
    make_extraction(unsure, {"total": ("12.90", 0.31)})
    queueing.fill_queue(receipts.pk)
    assert ann.next_task(receipts.project_id)["data"]["doc_id"] == str(unsure.pk)


# withdrawing


def test_only_what_nobody_works_on_is_withdrawn(receipts, ann, monkeypatch):
    answered, drafted, skipped, given, untouched = old = make_pool(receipts, [5, 4, 3, 2, 1])
    type(receipts).objects.update(queue_depth=5)
    queueing.fill_queue(receipts.pk)
    tasks = {each.pk: ann.client.get(f"/api/tasks/{task_of(each)}").json() for each in old}
    result = shown_prediction(tasks[answered.pk])["result"]
    ann.submit(tasks[answered.pk], result)
    draft(ann, task_of(drafted), result)
    ann.skip(tasks[skipped.pk], result)
    # the labelling page gives the least sure one: make that `given`
    other = next(each for each in tasks[given.pk]["predictions"])
    service = httpx.Client(base_url=str(ann.client.base_url), headers={"Authorization": "Token " + "f" * 40})
    service.patch(f"/api/predictions/{other['id']}/", json={"score": 0.01}).raise_for_status()
    assert ann.next_task(receipts.project_id)["id"] == task_of(given)
    make_pool(receipts, range(100, 120))
    monkeypatch.setattr(queueing, "CHURN", 1)
    queueing.fill_queue(receipts.pk)
    states = [Document.objects.get(pk=each.pk).state for each in old]
    assert states == ["queued"] * 4 + ["extracted"]
    assert set(listed(receipts)) >= {each.pk for each in old[:4]}
    assert untouched.pk not in listed(receipts)
    assert LabelTask.objects.filter(state="open").count() == len(listed(receipts)) == 5


def test_what_is_deleted_whatever_people_did_is_gone(receipts, ann):
    documents = make_pool(receipts, [2, 1])
    queueing.fill_queue(receipts.pk)
    task = ann.next_task(receipts.project_id)
    ann.submit(task, shown_prediction(task)["result"])
    label_studio.delete_tasks(receipts.project_id, [task["id"]])
    assert label_studio.fetch_task(task["id"]) is None
    assert len(listed(receipts)) == len(documents) - 1


# seeing what changed


def test_the_inventory_shows_answers_skips_and_drafts(receipts, ann, amy):
    answered, skipped, drafted, untouched = make_pool(receipts, [4, 3, 2, 1])
    queueing.fill_queue(receipts.pk)
    tasks = {each.pk: ann.client.get(f"/api/tasks/{task_of(each)}").json() for each in Document.objects.all()}
    result = shown_prediction(tasks[answered.pk])["result"]
    mine = ann.submit(tasks[answered.pk], result)
    hers = amy.submit(tasks[answered.pk], result)
    ann.skip(tasks[skipped.pk], result)
    draft(amy, task_of(drafted), result)
    entries = {entry.document_id: entry for entry in label_studio.inventory(receipts.project_id)}
    assert entries[answered.pk].annotation_ids == (mine, hers)
    counted = {pk: (each.total, each.cancelled, each.drafted) for pk, each in entries.items()}
    assert counted == {
        answered.pk: (2, 0, False),
        skipped.pk: (0, 1, False),
        drafted.pk: (0, 0, True),
        untouched.pk: (0, 0, False),
    }
    for document_id, entry in entries.items():
        view = label_studio.fetch_task(entry.task_id)
        assert view.updated_at == entry.updated_at
        assert sorted(each.id for each in view.annotations) == list(entry.annotation_ids)
        assert (view.document_id, view.drafted) == (document_id, entry.drafted)
    each_by_itself = [label_studio.fetch_task(entry.task_id) for entry in entries.values()]
    wanted = [2_000_000_000, *(view.id for view in each_by_itself)]
    assert label_studio_whole.fetch_tasks(receipts.project_id, wanted) == each_by_itself


def test_the_inventory_has_every_task_once_however_many_requests_it_takes(receipts, monkeypatch):
    monkeypatch.setattr(label_studio, "PAGE", 3)
    type(receipts).objects.update(queue_depth=7)
    documents = make_pool(receipts, range(7))
    queueing.fill_queue(receipts.pk)
    assert sorted(listed(receipts)) == [each.pk for each in documents]


def test_the_inventory_of_a_project_that_is_gone_is_refused(configured):
    with pytest.raises(LabelStudioRefused) as refusal:
        list(label_studio.inventory(2_000_000_000))
    assert refusal.value.status == 404


def test_a_wrong_token_is_named(configured):
    configured.CONFIG = configured.CONFIG.model_copy(update={"label_studio_token": SecretStr("0" * 40)})
    with pytest.raises(LabelStudioRefused, match="DOCLOOP_LABEL_STUDIO_TOKEN") as refusal:
        label_studio.fetch_task(1)
    assert refusal.value.status == 401
