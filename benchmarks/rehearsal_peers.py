"""Other libraries' ways to choose, as strategies, so that a rehearsal can tell them from ours: the same model, features, loop.

modAL's are in Docloop (`learner.strategies.modal`). Here are those of scikit-activeml and small-text that fit best: each
library's own for a classifier with probabilities. They get the quick learner's features (confidences and looks), what
people had to change as labels, and a logistic regression like the one modAL gets; as long as there are too few corrections
they get the same stand-in.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from learner.strategies.base import Need, Pool, Rows, Strategy, choosing, highest
from learner.strategies.modal import LEAST_SEEN
from learner.strategies.uncertainty import expected_errors, least_confident

BATCH = 5  # documents chosen together: as many as are corrected before the pool is ranked anew
CLUE, TIES = "skactiveml-clue", "small-text-breaking-ties"


def by_clue(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """scikit-activeml's CLUE (Prabhu et al. 2021): the middles of groups of documents, weighed by their entropy."""
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import Clue

    first = min(BATCH, n, len(pool))
    if first == 0 or not knows(pool):
        return highest(least_confident(pool), n, rng)
    chance = int(rng.integers(2**31))
    features = np.vstack([pool.features, pool.seen_features]).astype(np.float64)
    labels = np.concatenate([np.full(len(pool), np.nan), pool.seen_faults.astype(np.float64)])
    classifier = SklearnClassifier(estimator(), classes=np.unique(pool.seen_faults).astype(float).tolist())
    query = Clue(random_state=chance, cluster_algo_dict={"random_state": chance, "n_init": 1})
    chosen = query.query(
        features, labels, classifier, candidates=np.arange(len(pool)), batch_size=first, fit_estimator=True
    )
    return and_others(pool, np.asarray(chosen, dtype=np.intp), n)


def by_breaking_ties(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """small-text's BreakingTies (Luo et al. 2005): the two likeliest answers are closest."""
    from small_text.query_strategies import BreakingTies

    first = min(BATCH, n, len(pool))
    if first == 0 or not knows(pool):
        return highest(least_confident(pool), n, rng)
    classifier = estimator().fit(pool.seen_features, pool.seen_faults)
    shuffled = rng.permutation(len(pool))  # it breaks ties by the order of the rows
    chosen = BreakingTies().query(
        classifier, pool.features[shuffled], np.arange(len(pool)), np.arange(0), np.arange(0), n=first
    )
    return and_others(pool, shuffled[chosen], n)


def estimator() -> Any:  # scikit-learn is not typed
    """The classifier that modAL gets too."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))


def knows(pool: Pool) -> bool:
    """Whether there are enough corrections to learn from."""
    return len(pool.seen_faults) >= LEAST_SEEN and len(np.unique(pool.seen_faults)) >= 2


def and_others(pool: Pool, chosen: Rows, n: int) -> Rows:
    """What was chosen, then all others, which the loop won't come to before it ranks anew."""
    others = np.setdiff1d(np.argsort(-expected_errors(pool), kind="stable"), chosen, assume_unique=True)
    return np.concatenate([chosen, others])[:n]


NEEDS = (Need.CONFIDENCE, Need.LOOKS, Need.CORRECTIONS)
PEERS: dict[str, Strategy] = {
    each.name: each
    for each in (
        choosing(CLUE, "scikit-activeml, CLUE", by_clue, *NEEDS),
        choosing(TIES, "small-text, breaking ties", by_breaking_ties, *NEEDS),
    )
}


def quietly() -> None:
    """scikit-activeml and small-text tell of their own changes to come; that is nothing to be read here."""
    warnings.filterwarnings("ignore", module=r"skactiveml|small_text|sklearn|modAL")
