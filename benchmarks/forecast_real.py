"""Whether the forecast's 95 % intervals hold what more corrections brought in rehearsals of real packs.

Every training of a rehearsal (`learner.rehearsal`) kept what it scored on each document of its test. A part of the test,
drawn by lot and growing with the corrections as the app's gold does, plays gold; the rest is the truth. After every training
the app's forecast is asked what the next corrections bring, and held against what they brought.

The truth is the difference of two trainings on some fifty documents, so it is noisy itself: its standard deviation (of
its documents by paired bootstrap, and of the luck of the two trainings) is told, and the share that is held where the
interval is widened by it. The share that is held as it is stands first, and is what the goal asks for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import rehearsal
from benchmarks.forecast import MUCH
from benchmarks.goal_tables import CHOOSING
from benchmarks.packs import PACKS
from benchmarks.rehearsal import OURS, RANDOM, Part
from benchmarks.tables import table
from learner.audit import Z
from learner.forecast import LUCK, NEXT, Advice, Point, forecast
from learner.rehearsal_curves import beginning
from models.metrics import Scores, paired_bootstrap

WAYS = (OURS, RANDOM)
GOLD_SHARE, LEAST_GOLD = (
    0.20,
    3,
)  # of the corrections, as `learner.snapshots` has it; it needs Django's settings
MOST_GOLD = 1 / 2  # of the test: the rest is the truth
LEAST_HELD = 0.93

Training = dict[str, Any]  # `documents` and `scores`, see `learner.rehearsal_replay.replay`


@dataclass(frozen=True, slots=True)
class Case:
    """One forecast, and what came."""

    held: bool
    held_widened: bool
    width: float  # of the interval
    noise: float  # standard deviation of the truth
    early: bool  # advised to stop while `MUCH` was to be had


@dataclass(frozen=True, slots=True)
class Row:
    """All forecasts of one way to choose on one pack."""

    part: str
    pack: str
    way: str
    curves: int  # rehearsals, each of its own split; forecasts of one curve are much alike
    forecasts: int
    held: float
    held_widened: float
    width: float
    noise: float
    early: float

    def to_json(self) -> dict[str, Any]:  # mixed: names and figures
        return asdict(self)


def measure(
    data: Path, work: Path, *, threads: int, parts: Sequence[Part], say: Callable[[str], None]
) -> Iterator[Row]:
    """A row per part and way; rehearsals that no earlier run has kept in `work` are done now."""
    # too few trainings for a curve, or the same curves once more
    left_out = [
        part.learner == rehearsal.FULL or part.assume_above is not None or part.mark for part in parts
    ]
    told = [part for part, out in zip(parts, left_out, strict=True) if not out]
    reports = rehearsal.replayed(told, data, work, threads=threads, say=say)
    for part, report in zip(told, reports, strict=True):
        for way in (way for way in WAYS if way == RANDOM or way in part.strategies):
            cases: list[Case] = []
            for seed, name in report["runs"][way].items():
                run = json.loads((Path(report["folder"]) / name).read_text(encoding="utf-8"))
                trainings = beginning(run, part.budget)["trainings"]
                cases += cases_of(trainings, np.random.default_rng(int(seed)))
            if cases:
                yield _row(part, way, len(report["runs"][way]), cases)


def cases_of(trainings: Sequence[Training], rng: np.random.Generator) -> Iterator[Case]:
    """A forecast after every training, of the corrections until the next one and until the last within `NEXT`."""
    if len(trainings) < 2:
        return
    scores = [Scores.from_json(each["scores"]) for each in trainings]
    documents = [int(each["documents"]) for each in trainings]
    lot = rng.permutation(len(scores[0]))
    most = round(MOST_GOLD * len(lot))
    truth = np.isin(np.arange(len(lot)), lot[most:])
    points: list[Point] = []
    for at, (n, own) in enumerate(zip(documents, scores, strict=True)):
        gold = np.isin(np.arange(len(lot)), lot[: min(most, max(LEAST_GOLD, round(GOLD_SHARE * n)))])
        points.append(_point(n, own.of(gold), rng))
        later = [then for then in range(at + 1, len(documents)) if documents[then] - n <= NEXT]
        for then in sorted({*later[:1], *later[-1:]}):
            yield _case(points, documents[then] - n, own.of(truth), scores[then].of(truth), rng)


def _point(documents: int, gold: Scores, rng: np.random.Generator) -> Point:
    found = gold.interval(rng)
    return Point(f"v{documents}", documents, found.value, found.low, found.high, len(gold), len(gold.fields))


def _case(
    points: Sequence[Point], corrections: int, before: Scores, after: Scores, rng: np.random.Generator
) -> Case:
    found = forecast(points, points[-1].documents, corrections=corrections)
    if found is None:
        raise ValueError("versions always give a forecast")
    came = paired_bootstrap(before, after, rng)
    noise = float(np.hypot((came.high - came.low) / (2 * Z), np.sqrt(2) * LUCK))
    low = found.gain - float(np.hypot(found.gain - found.low, Z * noise))
    high = found.gain + float(np.hypot(found.high - found.gain, Z * noise))
    return Case(
        found.low <= came.value <= found.high,
        low <= came.value <= high,
        found.high - found.low,
        noise,
        came.value > MUCH and found.advice in (Advice.DONE, Advice.STUCK),
    )


def _row(part: Part, way: str, curves: int, cases: Sequence[Case]) -> Row:
    figures = [[each.held, each.held_widened, each.width, each.noise, each.early] for each in cases]
    held, widened, width, noise, early = np.array(figures, dtype=float).mean(axis=0).tolist()
    return Row(part.key, part.pack, way, curves, len(cases), held, widened, width, noise, early)


def report(rows: Sequence[Row]) -> str:
    """A table, in per cent and in points of F1."""
    header = [
        "rehearsal",
        "order",
        "curves",
        "forecasts",
        "gain held %",
        "and with the truth's own noise %",
        "width",
        "noise of the truth (sd)",
        "advised to stop too early %",
    ]
    figures = ("held", "held_widened", "width", "noise", "early")
    body = [
        [
            row.part,
            row.way,
            str(row.curves),
            str(row.forecasts),
            *(f"{100 * getattr(row, figure):.1f}" for figure in figures),
        ]
        for row in rows
    ]
    return f"Replays of real rehearsals:\n\n{table(header, body)}"


def goals(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The line of the goals' table: by pack, as the intervals are."""
    if not rows:
        return []
    packs = list(dict.fromkeys(row.pack for row in rows))
    held = {pack: _mean(rows, pack, "held") for pack in packs}
    figure, goal = CHOOSING["forecast"]
    noise = ", ".join(
        f"{PACKS[pack].title} {100 * _mean(rows, pack, 'held_widened'):.0f} % with the truth's own noise (sd "
        f"{100 * _mean(rows, pack, 'noise'):.1f} points; mean width of the intervals "
        f"{100 * _mean(rows, pack, 'width'):.1f})"
        for pack in packs
    )
    many = ", ".join(
        f"{row.part} {row.way}: {row.forecasts} forecasts on {row.curves} curves" for row in rows
    )
    return [
        {
            "figure": figure,
            "goal": goal,
            "measured": ", ".join(
                f"{100 * share:.0f} % ({PACKS[pack].title})" for pack, share in held.items()
            ),
            "reached": all(share >= LEAST_HELD for share in held.values()),
            "note": f"{noise}; {many}",
        }
    ]


def _mean(rows: Sequence[Row], pack: str, figure: str) -> float:
    """Over all forecasts of a pack."""
    own = [row for row in rows if row.pack == pack]
    return sum(getattr(row, figure) * row.forecasts for row in own) / sum(row.forecasts for row in own)
