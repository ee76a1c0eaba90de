"""What a document costs an annotator, at the real page of Label Studio: motions of the hand, and what they wait for.

A whole installation (`manage.py up`: PostgreSQL, Valkey, Celery's workers, Label Studio) on a folder of its own, kept to so
many cores, and a person at its labelling page in a headless Chromium on the others if there are any, as annotators have a machine of their
own. Documents are put straight into its database, with pictures of their words; the queue is filled and refilled the way
it is for users, while the person labels.

Each document lacks one field, which the person draws. Every third has a wrong value, which they type anew, and every third
a field in a wrong place, which they drag to where it stands. Milliseconds are taken within the browser: from letting go of
the mouse until the text stands beside the page, and from pressing the keys of Submit until the next document and all its
texts are shown.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.goal_tables import ANNOTATING
from benchmarks.live_queue import PASSWORD, p95, people_of, ranked, type_of
from benchmarks.tables import table
from models.pages import Place
from tests.journeys.hand import Hand, at_label_studio
from webapp.embedded.running import Installation, running

if TYPE_CHECKING:
    from annotation.models import Document, DocumentType

DOCUMENTS = 60
LABELLED = 40
WARM_UP = 3  # documents at the beginning that aren't counted: each part answers for the first time
FILLED_IN, NEXT_TASK = 500, 1000  # ms, the goals
MISSING = "tax"  # what the model never finds
WRONG = "company"
MISPLACED = "date"  # found where the page's first word stands
EVERY = 3  # how often it is wrong, and how often misplaced

Row = dict[str, Any]  # JSON: names, counts, milliseconds


@dataclass(frozen=True, slots=True)
class Measured:
    """What `LABELLED` documents took."""

    filled_in: list[float] = field(default_factory=list)  # ms
    followed: list[float] = field(default_factory=list)  # ms
    next_task: list[float] = field(default_factory=list)  # ms
    motions: dict[str, dict[str, int]] = field(
        default_factory=dict
    )  # the most that any took, by what was done
    cores: int = 0
    browser_cores: int = 0  # of its own; none: it shares the installation's
    load: float = 0.0  # processes that wanted a core in the last five minutes


def measure(*, threads: int = 2, say: Callable[[str], None] = lambda _: None) -> Row:
    """A row of `Measured`, from a process of its own, for it is kept to `threads` cores with all it starts."""
    say(f"annotator: {LABELLED} documents at Label Studio's page, an installation on {threads} cores")
    command = [sys.executable, "-m", "benchmarks.annotator", str(threads)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _measured(threads: int) -> Measured:
    cores = sorted(os.sched_getaffinity(0))
    ours, others = cores[:threads], cores[threads:]
    os.sched_setaffinity(0, ours)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as installation:
        os.environ.update(installation.environment)
        # Playwright runs an event loop in this thread, beside which Django would refuse to speak to the database
        os.environ |= {"DJANGO_SETTINGS_MODULE": "webapp.settings", "DJANGO_ALLOW_ASYNC_UNSAFE": "true"}
        import django

        django.setup()
        kind = _documents(installation)
        os.sched_setaffinity(0, others or ours)  # what is started from here on: the browser
        found = _label(installation, kind)
    return replace(found, cores=len(ours), browser_cores=len(others), load=os.getloadavg()[1])


def _documents(installation: Installation) -> DocumentType:
    """A type with a pool of documents and their pictures, ranked and in the queue of one person."""
    from benchmarks import live_pool

    people_of(installation, 1)
    kind = type_of("receipts", strategy="least-confident", audit_share=0.0, queue_depth=10)
    made = []
    for number, each in enumerate(live_pool.make(DOCUMENTS, seed=4)):
        values = [value for value in each.values if value.field != MISSING]
        if number % EVERY == 0:
            values = [replace(v, text="Misread") if v.field == WRONG else v for v in values]
        if number % EVERY == 1:
            first = each.page.words[0]
            there = Place(0, first.box, (0,))
            values = [replace(v, text=first.text, place=there) if v.field == MISPLACED else v for v in values]
        made.append(replace(each, values=tuple(values)))
    live_pool.insert(kind, made)
    for document in kind.documents.all():
        _draw(document)
    ranked(kind)
    return kind


def _draw(document: Document) -> None:
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from models.packs import draw_page

    picture = io.BytesIO()
    draw_page(document.word_pages[0], scale=1).save(picture, "JPEG", quality=85)
    default_storage.save(f"pages/{document.pk}/0.jpg", ContentFile(picture.getvalue()))


def _label(installation: Installation, kind: DocumentType) -> Measured:
    from annotation import label_studio
    from annotation.models import LabelTask

    found = Measured()
    url = installation.setting("label_studio_url")
    with at_label_studio(url, "person0@docloop.example", PASSWORD) as hand:
        hand.open(label_studio.labelling_url(kind.project_id or 0))
        for number in range(LABELLED + WARM_UP):
            task = LabelTask.objects.select_related("document__extraction").get(task_id=hand.task())
            took = _one(hand, task.document, found.motions)
            if number >= WARM_UP:
                for what, ms in took.items():
                    getattr(found, what).append(ms)
            told = ", ".join(f"{what} {ms:.0f} ms" for what, ms in took.items())
            print(f"  {number}: {told}", file=sys.stderr, flush=True)
    return found


def _one(hand: Hand, document: Document, motions: dict[str, dict[str, int]]) -> dict[str, float]:
    """Put one document right and submit it, ms by the names of `Measured`; fails if what is filled in is not what stands
    there.
    """
    page = document.word_pages[0]
    took = {}
    _company, date, _total, tax = page.words[-4:]  # where `live_pool` puts the fields
    with _counted(hand, motions, "missing"):
        took["filled_in"] = hand.draw_and_wait(MISSING, tax.box)
    if tax.text not in hand.texts():
        raise RuntimeError(f"{tax.text} was drawn, and filled in was one of {hand.texts()}")
    if date.text not in hand.texts():
        with _counted(hand, motions, "moved"):
            took["followed"] = hand.move_and_wait(page.words[0].box, date.box, date.text)
    if "Misread" in hand.texts():
        with _counted(hand, motions, "wrong"):
            hand.click(hand.text("Misread"))
            hand.type("put right")
    with _counted(hand, motions, "right"):
        took["next_task"] = hand.submit()
    return took


class _counted:
    """Keeps the most motions that the block ever took."""

    def __init__(self, hand: Hand, motions: dict[str, dict[str, int]], what: str) -> None:
        self.hand, self.motions, self.what = hand, motions, what

    def __enter__(self) -> None:
        self.hand.forget()

    def __exit__(self, *_: object) -> None:
        before = self.motions.get(self.what, {})
        self.motions[self.what] = {
            name: max(count, before.get(name, 0)) for name, count in self.hand.motions.items()
        }


# what is told of it


def goals(row: Row) -> list[Row]:
    """The lines of the goals' table."""
    motions = row["motions"]
    most = {
        "right": {"keys": 1, "clicks": 0, "drags": 0},
        "wrong": {"keys": 0, "clicks": 1, "drags": 0},
        "moved": {"keys": 0, "clicks": 0, "drags": 1},
        "missing": {"keys": 1, "clicks": 0, "drags": 1},
    }
    lines = [
        _line(what, _told(motions[what]), all(motions[what][name] <= count for name, count in each.items()))
        for what, each in most.items()
    ]
    for what, times, bound in (
        ("filled in", row["filled_in"], FILLED_IN),
        ("followed", row["followed"], FILLED_IN),
        ("next task", row["next_task"], NEXT_TASK),
    ):
        note = f"{len(times)} documents; median {np.median(times):.0f} ms, longest {max(times):.0f} ms"
        lines.append(_line(what, f"{p95(times):.0f} ms", p95(times) <= bound, note))
    return lines


