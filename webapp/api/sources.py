"""Where documents come from by themselves: folders, mailboxes and buckets, how far they are, and their dead letters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from annotation.models import Arrival, DocumentType, Source
from annotation.sources import keeping, kinds
from annotation.sources.bucket import BucketSettings
from annotation.sources.folder import FolderSettings
from annotation.sources.mailbox import MailboxSettings
from webapp.api.access import needs
from webapp.api.errors import answers
from webapp.api.names import TypeName, type_named
from webapp.api.paging import MOST, Before, Limit, Piece, newest_first
from webapp.roles import Role

router = Router()
AnySettings = Annotated[FolderSettings | MailboxSettings | BucketSettings, Field(discriminator="kind")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]


class SourceOut(Schema):
    """A source and how far it is; its settings stand apart, as only operators see them."""

    id: int
    name: str
    kind: str = Field(description="folder, mailbox or bucket")
    place: str = Field(description="Where it is")
    document_type: str = Field(description="Of all that comes from it; empty: the router says of each")
    enabled: bool
    looked_at: datetime | None = Field(description="When it was looked through last, to its end")
    problem: str = Field(description="What went wrong then; empty: nothing")
    held_back: str = Field(description="Why nothing is taken from it now; empty: it is")
    found: int = Field(description="Files in all")
    waiting: int = Field(description="Files that are still to be taken, or may still be written to")
    taken: int
    passed_over: int = Field(description="With nothing to take, changed meanwhile, or set aside")
    failed: int = Field(description="Dead letters")
    created_by: str
    created_at: datetime


class SourceChange(Schema):
    """What a source is like."""

    settings: AnySettings
    document_type: TypeName = Field(
        "", description="Of all that comes from it; empty: the router says of each"
    )


class SourceAsked(SourceChange):
    """A source, and what it is called: that stays."""

    name: Name


class ArrivalOut(Schema):
    """One file of a source."""

    id: int
    name: str
    state: str = Field(description="sighted, waiting, taken, passed over, or failed: a dead letter")
    problem: str = Field(description="Why it was not taken")
    document_id: int | None
    attempts: int
    found_at: datetime
    ended_at: datetime | None


class Again(Schema):
    """How many dead letters are tried again."""

    count: int


@router.get("", auth=needs(Role.VIEWER), response=answers(ok=list[SourceOut]))
def sources(request: HttpRequest) -> list[dict[str, Any]]:
    """All sources, by name."""
    return _shown(Source.objects.select_related("document_type"))


@router.post("", auth=needs(Role.OPERATOR), response=answers(404, made=SourceOut))
def add_source(request: HttpRequest, asked: SourceAsked) -> Status[dict[str, Any]]:
    """A new source, looked at from now on. 422 for a place that who runs the server has not allowed."""
    by = request.user.get_username()
    return Status(201, _one(keeping.make(asked.name, asked.settings, _type(asked), by=by)))


@router.get("/{int:source_id}", auth=needs(Role.VIEWER), response=answers(404, ok=SourceOut))
def source(request: HttpRequest, source_id: int) -> dict[str, Any]:
    """One source."""
    return _one(_found(source_id))


@router.put("/{int:source_id}", auth=needs(Role.OPERATOR), response=answers(404, ok=SourceOut))
def change_source(request: HttpRequest, source_id: int, asked: SourceChange) -> dict[str, Any]:
    """Other settings; what was found and not taken is found again where they say. Its kind stays."""
    by = request.user.get_username()
    return _one(keeping.change(_found(source_id), asked.settings, _type(asked), by=by))


@router.delete("/{int:source_id}", auth=needs(Role.OPERATOR), response=answers(404, none=None))
def delete_source(request: HttpRequest, source_id: int) -> Status[None]:
    """Take a source away, with what is known of its files; the documents stay."""
    keeping.delete(_found(source_id), by=request.user.get_username())
    return Status(204, None)


@router.get("/{int:source_id}/settings", auth=needs(Role.OPERATOR), response=answers(404, ok=AnySettings))
def source_settings(request: HttpRequest, source_id: int) -> kinds.AnySettings:
    """Its settings, which name its secret and don't hold it."""
    return kinds.settings_of(_found(source_id))


