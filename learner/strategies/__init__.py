"""Strategies by name: which documents are worth a person's time next. Pure NumPy: no Django, no torch.

A new one is a file with a `Strategy` in it (`base.scoring` or `base.choosing`), and its line here.
"""

from __future__ import annotations

from learner.strategies import (
    badge,
    caps,
    chance,
    clusters,
    cost,
    coverage,
    density,
    diversity,
    dropout,
    mixed,
    modal,
    uncertainty,
)
from learner.strategies.base import Need, Pool, Strategy, UnknownParameter
from models.errors import DocloopError

STRATEGIES: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        mixed.MIXED,
        cost.ERRORS_PER_SECOND,
        coverage.COVERING,
        uncertainty.LEAST_CONFIDENT,
        uncertainty.MARGIN,
        uncertainty.ENTROPY,
        uncertainty.FIELD_ENTROPY,
        uncertainty.PAGE_ENTROPY,
        uncertainty.MOST_ERRORS,
        caps.CAPPED,
        clusters.CLUSTERS,
        badge.BADGE,
        density.DENSE,
        diversity.DIVERSE,
        modal.UNCERTAINTY,
        modal.MARGIN,
        modal.ENTROPY,
        modal.RANKED_BATCH,
        modal.COMMITTEE,
        modal.BALD,
        dropout.DROPOUT,
        chance.RANDOM,
    )
}


class UnknownStrategy(DocloopError):
    """A document type names a strategy that doesn't exist; the message lists those that do."""


def named(name: str, **parameters: float) -> Strategy:
    """The strategy of that name; raises `UnknownStrategy` and `UnknownParameter`."""
    try:
        strategy = STRATEGIES[name]
    except KeyError:
        raise UnknownStrategy(f"no strategy {name!r}; there are: {', '.join(STRATEGIES)}") from None
    return strategy.with_parameters(**parameters) if parameters else strategy


__all__ = ["STRATEGIES", "Need", "Pool", "Strategy", "UnknownParameter", "UnknownStrategy", "named"]
