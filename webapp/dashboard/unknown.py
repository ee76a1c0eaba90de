"""The documents of which nobody knows the type, for viewers to see and for leads to say: one click each."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation import new_kinds, routing
from annotation.errors import Refused
from annotation.models import Document, DocumentType, RouterAnswer
from learner.models import ModelVersion
from webapp.roles import Role, requires

MOST = 25


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document that waits, and what the router thinks likeliest."""

    document: Document
    likeliest: DocumentType | None
    confidence: float | None


@requires(Role.VIEWER)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Those that have waited longest; a choice moves the document (`document.move`) and comes back here."""
    unknown = routing.unknown_type()
    router = unknown.versions.filter(state=ModelVersion.State.CHAMPION).first()
    shown = {
        "type": unknown,
        "router": router,
        "score": router.figures.get("overall") if router else None,
        "record": routing.record_of(unknown.champion) if unknown.champion else None,
        "waiting": _waiting(),
        "count": routing.waiting().count(),
        "types": DocumentType.objects.defer("fields"),
    }
    return render(request, "unknown.html", shown)


def _waiting() -> list[Waiting]:
    newest = RouterAnswer.objects.select_related("likeliest").order_by("-pk")
    rows = routing.waiting().order_by("pk").prefetch_related(Prefetch("router_answers", newest))
    found = []
    for document in rows[:MOST]:
        answer = next(iter(document.router_answers.all()), None)
        found.append(
            Waiting(document, answer.likeliest if answer else None, answer.confidence if answer else None)
        )
    return found


@requires(Role.LEAD)
@require_safe
def kinds(request: HttpRequest) -> HttpResponse:
    """The part of the page that shows which of them look like one new kind: it takes a second, so it comes by itself."""
    return render(request, "unknown/kinds.html", {"kinds": new_kinds.found()})


@requires(Role.LEAD)
@require_POST
def make_type(request: HttpRequest) -> HttpResponse:
    """A type of the documents of one kind; which fields it has is said on the page that follows."""
    title = " ".join(request.POST.get("title", "").replace("\0", "").split())
    documents = [
        int(each) for each in request.POST.getlist("document") if each.isascii() and each.isdecimal()
    ]
    try:
        made = new_kinds.make_type(title, documents, by=request.user.get_username())
    except Refused as reason:
        messages.error(request, str(reason))
        return redirect("unknown")
    messages.success(
        request, f"{made.title} is a document type now, with these documents. Say which fields it has."
    )
    return redirect("edit-type", made.name)
