"""Commands on the pages are calls that the API answers."""

import shlex
from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests.factories import make_type
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
