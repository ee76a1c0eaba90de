"""Auto-accept of a document type: what is promised, what the audit found, and the switch. Targets belong to the type itself."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from annotation.models import DocumentType
from learner import automation
from learner.models import Automation
from webapp.api.access import needs
from webapp.api.errors import answers
from webapp.api.names import type_named
from webapp.roles import Role

router = Router()


class PromiseOut(Schema):
    """The thresholds in force, and what they rest on."""

    version: str
    thresholds: dict[str, float] = Field(description="Field to the confidence from which on it is sure")
    answered: int = Field(description="Audited documents that they were worked out with")
    above: int = Field(description="Of those: above every threshold")
    error: float = Field(description="Of the fields of those: share (0…1) that was wrong")
    at_most: float = Field(description="Of all such documents' fields: share that is wrong at most")
    sure: float = Field(description="How sure that is, 0…1")
    by: str
    at: datetime


class AuditOut(Schema):
    """What people found since in audited documents above the thresholds."""

    documents: int
    fields: int
    wrong: int
    at_most: float = Field(description="Share of wrong fields, 95 % sure, whenever you ask")


class PlaceOut(Schema):
    """A place of the threshold on the curve, by audited documents."""

    share: float = Field(description="Of documents above it, 0…1")
    error: float = Field(description="Share of their fields that is wrong")
    low: float
    high: float
    waiting: int | None = Field(description="Documents that wait now and are above it")


class AutomationOut(Schema):
    """Whether documents may skip people, and how sure that is."""

    on: bool
    by: str = Field(description="Who switched it last")
    why: str
    switched_itself_off: bool
    since: datetime | None
    target_error: float | None
    field_targets: dict[str, float]
    in_force: PromiseOut | None = Field(description="Null: nothing is accepted now")
    audit: AuditOut | None
    answered: int = Field(description="Audited documents that the curve is made of")
    curve: list[PlaceOut]


class Off(Schema):
    """What becomes of documents that were accepted so far."""

    keep: bool = Field(False, description="They stay accepted; otherwise they go back to the pool")


@router.get(
    "/{slug:name}/automation",
    auth=needs(Role.VIEWER),
    response=answers(404, ok=AutomationOut),
    url_name="automation",
)
def state(request: HttpRequest, name: str) -> AutomationOut:
    """What is promised of documents that skip people, and what the audit says of it."""
    return _out(type_named(name))


@router.post("/{slug:name}/automation/on", auth=needs(Role.LEAD), response=answers(404, ok=AutomationOut))
def switch_on(request: HttpRequest, name: str) -> AutomationOut:
    """Accept documents unseen, as soon as a threshold can be promised; 422 without a target error or an audit."""
    document_type = type_named(name)
    automation.switch_on(document_type, by=request.user.get_username())
    return _out(document_type)


@router.post("/{slug:name}/automation/off", auth=needs(Role.LEAD), response=answers(404, ok=AutomationOut))
def switch_off(request: HttpRequest, name: str, asked: Off) -> AutomationOut:
    """Accept nothing unseen from now on."""
    document_type = type_named(name)
    automation.switch_off_by_hand(document_type, by=request.user.get_username(), keep=asked.keep)
    return _out(document_type)


@router.post("/{slug:name}/automation/again", auth=needs(Role.LEAD), response=answers(404, ok=AutomationOut))
def work_out_again(request: HttpRequest, name: str) -> AutomationOut:
    """Work the thresholds out with all answers by now; 422 if there are too few new ones to tell anything."""
    document_type = type_named(name)
    automation.work_out_anew(document_type, by=request.user.get_username())
    return _out(document_type)


def _out(document_type: DocumentType) -> AutomationOut:
    found = Automation.objects.filter(document_type=document_type).first() or Automation(
        document_type=document_type
    )
    rule = automation.in_force(document_type)
    points = found.figures.get("points", [])
    waiting = found.waiting or [None] * len(points)
    watched = found.watched if rule else {}
    return AutomationOut(
        on=found.on,
        by=found.by,
        why=found.why,
        switched_itself_off=found.by_watch and not found.on,
        since=found.changed_at if found.by else None,
        target_error=document_type.target_error,
        field_targets=document_type.field_targets,
        in_force=PromiseOut(
            version=rule.version,
            thresholds=rule.thresholds,
            answered=rule.answered,
            above=rule.above,
            error=rule.error,
            at_most=rule.high,
            sure=1 - rule.risk,
            by=rule.by,
            at=rule.at,
        )
        if rule and rule.error is not None and rule.high is not None
        else None,
        audit=AuditOut(
            documents=watched["documents"],
            fields=watched["fields"],
            wrong=watched["wrong"],
            at_most=watched["high"],
        )
        if watched
        else None,
        answered=found.answered,
        curve=[
            PlaceOut(
                share=point["share"],
                error=point["error"],
                low=point["low"],
                high=point["high"],
                waiting=waits,
            )
            for point, waits in zip(points, waiting, strict=False)
        ],
    )
