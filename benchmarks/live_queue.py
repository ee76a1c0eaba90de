"""How soon the queue follows the people who label, and whether a team is given what is worth most: with the real parts.

A whole installation (`manage.py up`: PostgreSQL, Valkey, Celery's workers, Label Studio with its webhook) on a folder of
its own, kept to two cores. Documents are put straight into its database; everything from a person's Submit to the new
queue goes the way it goes for users. People are signed-in sessions that send what Label Studio's front end sends.

- *The queue follows*: one person labels; from each Submit until the pool is ranked anew, with what was just learned,
  and the queue in Label Studio is brought up to date.
- *Five at once*: people label side by side; of the first k documents labelled, how many are among the k that the model
  is least sure of. The peer is Label Studio's own order: a project with all the documents, set to uncertainty sampling.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.goal_tables import CHOOSING
from benchmarks.tables import table
from tests.journeys.annotator import Annotator, shown_prediction
from webapp.embedded.running import Installation, running

if TYPE_CHECKING:
    from annotation.models import DocumentType
    from benchmarks.live_pool import Made

POOL = 10_000
HISTORY = 300  # corrections that were there before
SUBMITS = 60
PEOPLE = 5
TEAM_POOL = 1000
FIRST = 100  # k
THINKING = (1.0, 3.0)  # seconds that a person of the five looks at a document, at least and at most
PATIENCE = 300  # seconds for any step
CHAIN = (
    "annotation.collect_task",
    "learner.learn_from_correction",
    "learner.rank_pool",
    "annotation.fill_queue",
)
OURS, PEER = "docloop", "Label Studio, uncertainty sampling"
PASSWORD = "only-for-benchmarks-1"

Row = dict[str, Any]  # JSON: names, counts, seconds


@dataclass(frozen=True, slots=True)
class Followed:
    """Seconds from one Submit until …"""

    recorded: float  # … the correction was in the ledger
    ranked: float  # … the pool was ranked anew
    filled: float  # … the queue in Label Studio was up to date


@dataclass(frozen=True, slots=True)
class Team:
    """How the first `FIRST` documents went that several people labelled at once."""

    order: str
    labelled: int
    share: float  # of them, among the least sure
    twice: int  # documents that two people were given
    empty_handed: int  # times that somebody was given nothing, or something that was gone
    handing_out: float  # seconds until a document was there, 95th percentile


def measure(*, threads: int = 2, say: Callable[[str], None] = lambda _: None) -> tuple[list[Row], list[Row]]:
    """Rows of `Followed` and of `Team`, in a process of its own, for it is kept to `threads` cores with all it starts."""
    say(f"live queue: an installation with {POOL:,} documents on {threads} cores")
    command = [sys.executable, "-m", "benchmarks.live_queue", str(threads)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    followed, teams = json.loads(done.stdout.splitlines()[-1])
    return followed, teams


def _measured(threads: int) -> tuple[list[Followed], list[Team]]:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as installation:
        os.environ.update(installation.environment)
        import django

        os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.settings"
        django.setup()
        return list(_follow(installation)), list(_side_by_side(installation))


# the queue follows


def _follow(installation: Installation) -> Iterator[Followed]:
    from benchmarks import live_pool

    (person,) = people_of(installation, 1)
    kind = type_of("receipts", strategy="mixed")
    _told(f"{POOL} documents …")
    live_pool.insert(kind, list(live_pool.make(POOL + HISTORY, seed=1)))
    live_pool.correct(kind, HISTORY, seed=1)
    ranked(kind)
    rng = np.random.default_rng(1)
    for number in range(SUBMITS):
        found = _submit(person, kind, rng)
        _told(f"{number}: {found}")
        yield found
        time.sleep(float(rng.uniform(0.2, 1.0)))


def _submit(person: Annotator, kind: DocumentType, rng: np.random.Generator) -> Followed:
    """A correction of one document, and how long its consequences took; fails if they are not as they should be."""
    from annotation.models import Correction, Job, LabelTask
    from annotation.queueing import depth

    task = _until("a task", lambda: _next(person, kind))
    result = _shown(task)
    if rng.random() < 0.5:  # half of the documents are wrong somewhere
        wrong = result[1 + int(rng.integers(len(result) - 1))]
        wrong["value"] |= {"text": ["corrected"]} if "text" in wrong["value"] else {"x": 1.0}
    began = time.time()  # the database's clock is this machine's
    person.submit(task, result, seconds=float(rng.lognormal(3, 0.5)))
    corrections = Correction.objects.filter(document=int(task["data"]["doc_id"]))
    correction = _until("the correction", corrections.first, pause=0.05)
    _until("the queue", _nothing_to_do, pause=0.05)
    done = Job.objects.filter(subject=kind.pk, state="done", created_at__gte=correction.recorded_at)
    ranking = done.filter(task="learner.rank_pool").latest("finished_at").finished_at
    filling = done.filter(task="annotation.fill_queue", created_at__lte=ranking).latest("finished_at")
    waiting = LabelTask.objects.filter(document__document_type=kind, state="open").count()
    if waiting != depth(kind):
        raise RuntimeError(f"{waiting} tasks wait in a queue of {depth(kind)}")
    ended = (correction.recorded_at, ranking, filling.finished_at)
    return Followed(*(at.timestamp() - began for at in ended if at is not None))  # each has ended


def _next(person: Annotator, kind: DocumentType) -> dict[str, Any] | None:
    """The next document; what the person is asked about again, as it looked wrong, they say once more."""
    task = person.next_task(kind.project_id or 0)
    if task and not str(task["data"]["doc_id"]).isdecimal():
        person.submit(task, _shown(task))
        return None
    return task


# five at once


def _side_by_side(installation: Installation) -> Iterator[Team]:
    from benchmarks import live_pool

    made = list(live_pool.make(TEAM_POOL, seed=2))
    people = people_of(installation, PEOPLE)
    kind = type_of("team", strategy="least-confident", audit_share=0.0)
    live_pool.insert(kind, made)
    ranked(kind)
    score = {str(pk): score for pk, score in kind.documents.values_list("pk", "extraction__score")}
    yield _team(OURS, people, kind.project_id or 0, score)
    yield _team(PEER, people, _peer(kind, made), {str(n): each.score for n, each in enumerate(made)})


def _peer(kind: DocumentType, made: Sequence[Made]) -> int:
    """A project of Label Studio's own with all the documents and predictions in it; answers its id."""
    from annotation import label_studio, labelling

    own = label_studio.project(kind.project_id or 0)
    if own is None:
        raise RuntimeError("the type has no project")
    project = label_studio.create_project("Peer", "all documents, uncertainty sampling", own.label_config)
    for start in range(0, len(made), 100):
        tasks = [
            (
                labelling.task_data(start + n, ["/data/local-files/?d=none.jpg"], reason="", title=kind.title),
                labelling.prediction(
                    each.values, [each.page], kind.schema,
                    document_type=kind.name, model_version=kind.champion, score=each.score,
                ),
            )
            for n, each in enumerate(made[start : start + 100])
        ]  # fmt: skip
        label_studio.push_tasks(project, tasks)
    label_studio.set_model_version(project, kind.champion)
    return project


