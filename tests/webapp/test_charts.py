"""What charts are told to draw, and what stands in the table below them."""

from __future__ import annotations

import json
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.state_counts import Day
from learner.audit import audit
from learner.cost import default
from learner.forecast import Point, forecast
from learner.quality import Bin
from learner.random_curve import Place, RandomCurve
from learner.savings import Answers, AuditPoint, Savings, Time
from learner.work import Day as WorkDay
from learner.work import Person, Work
from models.metrics import Interval
from webapp.dashboard import charts

TODAY = date(2026, 3, 2)


def is_whole(chart: charts.Chart) -> None:
    """Every series has a value, or None, for each place, and the script can read it."""
    figures = json.loads(chart.json)
    assert figures["x"] == sorted(figures["x"])
    for series in figures["series"]:
        assert {len(series[name]) for name in ("values", "low", "high") if name in series} == {
            len(figures["x"])
        }


def test_states_are_stacked_from_done_to_not_begun_and_those_without_documents_are_left_out():
    days = [
        Day(TODAY - timedelta(days=1), {"received": 3}),
        Day(TODAY, {"received": 1, "confirmed": 2}),
    ]
    chart = charts.states(days)
    is_whole(chart)
    assert [(each.label, list(each.values)) for each in chart.series] == [
        ("Confirmed", [0, 2]),
        ("Received", [3, 1]),
    ]
    assert chart.rows == [(TODAY - timedelta(days=1), [0, 3]), (TODAY, [2, 1])]


def work(*by_person: dict[str, int], seconds: float | None = None) -> Work:
    days = tuple(
        WorkDay(TODAY + timedelta(days=n), sum(each.values()), each, seconds, seconds)
        for n, each in enumerate(by_person)
    )
    totals: dict[str, int] = {}
    for each in by_person:
        for who, n in each.items():
            totals[who] = totals.get(who, 0) + n
    people = tuple(Person(who, n, 0.1, seconds, None) for who, n in sorted(totals.items()))
    return Work(days, people, sum(totals.values()), seconds)


def test_many_people_are_drawn_by_name_up_to_six_and_then_together():
    chart = charts.corrections(work({f"{letter}@example.org": 1 for letter in "abcdefgh"}, {}))
    is_whole(chart)
    assert len(chart.series) == 7
    assert (chart.series[-1].label, list(chart.series[-1].values)) == ("Others", [2, 0])


def test_days_on_which_nothing_is_known_are_no_rows_of_the_table():
    chart = charts.pace(work({"a@example.org": 1}, {}, seconds=None))
    is_whole(chart)
    assert chart.rows == []


def test_calibration_lies_between_the_ends_of_its_line():
    chart = charts.calibration([Bin(30, 0.4, 0.5, 0.3, 0.7), Bin(30, 0.9, 0.8, 0.6, 0.9)])
    is_whole(chart)
    assert chart.x == [0.0, 0.4, 0.9, 1.0]
    assert list(chart.series[0].values) == [None, 0.5, 0.8, None]
    assert list(chart.series[1].values) == chart.x


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 500), st.floats(0, 1)), min_size=1, max_size=4),
    st.integers(0, 500),
    st.integers(0, 4),
)
def test_a_learning_curve_holds_every_version_the_forecast_and_random_order(versions, confirmed, compared):
    gold = tuple(Point("v", n, f1, f1 / 2, (1 + f1) / 2, 20, 4) for n, f1 in versions)
    audited = tuple(AuditPoint("v", n, 5, share, share / 2, 1.0) for n, share in versions)
    foreseen = forecast(gold, confirmed)
    nothing = Time(0, 0, 0, 0, 0)
    places = tuple(
        Place(n, Interval(f1, f1 / 2, 1.0), Interval(f1, f1 / 3, 1.0)) for n, f1 in versions[:compared]
    )
    random = RandomCurve(30, places) if compared else None
    found = Savings(
        confirmed, 9, gold, audited, audit([], []), foreseen, 1.0, nothing, Answers(0, 0), random, default(4)
    )
    chart = charts.learning(found)
    is_whole(chart)
    drawn = {each.label: [value for value in each.values if value is not None] for each in chart.series}
    assert sorted(drawn["F1 on held-back documents"]) == sorted(f1 for _, f1 in versions)
    assert len(drawn["Right in the audit"]) == len(versions)
    assert len(drawn.get(charts.RANDOM, ())) == len(drawn.get(charts.CHOSEN, ())) == len(places)
    assert len(drawn["Forecast of F1"]) == len(foreseen.curve)
    bottom, top = chart.range
    lows = [low for each in chart.series for low in each.low if low is not None]
    assert 0 <= bottom <= min([*lows, 0.9]) and top == 1
