"""What comes in of a document type: whether it is as it was, and the alarms."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import Field

from learner import drift_alarms, drift_state
from learner.drift_state import AlarmReport, DriftState
from learner.models import DriftAlarm
from webapp.api.access import needs
from webapp.api.errors import answers
from webapp.api.names import type_named
from webapp.api.paging import MOST, Before, Limit, Piece, newest_first
from webapp.roles import Role

router = Router()


class Closing(Schema):
    """Why an alarm can be closed by hand."""

    why: str = Field(min_length=1, max_length=400)


@router.get(
    "/{slug:name}/drift", auth=needs(Role.VIEWER), response=answers(404, ok=DriftState), url_name="drift"
)
def state(request: HttpRequest, name: str) -> DriftState:
    """What the stream is held against, its newest windows and alarms."""
    return drift_state.of(type_named(name))


@router.get(
    "/{slug:name}/drift/alarms", auth=needs(Role.VIEWER), response=answers(404, ok=Piece[AlarmReport])
)
def alarms(request: HttpRequest, name: str, before: Before = MOST, limit: Limit = 50) -> dict[str, Any]:
    """All alarms, the newest first."""
    document_type = type_named(name)
    piece = newest_first(DriftAlarm.objects.filter(document_type=document_type), before, limit)
    return piece | {"items": [drift_state.alarm_report(alarm, document_type) for alarm in piece["items"]]}


@router.post(
    "/{slug:name}/drift/alarms/{int:alarm_id}/close",
    auth=needs(Role.LEAD),
    response=answers(404, ok=AlarmReport),
)
def close(request: HttpRequest, name: str, alarm_id: int, asked: Closing) -> AlarmReport:
    """End an alarm by hand: later documents are held against what comes in now; 422 if it has ended."""
    document_type = type_named(name)
    alarm = get_object_or_404(DriftAlarm, pk=alarm_id, document_type=document_type)
    drift_alarms.close(alarm, by=request.user.get_username(), why=asked.why)
    alarm.refresh_from_db()
    return drift_state.alarm_report(alarm, document_type)
