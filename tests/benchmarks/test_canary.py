"""Replays of trials tell a way of deciding that keeps its risk from one that doesn't."""

from __future__ import annotations

import numpy as np

from benchmarks import canary
from benchmarks.goal_tables import STREAM


def test_replays_show_who_is_promoted_and_stopped() -> None:
    right = np.random.default_rng(1).random((200, 4)) < 0.93
    rows = list(canary.replayed(right, {"worse": 3, "better": 3, "no better": 8}, say=lambda _: None))
    by = {(row.challenger, row.way): row for row in rows}
    assert by["worse", canary.OURS].stopped == 1.0
    assert by["better", canary.OURS].promoted == 1.0
    assert by["no better", canary.OURS].promoted == 0.0
    assert (
        by["no better", canary.EACH].promoted > 0.2
    )  # looking again and again, as if each were the only look
    assert by["better", canary.OURS].median < canary.PLAN
    told = canary.report(rows)
    assert told.count("| no better ") == 3
    goals = canary.goals(rows)
    assert [(each["figure"], each["goal"]) for each in goals] == [
        STREAM[name] for name in ("canary, worse", "canary, better", "canary, no better")
    ]
    assert [each["reached"] for each in goals][1:] == [True, True]
