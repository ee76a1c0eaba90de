"""Whom Docloop tells of what happens: endpoints of other programs, and what became of each message. For operators."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from webapp import notifications
from webapp.api.access import needs
from webapp.api.errors import answers
from webapp.api.paging import MOST, Before, Limit, Piece, newest_first
from webapp.dashboard import webhooks as endpoints
from webapp.models import Delivery, WebhookEndpoint
from webapp.roles import Role

router = Router()


class EndpointOut(Schema):
    """An address that is told of events; its secret is told once, when it is made."""

    id: int
    url: str
    events: list[str]
    with_fields: bool = Field(description="Whether it is sent the values of finished documents' fields")
    active: bool
    notice: str = Field(description="Why it was switched off")
    failures: int = Field(description="In a row")
    failing_since: datetime | None
    created_by: str
    created_at: datetime


class EndpointMade(EndpointOut):
    """A new endpoint, with what its messages are signed with."""

    secret: str = Field(description="Told this once: whsec_…, see standardwebhooks.com")


class EndpointAsked(Schema):
    """An address, and what it is to be told of."""

    url: str = Field(max_length=500)
    events: list[str] = Field(description=", ".join(notifications.EVENTS))
    with_fields: bool = Field(
        False, description="Send it the values of finished documents' fields: then they leave Docloop"
    )


class DeliveryOut(Schema):
    """One message to an endpoint."""

    id: int
    event: str
    about: str = Field(description="The id of what happened")
    payload: dict[str, Any]
    state: str = Field(description="waiting, delivered or failed (given up)")
    attempts: int
    status: int | None = Field(description="Of the last answer")
    said: str = Field(description="The last answer, or why there was none")
    created_at: datetime
    tried_at: datetime | None


@router.get("", auth=needs(Role.OPERATOR), response=answers(ok=list[EndpointOut]))
def webhooks(request: HttpRequest) -> Any:  # a queryset, which ninja reads
    """All endpoints."""
    return WebhookEndpoint.objects.all()


@router.post("", auth=needs(Role.OPERATOR), response=answers(made=EndpointMade))
def add_webhook(request: HttpRequest, asked: EndpointAsked) -> Status[WebhookEndpoint]:
    """A new endpoint, told of what happens from now on; the answer holds its secret, this once."""
    by = request.user.get_username()
    made = endpoints.add(asked.url.strip(), asked.events, asked.with_fields, by=by)
    made.refresh_from_db()  # the database says when it was made
    return Status(201, made)


@router.get("/{int:endpoint_id}", auth=needs(Role.OPERATOR), response=answers(404, ok=EndpointOut))
def webhook(request: HttpRequest, endpoint_id: int) -> WebhookEndpoint:
    """One endpoint."""
    return get_object_or_404(WebhookEndpoint, pk=endpoint_id)


@router.delete("/{int:endpoint_id}", auth=needs(Role.OPERATOR), response=answers(404, none=None))
def delete_webhook(request: HttpRequest, endpoint_id: int) -> Status[None]:
    """Delete an endpoint and its messages."""
    _act(request, endpoint_id, "delete")
    return Status(204, None)


@router.post("/{int:endpoint_id}/on", auth=needs(Role.OPERATOR), response=answers(404, ok=EndpointOut))
def switch_webhook_on(request: HttpRequest, endpoint_id: int) -> WebhookEndpoint:
    """Send to it, at first what has waited for it."""
    return _act(request, endpoint_id, "on")


@router.post("/{int:endpoint_id}/off", auth=needs(Role.OPERATOR), response=answers(404, ok=EndpointOut))
def switch_webhook_off(request: HttpRequest, endpoint_id: int) -> WebhookEndpoint:
    """Send nothing to it; what waits goes on waiting."""
    return _act(request, endpoint_id, "off")


@router.post("/{int:endpoint_id}/test", auth=needs(Role.OPERATOR), response=answers(404, asked=DeliveryOut))
def test_webhook(request: HttpRequest, endpoint_id: int) -> Status[Delivery]:
    """Send it a message that says nothing; 422 if it is off."""
    return Status(202, endpoints.test(webhook(request, endpoint_id), by=request.user.get_username()))


@router.get(
    "/{int:endpoint_id}/deliveries", auth=needs(Role.OPERATOR), response=answers(404, ok=Piece[DeliveryOut])
)
def deliveries(
    request: HttpRequest,
    endpoint_id: int,
    state: Delivery.State | None = None,
    before: Before = MOST,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Its messages of the last 30 days, the newest first."""
    found = webhook(request, endpoint_id).deliveries.all()
    return newest_first(found.filter(state=state) if state else found, before, limit)


@router.post(
    "/{int:endpoint_id}/deliveries/{int:delivery_id}/send-again",
    auth=needs(Role.OPERATOR),
    response=answers(404, asked=DeliveryOut),
)
def send_delivery_again(request: HttpRequest, endpoint_id: int, delivery_id: int) -> Status[Delivery]:
    """Send one message another time; 422 if its endpoint is off."""
    found = get_object_or_404(
        Delivery.objects.select_related("endpoint"), pk=delivery_id, endpoint=endpoint_id
    )
    endpoints.send_delivery_again(found, by=request.user.get_username())
    found.refresh_from_db()
    return Status(202, found)


def _act(request: HttpRequest, endpoint_id: int, action: str) -> WebhookEndpoint:
    """The same as the page's buttons do, written on the trail."""
    endpoint = get_object_or_404(WebhookEndpoint, pk=endpoint_id)
    endpoints.ACTIONS[action](endpoint, request.user.get_username())
    return endpoint
