"""Whether what is accepted unseen keeps its target error, and whether auto-accept gives up in time, in replays.

Promises: a model's confidences and errors on audited documents, as many as a team may have; Docloop works thresholds
out of them (`learner.automation_curve.choose`, the code that the app runs), and the true error of all documents above
them is known. The models' confidences are honest, or wrong in four ways. Beside it two rules that see the same
answers: believing the confidences (`expected errors`), and taking the threshold at which the found error is just
within the target (`found errors`).

The watch: audited documents above the thresholds come one by one, the model is as good as promised or gets worse, and
Docloop looks after each (`learner.automation_bounds.Watched`). Beside it a 95 % interval asked after each document, as
if it were the only look (Wilson's over fields).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.goal_tables import CHOOSING
from benchmarks.tables import table
from learner import automation_curve
from learner.audit import Z
from learner.automation_bounds import RISK, Watched
from learner.automation_curve import Answers, Targets, doubts

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

OURS, EXPECTED, FOUND, EACH = "docloop", "expected errors", "found errors", "an interval at each look"
NAMES = ("company", "date", "total", "number")
REPLAYS = 200
STREAMS = 400
TARGETS = (0.01, 0.02, 0.05)
ANSWERED = (400, 1000, 3000)  # audited documents
ALL = 100_000  # documents by which the true error is known
HARD = 0.3  # share of documents that the model finds hard
LOOKS = 2000  # audited documents of a stream
GOOD_FOR = 500  # of these, before the model gets worse
TIMES = (2, 3, 5, 10)  # as many errors as the target
FOUND_SOON = "3 times the target"


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One rule on one kind of model: how often its promise was wrong, and how many documents skip people."""

    rule: str
    model: str
    target: float
    answered: int
    replays: int
    broken: float  # share of the replays in which the true error is above the target
    share: float  # of documents accepted, mean
    error: float  # true error among them, mean over the replays that accept any
    best: float  # share that could be accepted if everything were known

    def to_json(self) -> dict[str, Any]:  # mixed: names, counts, shares
        return asdict(self)


@dataclass(frozen=True, slots=True)
class WatchRow:
    """One way of watching one kind of stream: how often it gave up, and after how many documents."""

    rule: str
    stream: str
    target: float
    streams: int
    gave_up: float
    median: float | None  # audited documents since the model got worse; None if less than half are ever found

    def to_json(self) -> dict[str, Any]:  # mixed: names, counts, shares
        return asdict(self)


def _honest(chance: Floats, rng: np.random.Generator) -> Floats:
    return chance


def _too_sure(chance: Floats, rng: np.random.Generator) -> Floats:
    return chance**0.2


def _not_sure_enough(chance: Floats, rng: np.random.Generator) -> Floats:
    return chance**3


def _noisy(chance: Floats, rng: np.random.Generator) -> Floats:
    lacks = np.log(chance / (1 - chance)) + rng.normal(0, 1.5, chance.shape)
    return np.asarray(1 / (1 + np.exp(-lacks)))


def _empty(chance: Floats, rng: np.random.Generator) -> Floats:
    return rng.random(chance.shape)


MODELS: dict[str, Callable[[Floats, np.random.Generator], Floats]] = {
    "honest": _honest,
    "too sure": _too_sure,
    "not sure enough": _not_sure_enough,
    "noisy": _noisy,
    "says nothing": _empty,
}


