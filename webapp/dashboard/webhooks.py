"""Whom Docloop tells of what happens: endpoints of other programs, and what became of each message."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotation import audit_trail
from annotation.errors import Refused
from webapp import notifications
from webapp.models import Delivery, WebhookEndpoint
from webapp.roles import Role, requires

SHOWN = 50


class EndpointForm(forms.Form):
    """An address, and what it is told of."""

    url = forms.CharField(
        label="Address",
        max_length=500,
        help_text="Where messages are sent by POST, such as https://example.org/docloop",
        widget=forms.URLInput(attrs={"class": "form-control", "placeholder": "https://"}),
    )
    events = forms.MultipleChoiceField(
        label="Events",
        choices=[(name, f"{name}: {about}") for name, about in notifications.EVENTS.items()],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": "Choose at least one event."},
    )
    with_fields = forms.BooleanField(
        label="Send it the values of finished documents",
        required=False,
        help_text="With document.finished: file name and fields. They leave Docloop then, so choose it for your own programs only.",
        widget=forms.CheckboxInput(attrs={"class": "form-check-input d-block"}),
    )


@requires(Role.OPERATOR)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: HttpRequest) -> HttpResponse:
    """All endpoints, and the form for another. A new one's secret is in the answer to the form, and told once."""
    form = EndpointForm(request.POST or None)
    made = None
    if request.method == "POST" and form.is_valid():
        try:
            made = add(**form.cleaned_data, by=request.user.get_username())
            form = EndpointForm()
        except Refused as reason:
            form.add_error("url", str(reason))
    waiting, failed = (
        Count("deliveries", filter=Q(deliveries__state=state)) for state in ("waiting", "failed")
    )
    endpoints = WebhookEndpoint.objects.annotate(waiting=waiting, given_up=failed)
    return render(request, "webhooks.html", {"form": form, "endpoints": endpoints, "made": made})


@requires(Role.OPERATOR)
@require_http_methods(["GET", "HEAD"])
def webhook(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """One endpoint and its newest messages."""
    return render(request, "webhook.html", _shown(endpoint_id))


@requires(Role.OPERATOR)
@require_http_methods(["GET", "HEAD"])
def live(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Its messages again, while they are under way."""
    return render(request, "webhooks/deliveries.html", _shown(endpoint_id))


@requires(Role.OPERATOR)
@require_POST
def act(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Test it, switch it on or off, or delete it."""
    endpoint = get_object_or_404(WebhookEndpoint, pk=endpoint_id)
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        messages.error(request, "There is no such action.")
        return redirect("webhook", endpoint_id)
    try:
        messages.success(request, action(endpoint, request.user.get_username()))
    except Refused as reason:
        messages.error(request, str(reason))
    return redirect("webhook", endpoint_id) if endpoint.pk else redirect("webhooks")


@requires(Role.OPERATOR)
@require_POST
def send_again(request: HttpRequest, endpoint_id: int, delivery_id: int) -> HttpResponse:
    """Send one message another time."""
    delivery = get_object_or_404(
        Delivery.objects.select_related("endpoint"), pk=delivery_id, endpoint=endpoint_id
    )
    try:
        send_delivery_again(delivery, by=request.user.get_username())
    except Refused as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, "The message is sent again.")
    return redirect("webhook", endpoint_id)


@transaction.atomic
def add(url: str, events: list[str], with_fields: bool = False, *, by: str) -> WebhookEndpoint:
    """A new endpoint, written on the trail. Raises `Refused`."""
    endpoint = notifications.add_endpoint(url, events, with_fields=with_fields, by=by)
    _write_down(endpoint, "added" if not with_fields else "added, with fields,", by)
    return endpoint


@transaction.atomic
def send_delivery_again(delivery: Delivery, *, by: str) -> None:
    """Send one message another time, written on the trail. Raises `Refused`."""
    notifications.send_again(delivery)
    _write_down(delivery.endpoint, "sent a message again to", by)


@transaction.atomic
def test(endpoint: WebhookEndpoint, *, by: str) -> Delivery:
    """Send a message that says nothing, written on the trail. Raises `Refused`."""
    sent = notifications.ping(endpoint)
    _write_down(endpoint, "tested", by)
    return sent


def _test(endpoint: WebhookEndpoint, by: str) -> str:
    test(endpoint, by=by)
    return "A test message is sent: see below what becomes of it."


@transaction.atomic
def _on(endpoint: WebhookEndpoint, by: str) -> str:
    notifications.switch(endpoint, on=True)
    _write_down(endpoint, "switched on", by)
    return "The endpoint is on; what waited for it is sent now."


@transaction.atomic
def _off(endpoint: WebhookEndpoint, by: str) -> str:
    notifications.switch(endpoint, on=False)
    _write_down(endpoint, "switched off", by)
    return "The endpoint is off: nothing is sent to it."


@transaction.atomic
def _delete(endpoint: WebhookEndpoint, by: str) -> str:
    _write_down(endpoint, "deleted", by)
    endpoint.delete()
    return "The endpoint and its messages were deleted."


ACTIONS = {"test": _test, "on": _on, "off": _off, "delete": _delete}


def _write_down(endpoint: WebhookEndpoint, action: str, by: str) -> None:
    audit_trail.record(by=by, action=f"{action} a webhook", subject=f"{endpoint}", why=endpoint.url)


def _shown(endpoint_id: int) -> dict[str, Any]:
    endpoint = get_object_or_404(WebhookEndpoint, pk=endpoint_id)
    newest = list(endpoint.deliveries.order_by("-pk")[: SHOWN + 1])
    return {"endpoint": endpoint, "deliveries": newest[:SHOWN], "more": len(newest) > SHOWN}
