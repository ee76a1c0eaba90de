"""The numbers of the overview."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from learner import glances
from webapp.api.access import needs
from webapp.api.errors import answers
from webapp.roles import Role

router = Router()


@router.get("", auth=needs(Role.VIEWER), response=answers(ok=list[glances.Glance]))
def status(request: HttpRequest) -> list[glances.Glance]:
    """Every document type at a glance."""
    return glances.glances()
