"""Several opinions about words become one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.extractors.base import Answer, Example
from models.extractors.combined.pooling import TRIED, UNTOLD, best_weights, of_concepts, pooled
from models.extractors.fields import labels_of
from models.schema import Field, Kind, Schema
from tests.factories import make_page

SCHEMA = Schema((Field("company"), Field("total", Kind.MONEY)))


def opinion(page, **label_of):
    """Log-probabilities of a page whose words are `label_of` (by index as `w0`) with nine tenths, else outside."""
    labels = labels_of(SCHEMA)
    probs = np.full((len(page.words), len(labels)), 0.1 / (len(labels) - 1))
    for index in range(len(page.words)):
        probs[index, labels.index(label_of.get(f"w{index}", "O"))] = 0.9
    return [np.log(probs)]


@given(st.lists(st.floats(-13, 0), min_size=10, max_size=10), st.sampled_from(TRIED))
def test_a_pool_is_made_of_probabilities_that_add_up_to_one(logs, weights):
    one = np.asarray(logs).reshape(2, 5)
    (page,) = pooled([[one], [one[::-1]], [one * 0.5]], weights)
    assert np.exp(page).sum(axis=1) == pytest.approx([1, 1])


@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_whole_weight_on_one_is_that_one(which):
    page = make_page("Acme 12.00")
    opinions = [opinion(page, w0="B-company"), opinion(page, w1="B-total"), opinion(page)]
    (said,) = pooled(opinions, tuple(float(which == i) for i in range(3)))
    assert said == pytest.approx(opinions[which][0])


def test_weights_add_up_to_one():
    assert all(sum(weights) == pytest.approx(1) for weights in (*TRIED, UNTOLD))


def test_who_is_right_on_unseen_documents_gets_the_weight():
    page = make_page("Acme 12.00")
    examples = [
        Example(str(i), (page,), (Answer("company", "Acme"), Answer("total", "12.00"))) for i in range(4)
    ]
    right = opinion(page, w0="B-company", w1="B-total")
    wrong = opinion(page, w0="B-total", w1="B-company")
    base, trees, crf = best_weights(SCHEMA, examples, [[wrong, right, wrong]] * 4)
    assert trees > 0.5 > base + crf


def test_concepts_that_nobody_asks_for_are_outside_and_what_no_concept_means_is_left_to_others():
    concepts = np.log([[0.1, 0.2, 0.3, 0.4]])  # outside, two labels that are asked for, one that isn't
    other = np.log([[0.25, 0.25, 0.25, 0.05, 0.2]])
    said = np.exp(of_concepts(concepts, [1, 2, None, None], other))
    assert said == pytest.approx(np.asarray([[0.5, 0.2, 0.3, 0.05, 0.2]]))
