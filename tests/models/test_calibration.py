import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibration import DRAWS, Calibration, errors_by_chance, expected_calibration_error, fit


def draw_answers(slope: float, offset: float, n: int = 4000) -> tuple[list[float], list[bool]]:
    """Scores whose true probability is sigmoid(slope · logit + offset), with answers drawn from it."""
    rng = np.random.default_rng(7)
    scores = rng.uniform(0.02, 0.98, n)
    truth = Calibration(slope, offset)
    return scores.tolist(), [bool(rng.random() < truth(score)) for score in scores]


@pytest.mark.parametrize(("slope", "offset"), [(0.4, 0.0), (1.0, -1.0), (1.5, 0.5)])
def test_a_skewed_score_is_set_right(slope, offset):
    scores, correct = draw_answers(slope, offset)
    learned = fit(scores, correct)
    assert learned.slope == pytest.approx(slope, rel=0.15)
    assert learned.offset == pytest.approx(offset, abs=0.15)
    calibrated = [learned(score) for score in scores]
    assert expected_calibration_error(calibrated, correct) < 0.03
    assert expected_calibration_error(calibrated, correct) < expected_calibration_error(scores, correct)


def test_without_evidence_scores_stay_as_they_are():
    learned = fit([], [])
    assert (learned.slope, learned.offset) == pytest.approx((1, 0))
    assert learned(0.3) == pytest.approx(0.3)


def test_three_lucky_answers_do_not_make_it_certain():
    assert fit([0.6, 0.7, 0.8], [True] * 3)(0.7) < 0.95


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_is_never_less_sure(answers, one, other):
    learned = fit([score for score, _ in answers], [right for _, right in answers])
    low, high = sorted((one, other))
    assert 0 <= learned(low) <= learned(high) + 1e-12 <= 1 + 1e-9
    assert Calibration.from_json(learned.to_json()) == learned


def test_the_error_of_a_calibration_is_the_gap_between_sure_and_right():
    assert expected_calibration_error([0.9] * 10, [True] * 9 + [False]) == pytest.approx(0)
    assert expected_calibration_error([1.0] * 10, [True] * 5 + [False] * 5) == pytest.approx(0.5)
    assert expected_calibration_error([], []) == 0


def test_what_chance_alone_makes_of_a_calibration_error_shrinks_with_the_statements():
    rng = np.random.default_rng(5)
    few, many = (errors_by_chance([0.8] * n, rng) for n in (30, 3000))
    assert few.shape == (DRAWS,)
    # of n statements a bin's share of right ones strays by sqrt(p (1 - p) / n), its mean error is 0.8 of that
    assert few.mean() == pytest.approx(0.8 * np.sqrt(0.16 / 30), rel=0.1)
    assert many.mean() == pytest.approx(0.8 * np.sqrt(0.16 / 3000), rel=0.1)
    assert not errors_by_chance([0.0, 1.0], rng).any()
    assert not errors_by_chance([], rng).any()
