"""Model versions: look, and go back to the one before. Promotion is the gate's alone."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from ninja.errors import HttpError

from annotation.models import DocumentType
from learner import promotion, reports
from webapp.api.access import needs
from webapp.api.errors import Problem
from webapp.api.names import TypeName
from webapp.roles import Role

router = Router()


class RollBack(Schema):
    """Which document type goes back, and from where."""

    document_type: TypeName
    champion: str  # the name of the version that the caller takes for the champion


@router.get("", auth=needs(Role.LEAD), response={200: list[reports.VersionReport], 404: Problem})
def versions(request: HttpRequest, document_type: TypeName) -> list[reports.VersionReport]:
    """All versions of a document type, the newest first, with their figures and what the gate said."""
    return reports.versions(get_object_or_404(DocumentType, name=document_type))


@router.post(
    "/roll-back",
    auth=needs(Role.LEAD),
    response={200: list[reports.VersionReport], 404: Problem, 409: Problem, 422: Problem},
)
def roll_back(request: HttpRequest, asked: RollBack) -> list[reports.VersionReport]:
    """Put the champion before the present one back to work; 409 if the champion isn't the one you named."""
    document_type = get_object_or_404(DocumentType, name=asked.document_type)
    if asked.champion != document_type.champion:
        raise HttpError(409, f"the champion is {document_type.champion or 'none'}, not {asked.champion}")
    promotion.roll_back(document_type, by=request.user.get_username())
    return reports.versions(document_type)
