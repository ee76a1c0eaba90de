import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from pydantic import SecretStr

from annotation import fill_in_views, inbox, projects, sweep, webhooks
from annotation.errors import LabelStudioRefused, LabelStudioUnreachable
from annotation.models import CurrentAnnotation, DirtyTask, Document, DocumentType, Job, LabelTask, TrailEntry
from tests.annotation.stand_in import install, result
from tests.factories import make_document, make_extraction, make_type

pytestmark = [pytest.mark.django_db, pytest.mark.urls("annotation.urls")]

SAID = {"company": "ACME LTD", "total": "12.90"}


@pytest.fixture
def studio(monkeypatch):
    return install(monkeypatch)


@pytest.fixture
def kind(studio):
    kind = make_type()
    studio.projects[kind.project_id] = {}
    return kind


@pytest.fixture
def queued(studio, kind):
    """Two documents in the queue, and their tasks."""
    documents = [make_document(kind), make_document(kind)]
    return [(document, studio.push(document)) for document in documents]


def collect_all():
    for task_id in DirtyTask.objects.values_list("task_id", flat=True):
        inbox.collect_task(task_id)
    Job.objects.all().delete()


def sweep_and_collect(kind):
    sweep.sweep_project(kind.pk)
    collect_all()


def dirty():
    return set(DirtyTask.objects.values_list("task_id", flat=True))


def state_of(document):
    return Document.objects.get(pk=document.pk).state


class TestComparing:
    def test_an_answer_that_no_webhook_told_of_is_found(self, studio, kind, queued):
        document, task_id = queued[0]
        studio.submit(task_id, result(document, SAID))
        sweep.sweep_project(kind.pk)
        assert dirty() == {task_id}
        assert DirtyTask.objects.get().noticed_by == "sweep"
        collect_all()
        assert [state_of(document) for document, _ in queued] == ["confirmed", "queued"]

    def test_what_is_collected_is_not_looked_at_again(self, studio, kind, queued):
        document, task_id = queued[0]
        studio.submit(task_id, result(document, SAID))
        inbox.mark_dirty([task_id], noticed_by="webhook")
        collect_all()
        studio.fetched.clear()
        sweep_and_collect(kind)
        assert studio.fetched == []

    @pytest.mark.parametrize("change", ["edit", "delete", "skip"])
    def test_every_silent_change_of_an_annotation_is_found(self, studio, kind, queued, change):
        document, task_id = queued[0]
        annotation = studio.submit(task_id, result(document, SAID))
        sweep_and_collect(kind)
        if change == "edit":
            studio.edit(task_id, annotation, result=result(document, {"total": "12.90"}))
        elif change == "delete":  # as "convert to draft" does
            studio.delete(task_id, annotation)
        else:
            studio.edit(task_id, annotation, skipped=True)
        sweep_and_collect(kind)
        document.refresh_from_db()
        fields = [answer.field for answer in document.truth.said] if document.truth else []
        expected = {"edit": ("confirmed", ["total"]), "delete": ("queued", []), "skip": ("skipped", [])}
        assert (document.state, fields) == expected[change]

    def test_an_annotation_that_did_not_touch_its_task_is_found(self, studio, kind, queued):
        """'Propagate annotations' leaves the task's time as it was."""
        document, task_id = queued[0]
        sweep_and_collect(kind)
        before = studio.task(task_id)
        studio.submit(task_id, result(document, SAID))
        after = studio.task(task_id)
        studio.projects[kind.project_id][task_id] = replace(after, updated_at=before.updated_at)
        sweep_and_collect(kind)
        assert state_of(document) == "confirmed"

    def test_answers_of_a_second_task_of_a_document_count_no_longer_when_it_is_gone(
        self, studio, kind, queued
    ):
        """The second is none of the queue's: its row says that it was withdrawn."""
        document, task_id = queued[0]
        studio.submit(task_id, result(document, SAID))
        second = studio.add_task(kind.project_id, document.pk)
        studio.submit(second, result(document, {"total": "12.90"}))
        sweep_and_collect(kind)
        assert LabelTask.objects.get(task_id=second).state == "withdrawn"
        studio.delete_task(second)
        sweep_and_collect(kind)
        document.refresh_from_db()
        assert {answer.field for answer in document.truth.said} == SAID.keys()
        sweep.sweep_project(kind.pk)
        assert dirty() == set()

    def test_a_new_prediction_is_no_reason_to_fetch_a_task(self, studio, kind, queued):
        sweep_and_collect(kind)
        for _document, task_id in queued:
            studio.predict(task_id)
        sweep.sweep_project(kind.pk)
        assert dirty() == set() and studio.fetched == []

    def test_deleting_all_tasks_gives_the_documents_back_to_the_pool(self, studio, kind, queued):
        studio.submit(queued[0][1], result(queued[0][0], SAID))
        sweep_and_collect(kind)
        for _document, task_id in queued:
            studio.delete_task(task_id)
        sweep_and_collect(kind)
        assert [state_of(document) for document, _ in queued] == ["read", "read"]
        assert set(LabelTask.objects.values_list("state", flat=True)) == {"withdrawn"}
        assert not CurrentAnnotation.objects.filter(correction__isnull=False).exists()

    def test_a_task_that_is_withdrawn_and_gone_is_left_alone(self, studio, kind, queued):
        LabelTask.objects.update(state="withdrawn")
        for _document, task_id in queued:
            studio.delete_task(task_id)
        sweep.sweep_project(kind.pk)
        assert dirty() == set()

    def test_a_task_missing_from_the_inventory_is_believed_only_when_asked_for(self, studio, kind, queued):
        """Pages of a list that changes while it is read can leave one out."""
        document, task_id = queued[0]
        hidden = studio.projects[kind.project_id].pop(task_id)
        sweep.sweep_project(kind.pk)
        assert (dirty(), state_of(document)) == ({task_id}, "queued")
        studio.projects[kind.project_id][task_id] = hidden
        collect_all()
        assert (state_of(document), LabelTask.objects.get(task_id=task_id).state) == ("queued", "open")

    def test_a_task_that_is_pushed_during_the_inventory_has_not_vanished(
        self, studio, kind, queued, monkeypatch
    ):
        from annotation import label_studio

        listed = list(studio.inventory(kind.project_id))

        def slow_inventory(_project_id):
            yield from listed
            studio.push(make_document(kind))

        monkeypatch.setattr(label_studio, "inventory", slow_inventory)
        sweep.sweep_project(kind.pk)
        assert dirty() == set()


