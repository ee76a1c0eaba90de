"""The links that people came in by: each works once."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone

KEEP = timedelta(hours=1)  # a link is too old after a minute, and clocks differ by less than this


class UsedLink(models.Model):
    """A link that somebody came in by."""

    nonce = models.CharField(max_length=64, primary_key=True)
    used_at = models.DateTimeField(default=timezone.now, db_index=True)

    @classmethod
    def spend(cls, nonce: str) -> bool:
        """Whether the link is fresh; now it is used. Of several requests at once, one is told that it is."""
        cls.objects.filter(used_at__lt=timezone.now() - KEEP).delete()
        return cls.objects.get_or_create(nonce=nonce)[1]
