"""Every page that has data shows a command for it, and commands on the pages are calls that the API answers."""

import html
import re
import shlex
from urllib.parse import urlsplit

import pytest
from django.test import Client

from annotation.models import Document
from benchmarks.pages_addresses import addresses
from tests.factories import make_type
from tests.webapp.test_queries import fill, know_people, samples
from webapp.models import ApiToken
from webapp.templatetags.api_call import command

pytestmark = pytest.mark.django_db


def test_a_command_is_answered_when_its_token_is_filled_in(lea):
    make_type(name="receipts")
    program, flag, header, address = shlex.split(
        command("documents", query="state=read&search=a+b", document_type="receipts", before="")
    )
    assert (program, flag) == ("curl", "-H")
    name, value = header.replace("$DOCLOOP_TOKEN", ApiToken.issue(lea)).split(": ")
    asked = urlsplit(address)
    assert asked.query == "state=read&search=a+b&document_type=receipts"
    assert Client(headers={name: value}).get(f"{asked.path}?{asked.query}").status_code == 200


def test_nothing_that_a_reader_typed_leaves_its_quotes():
    told = command("documents", search="x'; rm -rf ~; echo '$(id)")
    assert len(shlex.split(told)) == 4
    assert "$(id)" not in told and "; rm" not in told


COMMAND = re.compile(r"<code>(curl .*?)</code>", re.DOTALL)

# pages without data of their own: forms, what is fetched by a person for themselves, and what isn't Docloop's
WITHOUT = {
    "new-type": "a form",
    "new-person": "a form",
    "new-source": "a form",
    "edit-source": "a form: the source's own page has the command",
    "upload": "a form",
    "set-password": "a form, for nobody who is signed in",
    "today": "a person's own day: the ledger has it for programs",
    "label-type": "leads into Label Studio",
    "label-document": "leads into Label Studio",
    "api:openapi-view": "the API's own description",
}


def test_every_page_with_data_shows_a_command_that_is_answered(client, otto, monkeypatch):
    monkeypatch.setattr("webapp.services.check", list)  # nothing is asked over the network here
    kind = make_type(name="receipts")
    fill(kind)
    know_people(2)
    client.force_login(otto)
    header = {"Authorization": f"Bearer {ApiToken.issue(otto)}"}
    told: dict[str, list[int]] = {}
    for address in addresses(samples(kind)):
        answer = client.get(address.url)
        if answer.status_code != 200 or answer.streaming or b"<html" not in answer.content:
            continue  # a part of a page, a file, or where something is done
        commands = [html.unescape(found) for found in COMMAND.findall(answer.content.decode())]
        asked = [urlsplit(shlex.split(command)[-1]) for command in commands]
        told[address.title] = [
            Client(headers=header).get(f"{each.path}?{each.query}").status_code for each in asked
        ]
    silent = {page for page, answers in told.items() if not answers}
    assert silent == WITHOUT.keys() & silent, "pages with data and without a command: add {% api_call %}"
    assert {page: answers for page, answers in told.items() if set(answers) > {200}} == {}
    assert len(told) - len(silent) > 20


def test_the_command_for_a_list_from_the_oldest_on_lists_the_same(client, lea):
    kind = make_type(name="receipts")
    fill(kind)
    client.force_login(lea)
    first = Document.objects.order_by("pk")[0].pk
    page = client.get(f"/documents/?type=receipts&order=oldest&beyond={first}")
    asked = urlsplit(shlex.split(html.unescape(COMMAND.findall(page.content.decode())[0]))[-1])
    answer = client.get(f"{asked.path}?{asked.query}").json()
    shown = [each.pk for each in page.context["listed"].documents]
    assert [each["id"] for each in answer["items"]] == shown
    assert shown[0] > first
