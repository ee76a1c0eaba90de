"""Tables that the database keeps by triggers on the documents' table, so that no way of writing can forget them.

`annotation.models` takes them in; nothing else writes them but `annotation.tallies`, which adds their rows up.
"""

from __future__ import annotations

from django.db import models


class Tally(models.Model):
    """How many documents of a type came into a state, or left it, by one statement: the sum is how many are in it."""

    document_type = models.ForeignKey("annotation.DocumentType", models.CASCADE, related_name="+")
    state = models.CharField(max_length=12)
    change = models.BigIntegerField()


class Filename(models.Model):
    """A document's file name in small letters, with an index of its trigrams: any part of it is found at once.

    In a table of its own: documents change often, and each change would write the two dozen trigrams again.
    """

    document = models.OneToOneField(
        "annotation.Document", models.CASCADE, primary_key=True, related_name="lower_filename"
    )
    name = models.TextField()
