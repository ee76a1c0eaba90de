"""Corrections in; how many of the newest Label Studio told of, and how many only the sweep found, out.

A large share found by the sweep alone means that webhooks don't arrive: nothing is lost then, but everything is later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone

from annotation.models import Correction


@dataclass(frozen=True, slots=True)
class Noticed:
    """Corrections by what noticed them first."""

    webhook: int
    sweep: int

    @property
    def total(self) -> int:
        return self.webhook + self.sweep

    @property
    def share(self) -> float | None:
        """What the sweep alone found (0…1); None where nothing was corrected."""
        return self.sweep / self.total if self.total else None


def within(time: timedelta) -> Noticed:
    """What was recorded from Label Studio since then; one query."""
    rows = Correction.objects.filter(
        source=Correction.Source.LABEL_STUDIO, recorded_at__gte=timezone.now() - time
    )
    found = dict(rows.order_by().values_list("noticed_by").annotate(Count("pk")))
    return Noticed(webhook=found.get("webhook", 0), sweep=found.get("sweep", 0))