@router.post("/{int:source_id}/on", auth=needs(Role.OPERATOR), response=answers(404, ok=SourceOut))
def switch_source_on(request: HttpRequest, source_id: int) -> dict[str, Any]:
    """Look at it, and take what is there."""
    return _switched(request, source_id, on=True)


@router.post("/{int:source_id}/off", auth=needs(Role.OPERATOR), response=answers(404, ok=SourceOut))
def switch_source_off(request: HttpRequest, source_id: int) -> dict[str, Any]:
    """Take nothing from it; what waits goes on waiting."""
    return _switched(request, source_id, on=False)


@router.post("/{int:source_id}/look", auth=needs(Role.LEAD), response=answers(404, asked=SourceOut))
def look_at_source(request: HttpRequest, source_id: int) -> Status[dict[str, Any]]:
    """Look at it now, and not only when it is time; 422 if it is off."""
    keeping.look_now(_found(source_id), by=request.user.get_username())
    return Status(202, _one(_found(source_id)))


@router.get("/{int:source_id}/arrivals", auth=needs(Role.VIEWER), response=answers(404, ok=Piece[ArrivalOut]))
def arrivals(
    request: HttpRequest,
    source_id: int,
    state: Arrival.State | None = None,
    before: Before = MOST,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Its files, the newest first; the dead letters with `state=failed`."""
    found = _found(source_id).arrivals.all()
    return newest_first(found.filter(state=state) if state else found, before, limit)


@router.post("/{int:source_id}/try-again", auth=needs(Role.LEAD), response=answers(404, asked=Again))
def try_arrivals_again(request: HttpRequest, source_id: int) -> Status[Again]:
    """Try all its dead letters again; 422 if there is none."""
    count = keeping.try_again(_found(source_id), by=request.user.get_username())
    return Status(202, Again(count=count))


@router.post(
    "/{int:source_id}/arrivals/{int:arrival_id}/try-again",
    auth=needs(Role.LEAD),
    response=answers(404, asked=ArrivalOut),
)
def try_arrival_again(request: HttpRequest, source_id: int, arrival_id: int) -> Status[Arrival]:
    """Try one dead letter again; 422 if it is none."""
    found = _arrival(source_id, arrival_id)
    keeping.try_again(found.source, found.pk, by=request.user.get_username())
    return Status(202, _arrival(source_id, arrival_id))


@router.post(
    "/{int:source_id}/arrivals/{int:arrival_id}/set-aside",
    auth=needs(Role.LEAD),
    response=answers(404, ok=ArrivalOut),
)
def set_arrival_aside(request: HttpRequest, source_id: int, arrival_id: int) -> Arrival:
    """A dead letter that nobody wants; 422 if it is none."""
    found = _arrival(source_id, arrival_id)
    keeping.set_aside(found.source, found.pk, by=request.user.get_username())
    return _arrival(source_id, arrival_id)


def _found(source_id: int) -> Source:
    return get_object_or_404(Source.objects.select_related("document_type"), pk=source_id)


def _arrival(source_id: int, arrival_id: int) -> Arrival:
    return get_object_or_404(Arrival.objects.select_related("source"), pk=arrival_id, source=source_id)


def _type(asked: SourceChange) -> DocumentType | None:
    return type_named(asked.document_type) if asked.document_type else None


def _switched(request: HttpRequest, source_id: int, *, on: bool) -> dict[str, Any]:
    found = _found(source_id)
    keeping.switch(found, on=on, by=request.user.get_username())
    return _one(found)


def _one(source: Source) -> dict[str, Any]:
    return _shown([source])[0]


def _shown(found: Iterable[Source]) -> list[dict[str, Any]]:
    """As `SourceOut` has them, with one query for all that is counted."""
    every = list(found)
    counts = keeping.counts(every)
    return [
        {
            "id": source.pk,
            "name": source.name,
            "kind": source.kind,
            "place": kinds.settings_of(source).told,
            "document_type": source.document_type.name if source.document_type else "",
            "enabled": source.enabled,
            "looked_at": source.looked_at,
            "problem": source.problem,
            "held_back": source.held_back,
            "created_by": source.created_by,
            "created_at": source.created_at,
            **counts[source.pk],
        }
        for source in every
    ]
