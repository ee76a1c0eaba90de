"""Evidence that may be looked at after every comparison is wrong as rarely as it says, and finds what there is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models import betting


def test_evidence_of_nothing_is_nothing():
    assert betting.evidence([]).shape == (0,)
    assert betting.evidence([0.0, 0.0]) == pytest.approx([0.0, 0.0])


def test_one_comparison_never_decides():
    assert betting.evidence([1.0])[-1] <= math.log(2)


def test_what_is_always_better_is_found_and_its_opposite_is_not():
    assert betting.evidence([0.1] * 200)[-1] > betting.bound(0.001)
    assert betting.evidence([-0.1] * 200).max() <= 0


@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0])
def test_two_equally_good_ones_are_told_apart_no_more_often_than_the_risk_however_often_one_looks(scale):
    rng = np.random.default_rng(7)
    runs = 2000
    crossed = sum(
        betting.evidence(rng.standard_t(3, 300) * scale).max() >= betting.bound(0.1) for _ in range(runs)
    )
    # four standard errors of a share of 0.1
    assert crossed / runs <= 0.1 + 4 * math.sqrt(0.1 * 0.9 / runs)


def test_money_that_is_split_over_games_wins_with_the_best_of_them():
    assert betting.together([10.0, 0.0], [0.5, 0.5]) == pytest.approx(10 + math.log(0.5), abs=1e-3)
    assert betting.together([0.0, 0.0], [0.7, 0.3]) == pytest.approx(0.0)
