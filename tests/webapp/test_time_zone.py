"""Times are the reader's: the browser's zone comes with every request, in a cookie."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from annotation.models import Document
from tests.factories import make_document
from webapp.time_zone import COOKIE

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(client, lea):
    """What the list of documents says of one that came at 22:30 in UTC, to a reader with this cookie."""
    client.force_login(lea)
    document = make_document()
    Document.objects.filter(pk=document.pk).update(received_at=datetime(2024, 6, 30, 22, 30, tzinfo=UTC))

    def look(zone: str | None) -> str:
        client.cookies.pop(COOKIE, None)
        if zone is not None:
            client.cookies[COOKIE] = zone
        return client.get(reverse("documents")).content.decode()

    return look


def test_a_time_is_shown_as_the_readers_clock_had_it(shown):
    assert "2024-07-01 00:30:00 CEST" in shown("Europe/Berlin")
    assert "2024-06-30 18:30:00 EDT" in shown("America/New_York")


@pytest.mark.parametrize("zone", [None, "", "Nowhere/Atall", "../../etc/passwd", "Europe", "/etc/passwd"])
def test_without_a_zone_that_exists_it_is_utc(shown, zone):
    assert "2024-06-30 22:30:00 UTC" in shown(zone)


def test_the_zone_of_one_reader_is_not_kept_for_the_next(shown):
    shown("Europe/Berlin")
    assert "UTC" in shown(None)
