"""T5: a process dies at every numbered step on the way from a file to the champion that learned from it, and again.

Each journey is one document type's: two files come, are read and lie in Label Studio; somebody answers one of them, which is
one correction more than a training wants; a model is trained, registered and promoted, and reads the other file. Whatever
died on the way, the journey ends as if nothing had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from django.db.models.functions import Now

from annotation import doorbell
from annotation.models import Document, DocumentType, Job, LabelTask
from learner import triggers
from learner.models import ModelVersion, Run, VersionMove
from models.registry import Alias, Registry
from tests.chaos.child import POINTS, STEPS
from tests.chaos.compare import failed_jobs
from tests.chaos.processes import Installation, until
from tests.chaos.scenes import TIMES, settled
from tests.chaos.storm import PEOPLE, Storm
from tests.factories import make_document, make_pdf
from tests.learner.test_training import corrected_type
from webapp.embedded.programs import OURS

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(3600)]

CORRECTED = 24  # documents that each journey's type begins with
FILES = (  # what stands in the two: no near copies of one another
    "ACME LTD Receipt {} Date 01/02/2024 Paper 3.00 Total 12.90 Thank you and come again",
    "Bill of NORTH STAR SDN BHD no. {} of 17/03/2024: tea and cake, to be paid at the counter. Sum due 8.40",
)

Point = tuple[str, str]
# in the queue, in the ledger, at the registry and between a promotion and its alias
SHORT: list[Point] = [
    ("annotation.queueing._arrived", "before"),
    ("annotation.ledger.record", "after"),
    ("learner.registering.version_of", "before"),
    ("learner.aliases.mirror_aliases", "before"),
]
# both points of a step in one journey: two deaths of the same job, at the most
LONG: list[list[Point]] = [[(step, "before"), (step, "after")] for step in STEPS]


def test_every_step_is_one_where_a_process_may_die():
    assert [point for journey in LONG for point in journey] == list(POINTS)
    assert set(SHORT) <= set(POINTS)


def test_a_process_may_die_at_every_step_and_nothing_is_lost_or_done_twice(install, mlflow_url, full, report):
    installation = started(install(mlflow_url=mlflow_url, TIMES=TIMES))
    journeys = LONG if full else [SHORT]
    deaths, wrong = 0, []
    for points in journeys:
        wrong += [f"{points}: {what}" for what in journey(installation, Registry(mlflow_url), points)]
        deaths += len(points)
    versions, moves = ModelVersion.objects.count(), VersionMove.objects.filter(after="champion").count()
    report(
        f"{deaths} deaths at {deaths} of {len(POINTS)} points in {len(journeys)} journeys: {len(wrong)} things otherwise "
        f"than without; {versions} versions, {moves} promotions"
    )
    assert not wrong, "\n".join(wrong)


def test_without_run_keys_a_training_that_died_registers_twice(install, mlflow_url, full, report):
    if not full:
        pytest.skip("in the long form")
    installation = started(install(mlflow_url=mlflow_url, TIMES=TIMES, MUTANT="keys"))
    wrong = journey(installation, Registry(mlflow_url), [("learner.registering.version_of", "before")])
    report(f"run keys off: {wrong}")
    assert any(each.startswith("versions in MLflow: [2, 1]") for each in wrong)


def started(installation: Installation) -> Installation:
    installation.start("valkey", "label-studio")
    installation.start(*OURS)
    return installation


def journey(installation: Installation, registry: Registry, points: Sequence[Point]) -> list[str]:
    """Go the whole way while a process dies at each of the points; answers what is otherwise than without that."""
    for step, when in points:
        installation.arm(step, when, "exit")
    document_type = corrected_type(
        CORRECTED, project_id=None, strategy="random", queue_depth=2, retrain_after=CORRECTED + 1, second_opinions=0.0
    )  # fmt: skip
    doorbell.ring("document type changed", document_type.pk)
    answered, other = (receive(installation, document_type, text) for text in FILES)
    in_label_studio = LabelTask.objects.filter(document__in=[answered, other], state=LabelTask.State.OPEN)
    awaited(installation, "both to be in Label Studio", lambda: in_label_studio.count() == 2)
    storm = Storm(installation, document_type, seed=document_type.pk)
    [task] = [each for each in installation.told("tasks") if each["document"] == answered.pk]
    content = storm.content(answered.pk)
    installation.act("submit", task=task["id"], result=content, by=PEOPLE[0], delays=[0.0])
    runs = Run.objects.filter(document_type=document_type)
    awaited(
        installation,
        "the training to end",
        lambda: runs.exclude(state__in=triggers.LIVE).exists(),
    )
    awaited(installation, f"all to have died: {points}", lambda: not installation.armed())
    awaited(installation, "everything to be at rest", lambda: at_rest(document_type, other))
    findings, _ = settled(installation, documents=[answered.pk, other.pk])
    tasks = [each["document"] for each in installation.told("tasks")]
    found: dict[str, tuple[object, object]] = {
        "what Label Studio holds": ("" if findings.clean else findings.told(), ""),
        "tasks in Label Studio": ([tasks.count(answered.pk), tasks.count(other.pk)], [1, 1]),
        "runs": ([(run.state, run.problem) for run in runs], [(Run.State.FINISHED, "")]),
        "failed jobs": (failed_jobs(), []),
    }
    found |= of_the_version(document_type, registry)
    return [
        f"{what}: {found_} and not {should}" for what, (found_, should) in found.items() if found_ != should
    ]


def of_the_version(document_type: DocumentType, registry: Registry) -> dict[str, tuple[object, object]]:
    """What there is of the one version that there should be: as it is, and as it should be."""
    rows = ModelVersion.objects.filter(document_type=document_type)
    moves = VersionMove.objects.filter(version__document_type=document_type).order_by("pk")
    aliased = {alias: registry.aliased(document_type.name, alias) for alias in Alias}
    numbers = {alias.value: version.version if version else None for alias, version in aliased.items()}
    return {
        "versions in MLflow": ([each.version for each in registry.versions(document_type.name)], [1]),
        "versions": (list(rows.values_list("number", "state")), [(1, "champion")]),
        "moves": (list(moves.values_list("after", flat=True)), ["challenger", "champion"]),
        "aliases": (numbers, {"champion": 1, "challenger": None}),
    }


def receive(installation: Installation, document_type: DocumentType, text: str) -> Document:
    """A file that was just received, as `annotation.intake` leaves it."""
    document = make_document(document_type, state=Document.State.RECEIVED)
    document.pages.all().delete()
    path = installation.folder / "store" / document.file.name
    path.parent.mkdir(exist_ok=True)
    make_pdf(path, text.format(document.pk))
    doorbell.ring("document received", document.pk)
    return document


def awaited(installation: Installation, what: str, look: Callable[[], bool]) -> None:
    def found() -> bool | None:
        installation.watch()
        return look() or None

    until(what, found, 180)


def at_rest(document_type: DocumentType, other: Document) -> bool:
    """Whether the champion has read the other file, and nothing but sweeps is left to do."""
    document_type.refresh_from_db()
    other.refresh_from_db()
    read = other.extraction is not None and other.extraction.model_version == document_type.champion
    left = Job.objects.filter(state__in=[Job.State.WAITING, Job.State.RUNNING]).exclude(
        task__contains="sweep"
    )
    return bool(document_type.champion) and read and not left.filter(due_at__lte=Now()).exists()
