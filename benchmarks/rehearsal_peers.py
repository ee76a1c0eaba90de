"""Other libraries' ways to choose, as strategies, so that a rehearsal can tell them from ours: the same model, features, loop.

modAL's are in Docloop (`learner.strategies.modal`). Here are those of scikit-activeml and small-text that plausibly fit: those
for a classifier with probabilities, and those that compare documents. They get the quick learner's features (confidences and looks), what
people had to change as labels, and a logistic regression like the one modAL gets; as long as there are too few corrections
they get the same stand-in.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from learner.strategies.base import Need, Pool, Rows, Strategy, choosing, highest
from learner.strategies.modal import LEAST_SEEN
from learner.strategies.uncertainty import expected_errors, least_confident

NEEDS = (Need.CONFIDENCE, Need.LOOKS, Need.CORRECTIONS)
BATCH = 5  # documents chosen together: as many as are corrected before the pool is ranked anew
COMMITTEE = 5  # members
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


Query = Callable[[Any, Any, Any, int, int], Any]  # features, labels, candidates, how many, chance → rows


def _of_scikit(name: str, title: str, query: Query) -> Strategy:
    """One of scikit-activeml's, which get labels of what was corrected and NaN for the others."""

    def select(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
        first = min(BATCH, n, len(pool))
        if first == 0 or not knows(pool):
            return highest(least_confident(pool), n, rng)
        features = np.vstack([pool.features, pool.seen_features]).astype(np.float64)
        labels = np.concatenate([np.full(len(pool), np.nan), pool.seen_faults.astype(np.float64)])
        chosen = query(features, labels, np.arange(len(pool)), first, int(rng.integers(2**31)))
        return and_others(pool, np.asarray(chosen, dtype=np.intp), n)

    return choosing(f"skactiveml-{name}", f"scikit-activeml, {title}", select, *NEEDS)


def _classifier(labels: Any) -> Any:  # neither library is typed
    from skactiveml.classifier import SklearnClassifier

    return SklearnClassifier(estimator(), classes=np.unique(labels[~np.isnan(labels)]).tolist())


def _uncertainty(features: Any, labels: Any, rows: Any, n: int, chance: int) -> Any:
    from skactiveml.pool import UncertaintySampling

    query = UncertaintySampling(method="margin_sampling", random_state=chance)
    return query.query(features, labels, _classifier(labels), candidates=rows, batch_size=n)


def _committee(features: Any, labels: Any, rows: Any, n: int, chance: int) -> Any:
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import QueryByCommittee

    known = np.flatnonzero(~np.isnan(labels))
    rng = np.random.default_rng(chance)
    members = []
    for _ in range(COMMITTEE):
        drawn = rng.choice(known, len(known))  # a member that drew one class knows of the other all the same
        member = SklearnClassifier(estimator(), classes=np.unique(labels[known]).tolist())
        members.append(member.fit(features[drawn], labels[drawn]))
    query = QueryByCommittee(random_state=chance)
    return query.query(features, labels, members, fit_ensemble=False, candidates=rows, batch_size=n)


def _badge(features: Any, labels: Any, rows: Any, n: int, chance: int) -> Any:
    from skactiveml.pool import Badge

    query = Badge(random_state=chance)
    return query.query(features, labels, _classifier(labels), candidates=rows, batch_size=n)


def _typical(features: Any, labels: Any, rows: Any, n: int, chance: int) -> Any:
    from skactiveml.pool import TypiClust

    query = TypiClust(random_state=chance, cluster_algo_dict={"random_state": chance, "n_init": 1})
    return query.query(features, labels, candidates=rows, batch_size=n)


def _probabilistic(features: Any, labels: Any, rows: Any, n: int, chance: int) -> Any:
    from skactiveml.classifier import ParzenWindowClassifier
    from skactiveml.pool import ProbabilisticAL

    # its own classifier: it needs frequencies, which a logistic regression has not
    frequencies = ParzenWindowClassifier(classes=np.unique(labels[~np.isnan(labels)]).tolist())
    query = ProbabilisticAL(random_state=chance)
    return query.query(features, labels, frequencies, candidates=rows, batch_size=n)


class _Embedding:
    """A classifier whose embedding of a document are its features."""

    def __init__(self, fitted: Any) -> None:
        self._fitted = fitted

    def embed(self, features: Any, *, return_proba: bool = False, **_: Any) -> Any:
        """(N, D), and with `return_proba` what is likely: (N, classes)."""
        return (features, self._fitted.predict_proba(features)) if return_proba else features


def _of_small_text(name: str, title: str, kind: str, *, embeds: bool = False) -> Strategy:
    """One of small-text's; those that compare documents get the features as embeddings."""

    def select(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
        import small_text.query_strategies as theirs

        first = min(BATCH, n, len(pool))
        if first == 0 or not knows(pool):
            return highest(least_confident(pool), n, rng)
        shuffled = rng.permutation(len(pool))  # ties are broken by the order of the rows
        features = np.vstack([pool.features[shuffled], pool.seen_features])
        rows, seen = np.arange(len(pool)), np.arange(len(pool), len(features))
        fitted = estimator().fit(pool.seen_features, pool.seen_faults)
        classifier = _Embedding(fitted) if embeds else fitted
        query = getattr(theirs, kind)()
        chosen = query.query(classifier, features, rows, seen, pool.seen_faults, n=first)
        return and_others(pool, shuffled[chosen], n)

    return choosing(f"small-text-{name}", f"small-text, {title}", select, *NEEDS)


PEERS: dict[str, Strategy] = {
    each.name: each
    for each in (
        choosing(CLUE, "scikit-activeml, CLUE", by_clue, *NEEDS),
        choosing(TIES, "small-text, breaking ties", by_breaking_ties, *NEEDS),
        _of_scikit("uncertainty", "margin", _uncertainty),
        _of_scikit("committee", "query by committee", _committee),
        _of_scikit("badge", "BADGE", _badge),
        _of_scikit("typiclust", "TypiClust", _typical),
        _of_scikit("probabilistic", "probabilistic active learning", _probabilistic),
        _of_small_text("least-confidence", "least confidence", "LeastConfidence"),
        _of_small_text("entropy", "prediction entropy", "PredictionEntropy"),
        _of_small_text("coreset", "greedy core-set", "GreedyCoreset", embeds=True),
        _of_small_text(
            "contrastive", "contrastive active learning", "ContrastiveActiveLearning", embeds=True
        ),
    )
}


def quietly() -> None:
    """scikit-activeml and small-text tell of their own changes to come; that is nothing to be read here."""
    warnings.filterwarnings("ignore", module=r"skactiveml|small_text|sklearn|modAL")
