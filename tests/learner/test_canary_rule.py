"""A challenger that is better is promoted, a worse one stopped, and one that is neither never takes over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from learner import canary_rule
from learner.canary_rule import Compared

FINE = Compared(
    filled=False, fields=4, wrong_before=0, wrong=0, edited=0, seconds=20.0, took_before=0.1, took=0.1
)


def stream(seed: int, n: int, *, better: float, share: float = 0.25, **more) -> list[Compared]:
    """n corrected documents; `better` is the difference in wrong fields (0…1), to the challenger's good."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        before = rng.random(4) < 0.12
        mended, broken = (
            rng.random(4) < (0.2 + max(0, better) / 0.12),
            rng.random(4) < (0.03 + max(0, -better)),
        )
        now = (before & ~mended) | (~before & broken)
        filled = bool(rng.random() < share)
        edited = int((now if filled else before).sum())
        row = replace(
            FINE, filled=filled, wrong_before=int(before.sum()), wrong=int(now.sum()), edited=edited
        )
        found.append(replace(row, seconds=float(rng.lognormal(3, 0.5)), **more))
    return found


def first_outcome(compared: list[Compared], *, shadow: bool = False) -> str:
    ends = (canary_rule.judge(compared[:n], shadow=shadow).outcome for n in range(20, len(compared), 20))
    return next(filter(None, ends), "")


def test_nothing_is_decided_without_documents():
    found = canary_rule.judge([], shadow=False)
    assert (found.outcome, found.better, found.worse) == ("", 0.0, pytest.approx(0.0))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_better_challenger_is_promoted(seed):
    assert first_outcome(stream(seed, 800, better=0.1)) == "promoted"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_worse_challenger_is_stopped_and_the_reason_says_that_it_reads_worse(seed):
    rows = stream(seed, 800, better=-0.1)
    assert first_outcome(rows) == "stopped"
    assert "it reads worse" in canary_rule.judge(rows, shadow=False).why


def test_a_challenger_that_is_no_better_is_stopped_in_the_end():
    rows = [replace(FINE, filled=n % 2 == 1) for n in range(2 * canary_rule.ENOUGH + 2)]
    assert canary_rule.judge(rows[: canary_rule.ENOUGH], shadow=False).outcome == ""
    found = canary_rule.judge(rows, shadow=False)
    assert found.outcome == "stopped" and "no better" in found.why


def test_a_challenger_that_is_twice_as_slow_is_stopped_however_well_it_reads():
    rows = [replace(FINE, filled=n % 2 == 1, took=0.5) for n in range(80)]
    found = canary_rule.judge(rows, shadow=False)
    assert found.outcome == "stopped" and "as long as the champion" in found.why


def test_a_challenger_whose_documents_take_people_longer_is_stopped():
    rows = [replace(FINE, filled=n % 2 == 1, seconds=60.0 if n % 2 else 20.0) for n in range(80)]
    found = canary_rule.judge(rows, shadow=False)
    assert found.outcome == "stopped" and "more time" in found.why


def test_what_each_model_finds_hard_in_its_own_share_speaks_for_neither():
    """Documents are queued because the model that filled them in was unsure: there it is at its worst."""
    rows = []
    for n in range(800):
        filled = n % 4 == 3
        weak = int(n % 16 in (3, 0, 5, 10))  # one in four of either kind, where the other model is right
        own = {"wrong": weak, "edited": weak} if filled else {"wrong_before": weak, "edited": weak}
        rows.append(replace(FINE, filled=filled, **own))
    found = canary_rule.judge(rows, shadow=False)
    assert found.outcome == ""
    assert np.mean([each.better for each in rows]) > 0  # as it would seem


def test_in_the_shadow_only_documents_that_were_picked_by_lot_count():
    chosen = [replace(FINE, wrong_before=1) for _ in range(300)]
    assert canary_rule.judge(chosen, shadow=True).outcome == ""
    drawn = [replace(each, by_lot=True) for each in chosen]
    assert canary_rule.judge(drawn, shadow=True).outcome == "promoted"
