"""By the quick learner, with modAL (Danka and Horvath 2018): it learns from every correction, in milliseconds, which
documents the model gets wrong, and is asked about those it can't tell.

The quick learner tells none, one or several wrong fields, from the model's confidences and a document's looks. It is
fitted from the corrections each time it is needed, so there is nothing to store.

modAL brings torch along, and scikit-learn takes a second: both are imported when a strategy runs, so that the web
process can name the strategies without them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from learner.strategies.base import Pool, Rows, highest
from learner.strategies.uncertainty import least_confident

if TYPE_CHECKING:
    from modAL.models import ActiveLearner

LEAST_SEEN = 8  # corrections, before which the quick learner knows nothing
RANKED = 50  # picks of the ranked batch; each compares all candidates with all corrections
RANKED_CANDIDATES = 500

Query = Callable[..., Any]  # modAL's query functions are not typed


def by_uncertainty(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """modAL's uncertainty sampling: the likeliest answer is least likely (Lewis and Gale 1994)."""
    from modAL.uncertainty import uncertainty_sampling

    return _queried(pool, n, rng, uncertainty_sampling)


def by_margin(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """modAL's margin sampling: the two likeliest answers are closest (Scheffer et al. 2001)."""
    from modAL.uncertainty import margin_sampling

    return _queried(pool, n, rng, margin_sampling, smallest=True)


def by_entropy(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """modAL's entropy sampling: the answers are hardest to guess (Shannon 1948)."""
    from modAL.uncertainty import entropy_sampling

    return _queried(pool, n, rng, entropy_sampling)


def by_ranked_batch(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """modAL's ranked batch: uncertain, and unlike the ones before (Cardoso et al. 2017).

    The first picks only, among the most uncertain; the others follow by uncertainty.
    """
    from modAL.batch import uncertainty_batch_sampling
    from modAL.uncertainty import classifier_uncertainty

    learner = quick_learner(pool, uncertainty_batch_sampling)
    if learner is None or n == 0 or len(pool) == 0:
        return least_confident(pool, n, rng)
    order = highest(classifier_uncertainty(learner, pool.features), len(pool), rng)
    candidates = order[:RANKED_CANDIDATES]
    batch = min(n, RANKED, len(candidates))
    found, _ = learner.query(pool.features[candidates], n_instances=batch)
    first = candidates[found]
    return np.concatenate([first, order[~np.isin(order, first)]])[:n]


def learned_errors(pool: Pool) -> NDArray[np.floating] | None:
    """How many fields of each document are wrong (0…2, "several" being 2), as the quick learner expects: (N,).

    None as long as it has seen too little.
    """
    from modAL.uncertainty import uncertainty_sampling

    learner = quick_learner(pool, uncertainty_sampling)
    if learner is None or len(pool) == 0:
        return None
    return learner.predict_proba(pool.features) @ learner.estimator.classes_


def quick_learner(pool: Pool, query: Query) -> ActiveLearner | None:
    """modAL's learner, fitted to the corrections; None if they are too few, or all ended alike."""
    if len(pool.faults) < LEAST_SEEN or len(np.unique(pool.faults)) < 2:
        return None
    from modAL.models import ActiveLearner
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # lbfgs has no chance in it: the same corrections give the same learner
    estimator = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    return ActiveLearner(estimator, query, pool.seen_features, pool.faults)


def _queried(pool: Pool, n: int, rng: np.random.Generator, query: Query, *, smallest: bool = False) -> Rows:
    learner = quick_learner(pool, query)
    n = min(n, len(pool))
    if learner is None or n == 0:
        return least_confident(pool, n, rng)
    # modAL answers the right rows in no order, and breaks ties by the order of the rows: shuffled before, sorted after
    shuffled = rng.permutation(len(pool))
    found, _, measure = learner.query(pool.features[shuffled], n_instances=n, return_metrics=True)
    order = np.argsort(measure if smallest else -measure, kind="stable")
    return shuffled[found[order]]
