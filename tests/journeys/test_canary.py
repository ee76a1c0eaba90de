"""A challenger proves itself in a real Label Studio: nobody sees which model filled a document in, a better one takes over,
and of a worse one nothing is left in the queue.
"""

from __future__ import annotations

import pytest
from django.db.models.functions import Now

from annotation import extraction, inbox, jobs, projects, queueing
from annotation.models import Document, Job, LabelTask
from learner import canary, decision, promotion
from learner.gate import Verdict
from learner.models import Canary, ModelVersion
from models.extractors.base import Extracted, Value
from tests.factories import make_answers, make_document, make_type, make_version, place_of
from tests.journeys.annotator import corrected, shown_prediction

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

TRUTH = {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}
WRONG = TRUTH | {"total": "Total"}
PASSED = Verdict(True, ("Promoted: F1 0.80 → 0.90.",), {"documents": 12})
MOST = 60  # corrections until a trial has to be decided

WORK = {
    "annotation.sync_project": projects.sync_project,
    "annotation.fill_queue": queueing.fill_queue,
    "annotation.collect_task": inbox.collect_task,
    "annotation.take_up": extraction.take_up,
    "annotation.extract_pool": extraction.extract_pool,
    "learner.compare_models": canary.compare,
}


class Says:
    """A model that says the same of every document, where it stands."""

    def __init__(self, values):
        self.values = values

    def extract(self, documents):
        return [
            Extracted(
                tuple(
                    Value(name, text, text.lower(), 0.9, place_of(pages[0], text))
                    for name, text in self.values.items()
                ),
                {},
            )
            for pages in documents
        ]


@pytest.fixture
def says(monkeypatch):
    """What each version says, by its name."""
    by_version: dict[str, Says] = {}
    monkeypatch.setattr(extraction, "champion", lambda kind: by_version[kind.champion])
    monkeypatch.setattr(extraction, "challenger", lambda kind: by_version[kind.challenger])
    return by_version


def work():
    """Do all jobs that wait, as the workers would; each must succeed."""
    while job := Job.objects.filter(state="waiting", task__in=WORK).order_by("pk").first():
        Job.objects.filter(pk=job.pk).update(due_at=Now())
        jobs.run(job.pk, WORK[job.task])
    assert not Job.objects.filter(state="failed").exists(), list(Job.objects.values_list("task", "problem"))


def renewed(kind):
    queueing.fill_queue(kind.pk)
    work()
    kind.refresh_from_db()


def tried(kind) -> ModelVersion:
    version = make_version(kind, state="challenger")
    decision.settle(version, None, PASSED)
    return version


def answer(ann, kind) -> str:
    """Ann corrects the next document; the name by which she was shown what was filled in."""
    task = ann.next_task(kind.project_id)
    document = Document.objects.get(pk=int(task["data"]["doc_id"]))
    ann.submit(task, corrected(task, make_answers(document, TRUTH), kind.schema), seconds=20.0)
    work()
    renewed(kind)
    return shown_prediction(task)["model_version"]


def test_a_better_challenger_takes_over_and_a_worse_one_leaves_nothing_behind(ann, configured, says):
    kind = make_type(project_id=None, queue_depth=8, canary="share", canary_share=0.5)
    first = make_version(kind, state="challenger")
    says[first.name] = Says(WRONG)
    promotion.promote(first, by="the gate", reason="the first")
    for n in range(2 * MOST):
        make_document(kind, priority=n)
    projects.sync_project(kind.pk)
    work()
    renewed(kind)

    better = make_version(kind, state="challenger")
    says[better.name] = Says(TRUTH)
    decision.settle(better, None, PASSED)
    work()
    renewed(kind)
    shown = set()
    for _ in range(MOST):
        if canary.running(kind) is None:
            break
        shown.add(answer(ann, kind))
    assert Canary.objects.get(version=better).outcome == "promoted"
    blind = f"{first.name}-or-v{better.number}"
    assert blind in shown and shown <= {
        blind,
        first.name,
    }  # what was open when it began goes by its own name at first
    filled = list(Canary.objects.get(version=better).documents.values_list("filled", "edited", "wrong"))
    assert {(True, 0, 0), (False, 1, 0)} == set(filled)
    renewed(kind)
    assert answer(ann, kind) == better.name == kind.champion

    worse = make_version(kind, state="challenger")
    says[worse.name] = Says(WRONG)
    decision.settle(worse, None, PASSED)
    work()
    renewed(kind)
    for _ in range(MOST):
        if canary.running(kind) is None:
            break
        answer(ann, kind)
    trial = Canary.objects.get(version=worse)
    assert (trial.outcome, kind.champion) == ("stopped", better.name)
    assert "it reads worse" in trial.why
    renewed(kind)
    left = LabelTask.objects.filter(state="open")
    assert {task.extraction.model_version for task in left} == {better.name}
    task = ann.next_task(kind.project_id)
    assert shown_prediction(task)["model_version"] == better.name
