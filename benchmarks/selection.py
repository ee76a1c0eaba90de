"""How fast documents are chosen, and how good the choice is: `mixed`, as the app uses it, on made-up documents.

The documents lie in a few hundred layouts of unequal size, in vectors of 384 numbers; some layouts are harder than
others. Beside it, on the same documents with the same uncertainty: modAL's ranked batch sampling (10,000 documents
only: it keeps every distance), the most uncertain alone, and chance. Two figures tell the quality of a choice: the
mean uncertainty of what was chosen, and the mean distance of each to its nearest neighbour among the others that were
chosen and the documents labelled before. What is timed is the choice, not the uncertainty, which all are given.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from modAL.batch import uncertainty_batch_sampling
from modAL.models import ActiveLearner
from modAL.uncertainty import classifier_uncertainty
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.goal_tables import CHOOSING
from benchmarks.tables import table
from learner.strategies import Pool, named
from learner.strategies.base import Floats, Rows, Scores

DEPTH = 384
LAYOUTS = 400
SEEN = 200  # labelled before
CHOSEN = 100
CHUNK = 50_000  # documents made, and scored, at a time
SMALL, LARGE = 10_000, 1_000_000
OURS = "docloop (mixed)"
APART = "docloop (mixed, apart=22)"
LEARNING = "docloop (mixed, with its quick learner)"
PEER = "modAL (ranked batch)"
TOP = "most uncertain"
CHANCE = "chance"
RUNS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One way of choosing; seconds are the median of the runs."""

    documents: int
    chooser: str
    chosen: int
    seconds: float
    gigabytes: float  # the most that the process held so far, with the documents
    uncertainty: float
    apart: float
    runs: int

    def to_json(self) -> dict[str, Any]:  # mixed: names, counts, seconds
        return asdict(self)


def measure(
    sizes: Sequence[int] = (SMALL, LARGE),
    *,
    threads: int = 2,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Row]:
    """A row per size and way of choosing. Each size has a process of its own, so that its memory can be told."""
    for documents in sizes:
        say(f"selection: {documents:,} documents")
        limits = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        command = [sys.executable, "-m", "benchmarks.selection", str(documents)]
        done = subprocess.run(command, env=os.environ | limits, stdout=subprocess.PIPE, text=True, check=True)
        yield from (Row(**json.loads(line)) for line in done.stdout.splitlines())


@dataclass(frozen=True, slots=True)
class Scene:
    """Made-up documents with their uncertainty, and those that were labelled before."""

    looks: Floats  # (N, DEPTH), unrelated ones 1 apart
    uncertainty: Scores  # (N,), 0…0.5: that a document is extracted wrongly
    seen: Floats  # (SEEN, DEPTH)
    wrong: NDArray[np.int64]  # (SEEN,), 0 or 1
    learner: ActiveLearner

    def pool(self, *, learning: bool = False) -> Pool:
        """With `learning`, the quick learner gets to see how the labelled ones ended."""
        return Pool(
            confidence=(1 - self.uncertainty)[:, None].astype(np.float32),
            looks=self.looks,
            seen_confidence=np.full((SEEN, 1), 0.5, dtype=np.float32),
            seen_looks=self.seen,
            faults=self.wrong if learning else np.zeros(SEEN, dtype=np.int64),
        )


def scene(documents: int, *, seed: int = 1) -> Scene:
    """So many documents in `LAYOUTS` layouts, of which few have many and many have few (Zipf)."""
    rng = np.random.default_rng(seed)
    size = rng.zipf(1.5, size=LAYOUTS).clip(1, 2000)
    layout = rng.choice(LAYOUTS, size=documents + SEEN, p=size / size.sum())
    middle = rng.standard_normal((LAYOUTS, DEPTH), dtype=np.float32)
    width = rng.uniform(0.1, 0.6, size=(LAYOUTS, 1)).astype(np.float32)
    looks = np.empty((documents + SEEN, DEPTH), dtype=np.float32)
    for start in range(0, len(looks), CHUNK):
        some = layout[start : start + CHUNK]
        made = middle[some] + width[some] * rng.standard_normal((len(some), DEPTH), dtype=np.float32)
        looks[start : start + CHUNK] = made / (np.sqrt(2) * np.linalg.norm(made, axis=1, keepdims=True))
    seen, pool = looks[:SEEN], looks[SEEN:]
    wrong = (rng.random(SEEN) < rng.random(LAYOUTS)[layout[:SEEN]]).astype(np.int64)
    learner = ActiveLearner(
        LogisticRegression(C=10, max_iter=500), uncertainty_batch_sampling, X_training=seen, y_training=wrong
    )
    uncertainty = [
        classifier_uncertainty(learner, pool[start : start + CHUNK]) for start in range(0, documents, CHUNK)
    ]
    return Scene(pool, np.concatenate(uncertainty), seen, wrong, learner)


