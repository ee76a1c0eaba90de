"""Windows of a stream in, charts of its signals out: what moved first, else one signal of each group."""

from __future__ import annotations

from learner import drift_state
from learner.drift_state import DriftState
from models.schema import Schema
from webapp.dashboard.charts import Chart, Series

MOST = 3
USUAL = ("text.words", "reading.confidence", "confidence.least")


def of(state: DriftState, schema: Schema) -> list[Chart]:
    """Of each signal its mean by window, with the 10th and the 90th percentile, and what it was in the reference."""
    windows = state.windows
    if not windows:
        return []
    moved = [each.signal for alarm in state.alarms if alarm.open for each in alarm.moved]
    there = {name for window in windows for name in window.figures}
    chosen = [name for name in dict.fromkeys([*moved, *USUAL]) if name in there][:MOST]
    return [_chart(name, state, schema) for name in chosen]


def _chart(name: str, state: DriftState, schema: Schema) -> Chart:
    told = [window.figures.get(name) for window in state.windows]
    mean, low, high = (
        [drift_state.plain(name, each[column]) if each else None for each in told] for column in (0, 1, 3)
    )
    before = state.reference_window.figures.get(name) if state.reference_window else None
    series = [Series("Mean of 100 documents, 10 to 90 %", "bar", "line", mean, low, high)]
    if before:
        usual = drift_state.plain(name, before[0])
        series.append(Series("In the reference", "received", "dashed", [usual] * len(told)))
    return Chart(
        title=drift_state.title(name, schema).capitalize(),
        x_label="Until",
        x=[window.ends.timestamp() for window in state.windows],
        series=series,
        format="score",
        time=True,
        range=(None, None),
    )


def hours(state: DriftState) -> Chart | None:
    """Documents by the hour, and how long they waited; None before there are any hours."""
    if not state.hours:
        return None
    return Chart(
        title="Seconds until a document is extracted, by the hour",
        x_label="Until",
        x=[hour.ends.timestamp() for hour in state.hours],
        series=[Series("Median", "bar", "line", [hour.waited for hour in state.hours])],
        format="seconds",
        time=True,
    )
