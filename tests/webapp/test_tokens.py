"""A person's own keys to the API."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import TrailEntry
from webapp.models import ApiToken
from webapp.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client, lea):
    client.force_login(lea)
    return client


def made(client: Client, **form: object) -> str:
    page = client.post(reverse("tokens"), {"note": "nightly import", "most": 0} | form).content.decode()
    return re.findall(r"docloop_[\w-]{43}", page)[0]


def program(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"})


def test_a_token_is_told_once_and_works(lead):
    token = made(lead)
    assert program(token).get("/api/me").json() == {"user": "lea", "role": "lead"}
    page = lead.get(reverse("tokens")).content.decode()
    assert token not in page and "nightly import" in page and token[:12] in page
    assert TrailEntry.objects.get().action == "made a token"


def test_the_page_with_a_token_is_kept_by_no_browser(lead):
    answer = lead.post(reverse("tokens"), {"note": "x", "most": 0})
    assert "no-store" in answer["Cache-Control"]


def test_a_token_may_do_less_than_its_user(lead):
    token = made(lead, most=Role.ANNOTATOR.value)
    assert program(token).get("/api/me").json()["role"] == "annotator"
    assert program(token).get("/api/documents").status_code == 403


def test_a_token_never_does_more_than_its_user_may_by_now(lea):
    token = ApiToken.issue(lea, most=Role.OPERATOR)
    assert program(token).get("/api/me").json()["role"] == "lead"
    lea.groups.set([Group.objects.get_or_create(name="viewer")[0]])
    assert program(token).get("/api/me").json()["role"] == "viewer"
    lea.groups.clear()
    assert program(token).get("/api/me").status_code == 403


def test_nobody_is_offered_more_than_they_may(lead, ann):
    assert lead.post(reverse("tokens"), {"note": "x", "most": Role.OPERATOR.value}).status_code == 200
    assert not ApiToken.objects.exists()


def test_a_revoked_token_is_worth_nothing(lead):
    token = made(lead)
    lead.post(reverse("revoke-token", args=[ApiToken.objects.get().pk]))
    assert program(token).get("/api/me").status_code == 401


def test_nobody_revokes_what_is_somebody_else_s(lead, ann):
    ApiToken.issue(ann, "hers")
    assert lead.post(reverse("revoke-token", args=[ApiToken.objects.get().pk])).status_code == 404
    assert ApiToken.objects.exists()


def test_an_admin_sees_and_revokes_everybodys(client, ada, ann):
    token = ApiToken.issue(ann, "nightly")
    client.force_login(ada)
    page = client.get(reverse("tokens")).content.decode()
    assert "nightly" in page and token[:12] in page and token not in page
    client.post(reverse("revoke-token", args=[ApiToken.objects.get().pk]))
    assert program(token).get("/api/me").status_code == 401
    entry = TrailEntry.objects.get()
    assert (entry.by, entry.action) == ("ada", f"revoked a token of user {ann.pk}")


def test_others_see_their_own_only(lead, ann):
    ApiToken.issue(ann, "of another")
    assert "of another" not in lead.get(reverse("tokens")).content.decode()


def test_a_token_needs_a_name(lead):
    answer = lead.post(reverse("tokens"), {"note": " ", "most": 0})
    assert "required" in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_the_last_use_is_written_down_once_a_minute(lea, django_assert_num_queries):
    token = ApiToken.issue(lea)
    ApiToken.find(token)
    used = ApiToken.objects.get().last_used_at
    with django_assert_num_queries(1):
        ApiToken.find(token)
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    ApiToken.find(token)
    assert ApiToken.objects.get().last_used_at > used
