"""Model versions: look, promote by hand, go back to the one before."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from annotation.errors import Refused
from annotation.models import DocumentType
from learner import comparison, promotion, reports
from learner.models import ModelVersion
from webapp.api.access import needs
from webapp.api.errors import answers
from webapp.api.names import TypeName, type_or_router
from webapp.api.paging import MOST, Before, Limit, Piece, newest_first
from webapp.roles import Role

router = Router()
RELATED = ("document_type", "run__snapshot", "decision__champion", "decision__version")


class RollBack(Schema):
    """Which document type goes back, and from where."""

    document_type: TypeName
    champion: str = Field(description="The version that you take for the champion")


class Promotion(Schema):
    """Who is to make way, and why."""

    champion: str = Field(description="The version that you take for the champion; empty: none")
    why: str = Field(min_length=3, max_length=300, description="Kept with the version")


class ExampleOut(Schema):
    """A field of a document that one version has right and the other hasn't."""

    document: int
    filename: str
    field: str
    title: str
    truth: list[str]
    first: comparison.Said
    second: comparison.Said
    place: dict[str, Any] | None = Field(description="Where people found it: page, box, words")

    @staticmethod
    def resolve_place(example: comparison.Example) -> dict[str, Any] | None:
        return example.place.to_json() if example.place else None


class ComparisonOut(Schema):
    """How the second version differs from the first, on documents that neither learned from."""

    documents: int
    held_back: int = Field(description="Of them, documents on which both were judged after their training")
    overall: reports.Difference | None
    fields_: list[reports.Difference] = Field(alias="fields", serialization_alias="fields")
    left_out: list[str] = Field(description="Titles of fields that one of the two wasn't trained for")
    second_right: list[ExampleOut] = Field(description="The first is wrong there; at most 10")
    first_right: list[ExampleOut] = Field(description="The second is wrong there; at most 10")


@router.get("", auth=needs(Role.VIEWER), response=answers(404, ok=Piece[reports.VersionReport]))
def versions(
    request: HttpRequest, document_type: TypeName = "", before: Before = MOST, limit: Limit = 50
) -> dict[str, Any]:
    """Versions, the newest first, with their figures and what the gate said."""
    found = ModelVersion.objects.select_related(*RELATED)
    if document_type:
        found = found.filter(document_type=type_or_router(document_type))
    piece = newest_first(found, before, limit)
    return piece | {"items": [reports.version_report(version) for version in piece["items"]]}


@router.post("/roll-back", auth=needs(Role.LEAD), response=answers(404, 409, ok=reports.VersionReport))
def roll_back(request: HttpRequest, asked: RollBack) -> reports.VersionReport:
    """Put the champion before the present one back to work, and answer it; 409 if the champion isn't the one you named."""
    document_type = type_or_router(asked.document_type)
    _still(document_type, asked.champion)
    return _report(promotion.roll_back(document_type, by=request.user.get_username()).name)


@router.get("/{str:name}", auth=needs(Role.VIEWER), response=answers(404, ok=reports.VersionReport))
def version(request: HttpRequest, name: str) -> reports.VersionReport:
    """One version, such as `receipts-v3`."""
    return _report(name)


@router.post(
    "/{str:name}/promote", auth=needs(Role.LEAD), response=answers(404, 409, ok=reports.VersionReport)
)
def promote(request: HttpRequest, name: str, asked: Promotion) -> reports.VersionReport:
    """Make a version the champion by hand, also against the gate; 409 if the champion isn't the one you named."""
    found = _version(name)
    _still(found.document_type, asked.champion)
    by = request.user.get_username()
    promotion.promote(found, by=by, reason=f"promoted by {by}: {asked.why}")
    return _report(name)


@router.get(
    "/{str:name}/against/{str:other}",
    auth=needs(Role.VIEWER),
    response=answers(404, ok=ComparisonOut),
    by_alias=True,
)
def compare_versions(
    request: HttpRequest, name: str, other: str, field: Annotated[str, Query(max_length=40)] = ""
) -> comparison.Comparison:
    """How the version `name` differs from `other` of the same type, per field and on examples (of `field` only)."""
    second, first = _version(name), _version(other)
    if first.document_type_id != second.document_type_id or first == second:
        raise Refused("two different versions of one document type can be compared")
    return comparison.compare(first, second, field=field)


def _version(name: str) -> ModelVersion:
    found = ModelVersion.objects.select_related(*RELATED).filter(name=name.replace("\0", "")).first()
    if found is None:
        raise Http404("there is no model version of this name; versions are listed at /api/versions")
    return found


def _report(name: str) -> reports.VersionReport:
    return reports.version_report(_version(name))


def _still(document_type: DocumentType, champion: str) -> None:
    if champion != document_type.champion:
        raise HttpError(409, f"the champion is {document_type.champion or 'none'}, not {champion or 'none'}")
