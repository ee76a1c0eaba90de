"""Strategies by name: which documents are worth a person's time next. Pure NumPy: no Django, no torch."""

from __future__ import annotations

from learner.strategies import chance, diversity, mixed, modal, uncertainty
from learner.strategies.base import Pool, Strategy
from models.errors import DocloopError

STRATEGIES: dict[str, Strategy] = {
    "mixed": mixed.mixed,
    "least-confident": uncertainty.least_confident,
    "margin": uncertainty.smallest_margin,
    "entropy": uncertainty.highest_entropy,
    "most-errors": uncertainty.most_errors,
    "diverse": diversity.diverse,
    "modal-uncertainty": modal.by_uncertainty,
    "modal-margin": modal.by_margin,
    "modal-entropy": modal.by_entropy,
    "modal-ranked-batch": modal.by_ranked_batch,
    "random": chance.random,
}


class UnknownStrategy(DocloopError):
    """A document type names a strategy that doesn't exist; the message lists those that do."""


def named(name: str) -> Strategy:
    """The strategy of that name; raises `UnknownStrategy`."""
    try:
        return STRATEGIES[name]
    except KeyError:
        raise UnknownStrategy(f"no strategy {name!r}; there are: {', '.join(STRATEGIES)}") from None


__all__ = ["STRATEGIES", "Pool", "Strategy", "UnknownStrategy", "named"]
