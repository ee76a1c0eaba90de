"""What every page knows: the reader's role, the places it may go to, and how many jobs have failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from webapp.roles import Role, role_of


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the bar at the top."""

    name: str
    title: str
    role: Role
    sections: tuple[str, ...]  # URL names that belong to it


PLACES = (
    Place("today", "Today", Role.ANNOTATOR, ("today",)),
    Place(
        "overview",
        "Overview",
        Role.VIEWER,
        (
            "overview",
            "type",
            "type-progress",
            "type-quality",
            "automation",
            "label-quality",
            "versions",
            "version",
            "compare-versions",
            "edit-type",
            "new-type",
        ),
    ),
    Place(
        "documents",
        "Documents",
        Role.VIEWER,
        ("documents", "document", "unknown", "sources", "source", "new-source", "edit-source"),
    ),
    Place("upload", "Upload", Role.LEAD, ("upload", "import-labels", "import")),
    Place("people", "People", Role.LEAD, ("people", "new-person", "person", "person-link")),
    Place("health", "Health", Role.VIEWER, ("health", "doctor")),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """A context processor: `places` for the reader's role, and the role itself."""
    role = role_of(request.user)
    here = request.resolver_match.url_name if request.resolver_match else None
    return {
        "role": role,
        "may_lead": role.may(Role.LEAD),
        "may_operate": role.may(Role.OPERATOR),
        "places": [
            {"title": place.title, "url": reverse(place.name), "here": here in place.sections}
            for place in PLACES
            if role.may(place.role)
        ],
    }
