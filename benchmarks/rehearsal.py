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
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from threading import Lock
from typing import Any

from benchmarks.packs import PACKS
from benchmarks.tables import table

Row = dict[str, Any]  # JSON: names, counts, figures
Say = Callable[[str], None]

OURS, RANDOM, BY_HAND = "mixed", "random", "by-hand"
MODAL = ("modal-uncertainty", "modal-ranked-batch")
# each library's best on other seeds (`rehearsal_candidates`); named here, as `rehearsal_peers` loads slowly
PEERS = ("skactiveml-probabilistic", "small-text-coreset")
FULL = "combined"
ASSUMED = 0.9  # confidence from which a field isn't asked for, where people are asked for the others alone
OLD_RULE = "v1"  # of rows that don't say theirs: without gate, gold, turns
# keys of the rows that the goals are told from
TOLD, LONG, OTHERS = "sroie/bare/120", "sroie/bare/200", "sroie/bare/120/others"
SELECTIVE, SHIPPED = f"{TOLD}/{ASSUMED:g}", "sroie/quick/40"
CONFIRMED, CONFIRMED_LONG = f"sroie/{FULL}/50", f"sroie/{FULL}/100"


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
    mark: str = ""  # tells two parts apart that differ in their strategies alone

    @property
    def key(self) -> str:
        bound = "" if self.assume_above is None else f"{self.assume_above:g}"
        return "/".join(filter(None, (self.pack, self.learner, str(self.budget), bound, self.mark)))


# Two at a time, in this order: what is last of all is short, and a longer budget's runs hold a shorter one's.
PARTS = (
    # random order alone goes on, trained as often as the others
    Part("sroie", "bare", (RANDOM,), 10, 200, 5),
    Part("sroie", "bare", (OURS,), 10, 120, 5),
    Part("sroie", "bare", (OURS,), 10, 120, 5, assume_above=ASSUMED),
    Part("sroie", "bare", (OURS, *MODAL, *PEERS), 10, 120, 5, mark="others"),
    Part("sroie", "quick", (OURS,), 10, 40, 5),
    Part("sroie", FULL, (RANDOM,), 25, 100, 1),
    Part("adbuy", "quick", (OURS, MODAL[1]), 15, 45, 3),
    # with the extractor that the app trains: the best of those above, by what they take and by their mean F1 (`best_two`)
    Part("sroie", FULL, (OURS, *PEERS), 25, 50, 1),
)


def measure(
    data: Path, work: Path, *, threads: int, parts: Sequence[Part] = PARTS, say: Say = lambda _: None
) -> Iterator[tuple[str, Row]]:
    """(key, row) of each part, with its figures. In `work` each run is kept: what was interrupted goes on there."""
    began = time.perf_counter()
    for part, report in zip(parts, replayed(parts, data, work, threads=threads, say=say), strict=True):
        copied = ("rule", "documents", "everything", "mean_f1", "plan", "learner", "gate", "unseen")
        row = {name: report[name] for name in copied}
        row |= {"took": report["goals"], "ungated": report["goals_ungated"][0], "part": asdict(part)}
        row |= {"curves": _middles(report["curves"])}
        # of one core, however many were used and however often it was interrupted; then by the clock, since the row before
        spent = {"core_minutes": report["cpu_seconds"] / 60, "minutes": (time.perf_counter() - began) / 60}
        began = time.perf_counter()
        yield part.key, row | {"report": shown(row)} | spent


def replayed(
    parts: Sequence[Part], data: Path, work: Path, *, threads: int, say: Say, first: int = 1
) -> Iterator[Row]:
    """`learner.rehearsal`'s report of each part, seeds from `first` on; what no earlier run has kept in `work` is done now.

    A process for each part and seed, as many at a time as there are threads, so that no core waits while the last seed
    of a part goes on; parts of the same pack, learner and seed share runs and take turns.
    """
    asks = [
        asdict(part)
        | {"data": str(data / part.pack / "train"), "first": first, "threads": 1}
        | {"out": str(work / "rehearsals" / part.pack / part.learner)}
        for part in parts
    ]
    turns: defaultdict[tuple[str, int], Lock] = defaultdict(Lock)  # by folder and seed

    with ThreadPoolExecutor(threads) as several:
        begun = [
            [
                several.submit(_in_turn, turns[ask["out"], seed], ask | {"first": seed, "seeds": 1}, say)
                for seed in range(first, first + ask["seeds"])
            ]
            for ask in asks
        ]
        try:
            for ask, runs in zip(asks, begun, strict=True):
                for run in runs:
                    run.result()
                yield _process(ask, say)  # reads what the others made
        finally:
            several.shutdown(cancel_futures=True)


def _in_turn(turn: Lock, ask: Row, say: Say) -> None:
    with turn:
        _process(ask, say)


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
    asked = "" if part["assume_above"] is None else _selective(row)
    return "\n\n".join(
        (
            f"**{PACKS[part['pack']].title}, learner `{part['learner']}`** ({row['learner']['is']}), trained after every "
            f"{part['batch']} of {part['budget']} corrections{asked}; {row['documents']['pool']} documents to label, "
            f"{row['documents']['test']} held back, {part['seeds']} seed{'s' if part['seeds'] > 1 else ''}. F1 "
            f"{start:.3f} before the first correction, {median(everything):.3f} "
            f"({min(everything):.3f}–{max(everything):.3f}) with every document labelled, of which the shares are.",
            table([*header, "mean F1 to the budget"], body),
            f"The gate refused {_listed(row['gate'], 'refused', 'trainings')}. Had it let every model through, on the "
            f"same corrections: documents to 95 % {_ungated(row)}.",
        )
    )


def _selective(row: Row) -> str:
    return (
        f", people asked for fields surer than {row['part']['assume_above']:g} in {row['plan']['whole_share']:.0%} of the "
        f"documents only (not looked at, of them wrong: {_listed(row['unseen'], 'fields', 'wrong', ', ')})"
    )


def _listed(counts: Row, first: str, second: str, between: str = " of ") -> str:
    """Two counts of every way that has them."""
    return ", ".join(
        f"{way} {own[first]}{between}{own[second]}" for way, own in counts.items() if own[first] + own[second]
    )


def _ungated(row: Row) -> str:
    ways = {way: own["documents"]["median"] for way, own in row["ungated"]["ways"].items() if way != BY_HAND}
    return ", ".join(f"{way} {'not' if at is None else f'{at:.0f}'}" for way, at in ways.items())


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


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    said = sys.stdout
    sys.stdout = sys.stderr  # libraries print what they like
    found = rehearsed(json.loads(sys.argv[1]))
    print(json.dumps(found), file=said)
