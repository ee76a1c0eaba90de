"""How soon a new template is noticed, how often nothing is taken for something, and what it then takes to learn it.

Streams of generated receipts and invoices, 14 layouts each. *Found*: 500 documents of 13 layouts are the reference, up to
1,000 more follow, then the 14th makes up a fifth. *Stable*: 10,000 documents of all layouts. Beside Docloop's watch
(`models.drift`, the code that the app runs) what people do with a drift library: the Kolmogorov-Smirnov test of each signal,
window by window of 100 documents, alarming if half of the signals drift (Evidently's rule for a data set), or if any
does at 0.05 divided by their number. *Learned*: of the documents after the alarm some are labelled, chosen by the alarm or
at random, and the CRF is trained anew with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import ks_2samp

from benchmarks.contenders import CONTENDERS
from benchmarks.drift_streams import KINDS, Pool, pool
from benchmarks.goal_tables import STREAM
from benchmarks.tables import table
from models.drift import AT_ONCE, LATELY, Documents, Watch, Yardstick, examples
from models.extractors.base import Example
from models.metrics import score
from models.schema import Field, Kind, Schema

OURS, HALF, ANY = "docloop", "half of the signals, K-S at 0.05", "any signal, K-S at 0.05 / signals"
SEEDS = 20
REFERENCE, BEFORE, WITHIN, STABLE = 500, 1000, 100, 10_000  # documents
SHARE = 0.2
WINDOW = 100
STEP = 10  # documents between two looks
TAUGHT = 120  # documents of the old layouts, of which a third stops the training in time
ASKED, MOST = (0, 3, 6, 9, 12, 18, 24, 30), 30  # labels
RANDOM = (0, 15, 30, 60, 90, 120)
NEAR = 0.02  # F1
LEARNED = ("car-park", "market-stall", "coffee-house")  # layouts of receipts that the others hardly teach
SCHEMA = Schema(
    (
        Field("company"),
        Field("address"),
        Field("date", Kind.DATE),
        Field("total", Kind.MONEY),
    )
)
FOUND_GOAL, FALSE_GOAL, LABELS_GOAL = 19, 1, 30


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One rule on one stream: after how many documents of the change it first alarmed, negative before; None: never."""

    rule: str
    kind: str
    new: int | None  # number of the new layout; None: nothing changes
    seed: int
    after: int | None
    new_layout: bool  # whether the first alarm was of three alike

    def to_json(self) -> dict[str, Any]:  # mixed: names, counts
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LearnedRow:
    """F1 on the old layouts and on the new one, after so many labels that were chosen in one way."""

    way: str
    layout: str
    labels: int
    old: float
    new: float

    def to_json(self) -> dict[str, Any]:  # mixed: names, figures
        return asdict(self)


def measure(
    *, seeds: int = SEEDS, seed: int = 0, say: Callable[[str], None] = lambda _: None
) -> tuple[list[StreamRow], list[LearnedRow]]:
    """All streams, then the learning."""
    pools = {kind: pool(kind, seed=100 + seed, say=say) for kind in KINDS}
    rows = [row for each in range(seeds) for row in _streams(pools, each, say)]
    return rows, list(learned(pools["receipt"], say=say))