def choosers(made: Scene) -> dict[str, Callable[[], Rows]]:
    """Each way to choose `CHOSEN` of the documents; modAL only where it can."""
    rng = np.random.default_rng(1)
    pool, learning = made.pool(), made.pool(learning=True)
    ways: dict[str, Callable[[], Rows]] = {
        OURS: lambda: named("mixed")(pool, CHOSEN, rng),
        # candidates=10,000: where being different counts most, the cut by uncertainty must not come first
        APART: lambda: named("mixed", apart=22, candidates=10_000)(pool, CHOSEN, rng),
        LEARNING: lambda: named("mixed")(learning, CHOSEN, rng),
        TOP: lambda: named("most-errors")(pool, CHOSEN, rng),
        CHANCE: lambda: named("random")(pool, CHOSEN, rng),
    }
    if len(pool) <= SMALL:
        ways[PEER] = lambda: made.learner.query(made.looks, n_instances=CHOSEN)[0]
    return ways


def quality(made: Scene, rows: Rows) -> tuple[float, float]:
    """Mean uncertainty, and mean distance of each row to its nearest among the others and what was labelled."""
    chosen = made.looks[rows]
    others = np.vstack([chosen, made.seen])
    distance = np.linalg.norm(chosen[:, None] - others, axis=2)
    np.fill_diagonal(distance, np.inf)
    return float(made.uncertainty[rows].mean()), float(distance.min(axis=1).mean())


def _measured(documents: int) -> Iterator[Row]:
    made = scene(documents)
    for name, choose in choosers(made).items():
        if name != PEER:  # imports and caches; the peer's are there, and it takes seconds
            choose()
        seconds = []
        for _ in range(RUNS):
            began = time.perf_counter()
            rows = choose()
            seconds.append(time.perf_counter() - began)
        uncertainty, apart = quality(made, rows)
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        yield Row(documents, name, len(rows), statistics.median(seconds), held, uncertainty, apart, RUNS)


def goals(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The two lines of the goals' table."""
    found = {(row.documents, row.chooser): row for row in rows}
    large, learning, usual, apart, peer = (
        found[key] for key in ((LARGE, OURS), (LARGE, LEARNING), (SMALL, OURS), (SMALL, APART), (SMALL, PEER))
    )
    times = peer.seconds / apart.seconds
    as_good = apart.uncertainty >= peer.uncertainty and apart.apart >= peer.apart
    return [
        {
            "figure": CHOOSING["a million"][0],
            "goal": CHOOSING["a million"][1],
            "measured": f"{large.seconds:.2f} s, {large.gigabytes:.1f} GB",
            "reached": large.seconds <= 5 and large.gigabytes <= 3,
            "note": f"with the quick learner {learning.seconds:.1f} s, {learning.gigabytes:.1f} GB",
        },
        {
            "figure": CHOOSING["ranked batch"][0],
            "goal": CHOOSING["ranked batch"][1],
            "measured": f"{times:.0f} × ({_quality(apart)})",
            "reached": times >= 50 and as_good,
            "peers": f"modAL {peer.seconds:.1f} s ({_quality(peer)})",
            "note": f"mixed with apart=22 and candidates=10,000 (all); with the usual parameters {peer.seconds / usual.seconds:.0f} × ({_quality(usual)})",
        },
    ]


def _quality(row: Row) -> str:
    return f"{row.uncertainty:.3f}, {row.apart:.3f}"


def report(rows: Sequence[Row]) -> str:
    """A table; `times` is how much faster than modAL on the same documents."""
    peers = {row.documents: row.seconds for row in rows if row.chooser == PEER}
    header = ["documents", "chooser", "s", "times", "GB", "mean uncertainty", "mean nearest neighbour"]
    body = [
        [
            f"{row.documents:,}",
            row.chooser,
            f"{row.seconds:.3f}",
            f"{peers[row.documents] / row.seconds:.0f}" if row.documents in peers else "",
            f"{row.gigabytes:.2f}",
            f"{row.uncertainty:.4f}",
            f"{row.apart:.4f}",
        ]
        for row in rows
    ]
    return table(header, body)


if __name__ == "__main__":
    for each in _measured(int(sys.argv[1])):
        print(json.dumps(each.to_json()), flush=True)
