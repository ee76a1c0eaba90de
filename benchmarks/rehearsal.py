"""What choosing saves on real documents: `manage.py rehearse` itself, with other libraries' strategies beside ours.

Every strategy is replayed on the same splits with the same learner, features, audit slice and simulated person. Receipts are
replayed with a learner that knows nothing before the first correction (`bare`), since Docloop's base finds nearly everything
in them before anybody has corrected anything: with it every order is as good as any other. What that is worth is a table of
its own. The two best strategies are confirmed with the extractor that the app trains, on one seed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.goals import CHOOSING
from benchmarks.packs import PACKS
from benchmarks.tables import table

Row = dict[str, Any]  # JSON: names, counts, figures
Say = Callable[[str], None]

OURS, RANDOM, BY_HAND = "mixed", "random", "by-hand"
MODAL = ("modal-uncertainty", "modal-ranked-batch")
PEERS = ("skactiveml-clue", "small-text-breaking-ties")  # `rehearsal_peers`; named here, as they load slowly
FULL = "combined"
ASSUMED = 0.9  # confidence from which a field isn't asked for, where people are asked for the others alone
UNITS = ("documents", "seconds")
TOLD, LONG, SHIPPED = (
    "sroie/bare/80",
    "sroie/bare/200",
    "sroie/quick/40",
)  # keys of the rows that the goals are told from


@dataclass(frozen=True, slots=True)
class Part:
    """What is rehearsed: a pack, a learner, strategies, a training after every `batch` of `budget` corrections."""

    pack: str
    learner: str
    strategies: tuple[str, ...]
    batch: int
    budget: int
    seeds: int
    assume_above: float | None = None  # surer fields are not asked for

    @property
    def key(self) -> str:
        return f"{self.pack}/{self.learner}/{self.budget}" + (
            f"/{self.assume_above:g}" if self.assume_above else ""
        )


PARTS = (
    Part("sroie", "quick", (OURS,), 10, 40, 5),  # before the goals are told, which name its figures
    # random order alone, on and on, trained as often as the others
    Part("sroie", "bare", (RANDOM,), 10, 200, 5),
    Part("sroie", "bare", (OURS, *MODAL, *PEERS), 10, 80, 5),
    Part("sroie", "bare", (OURS,), 10, 80, 5, assume_above=ASSUMED),
    Part("sroie", FULL, (OURS, MODAL[1]), 25, 50, 1),
    Part("adbuy", "quick", (OURS, MODAL[1]), 15, 45, 3),
)


def measure(
    data: Path, work: Path, *, threads: int, parts: Sequence[Part] = PARTS, say: Say = lambda _: None
) -> Iterator[tuple[str, Row]]:
    """(key, row) of each part, with its figures. In `work` each run is kept: what was interrupted goes on there."""
    for part in parts:
        folder = work / "rehearsals" / part.pack / part.learner
        ask = asdict(part) | {"data": str(data / part.pack / "train"), "out": str(folder), "threads": 1}
        one_each = [ask | {"first": seed, "seeds": 1} for seed in range(1, part.seeds + 1)]
        # a process for each seed, as many at a time as there are threads; together they are what the last one reads
        with ThreadPoolExecutor(threads) as several:
            list(several.map(lambda each: _process(each, say), one_each))
        report = _process(ask | {"first": 1, "seeds": part.seeds}, say)
        row = {name: report[name] for name in ("documents", "everything", "mean_f1", "plan", "learner")}
        row |= {"took": report["goals"], "part": asdict(part), "curves": _middles(report["curves"])}
        # of one core, however many were used and however often it was interrupted
        yield part.key, row | {"report": shown(row), "minutes": report["cpu_seconds"] / 60}


def _process(ask: Row, say: Say) -> Row:
    say(f"rehearsal: {ask['pack']}, {ask['learner']}, seed {ask['first']} and {ask['seeds'] - 1} more")
    limits = {name: str(ask["threads"]) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    command = [sys.executable, "-m", "benchmarks.rehearsal", json.dumps(ask)]
    done = subprocess.run(command, env=os.environ | limits, stdout=subprocess.PIPE, text=True, check=True)
    report: Row = json.loads(done.stdout)
    return report


def rehearsed(ask: Row) -> Row:
    """One process's part: `learner.rehearsal.rehearse` with the peers added."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    django.setup()
    from benchmarks.rehearsal_peers import PEERS as peers
    from learner.rehearsal import Asked, rehearse
    from learner.rehearsal_replay import Plan
    from learner.trials import Order

    asked = Asked(
        Order(f"benchmark of {ask['pack']}", Path(ask["data"])),
        tuple(ask["strategies"]),
        Plan(ask["batch"], ask["budget"], assume_above=ask["assume_above"]),
        seeds=ask["seeds"],
        first_seed=ask["first"],
        learner=ask["learner"],
        recipe={"threads": ask["threads"]},
    )
    return rehearse(asked, Path(ask["out"]), _say, peers)


def _middles(curves: Row) -> dict[str, list[list[float]]]:
    """By way, for each point of its curves: documents, and medians over the seeds of seconds and F1."""
    return {
        way: [
            [points[0]["documents"], *(median(each[name] for each in points) for name in ("seconds", "f1"))]
            for points in zip(*own.values(), strict=False)
        ]
        for way, own in curves.items()
    }


