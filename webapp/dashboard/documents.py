"""All documents, page by page: by type, state and name, from the newest or the oldest, as fast on any page of a million."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation import filenames, tallies
from annotation.models import Document, DocumentType
from webapp.roles import Role, requires

MOST = 50
ORDERS = {"newest": "Newest first", "oldest": "Oldest first"}
UNSHOWN = ("extraction__values", "extraction__absent", "document_type__fields")


@dataclass(frozen=True, slots=True)
class Filter:
    """What the reader asked the list for; `beyond` is the id of the last document of the page before."""

    type: str = ""
    state: str = ""
    search: str = ""
    order: str = "newest"
    beyond: int | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> Filter:
        # PostgreSQL's text holds no NUL
        given = {name: value.replace("\0", "").strip() for name, value in request.GET.dict().items()}
        beyond = given.get("beyond", "")
        order = given.get("order", "")
        return cls(
            given.get("type", ""),
            given.get("state", ""),
            given.get("search", ""),
            order if order in ORDERS else "newest",
            int(beyond) if beyond.isdecimal() and beyond.isascii() and len(beyond) < 19 else None,
        )

    @property
    def query(self) -> str:
        """The part of an address after the question mark."""
        order = "" if self.order == "newest" else self.order
        asked = {"type": self.type, "state": self.state, "search": self.search, "order": order}
        return urlencode({name: value for name, value in (asked | {"beyond": self.beyond}).items() if value})

    @property
    def too_short(self) -> bool:
        """Whether the search is for less than the index of names knows."""
        return 0 < len(self.search) < filenames.SHORTEST


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of the list."""

    documents: list[Document]
    count: int | None  # of all pages; None: not known, for that would take long
    refused: bool  # whether the search is too short for so many documents
    next: str  # query of the page after this; "" at the end
    first: str | None  # query of the first page; None on it


@requires(Role.VIEWER)
@require_safe
def documents(request: HttpRequest) -> HttpResponse:
    asked = Filter.of(request)
    types = list(DocumentType.every.defer("fields"))
    return render(
        request,
        "documents.html",
        {
            "asked": asked,
            "listed": page(asked, types),
            "types": types,
            "states": Document.State.values,
            "orders": ORDERS,
        },
    )


def page(asked: Filter, types: Sequence[DocumentType]) -> Listed:
    """What was asked for, in three queries at most; page 1,000 costs what page 1 does, for pages begin at an id."""
    chosen = [each for each in types if asked.type in ("", each.name)]
    among = _counted(asked, chosen)
    refused = asked.too_short and among > filenames.FEW
    if refused or not among:
        return Listed([], 0, refused, "", None)
    found = Document.objects.select_related("document_type", "extraction").defer(*UNSHOWN)
    if asked.type:  # by its id: with a join the database can't read the index in the order of the list
        found = found.filter(document_type=chosen[0])
    if asked.state:
        found = found.filter(state=asked.state)
    count: int | None = among
    if asked.search:
        found, at_most = filenames.narrow(found, asked.search, among=among)
        count = found.count() if at_most is not None or among <= filenames.FEW else None
    rows = list(_from(found, asked)[: MOST + 1])
    shown = rows[:MOST]
    return Listed(
        documents=shown,
        count=count,
        refused=False,
        next=replace(asked, beyond=shown[-1].pk).query if len(rows) > MOST else "",
        first=replace(asked, beyond=None).query if asked.beyond else None,
    )


def _counted(asked: Filter, chosen: Sequence[DocumentType]) -> int:
    counts = tallies.counts()
    states = [asked.state] if asked.state else Document.State.values
    return sum(counts[each.pk].get(state, 0) for each in chosen for state in states)


def _from(found: QuerySet[Document], asked: Filter) -> QuerySet[Document]:
    if asked.order == "oldest":
        return (
            found.order_by("pk") if asked.beyond is None else found.filter(pk__gt=asked.beyond).order_by("pk")
        )
    return (
        found.order_by("-pk") if asked.beyond is None else found.filter(pk__lt=asked.beyond).order_by("-pk")
    )
