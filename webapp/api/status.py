"""The numbers of the overview."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from learner import reports
from webapp.api.access import needs
from webapp.api.errors import answers
from webapp.roles import Role

router = Router()


@router.get("", auth=needs(Role.LEAD), response=answers(ok=list[reports.TypeReport]))
def status(request: HttpRequest) -> list[reports.TypeReport]:
    """One report for each document type."""
    return reports.overview()
