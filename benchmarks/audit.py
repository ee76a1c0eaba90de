"""Whether the audit's 95 % intervals hold the truth, in replays of labelling that active learning steers.

Each replay is a stream of documents whose fields are right with known probability, alike within a document. People
label what the strategy picks (the documents that are most wrong) and the audit slice, drawn by each document's lot as
in the app. Beside Docloop's estimate, two that see the same corrections: all of them, as if they had been picked at
random (`all corrections`), and the audited ones with the textbook interval, every field a trial of its own and none
weighed (`audited, plain`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.goal_tables import CHOOSING
from benchmarks.tables import table
from learner import ranking
from learner.audit import Estimate, estimate, wilson

OURS = "docloop"
REPLAYS = 200
LEAST, MOST = 0.93, 0.97  # the goal
ROWS = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Stream:
    """Documents as they come, and the audit share of the first and of the second half of them."""

    name: str
    accuracy: tuple[float, ...]  # of each field, 0…1
    alike: float  # correlation of one document's fields (of the normal variables behind them), 0…1
    documents: int
    shares: tuple[float, float]


STREAMS = (
    Stream("few", (0.95, 0.9, 0.8, 0.9), 0.3, 200, (0.1, 0.1)),
    Stream("usual", (0.95, 0.9, 0.8, 0.9), 0.3, 600, (0.1, 0.1)),
    Stream("many", (0.95, 0.9, 0.8, 0.9), 0.3, 3000, (0.1, 0.1)),
    Stream("nearly right", (0.99, 0.98, 0.97, 0.98), 0.3, 600, (0.1, 0.1)),
    Stream("very alike", (0.95, 0.9, 0.8, 0.9), 0.7, 600, (0.1, 0.1)),
    Stream("independent", (0.95, 0.9, 0.8, 0.9), 0.0, 600, (0.1, 0.1)),
    Stream("one field", (0.93,), 0.0, 600, (0.1, 0.1)),
    Stream("raised share", (0.95, 0.9, 0.8, 0.9), 0.3, 600, (0.05, 0.25)),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One way of estimating on one stream, over all its replays."""

    stream: str
    estimator: str
    replays: int
    documents: float  # counted on, mean
    covered: float  # share of the replays whose interval of all fields together holds the truth
    covered_by_field: float  # the same of the fields' own intervals
    bias: float  # mean of the estimates less the truth
    width: float  # of the interval of all fields together, mean

    def to_json(self) -> dict[str, Any]:  # mixed: names and figures
        return asdict(self)


def measure(
    *,
    replays: int = REPLAYS,
    streams: Sequence[Stream] = STREAMS,
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Row]:
    """A row per stream and estimator."""
    for stream in streams:
        say(f"audit: {stream.name}")
        yield from _measured(stream, replays, seed)


def _measured(stream: Stream, replays: int, seed: int) -> Iterator[Row]:
    truths = [float(np.mean(stream.accuracy)), *stream.accuracy]
    found: dict[str, list[tuple[int, list[tuple[float, float, float]]]]] = {name: [] for name in ESTIMATORS}
    for replay in range(replays):
        right, audited, weights = _replayed(stream, f"{stream.name} {seed} {replay}")
        picked = _picked(right, audited)
        for name, estimator in ESTIMATORS.items():
            rows = picked | audited if name == ALL else audited
            found[name].append((int(rows.sum()), _said(estimator, right[rows], weights[rows])))
    for name, said in found.items():
        figures = np.array([each for _, each in said])  # (replays, 1 + fields, 3)
        held = (figures[..., 1] <= truths) & (truths <= figures[..., 2])
        yield Row(
            stream.name,
            name,
            replays,
            documents=float(np.mean([documents for documents, _ in said])),
            covered=float(held[:, 0].mean()),
            covered_by_field=float(held[:, 1:].mean()),
            bias=float(figures[:, 0, 0].mean() - truths[0]),
            width=float((figures[:, 0, 2] - figures[:, 0, 1]).mean()),
        )


