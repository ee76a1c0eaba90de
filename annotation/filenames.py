"""A part of a file name in, the documents that have it out: at once among a million (`Filename`, an index of trigrams)."""

from __future__ import annotations

from django.db.models import BooleanField, F, Func, QuerySet, Value
from django.db.models.functions import Lower

from annotation.models import Document, Filename

MOST = 2000  # documents that are named one by one; more are found soon by looking through the list
FEW = 10_000  # documents that are looked through without an index
SHORTEST = 3  # letters that the index knows


class _HasTrigrams(Func):
    """Whether a name has every three letters of a text side by side: the part that the index answers."""

    template = "docloop_trigrams(%(expressions)s)"
    arg_joiner = ") @> docloop_trigrams("
    output_field = BooleanField()


def narrow(documents: QuerySet[Document], part: str, *, among: int) -> tuple[QuerySet[Document], int | None]:
    """Those of `documents` whose file name has `part`, small and capital letters alike; and at most how many they are.

    `among` is how many `documents` are: few are looked through. Of many the index is asked first; if it names too many
    to list (None), then every five hundredth document or more is one of them, and a page of the list is full soon.
    """
    if among <= FEW or len(part) < SHORTEST:
        return documents.filter(filename__icontains=part), None
    text = Lower(Value(part))
    matching = Filename.objects.filter(_HasTrigrams(F("name"), text), name__contains=text)
    ids = list(matching.values_list("document", flat=True)[: MOST + 1])
    if len(ids) > MOST:
        return documents.filter(filename__icontains=part), None
    return documents.filter(pk__in=ids), len(ids)
