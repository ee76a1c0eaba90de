"""Candidate and what reads now, scored on the same documents, in; promote or refuse out, with the reasons in sentences: pure.

Besides the figures, what speaks against a candidate whatever they are is asked of `learner.harm`.

The rule, and why it is this one: docs/decisions/0006-gate.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from learner import harm
from models.metrics import Interval, Scores, paired_bootstrap
from models.schema import Schema

CHAMPION = "the champion"
PROMOTED = "Promoted:"  # what the first sentence begins with
MARGIN = 0.03  # of F1: what a promotion may cost overall at the most, 95 % sure
BUDGET = 0.05  # of F1: what it may cost a field
CHANCE = 0.2  # a field's loss counts if chance alone makes such a one less often than this
ENOUGH = 30  # gold documents: from there on they tell by themselves, and no others are asked


@dataclass(frozen=True, slots=True)
class Verdict:
    """Promote or refuse, why (sentences for people), and the figures behind it (JSON, see `learner.reports`)."""

    promote: bool
    reasons: tuple[str, ...]
    figures: dict[str, Any]  # mixed: a count, and differences by field


def judge(
    schema: Schema,
    candidate: Scores,
    opponent: Scores | None,
    rng: np.random.Generator,
    *,
    others: tuple[Scores, Scores] | None = None,
    title: str = CHAMPION,
    budgets: Mapping[str, float] | None = None,
    evidence: harm.Evidence | None = None,
) -> Verdict:
    """Whether the candidate may take over; both were scored on the same gold documents in the same order.

    `others` are scores, the opponent's and the candidate's, on further documents that neither has learned from
    (`learner.crossing`). `title` is what the opponent is called: the champion, or what reads a type that has none. None:
    nothing reads it. `budgets` are the fields' own, where they have any; `evidence` is what `learner.harm` looks at.
    """
    if opponent is None:
        return _unopposed(candidate, harm.objections(schema, len(candidate), evidence))
    gold = _Pair(opponent, candidate, _documents(len(candidate)))
    every = gold
    if others and len(others[0]):
        more = len(others[0])
        whose = f"{gold.on} and {more} newly corrected one{'' if more == 1 else 's'}"
        every = _Pair(opponent.followed_by(others[0]), candidate.followed_by(others[1]), whose)
    overall = paired_bootstrap(every.before, every.after, rng)
    least = paired_bootstrap(every.before, every.after, rng, confidence=0.9).low  # above it with 95 %
    by_field = {field: paired_bootstrap(every.before, every.after, rng, field) for field in schema.names}
    figures = {
        "documents": len(every.before),
        "gold": len(candidate),
        "overall": _figures(every, overall),
        "fields": {field: _figures(every, difference, field) for field, difference in by_field.items()},
    }
    first = "" if title == CHAMPION else f"the first model of its type against {title}, "
    comparison = (
        f"{first}F1 {every.before.f1():.2f} → {every.after.f1():.2f} on {every.on} "
        f"(difference {_signed(overall.value)}, 95 % interval {_signed(overall.low)} … {_signed(overall.high)})"
    )
    against = []
    if overall.value <= 0:
        against.append(f"It is no better than {title}.")
    elif least <= -MARGIN:
        against.append(
            f"It may be worse by more than {MARGIN:.2f}: so few documents can't tell; correct more and train again."
        )
    # the model itself is seen on gold alone: the others were read by models trained as it was
    if every is not gold and _lost(gold, None) > tolerance(len(candidate)):
        against.append(f"On {gold.on} alone it would lose {_lost(gold, None):.2f}.")
    budget = {field: (budgets or {}).get(field, BUDGET) for field in schema.names}
    against += [loss for field in schema.names if (loss := _loss(schema, field, every, gold, budget[field]))]
    against += harm.objections(schema, len(candidate), evidence, refused=bool(against))
    if against:
        return Verdict(False, (f"Refused: {comparison}.", *against), figures)
    return Verdict(True, (f"{PROMOTED} {comparison}.", _most_lost(schema, by_field)), figures)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Both models on the same documents; `on` is what these are, in words."""

    before: Scores
    after: Scores
    on: str


def _loss(schema: Schema, field: str, every: _Pair, gold: _Pair, budget: float) -> str:
    """What a field would lose, if that is more than it may and more than chance, as a sentence; else empty.

    With few documents chance is what moves a field: one that falls the other way is no loss yet.
    """
    for pair, may in ((every, budget), (gold, tolerance(len(gold.before), budget))):
        if _lost(pair, field) > may and by_chance(pair.before, pair.after, field) <= CHANCE:
            return (
                f"{schema[field].title} would lose {_lost(pair, field):.2f} "
                f"({pair.before.f1(field):.2f} → {pair.after.f1(field):.2f}) on {pair.on}, more than the {may:.2f} it may "
                "lose."
            )
    return ""


def _lost(pair: _Pair, field: str | None) -> float:
    return pair.before.f1(field) - pair.after.f1(field)


def by_chance(before: Scores, after: Scores, field: str) -> float:
    """Probability (0…1) that of the documents that differ in a field so many got worse, if each were as likely to improve.

    The sign test, one-sided (Dixon and Mood 1946): exact, however few documents there are.
    """
    was, now = (scores.per_document(field) for scores in (before, after))
    worse, better = int((now < was).sum()), int((now > was).sum())
    differ = worse + better
    return sum(math.comb(differ, n) for n in range(worse, differ + 1)) / 2**differ


def tolerance(n: int, budget: float = BUDGET) -> float:
    """What may be lost in F1 when n gold documents are compared: the budget, or what one document can make.

    One document that falls the other way moves a field's F1 by 1/n; with few documents that is chance, not loss.
    """
    return max(budget, 1 / n + 1e-9) if n else 1.0


def _unopposed(candidate: Scores, objections: Sequence[str]) -> Verdict:
    """Nothing reads the type yet: whatever finds something right is better than nothing, unless it does harm."""
    n = len(candidate)
    figures = {"documents": n}
    if candidate.right.sum() == 0:
        nothing = f"Refused: it finds no value right on {_documents(n)}. Correct more and train again."
        return Verdict(False, (nothing, *objections), figures)
    if objections:
        first = f"Refused: the first model of its type, F1 {candidate.f1():.2f} on {_documents(n)}."
        return Verdict(False, (first, *objections), figures)
    return Verdict(
        True,
        (
            f"{PROMOTED} the first model of its type, F1 {candidate.f1():.2f} on {_documents(n)}; until now there was none.",
        ),
        figures,
    )


def _most_lost(schema: Schema, by_field: dict[str, Interval]) -> str:
    field, most = min(by_field.items(), key=lambda item: item[1].value)
    if most.value >= 0:
        return "No field lost anything."
    return f"No field lost more than it may; {schema[field].title} lost the most, {-most.value:.2f}."


def _figures(pair: _Pair, difference: Interval, field: str | None = None) -> dict[str, float]:
    return {
        "before": pair.before.f1(field),
        "after": pair.after.f1(field),
        "difference": difference.value,
        "low": difference.low,
        "high": difference.high,
    }


def _documents(n: int) -> str:
    return f"{n} gold document{'' if n == 1 else 's'}"


def _signed(number: float) -> str:
    """With its sign, a true minus, and no sign on what rounds to nothing."""
    rounded = round(number, 2)
    return f"{rounded:+.2f}".replace("-", "−") if rounded else "0.00"
