"""What the page of drift says of numbers and ids."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def named(names: Mapping[int, str], pk: int) -> str:
    """The file name of a document; "" of one that is gone."""
    return names.get(pk, "")


@register.filter
def sure(chance: float) -> str:
    """How likely an alarm like this is where nothing changed, in words."""
    times = max(1, int(1 / chance)) if chance > 0 else 1_000_000
    return f"An alarm like this comes up at most once in {min(times, 1_000_000):,} where nothing has changed."


@register.filter
def figures(value: float) -> str:
    """Three figures that count, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
