"""What a correction keeps of doubts about it, and why a person set a document aside; `annotation.models` takes it in."""

from __future__ import annotations

from django.db import models


class Doubtful(models.Model):
    """Columns of the ledger for answers that look wrong (`annotation.validation`) and for documents without an answer."""

    findings = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text="[Finding.to_json(), …]: what looks wrong with the answers",
    )
    unsettled = models.BooleanField(
        default=False,
        db_default=False,
        help_text="It looks wrong and nobody has confirmed it: recorded, asked about again, and not learned from",
    )
    set_aside = models.CharField(
        max_length=20,
        blank=True,
        db_default="",
        help_text="Why, if the document was set aside: unreadable, blank, not a document, other",
    )

    class Meta:
        abstract = True