def promises(
    *,
    models: Sequence[str] = tuple(MODELS),
    targets: Sequence[float] = TARGETS,
    answered: Sequence[int] = ANSWERED,
    replays: int = REPLAYS,
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[PromiseRow]:
    """A row per model, target, number of answers and rule."""
    truth, _ = documents(np.random.default_rng((seed, 1)), ALL)
    for name in models:
        say(f"auto-accept: {name}")
        doubt = doubts(MODELS[name](truth, np.random.default_rng((seed, 2))), np.ones(len(NAMES)))
        order = np.argsort(doubt)
        # the true error of the k least doubtful of all documents
        errors = np.cumsum((1 - truth).mean(axis=1)[order]) / np.arange(1, ALL + 1)
        for target in targets:
            for n in answered:
                yield from _promised(name, target, n, doubt[order], errors, replays, seed)


def _promised(
    name: str, target: float, answered: int, doubt: Floats, errors: Floats, replays: int, seed: int
) -> Iterator[PromiseRow]:
    found: dict[str, list[tuple[float, float]]] = {rule: [] for rule in RULES}
    for replay in range(replays):
        rng = np.random.default_rng((seed, 3, replay))
        chance, wrong = documents(rng, answered)
        answers = Answers(NAMES, MODELS[name](chance, rng), wrong)
        for rule, choose in RULES.items():
            accepted = int(np.searchsorted(doubt, choose(answers, target), side="right"))
            found[rule].append((accepted / ALL, float(errors[accepted - 1]) if accepted else 0.0))
    within = np.flatnonzero(errors <= target)
    best = (int(within[-1]) + 1) / ALL if within.size else 0.0
    for rule, each in found.items():
        shares, true = np.array(each).T
        some = shares > 0
        yield PromiseRow(
            rule,
            name,
            target,
            answered,
            replays,
            broken=float((true > target).mean()),
            share=float(shares.mean()),
            error=float(true[some].mean()) if some.any() else 0.0,
            best=best,
        )


def documents(rng: np.random.Generator, n: int) -> tuple[Floats, Flags]:
    """The chance that each field is right (N, F), and whether it is wrong. Fields of a document resemble each other."""
    hard = rng.random(n) < HARD
    common = rng.normal(0, 1, n)[:, None] * 0.8 + rng.normal(0, 1, (n, len(NAMES)))
    chance = 1 / (1 + np.exp(-(np.where(hard, 1.5, 6.5)[:, None] + common)))
    return chance, rng.random((n, len(NAMES))) > chance


def _ours(answers: Answers, target: float) -> float:
    # with equal targets for all fields a threshold stands where that of unweighed doubts does
    chosen = automation_curve.choose(answers, Targets(target, {}), RISK)
    return chosen.doubt * target if chosen else -1.0


def _expected(answers: Answers, target: float) -> float:
    return _laxest(answers, (1 - answers.confidence).mean(axis=1), target)


def _found(answers: Answers, target: float) -> float:
    return _laxest(answers, answers.wrong.mean(axis=1), target)


def _laxest(answers: Answers, losses: Floats, target: float) -> float:
    """The doubt up to which the mean of these losses is within the target; below 0 if it never is."""
    doubt = doubts(answers.confidence, np.ones(len(NAMES)))
    order = np.argsort(doubt)
    means = np.cumsum(losses[order]) / np.arange(1, len(answers) + 1)
    within = np.flatnonzero(means <= target)
    return float(doubt[order][within[-1]]) if within.size else -1.0


RULES: dict[str, Callable[[Answers, float], float]] = {OURS: _ours, EXPECTED: _expected, FOUND: _found}


def watches(
    *, targets: Sequence[float] = TARGETS, streams: int = STREAMS, seed: int = 0
) -> Iterator[WatchRow]:
    """A row per stream and rule: models just as good as promised, twice as good, and those that get worse."""
    for target in targets:
        kinds = {"just within the target": (target, target), "half of the target": (target / 2, target / 2)}
        kinds |= {f"{times} times the target": (target / 2, times * target) for times in TIMES}
        for name, (before, after) in kinds.items():
            worse = name.endswith("times the target")
            found: dict[str, list[float]] = {OURS: [], EACH: []}
            for number in range(streams):
                rng = np.random.default_rng((seed, 4, number))
                losses = np.concatenate([stream(rng, GOOD_FOR, before), stream(rng, LOOKS - GOOD_FOR, after)])
                broken = Watched(losses).broken(target)
                found[OURS].append(broken.after if broken else np.inf)
                found[EACH].append(_asked_each_time(losses, target))
            for rule, each in found.items():
                ends = np.array(each)
                if not worse:
                    yield WatchRow(rule, name, target, streams, float(np.isfinite(ends).mean()), None)
                    continue
                late = ends[ends > GOOD_FOR]  # who gave up before was wrong
                median = float(np.median(late)) - GOOD_FOR if late.size else np.inf
                gave_up = float(np.isfinite(late).mean()) if late.size else 0.0
                yield WatchRow(rule, name, target, streams, gave_up, median if np.isfinite(median) else None)


def stream(rng: np.random.Generator, n: int, mean: float) -> Floats:
    """Losses of documents, (N,); in 3 of 10 all fields are right or wrong together."""
    fields = len(NAMES)
    return np.where(rng.random(n) < 0.3, rng.random(n) < mean, rng.binomial(fields, mean, n) / fields)


def _asked_each_time(losses: Floats, target: float) -> float:
    """After how many documents the lower end of a 95 % interval was first above the target."""
    documents = np.arange(1, len(losses) + 1)
    share, n = losses.cumsum() / documents, documents * len(NAMES)
    centre = share + Z * Z / (2 * n)
    half = Z * np.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    above = np.flatnonzero((centre - half) / (1 + Z * Z / n) > target)
    return float(above[0]) + 1 if above.size else float(np.inf)


def report(promised: Sequence[PromiseRow], watched: Sequence[WatchRow]) -> str:
    """Both tables: a line per kind of model or stream, each rule beside the others."""
    return (
        f"Thresholds, {promised[0].replays} replays a line. For each rule: in how many of them the true error of what is "
        "accepted is above the target, and the share of documents accepted; at best: what could be accepted if "
        f"everything were known.\n\n{_promise_table(promised)}\n\n"
        f"The watch, {watched[0].streams} streams of {LOOKS} audited documents above the thresholds a line. Models that get "
        f"worse do so after {GOOD_FOR}, and have half of the target's errors until then. For each rule: how many were "
        "given up (wrongly, where the model is within its target), and the median of documents until then.\n\n"
        f"{_watch_table(watched)}"
    )


def _promise_table(rows: Sequence[PromiseRow]) -> str:
    lines: dict[tuple[str, float, int], dict[str, PromiseRow]] = {}
    for row in rows:
        lines.setdefault((row.model, row.target, row.answered), {})[row.rule] = row
    return table(
        ["confidences", "target", "audited", *RULES, "at best"],
        [
            [
                model,
                f"{100 * target:g} %",
                str(answered),
                *(f"{100 * line[rule].broken:.1f} %, {100 * line[rule].share:.0f} %" for rule in RULES),
                f"{100 * line[OURS].best:.0f} %",
            ]
            for (model, target, answered), line in lines.items()
        ],
    )


def _watch_table(rows: Sequence[WatchRow]) -> str:
    lines: dict[tuple[str, float], dict[str, WatchRow]] = {}
    for row in rows:
        lines.setdefault((row.stream, row.target), {})[row.rule] = row

    def told(row: WatchRow) -> str:
        after = "" if row.median is None else f" after {row.median:.0f}"
        return f"{100 * row.gave_up:.1f} %{after}"

    return table(
        ["model", "target", OURS, EACH],
        [
            [name, f"{100 * target:g} %", told(line[OURS]), told(line[EACH])]
            for (name, target), line in lines.items()
        ],
    )


def goals(promised: Sequence[PromiseRow], watched: Sequence[WatchRow]) -> list[dict[str, Any]]:
    """The lines of the goals' table."""
    figure, goal = CHOOSING["accept"]
    ours = [100 * row.broken for row in promised if row.rule == OURS]
    peers = {
        rule: max(100 * row.broken for row in promised if row.rule == rule) for rule in (EXPECTED, FOUND)
    }
    kept = {
        "figure": figure,
        "goal": goal,
        "measured": f"{100 - max(ours):.1f} % at worst",
        "reached": max(ours) <= 100 * RISK,
        "peers": ", ".join(f"{rule} {100 - worst:.1f} %" for rule, worst in peers.items()),
        "note": f"{len(ours)} kinds of models, targets and numbers of answers, {promised[0].replays} replays each",
    }
    figure, goal = CHOOSING["accept watch"]
    false = {
        rule: max(
            100 * row.gave_up
            for row in watched
            if row.rule == rule and not row.stream.endswith("times the target")
        )
        for rule in (OURS, EACH)
    }
    least = min(100 * row.gave_up for row in watched if row.rule == OURS and row.stream == FOUND_SOON)
    slowest = max(row.median or np.inf for row in watched if row.rule == OURS and row.stream == FOUND_SOON)
    return [
        kept,
        {
            "figure": figure,
            "goal": goal,
            "measured": f"{false[OURS]:.1f} % given up wrongly, {least:.0f} % of those {FOUND_SOON} found",
            "reached": false[OURS] <= 100 * RISK and least >= 95,
            "peers": f"{EACH}: {false[EACH]:.1f} % given up wrongly",
            "note": f"{FOUND_SOON}: found after {slowest:.0f} audited documents at most, median",
        },
    ]