def _team(order: str, people: Sequence[Annotator], project: int, score: dict[str, float]) -> Team:
    """All people label until `FIRST` documents are; `score` is the model's, by document."""
    _told(f"{len(people)} people: {order} …")
    done: list[str] = []  # in the order of their submits
    waits: list[float] = []
    empty: list[float] = []
    problems: list[BaseException] = []

    def label(person: Annotator, rng: np.random.Generator) -> None:
        try:
            asked = time.monotonic()
            while len(done) < FIRST and not problems:
                task = person.next_task(project)
                if task is None:
                    empty.append(time.monotonic())
                    time.sleep(0.2)
                    continue
                waits.append(time.monotonic() - asked)
                time.sleep(float(rng.uniform(*THINKING)))
                person.submit(task, _shown(task), seconds=10.0)
                done.append(task["data"]["doc_id"])
                asked = time.monotonic()
        except BaseException as problem:
            problems.append(problem)

    threads = [
        threading.Thread(target=label, args=(person, np.random.default_rng(n)))
        for n, person in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
    first = done[:FIRST]
    least_sure = sorted(score, key=score.__getitem__)[:FIRST]
    return Team(
        order,
        len(first),
        len(set(first) & set(least_sure)) / FIRST,
        len(done) - len(set(done)),
        len(empty),
        float(np.quantile(waits, 0.95)),
    )


# what both need, and `benchmarks.annotator`


def type_of(name: str, **more: Any) -> DocumentType:
    """A document type with its project, whose champion is made up."""
    from annotation import document_types
    from annotation.models import DocumentType
    from benchmarks.live_pool import FIELDS

    made = document_types.create({"name": name, "fields": FIELDS, "retrain_after": 1_000_000} | more)
    DocumentType.objects.filter(pk=made.pk).update(champion=f"{name}-v1")
    own = DocumentType.objects.filter(pk=made.pk)
    _until("the project", lambda: own.filter(project_id__isnull=False).exists())
    return own.get()


def ranked(kind: DocumentType) -> None:
    """The first ranking, which also looks at every document for once."""
    from annotation import doorbell

    doorbell.ring("pool changed", kind.pk)
    _until("the first ranking", _nothing_to_do)


def people_of(installation: Installation, count: int) -> list[Annotator]:
    """So many annotators of both programs, signed in to Label Studio."""
    from django.contrib.auth.models import User

    from webapp.accounts import make_user
    from webapp.embedded import labelling_service
    from webapp.roles import Role

    url, token = installation.setting("label_studio_url"), installation.setting("label_studio_token")
    emails = [f"person{number}@docloop.example" for number in range(count)]
    User.objects.filter(groups__name="annotator").exclude(email__in=emails).update(is_active=False)
    for email in emails:
        if not User.objects.filter(email=email).exists():
            make_user(email, PASSWORD, Role.ANNOTATOR)
            labelling_service.add_person(url, token, email, PASSWORD)
    return [Annotator.sign_in(url, email, PASSWORD) for email in emails]


def _shown(task: dict[str, Any]) -> list[dict[str, Any]]:
    """The regions that the task shows; each of ours has a prediction."""
    prediction = shown_prediction(task)
    if prediction is None:
        raise RuntimeError(f"task {task['id']} has no prediction")
    return list(prediction["result"])


def _nothing_to_do() -> bool:
    from annotation.models import Job

    return not Job.objects.filter(task__in=CHAIN, state__in=("waiting", "running")).exists()


def _until(what: str, look: Callable[[], Any], *, pause: float = 0.2) -> Any:
    """What `look` finds, as soon as it finds anything."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(pause)
    raise RuntimeError(f"{PATIENCE} s were not enough for: {what}")


def _told(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


# what is told of it


def p95(seconds: Sequence[float]) -> float:
    """The smallest that 95 % are not above."""
    return float(np.quantile(seconds, 0.95, method="higher"))


def goals(followed: Sequence[Row], teams: Sequence[Row]) -> list[Row]:
    """The two lines of the goals' table."""
    found = {row["order"]: row for row in teams}
    last = p95([row["filled"] for row in followed])
    ours, peer = found[OURS], found[PEER]
    return [
        {
            "figure": CHOOSING["live"][0],
            "goal": CHOOSING["live"][1],
            "measured": f"{last:.1f} s",
            "reached": last <= 5,
            "note": f"{len(followed)} submits; median {np.median([row['filled'] for row in followed]):.1f} s, "
            f"longest {max(row['filled'] for row in followed):.1f} s",
        },
        {
            "figure": CHOOSING["team"][0],
            "goal": CHOOSING["team"][1],
            "measured": f"{ours['share']:.2f}",
            "reached": ours["share"] >= 0.9,
            "peers": f"{PEER}: {peer['share']:.2f}",
            "note": f"k = {FIRST} of {TEAM_POOL:,}; the type's strategy is `least-confident` without an audit share, as the peer's "
            "order is: the default, `mixed`, puts others first on purpose",
        },
    ]


def report(followed: Sequence[Row], teams: Sequence[Row]) -> str:
    """Two tables."""
    steps = ("recorded", "ranked", "filled")
    told = {step: [row[step] for row in followed] for step in steps}
    until = {
        "recorded": "it is in the ledger",
        "ranked": "the pool is ranked",
        "filled": "the queue is up to date",
    }
    first = table(
        [f"from Submit until … (pool of {POOL:,})", "submits", "median s", "95 % s", "longest s"],
        [
            [until[step], str(len(each)), f"{np.median(each):.2f}", f"{p95(each):.2f}", f"{max(each):.2f}"]
            for step, each in told.items()
        ],
    )
    second = table(
        [
            f"{PEOPLE} people at once",
            "labelled",
            "of the least sure",
            "given twice",
            "empty-handed",
            "handing out 95 % s",
        ],
        [
            [
                row["order"],
                str(row["labelled"]),
                f"{row['share']:.2f}",
                str(row["twice"]),
                str(row["empty_handed"]),
                f"{row['handing_out']:.2f}",
            ]
            for row in teams
        ],
    )
    return f"{first}\n\n{second}"


if __name__ == "__main__":
    measured = _measured(int(sys.argv[1]))
    print(json.dumps([[asdict(each) for each in rows] for rows in measured]))
