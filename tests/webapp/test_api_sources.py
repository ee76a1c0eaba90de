"""Sources by the API: made, changed, switched, deleted; their files, and dead letters tried again."""

from __future__ import annotations

import json

import pytest
from django.conf import settings
from django.test import Client

from annotation.models import Arrival, Source
from tests.factories import make_source, make_type
from webapp.models import ApiToken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def scans(tmp_path, monkeypatch):
    """A folder that sources may look at, and a password."""
    folder = tmp_path / "scans"
    folder.mkdir()
    (tmp_path / "mail").write_text("the password of the mailbox")
    more = {"source_roots": str(tmp_path), "source_secrets": tmp_path, "source_hosts": "imap.example.org"}
    monkeypatch.setattr(settings, "CONFIG", settings.CONFIG.model_copy(update=more))
    return folder


@pytest.fixture
def operator(otto):
    return Client(headers={"Authorization": f"Bearer {ApiToken.issue(otto)}"})


def send(client: Client, path: str, method: str = "post", **body: object):
    return getattr(client, method)(f"/api/sources{path}", json.dumps(body), content_type="application/json")


def test_a_source_is_made_and_told_without_its_settings(operator, scans, rung):
    make_type(name="receipts")
    made = send(
        operator, "", name="scans", document_type="receipts", settings={"kind": "folder", "path": str(scans)}
    )
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["kind"], told["place"], told["document_type"]) == ("folder", str(scans), "receipts")
    assert (told["found"], told["looked_at"], told["created_by"]) == (0, None, "otto")
    assert ("annotation.look_at_source", told["id"]) in rung
    assert operator.get("/api/sources").json() == [told]
    assert operator.get(f"/api/sources/{told['id']}").json() == told
    assert operator.get(f"/api/sources/{told['id']}/settings").json() == {
        "kind": "folder", "path": str(scans), "subfolders": True, "after": "leave",
    }  # fmt: skip


def test_a_mailbox_names_its_secret_and_never_tells_it(operator):
    wanted = {"kind": "mailbox", "host": "imap.example.org", "user": "invoices", "secret": "mail"}
    made = send(operator, "", name="mail", settings=wanted)
    assert made.status_code == 201, made.content
    every = [operator.get(f"/api/sources{path}") for path in ("", f"/{made.json()['id']}/settings")]
    assert every[1].json()["secret"] == "mail"
    assert not any(b"the password" in each.content for each in (made, *every))


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"kind": "folder", "path": "/etc"}, "DOCLOOP_SOURCE_ROOTS"),
        ({"kind": "mailbox", "host": "10.0.0.1", "user": "a", "secret": "mail"}, "DOCLOOP_SOURCE_HOSTS"),
        ({"kind": "mailbox", "host": "imap.example.org", "user": "a", "secret": "other"}, "can't be read"),
        (
            {"kind": "mailbox", "host": "imap.example.org", "user": "a", "secret": "mail", "password": "x"},
            "password",
        ),
        ({"kind": "mailbox", "host": "imap.example.org", "user": "a\r\nLOGOUT", "secret": "mail"}, "user"),
        ({"kind": "folder", "path": "/srv/\0"}, "path"),
        ({"kind": "pigeon"}, "pigeon"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(operator, wanted, reason):
    answer = send(operator, "", name="new", settings=wanted)
    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert not Source.objects.exists()


def test_a_source_is_changed_and_keeps_its_kind(operator, scans):
    source = make_source()
    path = f"/{source.pk}"
    changed = send(operator, path, "put", settings={"kind": "folder", "path": str(scans), "after": "move"})
    assert (changed.status_code, changed.json()["place"]) == (200, str(scans))
    mailbox = {"kind": "mailbox", "host": "imap.example.org", "user": "a", "secret": "mail"}
    assert send(operator, path, "put", settings=mailbox).status_code == 422


def test_a_source_is_switched_looked_at_and_deleted(operator, rung):
    source = make_source()
    assert send(operator, f"/{source.pk}/off").json()["enabled"] is False
    assert send(operator, f"/{source.pk}/look").status_code == 422
    assert send(operator, f"/{source.pk}/on").json()["enabled"] is True
    assert send(operator, f"/{source.pk}/look").status_code == 202
    assert ("annotation.look_at_source", source.pk) in rung
    assert operator.delete(f"/api/sources/{source.pk}").status_code == 204
    assert operator.get(f"/api/sources/{source.pk}").status_code == 404


def test_dead_letters_come_piece_by_piece_and_are_tried_again(operator, rung):
    source = make_source()
    for number in range(1, 4):
        Arrival.objects.create(
            source=source, key=str(number) * 64, name=f"{number}.pdf", place={}, state="failed"
        )
    first = operator.get(f"/api/sources/{source.pk}/arrivals?state=failed&limit=2").json()
    assert [each["name"] for each in first["items"]] == ["3.pdf", "2.pdf"]
    letter = first["items"][0]["id"]
    again = send(operator, f"/{source.pk}/arrivals/{letter}/try-again")
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    assert send(operator, f"/{source.pk}/arrivals/{letter}/try-again").status_code == 422
    aside = send(operator, f"/{source.pk}/arrivals/{first['items'][1]['id']}/set-aside")
    assert (aside.status_code, aside.json()["state"]) == (200, "passed over")
    assert send(operator, f"/{source.pk}/try-again").json() == {"count": 2}
    assert ("annotation.take_arrivals", source.pk) in rung
    assert operator.get(f"/api/sources/{source.pk}").json()["failed"] == 0
