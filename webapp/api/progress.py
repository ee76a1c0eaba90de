"""How a document type comes along: its queue, documents by state, who answered how many, and what more would bring."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from annotation import state_counts
from learner import savings, work
from webapp.api.access import leads, needs
from webapp.api.errors import answers
from webapp.api.names import type_named
from webapp.api.paging import Limit
from webapp.dashboard import document_type as type_page
from webapp.roles import Role

router = Router()
Days = Annotated[int, Query(ge=1, le=366, description="How many days back, today among them")]


class QueuedOut(Schema):
    """A document in Label Studio that waits for a person."""

    id: int
    filename: str
    reason: str = Field(description="Why it was chosen")
    audit: bool = Field(description="Whether the lot drew it")
    sure: float | None = Field(description="Lowest confidence of any field, 0…1")
    since: datetime
    url: str = Field(description="Where its task opens in Label Studio")


class DayOut(Schema):
    """What people did on one day."""

    day: date
    documents: int
    by_person: dict[str, int]
    median_seconds: float | None = Field(description="Of one document")
    trend_seconds: float | None = Field(description="Of this day and the six before")


class WorkerOut(Schema):
    """What one person did in the whole time."""

    annotator: str
    documents: int
    share: float = Field(description="Of everybody's, 0…1")
    median_seconds: float | None
    last: datetime


class StatesOut(Schema):
    """How many documents were in each state at the end of a day (UTC); states without any are left out."""

    day: date
    counts: dict[str, int]


class ProgressOut(Schema):
    """What people did with a type's documents lately."""

    documents: int
    median_seconds: float | None
    days: list[DayOut] = Field(description="The oldest first")
    people: list[WorkerOut]
    states: list[StatesOut] = Field(description="The oldest first")


@router.get("/{slug:name}/queue", auth=needs(Role.VIEWER), response=answers(404, ok=list[QueuedOut]))
def queue(request: HttpRequest, name: str, limit: Limit = 50) -> Any:  # dataclasses, which ninja reads
    """The documents that wait in Label Studio, in the order in which people get them, and why each was chosen."""
    return type_page.queue(type_named(name), most=limit)


@router.get("/{slug:name}/progress", auth=needs(Role.VIEWER), response=answers(404, ok=ProgressOut))
def progress(request: HttpRequest, name: str, days: Days = 30) -> dict[str, Any]:
    """Documents by state, answers by day and person, and seconds per document, over the last days (UTC).

    Viewers are not told who: `by_person` and `people` are empty for them.
    """
    document_type = type_named(name)
    done = work.of(document_type, days=days)
    done = done if leads(request) else work.without_people(done)
    return {
        "documents": done.documents,
        "median_seconds": done.median_seconds,
        "days": done.days,
        "people": done.people,
        "states": state_counts.history(document_type, days=days),
    }


@router.get("/{slug:name}/worth", auth=needs(Role.VIEWER), response=answers(404, ok=savings.Savings))
def worth(request: HttpRequest, name: str) -> savings.Savings:
    """The learning curve, the audit, the forecast for the next corrections, and the hours that were spent and spared."""
    return savings.of(type_named(name))
