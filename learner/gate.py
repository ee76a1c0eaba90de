"""Candidate and what reads now on the same gold documents in; promote or refuse out, with the reasons in sentences: pure.

Besides the figures, what speaks against a candidate whatever they are is asked of `learner.harm`.

The rule, and why it is this one: docs/decisions/0006-gate.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from learner import harm
from models.metrics import Interval, Scores, paired_bootstrap
from models.schema import Schema

CHAMPION = "the champion"
BUDGET = 0.05  # of F1: what a promotion may cost at the most, overall (95 % sure) and in any field


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
    title: str = CHAMPION,
    budgets: Mapping[str, float] | None = None,
    evidence: harm.Evidence | None = None,
) -> Verdict:
    """Whether the candidate may take over; both were scored on the same documents in the same order.

    `title` is what the opponent is called: the champion, or what reads a type that has none. None: nothing reads it.
    `budgets` are the fields' own, where they have any; `evidence` is what `learner.harm` looks at.
    """
    n = len(candidate)
    objections = harm.objections(schema, n, evidence)
    if opponent is None:
        return _unopposed(candidate, objections)
    allowed = tolerance(n)
    budget = {field: tolerance(n, (budgets or {}).get(field, BUDGET)) for field in schema.names}
    overall = paired_bootstrap(opponent, candidate, rng)
    by_field = {field: paired_bootstrap(opponent, candidate, rng, field) for field in schema.names}
    figures = {
        "documents": n,
        "overall": _figures(opponent, candidate, overall),
        "fields": {
            field: _figures(opponent, candidate, difference, field) for field, difference in by_field.items()
        },
    }
    first = "" if title == CHAMPION else f"the first model of its type against {title}, "
    comparison = (
        f"{first}F1 {opponent.f1():.2f} → {candidate.f1():.2f} on {_documents(n)} "
        f"(difference {_signed(overall.value)}, 95 % interval {_signed(overall.low)} … {_signed(overall.high)})"
    )
    against = []
    if overall.value <= 0:
        against.append(f"It is no better than {title}.")
    elif overall.low <= -allowed:
        against.append(
            f"It may be worse by more than {allowed:.2f}: so few documents can't tell; correct more and train again."
        )
    against += [
        f"{schema[field].title} would lose {-difference.value:.2f} "
        f"({opponent.f1(field):.2f} → {candidate.f1(field):.2f}), more than the {budget[field]:.2f} it may lose."
        for field, difference in by_field.items()
        if -difference.value > budget[field]
    ]
    against += objections
    if against:
        return Verdict(False, (f"Refused: {comparison}.", *against), figures)
    return Verdict(True, (f"Promoted: {comparison}.", _most_lost(schema, by_field)), figures)


def tolerance(n: int, budget: float = BUDGET) -> float:
    """What may be lost in F1 when n documents are compared: the budget, or what one document can make.

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
            f"Promoted: the first model of its type, F1 {candidate.f1():.2f} on {_documents(n)}; until now there was none.",
        ),
        figures,
    )


def _most_lost(schema: Schema, by_field: dict[str, Interval]) -> str:
    field, most = min(by_field.items(), key=lambda item: item[1].value)
    if most.value >= 0:
        return "No field lost anything."
    return f"No field lost more than it may; {schema[field].title} lost the most, {-most.value:.2f}."


def _figures(
    opponent: Scores, candidate: Scores, difference: Interval, field: str | None = None
) -> dict[str, float]:
    return {
        "before": opponent.f1(field),
        "after": candidate.f1(field),
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
