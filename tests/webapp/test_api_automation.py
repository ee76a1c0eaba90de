"""Auto-accept by the API: what is promised, what the audit found, and the switch."""

from __future__ import annotations

import numpy as np
import pytest
from django.test import Client

from annotation.models import TrailEntry
from learner import automation, automation_watch
from tests.audited import answered, model
from tests.factories import make_type
from webapp.models import ApiToken

pytestmark = pytest.mark.django_db

URL = "/api/document-types/receipts/automation"


@pytest.fixture
def kind(db):
    return make_type(name="receipts", champion="v1", audit_share=0.1, target_error=0.05)


@pytest.fixture
def lead(lea):
    return Client(headers={"Authorization": f"Bearer {ApiToken.issue(lea)}"})


def test_before_anything_was_worked_out_it_is_off_and_empty(lead, kind):
    said = lead.get(URL).json()
    assert (said["on"], said["since"], said["in_force"], said["audit"], said["curve"]) == (
        False, None, None, None, [],
    )  # fmt: skip
    assert lead.get("/api/document-types/none/automation").status_code == 404


def test_it_is_switched_on_and_says_what_is_promised_and_found(lead, kind):
    answered(kind, *model(np.random.default_rng(1), 250))
    assert lead.post(f"{URL}/on").json()["on"]
    automation.work_out(kind.pk)
    *_, last = answered(kind, [[0.99999] * 3] * 40, [[False] * 3] * 39 + [[True, False, False]])
    automation_watch.watch(last.pk)
    said = lead.get(URL).json()
    promise = said["in_force"]
    assert promise["error"] < promise["at_most"] <= 0.05
    assert (promise["sure"], promise["answered"], set(promise["thresholds"])) == (
        0.975, 250, {"company", "date", "total"},
    )  # fmt: skip
    assert (said["audit"]["documents"], said["audit"]["wrong"]) == (40, 1)
    assert said["curve"][-1]["share"] == 1.0


def test_it_is_switched_off_and_the_trail_knows_by_whom(lead, kind):
    lead.post(f"{URL}/on")
    said = lead.post(f"{URL}/off", {"keep": True}, content_type="application/json").json()
    assert (said["on"], said["by"], said["switched_itself_off"]) == (False, "lea", False)
    trail = TrailEntry.objects.order_by("-pk").first()
    assert (trail.by, trail.action, trail.why) == ("lea", "switched off", "what was accepted stays")


def test_without_a_target_it_is_refused_with_what_to_do(lead, kind):
    kind.target_error = None
    kind.save()
    answer = lead.post(f"{URL}/on")
    assert answer.status_code == 422
    assert "Set a target error first" in answer.content.decode()
