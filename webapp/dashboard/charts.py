"""Figures in, what `static/charts.js` draws out: plain data, with its words, that a template puts into an attribute.

Every chart stands above a table with its numbers (`type/chart.html`), for who can't see it, or wants them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.functional import cached_property

from annotation.state_counts import Day
from learner.quality import Bin
from learner.savings import Savings
from learner.work import Work
from models.metrics import Interval
from webapp.dashboard.drawing import ORDER

MOST_PEOPLE = 6  # with a colour of their own; the others are taken together
OTHERS = "Others"
CHOSEN = "Quick learner, documents as chosen"
RANDOM = "Quick learner, random documents"


@dataclass(frozen=True, slots=True)
class Series:
    """One line, area, row of bars or points; `colour` is a variable of the style sheet, without its dashes.

    `low` and `high` are the bounds of 95 % intervals. Where there is no value, there is None.
    """

    label: str
    colour: str
    kind: str  # line, dashed, area, bars, points
    values: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


@dataclass(frozen=True)
class Chart:
    """A chart: N places from left to right, and series of N values each."""

    title: str  # what a reader of screens is told it is
    x_label: str
    x: Sequence[float]  # seconds since 1970 for days
    series: Sequence[Series]
    format: str = "count"  # how values are written: count, percent, seconds, score
    x_format: str = "count"
    time: bool = False
    stacked: bool = False
    range: tuple[float | None, float | None] = (0, None)  # bottom and top; None: by the values

    @cached_property
    def json(self) -> str:
        """What the script reads."""
        figures = asdict(self)
        for series in figures["series"]:
            if not series["low"]:
                del series["low"], series["high"]
        return ENCODER.encode(figures)

    @cached_property
    def rows(self) -> list[tuple[float | date, list[float | None]]]:
        """The same for a table: for each place, its name and a value for each series; places without any are left out."""
        columns = [series.values for series in self.series]
        rows = list(zip(self.x, zip(*columns, strict=True), strict=True))
        return [
            (datetime.fromtimestamp(x, UTC).date() if self.time else x, list(values))
            for x, values in rows
            if any(values)
        ]


ENCODER = DjangoJSONEncoder(separators=(",", ":"))


def states(days: Sequence[Day]) -> Chart:
    """Documents by state over time, stacked; states that no document was in are left out."""
    present = [state for state in ORDER if any(day.counts.get(state) for day in days)]
    return Chart(
        title=f"Documents by state over the last {len(days)} days",
        x_label="Day",
        x=[_seconds(day.day) for day in days],
        series=[
            Series(state.capitalize(), state, "area", [day.counts.get(state, 0) for day in days])
            for state in present
        ],
        time=True,
        stacked=True,
    )


def corrections(work: Work) -> Chart:
    """Documents that people answered, by day and person, stacked; by day alone where nobody is named."""
    if not work.people:
        return _answered(work, [Series("Everybody", "hue-1", "bars", [day.documents for day in work.days])])
    first = [person.annotator for person in work.people[:MOST_PEOPLE]]
    series = [
        Series(
            who or "Unknown",
            f"hue-{number}",
            "bars",
            [day.by_person.get(who, 0) for day in work.days],
        )
        for number, who in enumerate(first, start=1)
    ]
    if len(work.people) > MOST_PEOPLE:
        others = [sum(n for who, n in day.by_person.items() if who not in first) for day in work.days]
        series.append(Series(OTHERS, "received", "bars", others))
    return _answered(work, series)


def _answered(work: Work, series: list[Series]) -> Chart:
    return Chart(
        title=f"Corrections per day{' and person' if work.people else ''} over the last {len(work.days)} days",
        x_label="Day",
        x=[_seconds(day.day) for day in work.days],
        series=series,
        time=True,
        stacked=True,
    )


def pace(work: Work) -> Chart:
    """Seconds that one document took, in the median of each day, and its trend."""
    return Chart(
        title=f"Seconds per document over the last {len(work.days)} days",
        x_label="Day",
        x=[_seconds(day.day) for day in work.days],
        series=[
            Series("Median", "bar", "points", [day.median_seconds for day in work.days]),
            Series("7 days", "queued", "line", [day.trend_seconds for day in work.days]),
        ],
        format="seconds",
        time=True,
    )


def calibration(bins: Sequence[Bin]) -> Chart:
    """How many fields were right, by how sure the machine was: on the dashed line if confidences mean what they say."""
    x = [0.0, *[each.confidence for each in bins], 1.0]
    return Chart(
        title="Share of right fields by confidence",
        x_label="Confidence",
        x=x,
        series=[
            Series(
                "Right",
                "bar",
                "points",
                [None, *[each.right for each in bins], None],
                [None, *[each.low for each in bins], None],
                [None, *[each.high for each in bins], None],
            ),
            Series("If confidences were exact", "received", "dashed", x),
        ],
        format="percent",
        x_format="percent",
        range=(0, 1),
    )


def learning(found: Savings) -> Chart:
    """Versions on gold and on audited documents over confirmed documents, with the forecast's line and band.

    And what the quick learner makes of as many random and as many chosen documents.
    """
    curve = found.forecast.curve if found.forecast else ()
    measured = found.random.places if found.random else ()
    told = [
        (
            "F1 on held-back documents",
            "bar",
            "points",
            [(p.documents, p.f1, p.low, p.high) for p in found.points],
        ),
        (
            "Right in the audit",
            "queued",
            "points",
            [(p.documents, p.accuracy, p.low, p.high) for p in found.audit_points],
        ),
        ("Forecast of F1", "confirmed", "line", [(p.documents, p.f1, p.low, p.high) for p in curve]),
        (CHOSEN, "hue-5", "line", [_place(p.documents, p.chosen) for p in measured]),
        (RANDOM, "hue-4", "dashed", [_place(p.documents, p.random) for p in measured]),
    ]
    places = sorted((row[0], number, row) for number, (*_, rows) in enumerate(told) for row in rows)
    series = [
        Series(
            label,
            colour,
            kind,
            *([row[column] if number == of else None for _, of, row in places] for column in (1, 2, 3)),
        )
        for number, (label, colour, kind, rows) in enumerate(told)
        if rows
    ]
    return Chart(
        title="Learning curve over confirmed documents",
        x_label="Confirmed documents",
        x=[documents for documents, _, _ in places],
        series=series,
        format="score",
        range=(_bottom(found), 1),
    )


def _place(documents: int, f1: Interval) -> tuple[int, float, float, float]:
    return documents, f1.value, f1.low, f1.high


def _bottom(found: Savings) -> float:
    """A tenth below the lowest bound, so that differences between versions can be seen."""
    lows = [point.low for point in found.points] + [point.low for point in found.audit_points]
    lows += [
        each.low
        for place in (found.random.places if found.random else ())
        for each in (place.random, place.chosen)
    ]
    lowest = min(lows + [place.low for place in (found.forecast.curve if found.forecast else ())])
    return min(max(0.0, int(10 * lowest) / 10), 0.9)


def _seconds(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()