def _streams(pools: Mapping[str, Pool], seed: int, say: Callable[[str], None]) -> Iterator[StreamRow]:
    say(f"drift: stream {seed + 1}")
    rng = np.random.default_rng((7, seed))
    pooled = pools[KINDS[seed % 2]]
    new = (seed // 2 * 3 + seed % 2) % 14  # each of 20 seeds another template
    before = int(rng.integers(0, BEFORE + 1))
    rows = pooled.changing(rng, REFERENCE + before, 2 * WITHIN, new=new, share=SHARE)
    for rule, alarms in RULES.items():
        yield _first(rule, pooled, new, seed, alarms(pooled.taken(rows)), before)
    rows = pooled.stable(rng, REFERENCE + STABLE)
    for rule, alarms in RULES.items():
        yield _first(rule, pooled, None, seed, alarms(pooled.taken(rows)), 0)


def _first(
    rule: str, pooled: Pool, new: int | None, seed: int, alarms: Iterator[tuple[int, bool]], before: int
) -> StreamRow:
    after, layout = next(alarms, (None, False))
    return StreamRow(rule, pooled.kind, new, seed, None if after is None else after - before, layout)


def _watched(stream: Documents) -> Iterator[tuple[int, bool]]:
    """After how many documents of the stream (those of the reference apart) the watch alarms, and whether by three alike."""
    watch = Watch(Yardstick(stream.only(np.arange(REFERENCE))))
    for start in range(REFERENCE, len(stream), STEP):
        end = min(start + STEP, len(stream))
        for found in watch.look(stream.only(np.arange(max(REFERENCE, start - LATELY), end))):
            yield end - REFERENCE, found.new_layout


def _tested(
    alarmed: Callable[[np.ndarray[Any, Any]], bool],
) -> Callable[[Documents], Iterator[tuple[int, bool]]]:
    """A rule on the p-values of all signals of a window."""

    def alarms(stream: Documents) -> Iterator[tuple[int, bool]]:
        before = stream.numbers[:REFERENCE]
        for start in range(REFERENCE, len(stream) - WINDOW + 1, WINDOW):
            after = stream.numbers[start : start + WINDOW]
            p = np.array([_p_value(was, now) for was, now in zip(before.T, after.T, strict=True)])
            if alarmed(p):
                yield start + WINDOW - REFERENCE, False

    return alarms


def _p_value(was: np.ndarray[Any, Any], now: np.ndarray[Any, Any]) -> float:
    was, now = was[np.isfinite(was)], now[np.isfinite(now)]
    return float(ks_2samp(was, now).pvalue) if len(was) and len(now) else 1.0


RULES: dict[str, Callable[[Documents], Iterator[tuple[int, bool]]]] = {
    OURS: _watched,
    HALF: _tested(lambda p: bool((p < 0.05).mean() >= 0.5)),
    ANY: _tested(lambda p: bool(p.min() < 0.05 / len(p))),
}


def learned(
    pooled: Pool, *, names: Sequence[str] = LEARNED, say: Callable[[str], None] = lambda _: None
) -> Iterator[LearnedRow]:
    """Of each new layout, F1 by labels: as the alarm chooses them from its part, and at random from the stream."""
    from models.generator import layouts

    for name in names:
        new = layouts(pooled.kind).index(name)
        rng = np.random.default_rng((11, new))
        stream = pooled.changing(rng, REFERENCE, 400, new=new, share=SHARE)
        chosen = _chosen(pooled.taken(stream), MOST)
        lot = REFERENCE + rng.permutation(400)
        taught = [pooled.examples[row] for row in rng.permutation(stream[:REFERENCE])[:TAUGHT]]
        used = set(stream.tolist())
        rest = [row for row in range(len(pooled.layout)) if row not in used]
        tests = [
            [pooled.examples[row] for row in rng.permutation(rest) if (pooled.layout[row] == new) == is_new][
                :n
            ]
            for is_new, n in ((False, 130), (True, 50))
        ]
        for way, order, sizes in ((OURS, chosen, ASKED), ("random", lot.tolist(), RANDOM)):
            for size in sizes:
                more = [pooled.examples[row] for row in stream[order[:size]]]
                old, fresh = _f1([*taught, *more], tests)
                say(
                    f"drift: {name}, {way}, {size} labels: {old:.3f} on old layouts, {fresh:.3f} on the new one"
                )
                yield LearnedRow(way, name, size, old, fresh)
                if fresh >= old - NEAR and size:
                    break


def _chosen(stream: Documents, most: int) -> list[int]:
    """Rows of the stream in the order in which the alarm asks for them: by `AT_ONCE`, of what has come by then."""
    yardstick = Yardstick(stream.only(np.arange(REFERENCE)))
    watch, part, asked = Watch(yardstick), None, []
    for end in range(REFERENCE + STEP, len(stream) + 1, STEP):
        found = watch.look(stream.only(np.arange(max(REFERENCE, end - STEP - LATELY), end)))
        part = part or next((each.part for each in found if each.score == "layout"), None)
        if part is None:
            continue
        came = stream.only(np.arange(REFERENCE, end))
        seeds = came.only(np.isin(came.ids, part.seeds))
        mine = REFERENCE + np.flatnonzero(part.members(yardstick, came, seeds))
        free = np.setdiff1d(mine, asked)
        asked += free[examples(yardstick, stream.only(free), AT_ONCE)].tolist()
        if len(asked) >= most:
            break
    return asked[:most]


def _f1(taught: Sequence[Example], tests: Sequence[Sequence[Example]]) -> tuple[float, float]:
    some = [_known(each) for each in taught]
    # a third of them stop it in time; new documents are among both
    extract = CONTENDERS["crf"].fit(
        SCHEMA, [each for n, each in enumerate(some) if n % 3], some[::3], {"seed": 0}, _quiet
    )
    old, new = (
        score(SCHEMA, [_known(each).answers for each in test], extract([each.pages for each in test])).f1()
        for test in tests
    )
    return old, new


def _known(example: Example) -> Example:
    return Example(
        example.name, example.pages, tuple(each for each in example.answers if each.field in SCHEMA.names)
    )


def _quiet(_progress: object) -> None:
    return None


def report(rows: Sequence[StreamRow], labels: Sequence[LearnedRow]) -> str:
    """Two tables: of streams, and of labels."""
    header = ["rule", f"found within {WITHIN}", "documents until found, median", "alarmed before it changed"]
    header += [f"false alarms in {STABLE:,} stable documents"]
    cells = []
    for rule in RULES:
        changed, stable = (
            [row for row in rows if row.rule == rule and (row.new is not None) == is_changed]
            for is_changed in (True, False)
        )
        found = [row.after for row in changed if row.after is not None and row.after > 0]
        early = sum(row.after is not None and row.after <= 0 for row in changed)
        false = sum(row.after is not None for row in stable)
        middle = f"{np.median(found):.0f}" if found else "—"
        of = len(changed)
        cells.append(
            [rule, f"{_in_time(changed)} of {of}", middle, f"{early} of {of}", f"{false} of {len(stable)}"]
        )
    learned_cells = [
        [row.layout, row.way, str(row.labels), f"{row.old:.3f}", f"{row.new:.3f}"] for row in labels
    ]
    return "\n\n".join(
        [
            table(header, cells),
            table(
                ["new layout", "labels chosen", "labels", "F1, old layouts", "F1, new layout"], learned_cells
            ),
        ]
    )


def goals(
    rows: Sequence[StreamRow], labels: Sequence[LearnedRow]
) -> list[dict[str, Any]]:  # fields of `Goal`
    """Power, false alarms and labels, each beside its peers."""
    told = {
        rule: (
            [row for row in rows if row.rule == rule and row.new is not None],
            [row for row in rows if row.rule == rule and row.new is None],
        )
        for rule in RULES
    }
    found = {rule: _in_time(changed) for rule, (changed, _) in told.items()}
    false = {rule: sum(row.after is not None for row in stable) for rule, (_, stable) in told.items()}
    of = len(told[OURS][0])
    needed = {
        way: [_needed(labels, way, name) for name in dict.fromkeys(r.layout for r in labels)]
        for way in (OURS, "random")
    }
    most = max((each if each is not None else MOST + 1 for each in needed[OURS]), default=MOST + 1)
    return [
        _goal("drift, found", f"{found[OURS]} of {of}", found[OURS] >= FOUND_GOAL * of / SEEDS)
        | {"peers": "; ".join(f"{rule}: {found[rule]}" for rule in (HALF, ANY))},
        _goal("drift, false", f"{false[OURS]} of {of}", false[OURS] <= FALSE_GOAL * of / SEEDS)
        | {"peers": "; ".join(f"{rule}: {false[rule]}" for rule in (HALF, ANY))},
        _goal("drift, labels", _labels(needed[OURS], MOST), most <= LABELS_GOAL)
        | {"peers": f"random labelling {_labels(needed['random'], RANDOM[-1])}"},
    ]


def _goal(name: str, measured: str, reached: bool) -> dict[str, Any]:
    figure, goal = STREAM[name]
    return {"figure": figure, "goal": goal, "measured": measured, "reached": reached}


def _in_time(rows: Sequence[StreamRow]) -> int:
    return sum(row.after is not None and 0 < row.after <= WITHIN for row in rows)


def _needed(labels: Sequence[LearnedRow], way: str, layout: str) -> int | None:
    """The fewest labels with which the new layout was read nearly as well as the others; None: not with as many as were tried."""
    enough = [
        row.labels for row in labels if (row.way, row.layout) == (way, layout) and row.new >= row.old - NEAR
    ]
    return min(enough, default=None)


def _labels(needed: Sequence[int | None], most: int) -> str:
    return ", ".join(f"more than {most}" if each is None else str(each) for each in needed)
