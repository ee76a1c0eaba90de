"""Challengers on trial: who is promoted or stopped, and after how many documents that they filled in.

The champion of a trial and its challenger read real receipts, drawn again and again: one is Docloop's base, the other the
same with some of its answers made wrong, or both are, each in its own way. So many that the field accuracy differs by three
points, or not at all. Documents come one by one; a tenth is filled in by the challenger, and a person changes what is wrong, in
seconds by `learner.cost`. After each of them Docloop looks (`learner.canary_rule`, the code that the app runs). Beside it the
usual way: the two shares of changed fields compared by a z-test, at 5 %, asked after each document as well, or once after as
many as a planned test needs for three points.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray

from benchmarks.contenders import CONTENDERS
from benchmarks.goal_tables import STREAM
from benchmarks.packs import PACKS, divide
from benchmarks.tables import table
from learner import canary_rule
from learner.canary_rule import ENOUGH, Compared
from models import grouping
from models.judging import extract_all
from models.metrics import Scores, score

Flags = NDArray[np.bool_]

OURS, EACH, PLANNED = "docloop", "z-test after each document", "z-test, planned"
POINTS = 0.03
SHARE = 0.1
CHURN = 0.02  # of the fields that the two have wrong each on its own, whatever the difference
SEEDS = {"worse": 20, "better": 20, "no better": 200}
HARM = 200  # documents that a worse one may fill in
LOOKS = 5  # documents that the challenger filled in, between two looks of ours: the outcome is the same, the count a little higher
Z = 1.645  # one-sided, 5 %
PLAN = 1500  # documents that the challenger fills in: 80 % power for three points of a field accuracy of 0.93, 4 fields


@dataclass(frozen=True, slots=True)
class Row:
    """One way of deciding on one kind of challenger."""

    way: str
    challenger: str
    seeds: int
    promoted: float  # share of the trials
    stopped: float
    within: float  # share that was decided before the challenger had filled in `HARM` documents
    median: float  # documents that it had filled in by then
    most: int

    def to_json(self) -> dict[str, Any]:  # mixed: names, counts, shares
        return asdict(self)


def measure(data: Path, *, say: Callable[[str], None]) -> Iterator[Row]:
    """A row per kind of challenger and way. Raises `ReadingFailed` where the receipts aren't in `data`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    django.setup()
    right = _right(data)
    say(f"canary: {len(right)} receipts, field accuracy {right.mean():.3f}")
    yield from replayed(right, SEEDS, say=say)


def replayed(right: Flags, trials: Mapping[str, int], *, say: Callable[[str], None]) -> Iterator[Row]:
    """The same for a base that has these fields `right` (documents, fields), with as many trials of each kind."""
    for kind, seeds in trials.items():
        outcomes: dict[str, list[tuple[str, int]]] = {way: [] for way in WAYS}
        for seed in range(1, seeds + 1):
            stream = _stream(right, kind, np.random.default_rng((20_261, seed)))
            for way, decide in WAYS.items():
                outcomes[way].append(decide(stream))
        for way, found in outcomes.items():
            yield _row(way, kind, found)
            say(f"canary: {kind}, {way}: {sum(each == 'promoted' for each, _ in found)} of {seeds} promoted")


def _right(data: Path) -> Flags:
    """Which fields the base has right: (documents, fields)."""
    pack = PACKS["sroie"]
    divided = divide(data, pack)
    documents = [*divided.test, *grouping.flat(divided.pool)]
    base = CONTENDERS["base"].fit(divided.schema, [], [], {}, lambda _: None)
    said = extract_all(base, [each.pages for each in documents]).extracted
    found: Scores = score(divided.schema, [each.answers for each in documents], said)
    return np.asarray((found.right == found.predicted) & (found.right == found.true))


def _stream(right: Flags, kind: str, rng: np.random.Generator) -> list[Compared]:
    """Corrected documents, as many as it takes until the challenger filled in `PLAN`."""
    drawn = right[rng.integers(len(right), size=int(1.2 * PLAN / SHARE))]  # (N, F)
    lost = {"worse": (0.0, POINTS), "better": (POINTS, 0.0), "no better": (0.0, 0.0)}[kind]
    before, now = (drawn & (rng.random(drawn.shape) >= (CHURN + more) / right.mean()) for more in lost)
    filled = rng.random(len(drawn)) < SHARE
    changed = np.where(filled[:, None], ~now, ~before).sum(axis=1)
    from learner import cost  # it needs Django's settings

    fields = right.shape[1]
    people = cost.default(fields)
    seconds = (people.open + people.page + people.field * fields + people.error * changed) * np.exp(
        rng.normal(0, people.spread, len(drawn))
    )
    enough = int(np.searchsorted(np.cumsum(filled), PLAN)) + 1
    return [
        Compared(*row, took_before=0.1, took=0.1)
        for row in zip(
            filled[:enough].tolist(),
            [fields] * enough,
            (~before).sum(axis=1).tolist(),
            (~now).sum(axis=1).tolist(),
            changed.tolist(),
            seconds.tolist(),
            strict=False,
        )
    ]


