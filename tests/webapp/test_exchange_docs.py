"""docs/reference/exchange.md names every form, event and part of the API that there is."""

from pathlib import Path

import pytest

from annotation.exports import FORMS
from webapp.api.app import api
from webapp.notifications import EVENTS

TOLD = (Path(__file__).parents[2] / "docs/reference/exchange.md").read_text()


@pytest.mark.parametrize("name", [*FORMS, *EVENTS])
def test_every_form_and_event_has_a_row(name):
    assert f"\n| `{name}` |" in TOLD


def test_every_noun_of_the_api_is_told():
    nouns = {path.split("/")[2] for path in api.get_openapi_schema()["paths"]}
    assert {noun for noun in nouns if f"`{noun}" not in TOLD} == set()


def test_every_figure_of_a_type_is_told():
    paths = [path.split("/") for path in api.get_openapi_schema()["paths"]]
    figures = {parts[4] for parts in paths if parts[2] == "document-types" and len(parts) > 4}
    assert {each for each in figures - {"yaml", "export"} if f"`{each}`" not in TOLD} == set()
