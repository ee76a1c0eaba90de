"""How error rates and thresholds look: small shares need more places than others."""

from __future__ import annotations

from django import template

from learner.models import AcceptanceRule
from webapp.dashboard.automation_drawing import Curve

register = template.Library()


@register.filter
def fine(share: float | str | None) -> str:
    """0.0042 → 0.42 %, 0.0315 → 3.2 %, 0 → 0 %; — for what a template found nothing for."""
    if share is None or isinstance(share, str):
        return "—"
    percent = 100 * share
    return (
        f"{percent:.2f} %".replace(".00 %", " %") if percent < 1 else f"{percent:.1f} %".replace(".0 %", " %")
    )


@register.filter
def sure(risk: float) -> str:
    """0.025 → 97.5 %."""
    return f"{100 * (1 - risk):.4g} %"


@register.filter
def skipping(rule: AcceptanceRule, audit_share: float) -> str:
    """How many of 100 documents a rule lets skip people."""
    return f"{100 * (1 - audit_share) * rule.above / rule.answered:.0f}"


@register.filter
def at_x(place: object, curve: Curve) -> str:
    """Where a place of the threshold stands on the curve."""
    share: float = getattr(place, "share", 0.0)
    return f"{curve.left + (curve.right - curve.left) * share:.1f}"
