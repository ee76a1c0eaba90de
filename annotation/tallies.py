"""Documents in every state, counted without counting: the database adds a row for each change (`Tally`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from django.db import connection
from django.db.models import Sum

from annotation.models import Document, Tally

Counts = Mapping[str, int]  # every state, also those with none


def counts() -> Mapping[int, Counts]:
    """By document type (id), also for types without documents; one query, whatever the number of documents."""
    found: defaultdict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(Document.State.values, 0))
    sums = Tally.objects.values_list("document_type", "state").annotate(Sum("change"))
    for document_type, state, count in sums:
        found[document_type][state] = count
    return found


def add_up() -> None:
    """Make one row of all that belong together. Readers see the same sums before, meanwhile and afterwards."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH gone AS (DELETE FROM annotation_tally RETURNING document_type_id, state, change)"
            " INSERT INTO annotation_tally (document_type_id, state, change)"
            " SELECT document_type_id, state, sum(change) FROM gone GROUP BY document_type_id, state"
            " HAVING sum(change) <> 0"
        )
