"""What opens a document's page images to Label Studio's page, for one task; `annotation.models` takes it in."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import models

LOOKED_AT_FOR = timedelta(hours=1)  # after its answer a task's pages are shown for as long: people go back


def new_key() -> str:
    """256 random bits: nobody guesses it, and it is looked up as it is."""
    return secrets.token_urlsafe(32)


class Keyed(models.Model):
    """What both kinds of tasks in Label Studio have; their data has the addresses of pages (`annotation.task_pages`)."""

    seen = models.CharField(
        max_length=64, blank=True, help_text="Hash of the light inventory entry that was last collected"
    )
    page_key = models.CharField(
        max_length=43,
        blank=True,
        default=new_key,
        db_default="",
        help_text="In the addresses of its pages; empty where Label Studio shows the store's files itself, as it used to",
    )
    shown_until = models.DateTimeField(
        null=True, blank=True, help_text="Once it is done, its pages are shown until then"
    )

    class Meta:
        abstract = True