def _ours(stream: Sequence[Compared]) -> tuple[str, int]:
    filled = 0
    for n, each in enumerate(stream, start=1):
        filled += each.filled
        if each.filled and filled % LOOKS == 0:
            if outcome := canary_rule.judge(stream[:n], shadow=False).outcome:
                return outcome, filled
            if filled > ENOUGH + LOOKS:  # the first one has no other before it
                raise RuntimeError("a trial has no end")
    return "", filled


def _each(stream: Sequence[Compared]) -> tuple[str, int]:
    """Looks after every document, as if it were the only look."""
    return _z_test(stream, first=30, last=ENOUGH)


def _planned(stream: Sequence[Compared]) -> tuple[str, int]:
    return _z_test(stream, first=PLAN, last=PLAN)


def _z_test(stream: Sequence[Compared], *, first: int, last: int) -> tuple[str, int]:
    """On the documents that the challenger filled in against the champion's, between so many of the former."""
    counts = {True: np.zeros(3), False: np.zeros(3)}  # documents, changed share, its square
    for each in stream:
        share = each.edited / each.fields
        counts[each.filled] += (1, share, share * share)
        n = int(counts[True][0])
        if each.filled and first <= n <= last and counts[False][0] > 1:
            means, variances = zip(*(_mean(counts[side]) for side in (False, True)), strict=True)
            z = (means[0] - means[1]) / sqrt(max(sum(variances), 1e-12))
            if abs(z) > Z:
                return ("promoted" if z > 0 else "stopped"), n
        if n >= last:
            break
    return "stopped", last


def _mean(counts: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and its variance."""
    n, total, squares = counts.tolist()
    mean = total / n
    return mean, (squares / n - mean * mean) / max(1.0, n - 1)


WAYS: dict[str, Callable[[Sequence[Compared]], tuple[str, int]]] = {
    OURS: _ours,
    EACH: _each,
    PLANNED: _planned,
}


def _row(way: str, kind: str, found: Sequence[tuple[str, int]]) -> Row:
    counts = [n for _, n in found]
    return Row(
        way=way,
        challenger=kind,
        seeds=len(found),
        promoted=float(np.mean([outcome == "promoted" for outcome, _ in found])),
        stopped=float(np.mean([outcome == "stopped" for outcome, _ in found])),
        within=float(np.mean([n < HARM for n in counts])),
        median=float(np.median(counts)),
        most=max(counts),
    )


def report(rows: Sequence[Row]) -> str:
    header = ["challenger", "way", "trials", "promoted", "stopped", f"decided before {HARM} documents"]
    header += ["documents that it filled in, median", "most"]
    return table(
        header,
        [
            [row.challenger, row.way, str(row.seeds), f"{row.promoted:.1%}", f"{row.stopped:.1%}"]
            + [f"{row.within:.0%}", f"{row.median:.0f}", str(row.most)]
            for row in rows
        ],
    )


def goals(rows: Sequence[Row]) -> list[dict[str, Any]]:  # the fields of `benchmarks.goals.Goal`
    by = {(row.challenger, row.way): row for row in rows}

    def peers(kind: str, share: Callable[[Row], float]) -> str:
        return ", ".join(f"{way} {share(by[kind, way]):.0%}" for way in (EACH, PLANNED))

    def soon(row: Row) -> float:
        return min(row.stopped, row.within)

    worse, better, same = (by[kind, OURS] for kind in SEEDS)
    return [
        _goal("canary, worse", f"{soon(worse) * worse.seeds:.0f} of {worse.seeds}", soon(worse) >= 19 / 20)
        | {
            "peers": peers("worse", soon),
            "note": f"after {worse.median:.0f} documents that it filled in (median), {worse.most} at most",
        },
        _goal(
            "canary, better",
            f"{better.promoted * better.seeds:.0f} of {better.seeds}",
            better.promoted >= 17 / 20,
        )
        | {
            "peers": peers("better", lambda row: row.promoted),
            "note": f"after {better.median:.0f} documents that it filled in (median), {better.most} at most; the planned "
            f"test takes {PLAN}",
        },
        _goal("canary, no better", f"{same.promoted:.1%} of {same.seeds}", same.promoted <= 0.05)
        | {"peers": peers("no better", lambda row: row.promoted)},
    ]


def _goal(name: str, measured: str, reached: bool) -> dict[str, Any]:
    figure, goal = STREAM[name]
    return {"figure": figure, "goal": goal, "measured": measured, "reached": reached}
