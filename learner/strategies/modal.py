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

from learner.strategies.base import Floats, Need, Pool, Rows, Scores, choosing, highest
from learner.strategies.uncertainty import least_confident

if TYPE_CHECKING:
    from modAL.models import ActiveLearner, Committee
    from sklearn.pipeline import Pipeline

LEAST_SEEN = 8  # corrections, before which the quick learner knows nothing
RANKED = 50  # picks of the ranked batch; each compares all candidates with all corrections
RANKED_CANDIDATES = 500
MEMBERS = 5  # of the committee
CHUNK = 50_000  # documents that are told at a time: a million would take 6 GB at once

Query = Callable[..., Any]  # modAL's query functions are not typed


def by_uncertainty(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """modAL's uncertainty sampling: the likeliest answer is least likely (Lewis and Gale 1994)."""
    from modAL.uncertainty import uncertainty_sampling

    return _queried(pool, n, rng, quick_learner(pool, uncertainty_sampling))


def by_margin(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """modAL's margin sampling: the two likeliest answers are closest (Scheffer et al. 2001)."""
    from modAL.uncertainty import margin_sampling

    return _queried(pool, n, rng, quick_learner(pool, margin_sampling), smallest=True)


def by_entropy(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """modAL's entropy sampling: the answers are hardest to guess (Shannon 1948)."""
    from modAL.uncertainty import entropy_sampling

    return _queried(pool, n, rng, quick_learner(pool, entropy_sampling))


def by_disagreement(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """modAL's committee: one member differs most from what all say together (McCallum and Nigam 1998)."""
    from modAL.disagreement import max_disagreement_sampling

    return _queried(pool, n, rng, committee(pool, max_disagreement_sampling, rng))


def by_information(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """modAL's committee, asked as in BALD (Houlsby et al. 2011): members are sure, each of something else.

    The mutual information between the answer and the member: the entropy of what all say together, less the mean
    entropy of what each says.
    """
    return _queried(pool, n, rng, committee(pool, _information_sampling, rng))


def by_ranked_batch(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """modAL's ranked batch: uncertain, and unlike the ones before (Cardoso et al. 2017).

    The first picks only, among the most uncertain; the others follow by uncertainty.
    """
    from modAL.batch import uncertainty_batch_sampling
    from modAL.uncertainty import classifier_uncertainty

    learner = quick_learner(pool, uncertainty_batch_sampling)
    if learner is None or n == 0 or len(pool) == 0:
        return highest(least_confident(pool), n, rng)
    order = highest(classifier_uncertainty(learner, pool.features), len(pool), rng)
    candidates = order[:RANKED_CANDIDATES]
    batch = min(n, RANKED, len(candidates))
    found, _ = learner.query(pool.features[candidates], n_instances=batch)
    first = candidates[found]
    return np.concatenate([first, order[~np.isin(order, first)]])[:n]


def learned_errors(pool: Pool) -> Scores | None:
    """How many fields of each document are wrong (0…2, "several" being 2), as the quick learner expects: (N,).

    None as long as it has seen too little.
    """
    if len(pool) == 0 or not knows(pool.seen_faults):
        return None
    from modAL.uncertainty import uncertainty_sampling

    learner = quick_learner(pool, uncertainty_sampling)
    if learner is None:
        return None
    told = [
        learner.predict_proba(
            np.hstack([pool.confidence[start : start + CHUNK], pool.looks[start : start + CHUNK]])
        )
        for start in range(0, len(pool), CHUNK)
    ]
    errors: Scores = np.concatenate(told) @ learner.estimator.classes_
    return errors


def quick_learner(pool: Pool, query: Query) -> ActiveLearner | None:
    """modAL's learner, fitted to the corrections; None if they are too few, or all ended alike."""
    if not knows(pool.seen_faults):
        return None
    from modAL.models import ActiveLearner

    return ActiveLearner(_estimator(), query, pool.seen_features, pool.seen_faults)


def committee(pool: Pool, query: Query, rng: np.random.Generator) -> Committee | None:
    """Quick learners that each were fitted to corrections drawn with replacement (bagging: Breiman 1996).

    None if the corrections are too few, or all ended alike.
    """
    if not knows(pool.seen_faults):
        return None
    from modAL.models import ActiveLearner, Committee

    seen, faults = pool.seen_features, pool.seen_faults
    members = []
    for _ in range(MEMBERS):
        # not modAL's own drawing: that uses NumPy's global chance
        drawn = rng.integers(len(faults), size=len(faults))
        if len(np.unique(faults[drawn])) < 2:
            drawn = np.arange(len(faults))
        members.append(ActiveLearner(_estimator(), X_training=seen[drawn], y_training=faults[drawn]))
    return Committee(members, query)


def information(told: Scores) -> Scores:
    """Mutual information, in nats, of the answer and of who gives it: (N,) of the probabilities (N, givers, answers)."""
    told = np.clip(told, 1e-12, 1)
    together = told.mean(axis=1)
    found: Scores = (told * np.log(told)).sum(axis=2).mean(axis=1) - (together * np.log(together)).sum(axis=1)
    return found


def knows(faults: NDArray[np.int64]) -> bool:
    """Whether a learner has seen enough to tell anything: enough corrections, and not all ended alike."""
    return len(faults) >= LEAST_SEEN and len(np.unique(faults)) >= 2


def _estimator() -> Pipeline:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # lbfgs has no chance in it: the same corrections give the same learner
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))


def _information_sampling(members: Committee, features: Floats, n_instances: int) -> tuple[Rows, Scores]:
    """A query function for modAL, which has none by mutual information."""
    measure = information(members.vote_proba(features))
    found = np.argsort(-measure, kind="stable")[:n_instances]
    return found, measure[found]


def _queried(
    pool: Pool,
    n: int,
    rng: np.random.Generator,
    learner: ActiveLearner | Committee | None,
    *,
    smallest: bool = False,
) -> Rows:
    n = min(n, len(pool))
    if learner is None or n == 0:
        return highest(least_confident(pool), n, rng)
    # modAL answers the right rows in no order, and breaks ties by the order of the rows: shuffled before, sorted after
    shuffled = rng.permutation(len(pool))
    found, _, measure = learner.query(pool.features[shuffled], n_instances=n, return_metrics=True)
    order = np.argsort(measure if smallest else -measure, kind="stable")
    return shuffled[found[order]]


_NEEDS = (Need.CONFIDENCE, Need.LOOKS, Need.CORRECTIONS)
UNCERTAINTY = choosing("modal-uncertainty", "modAL, uncertainty", by_uncertainty, *_NEEDS)
MARGIN = choosing("modal-margin", "modAL, margin", by_margin, *_NEEDS)
ENTROPY = choosing("modal-entropy", "modAL, entropy", by_entropy, *_NEEDS)
RANKED_BATCH = choosing("modal-ranked-batch", "modAL, ranked batches", by_ranked_batch, *_NEEDS)
COMMITTEE = choosing("modal-committee", "modAL, a committee that disagrees", by_disagreement, *_NEEDS)
BALD = choosing(
    "bald-committee", "BALD with modAL's committee: each is sure of something else", by_information, *_NEEDS
)
