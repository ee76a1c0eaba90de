"""Whatever people do in Label Studio, and however notices and workers fail: after one sweep the ledger says the same.

Each notice comes 0 to 3 times, late and in any order; changes land while a task is being fetched; workers die and come
back as zombies; Label Studio goes away. Everything but Label Studio itself is real.
"""

import json
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.test import Client, override_settings
from hypothesis import seed, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from annotation import doorbell, inbox, jobs, sweep, webhooks
from annotation.models import Correction, DirtyTask, Document, Job
from tests.annotation.stand_in import install, result
from tests.factories import make_document, make_extraction, make_type

CONTENTS = [{"total": "12.90"}, {"company": "ACME LTD", "date": "01/02/2024"}]

number = st.integers(0, 1000)  # which of those there are
copies = st.sampled_from([0, 0, 1, 2, 3])  # of a notice
machinery = st.sampled_from(
    ["work"] * 4
    + ["work while somebody edits", "zombie", "die", "outage", "sweep as rung", "sweep", "converge"]
)
SILENT = ["propagate", "make draft", "merge", "import"]  # Label Studio tells of none of them
acts = st.sampled_from(
    ["submit"] * 3 + ["edit"] * 5 + ["skip", "delete", "delete task", "push", "predict", "flag"] + SILENT
)


