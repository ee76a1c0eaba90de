"""Where documents come from by themselves: every source, how far it is, and its dead letters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.errors import Refused
from annotation.models import Arrival, Source
from annotation.sources import keeping, kinds
from webapp.dashboard.source_form import SourceForm
from webapp.roles import Role, requires

LETTERS = 50
NEWEST = 20
editing = require_http_methods(["GET", "HEAD", "POST"])


@requires(Role.VIEWER)
@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """All of them, and what to do where there is none."""
    found = list(Source.objects.select_related("document_type"))
    counts = keeping.counts(found)
    rows = [(source, kinds.settings_of(source).told, counts[source.pk]) for source in found]
    return render(request, "sources.html", {"rows": rows, "kinds": _kinds()})


@requires(Role.VIEWER)
@require_safe
def source(request: HttpRequest, source_id: int) -> HttpResponse:
    """One source: how far it is, what could not be taken, and what came last."""
    found = _found(source_id)
    arrivals = found.arrivals.order_by("-pk")
    about = {
        "source": found,
        "kind": kinds.KINDS[Source.Kind(found.kind)].title,
        "place": kinds.settings_of(found).told,
        "counts": keeping.counts([found])[found.pk],
        "letters": arrivals.filter(state=Arrival.State.FAILED)[:LETTERS],
        "newest": arrivals.exclude(state=Arrival.State.FAILED)[:NEWEST],
    }
    return render(request, "source.html", about)


@requires(Role.OPERATOR)
@editing
def new(request: HttpRequest) -> HttpResponse:
    """The form for another source of a kind."""
    kind = request.GET.get("kind", Source.Kind.FOLDER)
    if kind not in kinds.KINDS:
        raise Http404(f"there is no kind of source {kind!r}")
    form = SourceForm(Source.Kind(kind), request.POST or None, named=False)
    if request.method == "POST" and form.is_valid():
        try:
            made = keeping.make(
                form.cleaned_data["name"],
                kinds.checked(kind, form.settings),
                form.cleaned_data["document_type"],
                by=request.user.get_username(),
            )
        except Refused as reason:
            form.add_error(None, str(reason))
        else:
            messages.success(request, "The source was made, and is looked at now.")
            return redirect("source", made.pk)
    return _edit_page(request, form, kind)


@requires(Role.OPERATOR)
@editing
def edit(request: HttpRequest, source_id: int) -> HttpResponse:
    """The same form for one that is there."""
    found = _found(source_id)
    known = kinds.settings_of(found).model_dump() | {
        "document_type": found.document_type.name if found.document_type else ""
    }
    form = SourceForm(Source.Kind(found.kind), request.POST or None, named=True, initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            wanted = kinds.checked(found.kind, form.settings)
            keeping.change(found, wanted, form.cleaned_data["document_type"], by=request.user.get_username())
        except Refused as reason:
            form.add_error(None, str(reason))
        else:
            messages.success(request, "The source was changed, and is looked at now.")
            return redirect("source", found.pk)
    return _edit_page(request, form, found.kind, found)


@requires(Role.LEAD)
@require_POST
def look(request: HttpRequest, source_id: int) -> HttpResponse:
    """Don't wait until it is time."""
    return _act(
        request, _found(source_id), lambda found, by: keeping.look_now(found, by=by), "It is looked at now."
    )


@requires(Role.LEAD)
@require_POST
def letters(request: HttpRequest, source_id: int) -> HttpResponse:
    """Try all its dead letters again."""
    return _act(
        request,
        _found(source_id),
        lambda found, by: keeping.try_again(found, by=by),
        "They are tried again.",
    )


@requires(Role.LEAD)
@require_POST
def letter(request: HttpRequest, source_id: int, arrival_id: int) -> HttpResponse:
    """Try one dead letter again, or set it aside."""
    found = get_object_or_404(Arrival.objects.select_related("source"), pk=arrival_id, source=source_id)
    if request.POST.get("action") == "aside":
        return _act(
            request,
            found.source,
            lambda source, by: keeping.set_aside(source, found.pk, by=by),
            "It was set aside.",
        )
    return _act(
        request,
        found.source,
        lambda source, by: keeping.try_again(source, found.pk, by=by),
        "It is tried again.",
    )


@requires(Role.OPERATOR)
@require_POST
def act(request: HttpRequest, source_id: int) -> HttpResponse:
    """Switch it on or off, or take it away."""
    found, by = _found(source_id), request.user.get_username()
    match request.POST.get("action"):
        case "on" | "off" as wanted:
            keeping.switch(found, on=wanted == "on", by=by)
            messages.success(request, f"The source is {wanted}.")
        case "delete":
            keeping.delete(found, by=by)
            messages.success(request, "The source was deleted; its documents stay.")
            return redirect("sources")
        case _:
            messages.error(request, "There is no such action.")
    return redirect("source", source_id)


def _act(
    request: HttpRequest, found: Source, action: Callable[[Source, str], object], said: str
) -> HttpResponse:
    try:
        action(found, request.user.get_username())
    except Refused as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, said)
    return redirect("source", found.pk)


def _edit_page(
    request: HttpRequest, form: SourceForm, kind: str, found: Source | None = None
) -> HttpResponse:
    title = kinds.KINDS[Source.Kind(kind)].title
    about: dict[str, Any] = {"form": form, "kind": kind, "title": title, "source": found, "kinds": _kinds()}
    return render(request, "edit_source.html", about)


def _kinds() -> list[tuple[str, str]]:
    return [(kind.value, about.title) for kind, about in kinds.KINDS.items()]


def _found(source_id: int) -> Source:
    return get_object_or_404(Source.objects.select_related("document_type"), pk=source_id)
