"""Operators say where documents come from by themselves; leads try again what could not be taken."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from annotation.models import Arrival, Source, TrailEntry
from tests.factories import make_document, make_source, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def scans(tmp_path, monkeypatch):
    """A folder that sources may look at."""
    folder = tmp_path / "scans"
    folder.mkdir()
    more = {"source_roots": str(tmp_path), "source_secrets": tmp_path, "source_hosts": "127.0.0.1"}
    monkeypatch.setattr(settings, "CONFIG", settings.CONFIG.model_copy(update=more))
    return folder


@pytest.fixture
def operator(otto):
    client = Client()
    client.force_login(otto)
    return client


@pytest.fixture
def lead(lea):
    client = Client()
    client.force_login(lea)
    return client


def test_without_sources_the_page_says_what_to_do(operator, lead):
    page = operator.get(reverse("sources")).content.decode()
    assert f"{reverse('new-source')}?kind=mailbox" in page
    page = lead.get(reverse("sources")).content.decode()
    assert "An operator can" in page and reverse("new-source") not in page


def test_a_source_is_made_by_its_form_and_looked_at(operator, scans, rung):
    receipts = make_type(name="receipts")
    form = {
        "name": "scans",
        "document_type": "receipts",
        "path": str(scans),
        "subfolders": "on",
        "after": "move",
    }
    answer = operator.post(f"{reverse('new-source')}?kind=folder", form, follow=True)
    source = Source.objects.get()
    assert (source.name, source.document_type) == ("scans", receipts)
    assert source.settings == {"path": str(scans), "subfolders": True, "after": "move"}
    assert ("annotation.look_at_source", source.pk) in rung
    assert str(scans) in answer.content.decode()
    assert TrailEntry.objects.get().action == "made a source"


@pytest.mark.parametrize(
    ("kind", "form", "says"),
    [
        ("folder", {"name": "scans", "path": "/etc", "after": "leave"}, "DOCLOOP_SOURCE_ROOTS"),
        ("folder", {"name": "Scans", "path": "/etc", "after": "leave"}, "Small letters"),
        (
            "mailbox",
            {
                "name": "mail",
                "host": "imap.example.org",
                "port": "993",
                "security": "tls",
                "user": "a",
                "secret": "mail",
                "folder": "INBOX",
                "after": "seen",
                "move_to": "Taken",
            },
            "DOCLOOP_SOURCE_HOSTS",
        ),
        ("bucket", {"name": "bucket"}, "This field is required"),
    ],
)
def test_what_cannot_be_is_told_with_the_form_as_it_was(operator, kind, form, says):
    page = operator.post(f"{reverse('new-source')}?kind={kind}", form).content.decode()
    assert says in page
    assert f'value="{form["name"]}"' in page
    assert not Source.objects.exists()


def test_two_sources_cannot_have_one_name(operator, scans):
    make_source(name="scans")
    form = {"name": "scans", "path": str(scans), "after": "leave"}
    assert "another name" in operator.post(f"{reverse('new-source')}?kind=folder", form).content.decode()


def test_a_kind_that_is_not_there_is_not_found(operator):
    assert operator.get(f"{reverse('new-source')}?kind=carrier-pigeon").status_code == 404


def test_a_source_is_changed_by_the_same_form(operator, scans):
    source = make_source(settings={"path": str(scans)})
    page = operator.get(reverse("edit-source", args=[source.pk])).content.decode()
    assert f'value="{scans}"' in page
    form = {"document_type": "", "path": str(scans), "after": "move"}
    operator.post(reverse("edit-source", args=[source.pk]), form)
    source.refresh_from_db()
    assert source.settings == {"path": str(scans), "subfolders": False, "after": "move"}


def test_a_source_is_switched_off_and_on_and_deleted(operator, rung):
    source = make_source()
    act = reverse("source-act", args=[source.pk])
    operator.post(act, {"action": "off"})
    source.refresh_from_db()
    assert not source.enabled
    assert (
        "switched off"
        in operator.post(reverse("look-at-source", args=[source.pk]), follow=True).content.decode()
    )
    operator.post(act, {"action": "on"})
    assert ("annotation.look_at_source", source.pk) in rung
    operator.post(act, {"action": "delete"})
    assert not Source.objects.exists()


def test_a_source_shows_how_far_it_is_and_why_something_failed(lead):
    source = make_source(held_back="500 documents or more wait to be read")
    document = make_document()
    for number, state in enumerate(("taken", "waiting", "sighted"), start=1):
        Arrival.objects.create(
            source=source, key=str(number) * 64, name=f"{state}.pdf", place={}, state=state, document=document
        )
    page = lead.get(reverse("source", args=[source.pk])).content.decode()
    figures = dict(re.findall(r'data-label="([A-Z][a-z ]+)" class="number">(\d+)<', page))
    assert figures == {"Found": "4", "Taken": "1", "Waiting": "2", "Passed over": "0", "Failed": "1"}
    assert "is empty; send it again" in page and "500 documents or more" in page
    assert reverse("document", args=[document.pk]) in page
    assert "held back" in lead.get(reverse("sources")).content.decode()


def test_a_lead_tries_dead_letters_again_or_sets_them_aside(lead, rung):
    source = make_source()
    letter = source.arrivals.get()
    one = reverse("source-letter", args=[source.pk, letter.pk])
    assert "tried again" in lead.post(one, {"action": "again"}, follow=True).content.decode()
    assert source.arrivals.get().state == "waiting"
    assert ("annotation.take_arrivals", source.pk) in rung
    assert "taken meanwhile" in lead.post(one, {"action": "again"}, follow=True).content.decode()
    source.arrivals.update(state="failed")
    lead.post(one, {"action": "aside"})
    assert source.arrivals.get().state == "passed over"
    source.arrivals.update(state="failed")
    lead.post(reverse("source-letters", args=[source.pk]))
    assert source.arrivals.get().state == "waiting"


def test_a_dead_letter_needs_attention(lead):
    make_source()
    page = lead.get(reverse("overview")).content.decode()
    assert "1 file of sources could not be taken" in page
    Arrival.objects.update(state="waiting")
    assert "of sources could not" not in lead.get(reverse("overview")).content.decode()


def test_a_viewer_sees_the_reason_and_no_button(vera, client):
    client.force_login(vera)
    page = client.get(reverse("source", args=[make_source().pk])).content.decode()
    assert "is empty; send it again" in page
    assert "Try again" not in page and "Delete" not in page
