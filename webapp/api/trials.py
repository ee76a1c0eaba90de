"""The challenger that a document type tries out on its stream: how it does, and stop it."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from ninja import Router, Schema
from pydantic import Field

from annotation.models import DocumentType
from learner import canary
from learner.canary import Trial
from webapp.api.access import needs
from webapp.api.errors import answers
from webapp.api.names import type_named
from webapp.roles import Role

router = Router()


class Stop(Schema):
    """Why it is stopped."""

    why: str = Field(min_length=3, max_length=300, description="Kept with the version")


@router.get(
    "/{slug:name}/trial",
    auth=needs(Role.VIEWER),
    response=answers(404, ok=Trial),
    url_name="trial",
)
def trial(request: HttpRequest, name: str) -> Trial:
    """The challenger on trial, else the last one that was; 404 if none ever was. Promote it by hand as any version."""
    return _last(type_named(name))


@router.post("/{slug:name}/trial/stop", auth=needs(Role.LEAD), response=answers(404, ok=Trial))
def stop(request: HttpRequest, name: str, asked: Stop) -> Trial:
    """Stop the trial and retire the challenger; 422 if none is on trial."""
    document_type = type_named(name)
    canary.stop(document_type, by=request.user.get_username(), why=asked.why)
    return _last(document_type)


def _last(document_type: DocumentType) -> Trial:
    found = document_type.canaries.select_related("version").first()
    if found is None:
        raise Http404(f"no challenger of {document_type.name} was ever on trial")
    return canary.report(found)
