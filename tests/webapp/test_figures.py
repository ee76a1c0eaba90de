"""How figures look, and where drawings put them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from annotation.models import Document
from webapp.dashboard import drawing
from webapp.templatetags.docloop import (
    figure,
    hours,
    minutes_left,
    moment,
    percent,
    points,
    seconds,
    signed,
    told,
)


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.8734, "87 %"), (1, "100 %"), (0.9996, "99 %"), (0, "0 %"), (0.001, "1 %"), (None, "—"), ("", "—")],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share, shown):
    assert percent(share) == shown


def test_scores_and_differences_have_three_places():
    assert (figure(0.91234), figure(None), signed(0.0121), signed(-0.004)) == (
        "0.912", "—", "+0.012", "−0.004",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("gain", "shown"), [(0.0061, "+0.6"), (-0.0123, "−1.2"), (0, "0.0"), (0.0004, "0.0"), (-0.0004, "0.0")]
)
def test_a_gain_is_said_in_points_and_nothing_has_no_sign(gain, shown):
    assert points(gain) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(2.14, "2.1 h"), (0.3, "18 min"), (0, "0 min"), (-1.5, "−1.5 h")]
)
def test_hours_become_minutes_when_there_are_few(value, shown):
    assert hours(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(42.4, "42 s"), (130, "2 min 10 s"), (None, "—")])
def test_seconds_become_minutes_when_there_are_many(value, shown):
    assert seconds(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "time left not known yet"),
        (0.4, "less than a minute left"),
        (1.2, "about 1 minute left"),
        (12, "about 12 minutes left"),
        (150, "about 2.5 hours left"),
    ],
)
def test_time_left_is_said_in_words(value, shown):
    assert minutes_left(value) == shown


def test_a_moment_is_shown_in_the_readers_zone():
    with timezone.override("Asia/Tokyo"):
        shown = moment(datetime(2020, 3, 1, 20, 0, tzinfo=UTC))
    assert ">2 Mar 2020<" in shown
    assert "2020-03-02T05:00:00+09:00" in shown
    assert ":" in moment(timezone.now()).split(">")[1]
    assert "yesterday" in moment(timezone.now() - timedelta(days=1))


@given(st.dictionaries(st.sampled_from(Document.State.values), st.integers(0, 10**6)))
def test_the_parts_of_a_bar_fill_it_without_overlap(counts):
    parts = drawing.parts(counts)
    assert sum(part.count for part in parts) == sum(counts.values())
    end = 0.0
    for part in parts:
        assert part.start == pytest.approx(end)
        end = part.start + part.width
    assert end == pytest.approx(100 if sum(counts.values()) else 0)


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_a_score_and_its_interval_are_drawn_on_their_line(shares):
    drawn = drawing.interval(*sorted(shares))
    assert drawn.low >= 0 and drawn.low + drawn.width <= 100 + 1e-9
    assert drawn.point >= 0 and drawn.point + drawing.MARK <= 100 + 1e-9


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (None, "count", "—"),
        (1234.0, "count", "1,234"),
        (0.934, "percent", "93 %"),
        (61.4, "seconds", "61 s"),
        (0.5, "score", "0.500"),
    ],
)
def test_a_charts_numbers_are_told_in_the_charts_form(value, form, shown):
    assert told(value, form) == shown
