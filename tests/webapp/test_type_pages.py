"""A document type's pages: progress and quality, as a lead sees them."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.urls import reverse
from django.utils import timezone

from annotation import state_counts
from learner import headlines
from tests.factories import make_document, make_extraction, make_truth, make_type, make_version
from tests.webapp.test_pages import queued

pytestmark = pytest.mark.django_db

MOST_QUERIES = 15
MOST_BYTES = 500_000
PAGES = ["type", "type-live", "type-progress", "type-progress-live", "type-worth", "type-quality"]


@pytest.fixture
def lead(client, lea):
    client.force_login(lea)
    return client


@pytest.fixture
def receipts():
    """A type in the middle of its work."""
    receipts = make_type(name="receipts", title="Receipts")
    score = {"f1": 0.8, "low": 0.7, "high": 0.9}
    figures = {"documents": 9, "overall": score, "fields": {"total": score}}
    champion = make_version(receipts, state="champion", figures=figures)
    receipts.champion = champion.name
    receipts.save(update_fields=["champion"])
    for n in range(6):
        document = make_document(receipts, audit_probability=0.1 if n % 2 else None)
        make_extraction(document, {"total": ("01/02/2024", 0.6)}, version=champion.name)
        make_truth(
            document,
            {"total": "12.90"},
            outcomes={"company": "accepted", "total": "edited"},
            annotator=f"{'ann' if n % 3 else 'bob'}@example.org",
            lead_time=20 + n,
            submitted_at=timezone.now() - timedelta(days=n),
        )
    queued(receipts, 41, priority=0.9, reason="unsure of the total")
    state_counts.count_states()
    headlines.renew(receipts.pk)
    return receipts


def shown(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.unescape(answer.content.decode())))


def charts(answer) -> list[dict]:
    found = re.findall(r'<docloop-chart [^>]*figures="([^"]*)"', answer.content.decode())
    return [json.loads(html.unescape(each)) for each in found]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_the_database_a_few_times_whatever_there_is(
    name, lead, receipts, django_assert_max_num_queries
):
    with django_assert_max_num_queries(MOST_QUERIES):
        assert lead.get(reverse(name, args=["receipts"])).status_code == 200


@pytest.mark.parametrize("name", [*PAGES, "type-quality-live", "type-examples"])
def test_a_type_without_anything_has_its_pages_all_the_same(name, lead):
    make_type(name="receipts")
    assert lead.get(reverse(name, args=["receipts"])).status_code == 200


@pytest.mark.parametrize("name", ["type", "type-progress", "type-quality", "label-quality", "edit-type"])
def test_every_page_of_a_type_leads_to_the_others_and_says_where_it_is(name, lead, receipts):
    page = lead.get(reverse(name, args=["receipts"])).content.decode()
    places = page[page.index('class="places"') :]
    places = places[: places.index("</nav>")]
    for other in ("type", "type-progress", "type-quality", "label-quality", "edit-type"):
        assert f'href="{reverse(other, args=["receipts"])}"' in places
    assert places.count("aria-current") == 1


def test_progress_is_drawn_and_told_in_numbers(lead, receipts):
    answer = lead.get(reverse("type-progress", args=["receipts"]))
    states, corrections, pace = charts(answer)
    assert {each["label"] for each in states["series"]} == {"Confirmed", "Queued"}
    assert states["series"][0]["values"][-1] == 6
    assert [each["label"] for each in corrections["series"]] == ["ann@example.org", "bob@example.org"]
    assert sum(corrections["series"][0]["values"]) == 4
    assert pace["series"][0]["values"][-1] == 20
    page = shown(answer)
    assert "ann@example.org 4 67 %" in page and "viewers don’t see this" in page
    assert answer.content.decode().count("<caption") + page.count("The numbers") >= 3


def test_another_time_can_be_chosen_and_nonsense_is_the_usual(lead, receipts):
    page = reverse("type-progress", args=["receipts"])
    assert len(charts(lead.get(page, {"days": "90"}))[1]["x"]) == 90
    assert len(charts(lead.get(page, {"days": "4e9"}))[1]["x"]) == 30


def test_quality_tells_fields_causes_and_calibration(lead, receipts):
    answer = lead.get(reverse("type-quality", args=["receipts"]))
    page = shown(answer)
    assert "6 of 12 fields had to be changed" in page
    assert "Total 0 %" in page and "6 edited" in page
    assert "Wrong place" in page and "6 documents: total, wrong place" in page
    (calibration,) = charts(answer)
    assert calibration["series"][0]["values"][1:-1] == [0.5]
    assert calibration["x"][0] == 0 and calibration["x"][-1] == 1


@pytest.mark.parametrize(("which", "documents"), [("all", 6), ("champion", 6), ("audit", 3), ("nonsense", 6)])
def test_which_documents_are_looked_at_can_be_chosen(lead, receipts, which, documents):
    answer = lead.get(reverse("type-quality", args=["receipts"]), {"of": which})
    assert answer.context["quality"].documents == documents


def test_a_number_of_a_cause_leads_to_its_documents(lead, receipts):
    page = lead.get(reverse("type-quality", args=["receipts"])).content.decode()
    link = html.unescape(re.search(r'href="([^"]*examples[^"]*)"', page).group(1))
    answer = lead.get(link)
    assert len(answer.context["documents"]) == 6
    assert reverse("document", args=[answer.context["documents"][0][0]]) in answer.content.decode()


@pytest.mark.parametrize("asked", [{"field": "gone", "cause": "misread"}, {"field": "total", "cause": "<b>"}])
def test_a_field_or_cause_that_is_not_there_has_no_documents(lead, receipts, asked):
    answer = lead.get(reverse("type-examples", args=["receipts"]), asked)
    assert answer.status_code == 200 and answer.context["documents"] == []
    assert "<b>" not in answer.content.decode()


@pytest.mark.parametrize("name", ["type", "type-progress", "type-quality"])
def test_a_page_with_all_that_it_loads_is_light(name, lead, receipts):
    page = lead.get(reverse(name, args=["receipts"])).content
    files = set(re.findall(rf'(?:src|href)="/?{settings.STATIC_URL.strip("/")}/([^"#]+)', page.decode()))
    assert ("uplot.js" in files) == (name != "type")
    assert len(page) + sum(Path(finders.find(each)).stat().st_size for each in files) < MOST_BYTES
