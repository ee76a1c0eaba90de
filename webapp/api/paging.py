"""Lists piece by piece, by id: the thousandth piece costs what the first does, and nothing is told twice or left out."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from ninja import Query, Schema
from pydantic import Field

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")

# ids are 64-bit in the database: a larger number is answered 422 before it gets there
MOST = 2**63 - 1
Before = Annotated[
    int, Query(ge=0, le=MOST, description="Only ids below this one: `next` of the piece before")
]
After = Annotated[
    int, Query(ge=0, le=MOST, description="Only ids above this one: `next` of the piece before")
]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most")]


class Piece(Schema, Generic[Item]):
    """Some of a list, and where the next ones begin."""

    items: list[Item]
    next: int | None = Field(description="Ask with it for the next ones; null at the end")


def newest_first(rows: QuerySet[Row], before: int, limit: int) -> dict[str, Any]:  # a `Piece`
    """The `limit` rows with the highest ids below `before`."""
    return _piece(rows.filter(pk__lt=before).order_by("-pk"), limit)


def oldest_first(rows: QuerySet[Row], after: int, limit: int) -> dict[str, Any]:  # a `Piece`
    """The `limit` rows with the lowest ids above `after`."""
    return _piece(rows.filter(pk__gt=after).order_by("pk"), limit)


def _piece(rows: QuerySet[Row], limit: int) -> dict[str, Any]:
    found = list(rows[: limit + 1])
    return {"items": found[:limit], "next": found[limit - 1].pk if len(found) > limit else None}
