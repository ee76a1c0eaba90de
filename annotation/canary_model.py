"""Which model reads a document type, and how a challenger is tried out beside it; `annotation.models` takes it in, `learner.canary` runs it."""

from __future__ import annotations

from django.db import models


class Canary(models.TextChoices):
    """What follows when the gate lets a challenger through."""

    NONE = "none"  # it is the champion at once
    SHADOW = "shadow"  # it reads what people correct, and nobody sees that
    SHARE = "share"  # it fills in a share of the documents


class Canaried(models.Model):
    """Columns of a document type: its champion, how challengers are tried out, and the one that is."""

    # written by learner.promotion only: the model that extracts, and where its files are
    champion = models.CharField(max_length=60, blank=True)
    champion_uri = models.CharField(max_length=500, blank=True)
    champion_sha256 = models.CharField(max_length=64, blank=True)

    canary = models.CharField(max_length=6, choices=Canary, default=Canary.NONE, db_default=Canary.NONE)
    canary_share = models.FloatField(
        default=0.1, db_default=0.1, help_text="Of the documents, which a challenger fills in, 0.01…0.5"
    )

    # written by learner.canary and learner.promotion only: the challenger that is tried out, and where its files are; all empty if none is
    challenger = models.CharField(max_length=60, blank=True, db_default="")
    challenger_uri = models.CharField(max_length=500, blank=True, db_default="")
    challenger_sha256 = models.CharField(max_length=64, blank=True, db_default="")
    challenger_share = models.FloatField(
        default=0.0,
        db_default=0.0,
        help_text="Of the documents that it fills in now; 0: none, it is in the shadow",
    )

    class Meta:
        abstract = True


class Blinded(models.Model):
    """A column of a task: what keeps from people which of two models filled it in."""

    shown_as = models.CharField(
        max_length=60,
        blank=True,
        db_default="",
        help_text="The name by which its extraction is shown while two models are compared; empty: by its version's own",
    )

    class Meta:
        abstract = True