def _line(what: str, measured: str, reached: bool, note: str = "") -> Row:
    figure, goal = ANNOTATING[what]
    return {"figure": figure, "goal": goal, "measured": measured, "reached": bool(reached), "note": note}


def _told(motions: dict[str, int]) -> str:
    """`1 key, 1 drag`."""
    named = [
        f"{count} {name if count > 1 else name.removesuffix('s')}" for name, count in motions.items() if count
    ]
    return ", ".join(named) or "nothing"


def report(row: Row) -> str:
    """One table, and where the parts ran."""
    motions = row["motions"]
    times: Sequence[tuple[str, str, list[float]]] = (
        ("a missing field", _told(motions["missing"]), row["filled_in"]),
        ("a wrong place", _told(motions["moved"]), row["followed"]),
        ("a wrong value", f"{_told(motions['wrong'])}, and typing", []),
        ("a document that is right: Submit", _told(motions["right"]), row["next_task"]),
    )
    body = [
        [what, cost, *([f"{np.median(ms):.0f}", f"{p95(ms):.0f}", f"{max(ms):.0f}"] if ms else ["", "", ""])]
        for what, cost, ms in times
    ]
    own = f"on {row['browser_cores']} others" if row["browser_cores"] else "on the same"
    told = table(["", "costs", "then ms until it is shown: median", "95 %", "longest"], body)
    return (
        f"{told}\n\nOf {len(row['next_task'])} documents; everything of Docloop and Label Studio on {row['cores']} cores, "
        f"the browser {own}; five minutes' load of the machine {row['load']:.1f}."
    )


if __name__ == "__main__":
    print(json.dumps(asdict(_measured(int(sys.argv[1])))))
