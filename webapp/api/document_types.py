"""Document types: list, make and change, as JSON or as the YAML of their files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Router, Schema, Status
from pydantic import Field

from annotation import document_types, exports
from annotation.errors import Refused
from annotation.models import DocumentType
from webapp.api.access import needs
from webapp.api.errors import answers
from webapp.api.names import type_named
from webapp.roles import Role

router = Router()

# the body is read as it comes: YAML, and JSON, which is YAML too
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "object"}} for kind in ("application/yaml", "application/json")
        },
    }
}


YAML = {"responses": {200: {"description": "OK", "content": {"application/yaml": {}}}}}
FILES: dict[str, object] = {form.content_type.partition(";")[0]: {} for form in exports.FORMS.values()}
FILE = {"responses": {200: {"description": "OK", "content": FILES}}}


class DocumentTypeOut(Schema):
    """A document type with its schema and its rules."""

    name: str
    title: str
    fields_: list[dict[str, Any]] = Field(
        alias="fields",
        serialization_alias="fields",
        description="name, kind, label, help, required, repeats, choices, day_first, sum_of",
    )
    target_error: float | None = Field(
        description="Share of fields that may be wrong in documents that skip people; null: none skip them"
    )
    field_targets: dict[str, float] = Field(description="The same for single fields that have their own")
    assume_above: float | None = Field(
        description="Fields surer than this aren't asked for; null: every field is asked for"
    )
    retrain_after: int
    strategy: str
    strategy_parameters: dict[str, float] = Field(description="Those that are not as usual")
    audit_share: float
    whole_share: float = Field(description="Share of documents asked for in whole all the same")
    queue_depth: int
    overlap_share: float = Field(description="Share of documents that several people answer, for agreement")
    overlap_annotators: int = Field(description="How many people answer those")
    second_opinions: float = Field(
        description="Doubtful documents that another person is asked about, at most this share of the confirmed"
    )
    least_new: int = Field(
        description="Corrections that a new champion has learned from and the old one had not, at least"
    )
    most_of_one: float = Field(
        description="Share of these that one person may give, where several label the type"
    )
    field_budgets: dict[str, float] = Field(
        description="F1 that a promotion may cost single fields, where that isn't as usual"
    )
    canary: str = Field(
        description="What follows when the gate lets a challenger through: none, shadow or share"
    )
    canary_share: float = Field(description="Share of the documents that a challenger on trial fills in")
    challenger: str = Field(description="Name of the version that is on trial; empty: none")
    priority: int = Field(description="1 high, 2 normal, 3 low: which types people are sent to first")
    within_hours: float | None = Field(
        description="The service goal: hours from receiving a document to its answer; null: none"
    )
    hour_costs: float | None = Field(description="What an hour of an annotator costs; null: not told")
    currency: str = Field(description="ISO 4217")
    probes: float = Field(description="Share of tasks that are known documents with one wrong value")
    extractor: str
    recipe: dict[str, Any]
    project_id: int | None = Field(description="Label Studio's; null until it is set up")
    champion: str = Field(description="Name of the version that extracts; empty before the first")
    created_at: datetime


@router.get("", auth=needs(Role.VIEWER), response=answers(ok=list[DocumentTypeOut]), by_alias=True)
def types(request: HttpRequest) -> Any:  # a queryset, which ninja reads
    """All document types, by name."""
    return DocumentType.objects.all()


@router.get("/{slug:name}", auth=needs(Role.VIEWER), response=answers(404, ok=DocumentTypeOut), by_alias=True)
def document_type(request: HttpRequest, name: str) -> DocumentType:
    """One document type."""
    return type_named(name)


@router.get("/{slug:name}/yaml", auth=needs(Role.VIEWER), response=answers(404), openapi_extra=YAML)
def as_yaml(request: HttpRequest, name: str) -> HttpResponse:
    """One document type as the YAML of its file."""
    text = document_types.to_yaml(type_named(name))
    return HttpResponse(text, content_type="application/yaml")


@router.get(
    "/{slug:name}/export/{slug:form}", auth=needs(Role.VIEWER), response=answers(404), openapi_extra=FILE
)
def export(request: HttpRequest, name: str, form: str) -> StreamingHttpResponse:
    """The truths of one document type as a file: `jsonl`, `csv`, `words`, `coco`, `parquet` or `pack`.

    `unseen` holds what its model says of documents that were accepted without anybody looking at them.
    """
    found = type_named(name)
    if form not in exports.FORMS:
        raise Http404(f"there is no form {form}; there are: {', '.join(exports.FORMS)}")
    chosen = exports.FORMS[form]
    exports.write_down(found, chosen, by=request.user.get_username())
    answer = StreamingHttpResponse(chosen.write(found), content_type=chosen.content_type)
    answer["Content-Disposition"] = f'attachment; filename="{exports.filename(found, chosen)}"'
    return answer


@router.post(
    "",
    auth=needs(Role.LEAD),
    response=answers(made=DocumentTypeOut),
    by_alias=True,
    openapi_extra=BODY,
)
def create(request: HttpRequest) -> Status[DocumentType]:
    """Make a document type; its Label Studio project follows within seconds."""
    wanted = document_types.specification_of(_text(request))
    return Status(201, document_types.create(wanted, by=request.user.get_username()))


@router.put(
    "/{slug:name}",
    auth=needs(Role.LEAD),
    response=answers(404, ok=DocumentTypeOut),
    by_alias=True,
    openapi_extra=BODY,
)
def change(request: HttpRequest, name: str) -> DocumentType:
    """Change a document type; refused with the reason if annotations would be lost."""
    found = type_named(name)
    wanted = document_types.specification_of(_text(request))
    return document_types.change(found, wanted, by=request.user.get_username())


def _text(request: HttpRequest) -> str:
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        raise Refused("the document type is YAML or JSON in UTF-8") from None