def shown(row: Row) -> str:
    """A part's table: what each way took to each goal, medians over the seeds, with the range of the documents."""
    part, everything = row["part"], list(row["everything"].values())
    header = ["way"]
    for goal in row["took"]:
        share = f"{100 * goal['share']:.0f} %"
        header += [f"documents to {share}", f"person-seconds to {share}"]
    body = [
        [
            way,
            *(cell for goal in row["took"] for cell in _cells(goal["ways"][way])),
            f"{row['mean_f1'][way]:.3f}",
        ]
        for way in row["took"][0]["ways"]
    ]
    start = row["curves"][RANDOM][0][2]
    return "\n\n".join(
        (
            f"**{PACKS[part['pack']].title}, learner `{part['learner']}`** ({row['learner']['is']}), trained after every "
            f"{part['batch']} of {part['budget']} corrections; {row['documents']['pool']} documents to label, "
            f"{row['documents']['test']} held back, {part['seeds']} seed{'s' if part['seeds'] > 1 else ''}. F1 "
            f"{start:.3f} before the first correction, {median(everything):.3f} "
            f"({min(everything):.3f}–{max(everything):.3f}) with every document labelled, of which the shares are.",
            table([*header, "mean F1 to the budget"], body),
        )
    )


def _cells(way: Row) -> list[str]:
    documents, seconds = way["documents"], way["seconds"]
    if documents["median"] is None:
        return ["not reached", ""]
    reached = [each for each in documents["each"] if each is not None]
    most = f"{max(reached):.0f}" if len(reached) == len(documents["each"]) else "more"
    return [
        f"{documents['median']:.0f}"
        + (f" ({min(reached):.0f}–{most})" if len(documents["each"]) > 1 else ""),
        f"{seconds['median']:.0f}",
    ]


def goals(rows: dict[str, Row]) -> list[Row]:
    """The three lines of the goals' table, from all rows that were kept."""
    row = rows.get(TOLD)
    if row is None:
        return []
    ways = row["took"][0]["ways"]
    took = {unit: {way: _or_never(own[unit]["median"]) for way, own in ways.items()} for unit in UNITS}
    long = rows.get(LONG, row)  # it goes on where this one's budget ends
    longer = long["took"][0]["ways"]
    for unit, way in ((unit, way) for unit in UNITS for way in (RANDOM, BY_HAND)):
        took[unit][way] = _or_never(longer[way][unit]["median"])
    documents, seconds = took["documents"], took["seconds"]
    others = [name for name in (*MODAL, *PEERS) if name in ways]
    beyond = f"more than {row['part']['budget']}"
    return [
        _line(
            "person-seconds",
            *_against(seconds[OURS], seconds[BY_HAND], 0.1, " s"),
            note=f"{_further(row, long, BY_HAND, 'seconds')}; {_as_shipped(rows)}",
        ),
        _line(
            "documents",
            *_against(documents[OURS], documents[RANDOM], 0.5, ""),
            note=f"{_further(row, long, RANDOM, 'documents')}; the next training there still: {_held(ways, OURS)} against {_held(longer, RANDOM)}; the learner knows "
            "nothing before the first correction",
        ),
        _line(
            "other libraries",
            f"{documents[OURS]:.0f} documents" if isfinite(documents[OURS]) else beyond,
            all(documents[OURS] < documents[name] for name in others),
            peers=", ".join(
                f"{name} {f'{documents[name]:.0f}' if isfinite(documents[name]) else beyond}"
                for name in others
            ),
            note="; ".join(
                (
                    f"the next training there still: {', '.join(f'{name} {_held(ways, name)}' for name in (OURS, *others))}",
                    "mean F1 to the budget: "
                    + ", ".join(f"{name} {row['mean_f1'][name]:.3f}" for name in (OURS, *others)),
                )
            ),
        ),
    ]


def _against(ours: float, theirs: float, share: float, unit: str) -> tuple[str, bool]:
    """What was measured, in words, and whether it is at most `share` of theirs."""
    if not isfinite(ours):
        return "not reached within the budget", False
    if not isfinite(theirs):
        return f"{ours:.0f}{unit}; random order not within the budget", False
    return f"{ours / theirs:.2f} ({ours:.0f} against {theirs:.0f}{unit})", ours <= share * theirs


def _as_shipped(rows: dict[str, Row]) -> str:
    """What the same costs with Docloop's base, which is what a new type starts with."""
    told = "the same learner on both sides, knowing nothing before the first correction"
    row = rows.get(SHIPPED)
    if row is None:
        return told
    first, second = row["curves"][OURS][:2]
    share = 100 * first[2] / median(row["everything"].values())
    return (
        f"{told}; as shipped, with the base, F1 is {first[2]:.3f} ({share:.0f} % of all labelled) before any, "
        f"whatever the order, and checking the first {second[0]:.0f} documents takes {second[1]:.0f} s"
    )


def _further(row: Row, long: Row, other: str, unit: str) -> str:
    """The same to the higher shares, which the goals do not name."""
    told = []
    for mine, theirs in zip(row["took"][1:], long["took"][1:], strict=True):
        ours, later = (
            _or_never(ways[way][unit]["median"])
            for ways, way in ((mine["ways"], OURS), (theirs["ways"], other))
        )
        told.append(f"to {100 * mine['share']:.0f} %: {_against(ours, later, 1.0, '')[0]}")
    return ", ".join(told)


def _held(ways: Row, way: str) -> str:
    documents = ways[way]["held"]["median"]
    return "not reached" if documents is None else f"{documents:.0f}"


def _or_never(value: float | None) -> float:
    return float("inf") if value is None else value


def _line(name: str, measured: str, reached: bool, *, peers: str = "", note: str = "") -> Row:
    figure, goal = CHOOSING[name]
    return {
        "figure": figure,
        "goal": goal,
        "measured": measured,
        "reached": reached,
        "peers": peers,
        "note": note,
    }


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    said = sys.stdout
    sys.stdout = sys.stderr  # libraries print what they like
    found = rehearsed(json.loads(sys.argv[1]))
    print(json.dumps(found), file=said)