class Corrections(RuleBasedStateMachine):
    @initialize()
    def set_up(self):
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(doorbell, "send", lambda jobs: None)
        self.studio = install(self.patch)
        self.kind = make_type()
        self.documents = [make_document(self.kind) for _ in range(2)]
        for document in self.documents:
            make_extraction(document)
            document.refresh_from_db()
            self.studio.push(document)
        self.notices = []
        self.ever = set()  # everything that was ever said: (annotation, who skipped or not, fields)

    # what people do

    def tasks(self):
        return [self.studio.task(row) for row in sorted(self.studio.projects.get(self.kind.project_id, {}))]

    def annotations(self):
        return [(task, annotation) for task in self.tasks() for annotation in task.annotations]

    def notify(self, body, count):
        self.notices += [body] * count

    def changed(self, action, task_id, count):
        self.notify({"action": action, "task": {"id": task_id}}, count)
        self.ever |= {(a.id, a.skipped, _fields(a)) for _, a in self.annotations()}

    @rule(act=acts, which=number, content=number, count=copies)
    def act(self, act, which, content, count):
        """Somebody does something; Label Studio tells of it `count` times, later."""
        if act == "submit" or (act in ("edit", "skip", "delete") and not self.annotations()):
            if self.tasks():
                self.submit(which, content, count)
        elif act == "delete task" and self.tasks():
            task = _pick(self.tasks(), which)
            self.studio.delete_task(task.id)
            self.notify({"action": "TASKS_DELETED", "tasks": [{"id": task.id}]}, count)
        elif act == "delete" and self.annotations():
            task, annotation = _pick(self.annotations(), which)
            self.studio.delete(task.id, annotation.id)
            self.notify({"action": "ANNOTATIONS_DELETED", "annotations": [{"id": annotation.id}]}, count)
        elif act == "flag" and self.annotations():
            task, annotation = _pick(self.annotations(), which)
            self.studio.flag(task.id, annotation.id)
            self.changed("ANNOTATION_UPDATED", task.id, count)
        elif act in SILENT:
            self.act_silently(act, which, content)
        elif act == "predict":
            if self.tasks():
                self.studio.predict(_pick(self.tasks(), which).id)
        elif act == "push":
            self.fill_queue(which)
        elif self.annotations():
            self.edit(which, content, act == "skip", count)

    def act_silently(self, act, which, content):
        if act == "import":
            task_id = self.studio.add_task(self.kind.project_id, _pick(self.documents, which).pk)
            document = Document.objects.get(pk=self.studio.task(task_id).document_id)
            self.studio.submit(task_id, result(document, _pick(CONTENTS, content)))
        elif self.annotations():
            task, annotation = _pick(self.annotations(), which)
            if act == "propagate":
                self.studio.propagate(annotation, _pick(self.tasks(), content).id)
            elif act == "make draft":
                self.studio.make_draft(task.id, annotation.id)
            elif (
                into := _pick(self.tasks(), content)
            ).id != task.id and into.document_id == task.document_id:
                self.studio.merge(task.id, into.id)
        self.changed("PROJECT_UPDATED", 0, 0)

    def submit(self, which, content, count):
        task = _pick(self.tasks(), which)
        document = Document.objects.get(pk=task.document_id)
        self.studio.submit(task.id, result(document, _pick(CONTENTS, content)))
        self.changed("ANNOTATION_CREATED", task.id, count)

    def edit(self, which, content, skipped, count):
        task, annotation = _pick(self.annotations(), which)
        document = Document.objects.get(pk=task.document_id)
        said = result(document, _pick(CONTENTS, content))
        self.studio.edit(task.id, annotation.id, result=said, skipped=skipped)
        self.changed("ANNOTATION_UPDATED", task.id, count)

    def fill_queue(self, which):
        document = _pick(self.documents, which)
        document.refresh_from_db()
        if document.state == "extracted" and not document.tasks.exclude(state="withdrawn").exists():
            self.studio.push(document)

    # what the network and the workers do

    @precondition(lambda self: self.notices)
    @rule(which=number)
    def deliver(self, which):
        body = self.notices.pop(which % len(self.notices))
        with override_settings(ROOT_URLCONF="annotation.urls", MIDDLEWARE=[]):
            answer = Client().post(
                f"/hooks/label-studio/{self.kind.name}/",
                json.dumps(body),
                content_type="application/json",
                headers={webhooks.HEADER: webhooks.secrets(self.kind.name)[0]},
            )
        assert answer.status_code == 202

    @rule(what=machinery, which=number, content=number, told=st.booleans())
    def machinery(self, what, which, content, told):
        if what == "work":
            self.work(which)
        elif what == "work while somebody edits":
            self.work_while_somebody_edits(which, content, told)
        elif what == "zombie":
            self.work_as_a_zombie(which)
        elif what == "die":
            self.die(which)
        elif what == "outage":
            self.outage(which)
        elif what == "sweep as rung":
            self.sweep_as_rung(which)
        elif what == "sweep":
            self.sweep()
        else:
            self.converge()

    def work(self, which):
        if waiting := _waiting("annotation.collect_task"):
            jobs.run(_pick(waiting, which).pk, inbox.collect_task)

    def sweep_as_rung(self, which):
        if waiting := _waiting("annotation.sweep_project"):
            with override_settings(ROOT_URLCONF="annotation.urls"):
                jobs.run(_pick(waiting, which).pk, sweep.sweep_project)

    def sweep(self):
        with override_settings(ROOT_URLCONF="annotation.urls"):
            sweep.sweep_project(self.kind.pk)

    def work_while_somebody_edits(self, which, content, told):
        def meanwhile():
            self.studio.during_fetch = lambda: None
            if self.annotations():
                self.edit(which, content, False, int(told))
                if told:
                    self.deliver(len(self.notices) - 1)

        self.studio.during_fetch = meanwhile
        self.work(which)
        self.studio.during_fetch = lambda: None

    def work_as_a_zombie(self, job):
        """The worker stalls after its fetch; another takes the job over and finishes; then the first wakes up."""
        waiting = _waiting("annotation.collect_task")
        if not waiting:
            return
        chosen = _pick(waiting, job)

        def stall():
            self.studio.during_fetch = lambda: None
            Job.objects.filter(pk=chosen.pk).update(lease_until=Now() - timedelta(seconds=1))
            jobs.reap()
            if self.annotations():
                self.edit(job, job, False, 0)
            jobs.run(chosen.pk, inbox.collect_task)

        self.studio.during_fetch = stall
        jobs.run(chosen.pk, inbox.collect_task)
        self.studio.during_fetch = lambda: None

    def die(self, job):
        if waiting := _waiting("annotation.collect_task"):
            claimed = jobs.claim(_pick(waiting, job).pk)
            Job.objects.filter(pk=claimed.pk).update(lease_until=Now() - timedelta(seconds=1))
            jobs.reap()

    def outage(self, job):
        self.studio.up = False
        self.work(job)
        self.sweep_as_rung(job)
        self.studio.up = True

    # what must be true in the end

    def converge(self):
        for _ in range(2):  # a task that nobody knew is adopted by the first round
            self.sweep()
            for _ in range(3):  # bounded: work that never ends is a fault too
                for waiting in _waiting("annotation.collect_task"):
                    jobs.run(waiting.pk, inbox.collect_task)
        assert not DirtyTask.objects.exists()
        assert not Job.objects.filter(state="failed").exclude(problem__contains="worker died").exists()
        for document in self.documents:
            document.refresh_from_db()
            tasks = [task for task in self.tasks() if task.document_id == document.pk]
            annotations = sorted((a for task in tasks for a in task.annotations), key=lambda a: a.updated_at)
            said = [annotation for annotation in annotations if not annotation.skipped]
            assert document.state == _expected_state(tasks, annotations, said)
            assert (document.truth and frozenset(a.field for a in document.truth.said)) == (
                _fields(said[-1]) if said else None
            )
            assert document.tasks.exclude(state="withdrawn").count() == min(len(tasks), 1)
        for row in Correction.objects.all():
            fields = frozenset(answer.field for answer in row.said)
            assert any(
                (row.annotation_id, row.skipped) == (number, skipped) and (skipped or fields == said)
                for number, skipped, said in self.ever
            )
        fetched = len(self.studio.fetched)
        self.sweep()
        assert not DirtyTask.objects.exists() and len(self.studio.fetched) == fetched

    def teardown(self):
        if hasattr(self, "patch"):
            try:
                self.converge()
            finally:
                self.patch.undo()
                transaction.set_rollback(True)
                self.transaction.__exit__(None, None, None)


def _pick(those, which):
    return those[which % len(those)]


def _fields(annotation):
    labels = (item["value"].get("rectanglelabels", []) for item in annotation.result)
    return frozenset(label for each in labels for label in each)


def _waiting(task):
    Job.objects.filter(state="waiting").update(due_at=Now())
    return list(Job.objects.filter(task=task, state="waiting").order_by("pk"))


def _expected_state(tasks, annotations, said):
    if said:
        return "confirmed"
    if annotations:
        return "skipped"
    return "queued" if tasks else "extracted"


@pytest.mark.django_db
@pytest.mark.parametrize("examples", [5, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.chaos])])
def test_the_ledger_ends_up_as_label_studio_is(examples, request):
    if examples > 5 and request.config.getoption("--chaos-full"):
        examples = 1000
    machine = seed(request.config.getoption("--chaos-seed"))(Corrections)
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples, stateful_step_count=40, deadline=None, database=None),
    )
