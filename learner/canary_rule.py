"""What a challenger and the champion did on the same corrected documents in; promote it, stop it, or go on, with the reason out: pure.

The method, and why it is this one: docs/decisions/0035-canary.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import ArrayLike

from models import betting

RISK = (
    0.05  # of promoting one that isn't better, and of stopping one that isn't worse, however often one looks
)
ENOUGH = 400  # documents that the challenger filled in (or, in its shadow, was compared on): no difference by then, no promotion
SLOW = 2.0  # times the champion's time are slow
MOST_RATIO = 2.0  # natural logarithm of a ratio of two people's seconds: what is beyond was a coffee
# of the money that bets on harm
WEIGHTS = {"accuracy": 0.7, "edits": 0.1, "seconds": 0.1, "latency": 0.1}
WORSE = {
    "accuracy": "it reads worse",
    "edits": "people have to change more of what it filled in",
    "seconds": "its documents cost people more time",
    "latency": f"it takes more than {SLOW:g} times as long as the champion",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """A corrected document that both models have read."""

    filled: bool  # whether the person saw the challenger's answers; else the champion's
    fields: int  # that were judged, 1 or more
    wrong_before: int  # of the champion's
    wrong: int  # of the challenger's
    edited: int  # fields that the person changed, whoever had filled them in
    seconds: float | None  # that the person took; None: not known
    took_before: float  # seconds that the champion took to read it, on the machine on which both were asked
    took: float  # the challenger
    by_lot: bool = False  # picked at random, for the audit

    @property
    def better(self) -> float:
        """−1…1: by how much of its fields the challenger was better."""
        return (self.wrong_before - self.wrong) / self.fields


@dataclass(frozen=True, slots=True)
class Finding:
    """What the documents so far say. `outcome` is "promoted", "stopped" or, while it goes on, empty; `why` is a sentence."""

    outcome: str
    why: str
    better: float  # 0…1: how sure it is that the challenger is better, of the certainty that is needed
    worse: float  # the same for worse


def judge(compared: Sequence[Compared], *, shadow: bool) -> Finding:
    """What is known after these documents, in the order in which they were corrected.

    While it fills in a share of them, both models are compared on documents of either's: each was chosen for the queue, and
    shown to a person, by the one that filled it in, which favours the other by as much as the other way round. In its
    shadow only those that were picked by lot are free of that.
    """
    games = {"accuracy": _by_lot(compared) if shadow else _balanced(compared)}
    if not shadow:
        games |= {"edits": _pairs(compared, _edits), "seconds": _pairs(compared, _ratio)}
    games["latency"] = [1.0 if each.took <= SLOW * each.took_before else -1.0 for each in compared]
    # that a bound was ever crossed counts, whenever somebody looks
    worse = {name: _most(-np.asarray(own)) for name, own in games.items()}
    harm = betting.together(list(worse.values()), _weights(worse))
    better, bound = _most(games["accuracy"]), betting.bound(RISK)
    n = len(games["accuracy"])
    sure = {"better": _share(better, bound), "worse": _share(harm, bound)}
    if harm >= bound:
        worst = max(worse, key=lambda name: worse[name] + log(WEIGHTS[name]))
        return Finding(
            "stopped", f"Stopped after {_documents(n)}: {WORSE[worst]}. {summary(compared)}", **sure
        )
    if better >= bound:
        return Finding(
            "promoted", f"Promoted after {_documents(n)}: it reads better. {summary(compared)}", **sure
        )
    if n >= ENOUGH:
        return Finding("stopped", f"Stopped: no better in {_documents(n)}. {summary(compared)}", **sure)
    return Finding("", f"Not decided after {_documents(n)}. {summary(compared)}", **sure)


def summary(compared: Sequence[Compared]) -> str:
    """The figures of both, in a sentence; empty without documents."""
    fields = sum(each.fields for each in compared)
    if not fields:
        return ""
    before, now = (sum(getattr(each, name) for each in compared) for name in ("wrong_before", "wrong"))
    return (
        f"Of {fields} fields of {len(compared)} corrected documents the champion had {before / fields:.1%} wrong, "
        f"the challenger {now / fields:.1%}."
    )


def _by_lot(compared: Sequence[Compared]) -> list[float]:
    return [each.better for each in compared if each.by_lot]


def _balanced(compared: Sequence[Compared]) -> list[float]:
    """A difference for each document that the challenger filled in: half its own, half the mean of the champion's before it.

    So both kinds weigh the same, however small the share. Of the champion's those since the challenger's last one count, or
    the last one, where there was none since.
    """
    found: list[float] = []
    since: list[float] = []
    fresh = False
    for each in compared:
        if not each.filled:
            since = [*since, each.better] if fresh else [each.better]
            fresh = True
        elif since:
            found.append((each.better + sum(since) / len(since)) / 2)
            since, fresh = since[-1:], False
    return found


def _pairs(
    compared: Sequence[Compared], difference: Callable[[Compared, Compared], float | None]
) -> list[float]:
    """A difference for each document that the challenger filled in, against the champion's last one before it."""
    found: list[float] = []
    last: Compared | None = None
    for each in compared:
        if not each.filled:
            last = each
        elif last and (own := difference(last, each)) is not None:
            found.append(own)
    return found


def _edits(champion: Compared, challenger: Compared) -> float:
    return champion.edited / champion.fields - challenger.edited / challenger.fields


def _ratio(champion: Compared, challenger: Compared) -> float | None:
    if not champion.seconds or not challenger.seconds:
        return None
    return float(np.clip(log(champion.seconds / challenger.seconds), -MOST_RATIO, MOST_RATIO))


def _most(differences: ArrayLike) -> float:
    return float(betting.evidence(differences).max(initial=0.0))


def _weights(games: dict[str, float]) -> list[float]:
    weights = [WEIGHTS[name] for name in games]
    return [weight / sum(weights) for weight in weights]


def _share(found: float, needed: float) -> float:
    return min(1.0, max(0.0, found / needed))


def _documents(n: int) -> str:
    return f"{n} document{'' if n == 1 else 's'}"