class TestUnknownTasks:
    def test_a_task_of_a_document_of_ours_is_adopted(self, studio, kind):
        document = make_document(kind)
        task_id = studio.add_task(kind.project_id, document.pk)
        sweep_and_collect(kind)
        assert LabelTask.objects.get(document=document).task_id == task_id
        assert state_of(document) == "queued"

    def test_a_task_of_nobody_or_of_another_type_is_let_be(self, studio, kind):
        for document_id in (None, 987_654, 10**30, make_document().pk):
            studio.add_task(kind.project_id, document_id)
        sweep.sweep_project(kind.pk)
        assert dirty() == set()

    def test_a_push_in_progress_is_left_to_itself(self, studio, kind, rung):
        document = make_document(kind)
        LabelTask.objects.create(document=document, project_id=kind.project_id)
        studio.add_task(kind.project_id, document.pk)
        sweep.sweep_project(kind.pk)
        assert dirty() == set()
        assert ("annotation.fill_queue", kind.pk) not in rung

    def test_an_answer_to_a_push_in_progress_is_not(self, studio, kind):
        document = make_document(kind)
        LabelTask.objects.create(document=document, project_id=kind.project_id)
        studio.submit(studio.add_task(kind.project_id, document.pk), result(document, SAID))
        sweep_and_collect(kind)
        assert state_of(document) == "confirmed"

    def test_a_push_that_was_cut_has_the_queue_repaired(self, studio, kind, rung):
        row = LabelTask.objects.create(document=make_document(kind), project_id=kind.project_id)
        LabelTask.objects.filter(pk=row.pk).update(created_at=Now() - timedelta(minutes=2))
        sweep.sweep_project(kind.pk)
        assert ("annotation.fill_queue", kind.pk) in rung


