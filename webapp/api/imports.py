"""Labels that people made in another Label Studio project: begin an import, and follow it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from annotation.models import LabelImport
from webapp import label_imports
from webapp.api.access import needs
from webapp.api.errors import answers
from webapp.api.names import TypeName, type_named
from webapp.api.paging import MOST, Before, Limit, Piece, newest_first
from webapp.roles import Role

router = Router()


class ImportOut(Schema):
    """How far an import is."""

    id: int
    document_type: str
    filename: str
    by: str
    state: str = Field(description="waiting, running, done or failed")
    tasks: int
    received: int = Field(description="Tasks whose file was new")
    known: int = Field(description="Tasks whose file was a document already")
    refused: int
    problems: list[list[str]] = Field(description="[task, what is wrong] of the first that were refused")
    problem: str = Field(description="Why nothing could be taken in")
    created_at: datetime
    finished_at: datetime | None

    @staticmethod
    def resolve_document_type(found: LabelImport) -> str:
        return found.document_type.name


@router.post("", auth=needs(Role.LEAD), response=answers(404, asked=ImportOut))
def begin(
    request: HttpRequest,
    document_type: Annotated[TypeName, Form()],
    labels: File[UploadedFile],
    pictures: File[UploadedFile],
) -> Status[LabelImport]:
    """Send an export in Label Studio's JSON form (`labels`) and a zip of its tasks' files (`pictures`)."""
    kind = type_named(document_type)
    return Status(
        202, label_imports.begin(labels, pictures, document_type=kind, by=request.user.get_username())
    )


@router.get("", auth=needs(Role.VIEWER), response=answers(ok=Piece[ImportOut]))
def imports(request: HttpRequest, before: Before = MOST, limit: Limit = 50) -> dict[str, Any]:
    """The newest imports first."""
    return newest_first(LabelImport.objects.select_related("document_type"), before, limit)


@router.get(
    "/{int:import_id}", auth=needs(Role.VIEWER), response=answers(404, ok=ImportOut), url_name="import"
)
def one(request: HttpRequest, import_id: int) -> LabelImport:
    """One import, live while it goes on."""
    return get_object_or_404(LabelImport.objects.select_related("document_type"), pk=import_id)
