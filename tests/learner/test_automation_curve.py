"""Thresholds are chosen so that their errors are within the targets, in replays, however wrong the confidences are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from learner import automation_curve
from learner.automation_curve import Answers, Targets, choose, curve, doubts, needed, thresholds

NAMES = ("company", "date", "total")
REPLAYS = 200


def drawn(rng: np.random.Generator, n: int, hard: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """The chance that each field is right (N, 3), and whether it is wrong."""
    easy = rng.random(n) >= hard
    chance = np.where(easy[:, None], rng.beta(400, 1, (n, 3)), rng.beta(5, 1.5, (n, 3)))
    return chance, rng.random((n, 3)) > chance


MODELS = {
    "calibrated": lambda chance, rng: chance,
    "too sure": lambda chance, rng: chance**0.2,
    "not sure enough": lambda chance, rng: chance**3,
    "noisy": lambda chance, rng: np.clip(chance + rng.normal(0, 0.02, chance.shape), 0, 1),
    "knows nothing": lambda chance, rng: rng.random(chance.shape),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("own", [{}, {"total": 0.01}])
def test_the_error_among_accepted_documents_is_within_the_targets_in_nearly_all_replays(name, own):
    targets, says = Targets(0.02, own), MODELS[name]
    weights = targets.weights(NAMES)
    chance, _ = drawn(np.random.default_rng(0), 50_000)
    doubt = doubts(says(chance, np.random.default_rng(1)), weights)
    broken, share = 0, []
    for replay in range(REPLAYS):
        rng = np.random.default_rng((2, replay))
        truth, wrong = drawn(rng, 600)
        chosen = choose(Answers(NAMES, says(truth, rng), wrong), targets, 0.05)
        above = doubt <= chosen.doubt if chosen else np.zeros(len(doubt), dtype=bool)
        share.append(above.mean())
        if above.any():
            errors = 1 - chance[above]
            broken += errors.mean() > 0.02 or any(
                errors[:, NAMES.index(field)].mean() > most for field, most in own.items()
            )
    assert broken / REPLAYS <= 0.05
    if name == "calibrated" and not own:
        assert np.mean(share) > 0.5
    if name == "knows nothing":
        assert np.mean(share) < 0.05


@given(
    arrays.arrays(float, st.tuples(st.integers(1, 60), st.just(3)), elements=st.floats(0, 1)),
    st.integers(0, 100),
)
def test_a_curve_goes_from_the_surest_documents_to_all_of_them(confidence, seed):
    wrong = np.random.default_rng(seed).random(confidence.shape) < 0.2
    points = curve(Answers(NAMES, confidence, wrong), np.ones(3))
    assert [point.documents for point in points] == sorted({point.documents for point in points})
    assert [point.doubt for point in points] == sorted({point.doubt for point in points})
    assert points[-1].share == 1.0
    assert points[-1].error == pytest.approx(wrong.mean())
    for point in points:
        assert (doubts(confidence, np.ones(3)) <= point.doubt).sum() == point.documents
        assert point.low <= point.error <= point.high
        assert automation_curve.Point.from_json(point.to_json()) == point


def test_a_curve_without_answers_is_empty():
    nothing = Answers(NAMES, np.zeros((0, 3)), np.zeros((0, 3), dtype=bool))
    assert curve(nothing, np.ones(3)) == ()
    assert choose(nothing, Targets(0.01, {}), 0.05) is None


def test_a_document_is_above_the_thresholds_exactly_if_it_is_not_more_doubtful():
    weights = np.array([0.02, 0.02, 0.01])
    confidence = np.array([[0.99, 0.99, 0.995], [0.99, 0.99, 0.99], [0.95, 1, 1]])
    doubt = doubts(confidence, weights)
    assert doubt.tolist() == pytest.approx([0.5, 1.0, 2.5])
    bounds = thresholds(0.5, NAMES, weights)
    assert bounds == pytest.approx({"company": 0.99, "date": 0.99, "total": 0.995})
    assert thresholds(200.0, NAMES, weights) == {"company": 0.0, "date": 0.0, "total": 0.0}


def test_fewer_documents_than_are_needed_promise_nothing_even_if_all_are_right():
    targets = Targets(0.02, {})
    n = needed(targets, 0.05)
    right = Answers(NAMES, np.full((n, 3), 0.99), np.zeros((n, 3), dtype=bool))
    assert choose(right, targets, 0.05).share == 1.0
    fewer = Answers(NAMES, right.confidence[1:], right.wrong[1:])
    assert choose(fewer, targets, 0.05) is None


def test_documents_that_are_equally_sure_are_not_parted():
    rng = np.random.default_rng(1)
    confidence = np.full((400, 3), 0.99)
    confidence[:200] = 0.999
    wrong = np.zeros((400, 3), dtype=bool)
    wrong[200:] = rng.random((200, 3)) < 0.3
    chosen = choose(Answers(NAMES, confidence, wrong), Targets(0.02, {}), 0.05)
    assert chosen is None or chosen.documents == 200
    assert {point.documents for point in curve(Answers(NAMES, confidence, wrong), np.ones(3))} == {200, 400}


def test_looking_again_with_more_answers_until_something_is_promised_keeps_the_promise_too():
    targets = Targets(0.05, {})
    chance, _ = drawn(np.random.default_rng(0), 50_000)
    doubt = doubts(chance, targets.weights(NAMES))
    broken, promised = 0, 0
    for replay in range(REPLAYS):
        truth, wrong = drawn(np.random.default_rng((3, replay)), 900)
        for look, n in enumerate((80, 120, 180, 270, 400, 600, 900), start=1):
            # as learner.automation does: each look takes half of the risk that is left
            chosen = choose(Answers(NAMES, truth[:n], wrong[:n]), targets, 0.05 / 2**look)
            if chosen:
                promised += 1
                broken += (1 - chance[doubt <= chosen.doubt]).mean() > 0.05
                break
    assert promised > 0.9 * REPLAYS
    assert broken / REPLAYS <= 0.05