def _replayed(stream: Stream, key: str) -> tuple[ROWS, ROWS, NDArray[np.float64]]:
    """Which fields are right (N, F), who is audited (N,), and one over the probability of it (N,)."""
    rng = np.random.default_rng(list(key.encode()))
    shape = (stream.documents, len(stream.accuracy))
    ease = np.sqrt(stream.alike) * rng.standard_normal((shape[0], 1))
    luck = np.sqrt(1 - stream.alike) * rng.standard_normal(shape)
    right = ease + luck < [NormalDist().inv_cdf(accuracy) for accuracy in stream.accuracy]
    shares = np.repeat(stream.shares, (shape[0] // 2, shape[0] - shape[0] // 2))
    lots = np.array([ranking.draw(f"{key} {document}") for document in range(shape[0])])
    return right, lots < shares, 1 / shares


def _picked(right: ROWS, audited: ROWS) -> ROWS:
    """What a good strategy labels besides the audit: four times as many documents, the most wrong ones."""
    order = np.argsort(right.sum(axis=1), kind="stable")
    picked = np.zeros(len(right), dtype=bool)
    picked[order[: 4 * int(audited.sum())]] = True
    return picked


Estimator = Callable[[ROWS, NDArray[np.float64]], tuple[float, float, float]]


def _said(
    estimator: Estimator, right: ROWS, weights: NDArray[np.float64]
) -> list[tuple[float, float, float]]:
    """Share, low, high: of all fields together, then of each."""
    columns = [right, *(right[:, [column]] for column in range(right.shape[1]))]
    return [estimator(each, weights) for each in columns]


def _ours(right: ROWS, weights: NDArray[np.float64]) -> tuple[float, float, float]:
    found: Estimate | None = estimate("", right, np.ones_like(right), weights)
    return (found.accuracy, found.low, found.high) if found else (0.5, 0.0, 1.0)


def _plain(right: ROWS, weights: NDArray[np.float64]) -> tuple[float, float, float]:
    if not right.size:
        return 0.5, 0.0, 1.0
    return float(right.mean()), *wilson(float(right.mean()), right.size)


ALL = "all corrections"
ESTIMATORS: dict[str, Estimator] = {OURS: _ours, "audited, plain": _plain, ALL: _plain}


def report(rows: Sequence[Row]) -> str:
    """A table: shares in per cent, bias and width in points of accuracy; and Docloop's coverage over all streams."""
    header = ["stream", "estimate", "replays", "documents", "truth held %", "by field %", "bias", "width"]
    body = [
        [
            row.stream,
            row.estimator,
            str(row.replays),
            f"{row.documents:.0f}",
            f"{100 * row.covered:.1f}",
            f"{100 * row.covered_by_field:.1f}",
            f"{100 * row.bias:+.1f}",
            f"{100 * row.width:.1f}",
        ]
        for row in rows
    ]
    return f"{table(header, body)}\n\nOver all streams, Docloop's intervals hold the truth in {100 * covered(rows):.1f} %."


def goals(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The line of the goals' table."""
    ours = [row for row in rows if row.estimator == OURS]
    shares = [100 * row.covered for row in ours]
    outside = [f"{row.stream} {100 * row.covered:.1f} %" for row in ours if not LEAST <= row.covered <= MOST]
    figure, goal = CHOOSING["audit"]
    peers = {
        name: [row.covered for row in rows if row.estimator == name] for name in ESTIMATORS if name != OURS
    }
    return [
        {
            "figure": figure,
            "goal": goal,
            "measured": f"{100 * covered(rows):.1f} %",
            "reached": LEAST <= covered(rows) <= MOST,
            "peers": ", ".join(f"{name} {100 * np.mean(each):.1f} %" for name, each in peers.items()),
            "note": f"{len(ours)} kinds of streams, {min(shares):.1f} to {max(shares):.1f} %, {ours[0].replays} replays each; "
            f"judged is their mean; outside of the goal alone: {', '.join(outside) or 'none'}",
        }
    ]


def covered(rows: Sequence[Row]) -> float:
    """The share (0…1) of all replays in which Docloop's interval of all fields together holds the truth."""
    ours = [row for row in rows if row.estimator == OURS]
    return sum(row.covered * row.replays for row in ours) / sum(row.replays for row in ours)
