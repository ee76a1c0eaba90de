import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_a_lead_arrives_at_the_overview(client, lea):
    answer = client.post(reverse("sign-in"), {"username": "lea", "password": "a-long-password"}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("overview")
    assert "No document types yet" in answer.content.decode()


def test_an_annotator_arrives_at_their_own_page(client, ann):
    answer = client.post(reverse("sign-in"), {"username": "ann", "password": "a-long-password"}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("today")


def test_a_wrong_password_is_told_without_saying_which_part_was_wrong(client, lea):
    answer = client.post(reverse("sign-in"), {"username": "lea", "password": "another"})
    assert answer.status_code == 200
    assert (
        "don&#x27;t belong together" in answer.content.decode() or "don't belong" in answer.content.decode()
    )


def test_signing_out_needs_a_post(client, lea):
    client.force_login(lea)
    assert client.get(reverse("sign-out")).status_code == 405
    assert client.post(reverse("sign-out")).status_code == 302
    assert client.get(reverse("overview")).status_code == 302


def test_the_sign_in_sends_nobody_to_another_site(client, lea):
    filled = {"username": "lea", "password": "a-long-password", "next": "https://elsewhere.example/"}
    assert client.post(reverse("sign-in"), filled)["Location"] == reverse("overview")
