"""How figures look, and where drawings put them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.models import Document
from learner.audit import audit
from learner.cost import default
from learner.forecast import Point, forecast
from learner.savings import AuditPoint, Savings, Time
from webapp.dashboard import drawing
from webapp.templatetags.docloop import figure, hours, minutes_left, moment, percent, points, seconds, signed


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


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=60))
def test_every_bar_stays_inside_its_drawing(counts):
    drawn = drawing.bars([(date(2026, 1, 1) + timedelta(days=n), count) for n, count in enumerate(counts)])
    assert drawn.top >= max(counts)
    for bar in drawn.bars:
        assert bar.x >= 0 and bar.x + bar.width <= drawn.width + 1e-6
        assert bar.y >= 12 - 1e-6 and bar.y + bar.height == pytest.approx(drawn.floor)


@pytest.mark.parametrize(
    ("most", "top"), [(0, 5), (5, 5), (6, 10), (11, 20), (21, 50), (51, 100), (101, 200)]
)
def test_a_chart_ends_at_a_round_number(most, top):
    assert drawing.bars([(date(2026, 1, 1), most)]).top == top


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 500), st.floats(0, 1)), min_size=1, max_size=4), st.integers(0, 500))
def test_a_learning_curve_stays_inside_its_drawing(versions, confirmed):
    gold = tuple(Point("v", n, f1, f1 / 2, (1 + f1) / 2, 20, 4) for n, f1 in versions)
    audited = tuple(AuditPoint("v", n, 5, share, share / 2, 1.0) for n, share in versions)
    found = Savings(
        confirmed,
        9,
        gold,
        audited,
        audit([], []),
        forecast(gold, confirmed),
        1.0,
        Time(0, 0, 0, 0, 0),
        default(4),
    )
    drawn = drawing.learning(found)
    places = [tuple(map(float, pair.split(","))) for pair in f"{drawn.line} {drawn.band}".split()]
    places += [(mark.x, y) for mark in drawn.gold + drawn.audit for y in (mark.y, mark.top, mark.bottom)]
    assert all(0 <= x <= drawn.width and 12 <= y <= drawn.floor for x, y in places)
    assert all(mark.top <= mark.y <= mark.bottom for mark in drawn.gold + drawn.audit)


def test_a_version_that_made_no_error_is_drawn_at_the_top():
    perfect = (Point("v", 25, 1.0, 1.0, 1.0, 3, 4),)
    found = Savings(25, 0, perfect, (), audit([], []), None, 0.0, Time(0, 0, 0, 0, 0), default(4))
    assert drawing.learning(found).gold[0].y == 12
