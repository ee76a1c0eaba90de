"""People by the API: who may make whom, and that a token that was made for less can't make more of itself."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.factories import make_type
from webapp.models import ApiToken
from webapp.roles import Role, role_of

pytestmark = pytest.mark.django_db


def program(user, most: Role | None = None) -> Client:
    return Client(headers={"Authorization": f"Bearer {ApiToken.issue(user, most=most)}"})


def send(client: Client, method: str, path: str, **body: object):
    return getattr(client, method)(path, json.dumps(body), content_type="application/json")


def test_a_lead_makes_an_annotator_who_sets_a_password_by_the_link(lea):
    make_type(name="receipts", title="Receipts")
    answer = send(
        program(lea), "post", "/api/people", email="Nora@example.org", name="Nora", types=["receipts"]
    )
    assert answer.status_code == 201
    said = answer.json()
    assert (said["email"], said["role"], said["types"]) == ("nora@example.org", "annotator", ["receipts"])
    assert (
        Client().get(said["password_link"].removeprefix("http://testserver"), follow=True).status_code == 200
    )
    listed = {each["email"]: each for each in program(lea).get("/api/people").json()}
    assert (listed["nora@example.org"]["types"], listed["nora@example.org"]["today"]) == (["Receipts"], 0)


@pytest.mark.parametrize("email", ["nobody", "a b@example.org", "ann@example.org"])
def test_an_address_that_is_none_or_somebody_elses_is_refused(lea, ann, email):
    assert send(program(lea), "post", "/api/people", email=email).status_code == 422


def test_a_person_is_given_another_role_and_shut_out(ada, ann):
    path = f"/api/people/{ann.pk}"
    said = send(program(ada), "put", path, role="lead").json()
    assert (said["role"], said["active"]) == ("lead", True)
    said = send(program(ada), "put", path, role="lead", active=False).json()
    assert not said["active"]
    assert program(ada).get(path).json() == said
    assert send(program(ada), "post", f"{path}/password-link").status_code == 422
    assert send(program(ada), "put", path, role="king").status_code == 422


def test_the_last_admin_stays_one(ada):
    answer = send(program(ada), "put", f"/api/people/{ada.pk}", role="lead")
    assert answer.status_code == 422
    assert role_of(User.objects.get(pk=ada.pk)) == Role.ADMIN


def test_leads_operators_and_an_admins_token_for_less_look_after_annotators_only(lea, otto, ada, ann):
    for client in (program(lea), program(otto), program(ada, Role.LEAD)):
        assert send(client, "post", "/api/people", email="x@example.org", role="viewer").status_code == 403
        assert send(client, "put", f"/api/people/{ann.pk}", role="lead").status_code == 403
        assert send(client, "put", f"/api/people/{ada.pk}", role="annotator").status_code == 403
        assert send(client, "post", f"/api/people/{ada.pk}/password-link").status_code == 403
        assert send(client, "post", f"/api/people/{ann.pk}/password-link").status_code == 200
    assert not User.objects.filter(email="x@example.org").exists()
    assert role_of(User.objects.get(pk=ann.pk)) == Role.ANNOTATOR
