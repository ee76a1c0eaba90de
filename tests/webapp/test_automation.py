"""The auto-accept page: what the threshold would mean, targets, and the switch."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import DocumentType, TrailEntry
from learner import automation, automation_watch
from learner.models import AcceptanceRule, Automation
from tests.audited import answered, model
from tests.factories import make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(lea):
    client = Client()
    client.force_login(lea)
    return client


@pytest.fixture
def kind(db):
    return make_type(name="receipts", title="Receipts", champion="v1", audit_share=0.1)


def shown(lead, page: str = "automation") -> str:
    answer = lead.get(reverse(page, args=["receipts"]))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def post(lead, action: str, **sent) -> str:
    answer = lead.post(reverse(f"automation-{action}", args=["receipts"]), sent, follow=True)
    return " ".join(answer.content.decode().split())


def promised(kind: DocumentType) -> AcceptanceRule:
    """Auto-accept that is on for three days, with thresholds."""
    kind.target_error = 0.05
    kind.save()
    answered(kind, *model(np.random.default_rng(1), 250), at=timezone.now() - timedelta(days=5))
    automation.switch_on(kind, by="lea")
    automation.work_out(kind.pk)
    AcceptanceRule.objects.update(at=timezone.now() - timedelta(days=3))
    rule = automation.in_force(kind)
    assert rule is not None
    return rule


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"champion": ""}, "There is no champion yet"),
        ({"audit_share": 0}, "The audit share is 0"),
        ({}, "Nobody has answered an audited document that v1 has read"),
    ],
)
def test_where_there_is_no_curve_yet_the_page_says_what_to_do(lead, kind, setting, says):
    DocumentType.objects.update(**setting)
    page = shown(lead)
    assert says in page
    assert 'id="stops"' not in page


def test_the_curve_says_what_every_place_of_the_threshold_would_mean(lead, kind):
    answered(kind, *model(np.random.default_rng(1), 60))
    automation.work_out(kind.pk)
    page = shown(lead)
    places = json.loads(re.search(r'<script id="stops"[^>]*>(.*?)</script>', page)[1])
    assert f'max="{len(places) - 1}"' in page
    last = places[-1]
    # a tenth of all documents is audited and goes to people whatever the threshold is
    assert last["skipping"] == pytest.approx(90)
    assert last["wrong"] == pytest.approx(3000 * last["error"])
    figures = Automation.objects.get().figures
    assert last["hours"] == pytest.approx(0.9 * figures["monthly"] * figures["seconds"] / 3600)
    assert figures["monthly"] == 60
    assert [place["x"] for place in places] == sorted(place["x"] for place in places)
    assert [title for title, _ in last["thresholds"]] == ["company", "date", "total"]


def test_the_page_tells_how_a_program_asks_for_the_same(lead, kind):
    assert "/api/document-types/receipts/automation" in shown(lead)


def test_targets_are_set_in_percent_and_kept_in_the_form(lead, kind):
    said = post(lead, "targets", all_fields="1.5", **{"field-total": "0.5"})
    assert "thresholds for them are being worked out" in said
    kind.refresh_from_db()
    assert (kind.target_error, kind.field_targets) == (0.015, {"total": 0.005})
    page = shown(lead)
    assert 'name="all_fields" value="1.5"' in page and 'name="field-total" value="0.5"' in page
    post(lead, "targets", all_fields="", **{"field-total": ""})
    kind.refresh_from_db()
    assert (kind.target_error, kind.field_targets) == (None, {})


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"all_fields": "0"}, "greater than or equal to 0.01"),
        ({"all_fields": "60"}, "less than or equal to 50"),
        ({"all_fields": "few"}, "Enter a number"),
        ({"field-total": "1"}, "needs one for all fields beside it"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused_beside_its_input(lead, kind, sent, says):
    answer = lead.post(reverse("automation-targets", args=["receipts"]), sent)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    kind.refresh_from_db()
    assert kind.target_error is None


def test_without_a_target_it_cant_be_switched_on(lead, kind):
    assert "Set a target error first" in post(lead, "on")
    assert not Automation.objects.filter(on=True).exists()


def test_switched_on_with_few_answers_it_says_how_many_are_missing(lead, kind):
    kind.target_error = 0.01
    kind.save()
    answered(kind, *model(np.random.default_rng(1), 30))
    automation.work_out(kind.pk)
    post(lead, "on")
    page = shown(lead, "automation-live")
    assert "Too few answers to tell: 30 audited documents so far" in page
    assert "a promise of 1 % needs at least 387 above the threshold (357 more)" in page


def test_in_force_it_says_what_is_promised_and_how_sure_the_audit_is(lead, kind):
    rule = promised(kind)
    page = shown(lead)
    assert "Documents of which v1 is sure enough in every field skip people" in page
    assert f"97.5 % sure, on {rule.above} of 250 audited documents" in page
    assert "no audited document above the thresholds was answered yet" in page
    *_, last = answered(kind, [[0.99999] * 3] * 120, [[False] * 3] * 118 + [[True, False, False]] * 2)
    automation_watch.watch(last.pk)
    assert re.search(
        r"2 of 360 fields wrong: at most \d(\.\d)? % of all, 95 % sure, on 120 audited documents",
        shown(lead, "automation-live"),
    )


def test_switched_off_by_a_lead_documents_stay_or_go_back_as_they_wish(lead, kind):
    promised(kind)
    assert "goes back to the pool" in post(lead, "off")
    assert Automation.objects.get().keeps is None
    post(lead, "on")
    assert "stays accepted" in post(lead, "off", keep="yes")
    state = Automation.objects.get()
    assert (state.on, state.by, state.by_watch, state.kept_version) == (False, "lea", False, "v1")
    assert state.keeps is not None
    assert list(TrailEntry.objects.values_list("action", flat=True)) == [
        "switched on",
        "switched off",
        "switched on",
        "switched off",
    ]


def test_that_it_switched_itself_off_is_said_here_and_on_the_overview_and_stays_in_the_history(lead, kind):
    promised(kind)
    *_, last = answered(kind, [[0.99999] * 3] * 40, [[True, True, False]] * 40)
    automation_watch.watch(last.pk)
    page = shown(lead)
    assert "Auto-accept switched itself off" in page
    assert "surely more than the target of 5.00%" in page
    assert "Docloop</td>" in page and "worked out thresholds of v1" in page
    for other in (reverse("overview"), reverse("type", args=["receipts"])):
        assert "auto-accept switched itself off" in lead.get(other).content.decode().lower()
    post(lead, "on")
    page = shown(lead)
    assert "switched itself off" not in page.split('id="history"')[0]
    assert "did not keep their promise" in page


def test_thresholds_are_worked_out_again_when_somebody_asks(lead, kind):
    promised(kind)
    assert "nothing new to tell" in post(lead, "again")
    answered(kind, *model(np.random.default_rng(2), 60))
    assert "Worked out again" in post(lead, "again")
    assert AcceptanceRule.objects.last().by == "lea"


def test_the_page_takes_few_queries_whatever_is_in_it(lead, kind, django_assert_max_num_queries):
    promised(kind)
    with django_assert_max_num_queries(15):
        shown(lead)
    with django_assert_max_num_queries(12):
        shown(lead, "automation-live")