class TestProjects:
    def test_the_webhook_is_mended(self, studio, kind, settings):
        sweep.sweep_project(kind.pk)
        [(project, url, secret)] = studio.webhooks
        assert project == kind.project_id
        assert url.endswith(f"/hooks/label-studio/{kind.name}/")
        assert secret == webhooks.secrets(kind.name)[0]

    def test_a_webhook_that_had_to_be_mended_is_written_down_once(self, studio, kind):
        sweep.sweep_project(kind.pk)
        entry = TrailEntry.objects.get()
        assert (entry.by, entry.action) == ("Docloop", "mended the webhook")
        assert entry.subject == f"document type {kind.name}"
        sweep.sweep_project(kind.pk)  # now it is as it should be
        assert TrailEntry.objects.count() == 1

    def test_without_a_secret_there_is_only_the_sweep(self, studio, kind, settings):
        settings.CONFIG = settings.CONFIG.model_copy(update={"webhook_secret": SecretStr("")})
        sweep.sweep_project(kind.pk)
        assert studio.webhooks == []

    def test_label_studio_is_connected_to_what_fills_in_drawn_boxes(self, studio, kind):
        sweep.sweep_project(kind.pk)
        [(project, address)] = studio.backends
        assert (project, address) == (kind.project_id, fill_in_views.address(kind))

    def test_a_webhook_that_is_refused_keeps_no_answer_from_being_found(
        self, studio, kind, queued, monkeypatch
    ):
        from annotation import label_studio

        def refuse(*_):
            raise LabelStudioRefused("URL resolves to a reserved network address", status=403)

        monkeypatch.setattr(label_studio, "ensure_webhook", refuse)
        document, task_id = queued[0]
        studio.submit(task_id, result(document, SAID))
        with pytest.raises(LabelStudioRefused, match="USE_DEFAULT_BANNED_SUBNETS"):  # the job shows it
            sweep.sweep_project(kind.pk)
        assert dirty() == {task_id}
        assert studio.backends  # what is not refused is connected all the same

    def test_a_deleted_project_is_set_up_again_and_its_tasks_are_asked_for(self, studio, kind, queued, rung):
        del studio.projects[kind.project_id]
        sweep.sweep_project(kind.pk)
        assert ("annotation.sync_project", kind.pk) in rung
        assert dirty() == {task_id for _, task_id in queued}
        assert studio.webhooks == []

    def test_a_configuration_of_an_earlier_release_is_brought_up_to_date(self, studio, kind, rung):
        configured = DocumentType.objects.filter(pk=kind.pk)
        configured.update(label_config_hash=projects.config_hash(kind))
        sweep.sweep_project(kind.pk)
        assert ("annotation.sync_project", kind.pk) not in rung
        configured.update(label_config_hash=hashlib.sha256(b"<View/>").hexdigest())
        sweep.sweep_project(kind.pk)
        assert ("annotation.sync_project", kind.pk) in rung

    def test_tasks_in_a_former_project_are_not_forgotten(self, studio, kind, queued):
        document, task_id = queued[0]
        studio.projects[4711] = {}
        DocumentType.objects.filter(pk=kind.pk).update(project_id=4711)
        studio.submit(task_id, result(document, SAID))
        sweep_and_collect(kind)
        assert state_of(document) == "confirmed"
        studio.fetched.clear()
        sweep_and_collect(kind)
        assert studio.fetched == []

    def test_a_type_without_a_project_has_nothing_to_compare(self, studio):
        sweep.sweep_project(make_type(project_id=None).pk)
        assert studio.webhooks == []

    def test_an_unreachable_label_studio_changes_nothing(self, studio, kind, queued):
        studio.up = False
        with pytest.raises(LabelStudioUnreachable):
            sweep.sweep_project(kind.pk)
        assert dirty() == set()

    def test_another_refusal_is_not_taken_for_an_empty_project(self, studio, kind, queued, monkeypatch):
        from annotation import label_studio

        def refuse(_project_id):
            raise LabelStudioRefused("Invalid token", status=401)

        monkeypatch.setattr(label_studio, "inventory", refuse)
        with pytest.raises(LabelStudioRefused):
            sweep.sweep_project(kind.pk)
        assert dirty() == set()

    def test_every_project_is_swept_by_a_job_of_its_own(self, rung):
        kinds = [make_type(), make_type()]
        make_type(project_id=None)
        sweep.sweep_all()
        assert rung.all() == {("annotation.sweep_project", kind.pk) for kind in kinds}


def test_the_number_of_tasks_does_not_change_the_number_of_queries(
    studio, kind, django_assert_max_num_queries
):
    for _ in range(20):
        document = make_document(kind)
        make_extraction(document)
        document.refresh_from_db()
        studio.submit(studio.push(document), result(document, SAID))
    with django_assert_max_num_queries(25):
        sweep.sweep_project(kind.pk)
    assert len(dirty()) == 20
