"""Which strategy of scikit-activeml and of small-text fits best: those that plausibly do, rehearsed on seeds that are not reported.

`python -m benchmarks.rehearsal_candidates --data FOLDER` rehearses each on receipts with the cheap learner, seeds 11 to 15, and
prints the mean F1 along the curve. Each library's best belongs into `rehearsal.PEERS`, and the list into `TRIED.md`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rehearsal import PEERS, Part, replayed
from benchmarks.rehearsal_peers import BATCH, NEEDS, and_others, estimator, knows
from benchmarks.results import FOLDER
from benchmarks.tables import table
from learner.strategies.base import Pool, Rows, Strategy, choosing, highest
from learner.strategies.uncertainty import least_confident

FIRST_SEED, SEEDS = 11, 5
COMMITTEE = 5  # members

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
    from sklearn.ensemble import BaggingClassifier

    bagged = BaggingClassifier(estimator(), n_estimators=COMMITTEE, random_state=chance)
    classes = np.unique(labels[~np.isnan(labels)]).tolist()
    query = QueryByCommittee(random_state=chance)
    ensemble = SklearnClassifier(bagged, classes=classes)
    return query.query(features, labels, ensemble, candidates=rows, batch_size=n)


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


CANDIDATES: dict[str, Strategy] = {
    each.name: each
    for each in (
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


def main(arguments: Sequence[str]) -> None:
    """Rehearse them all, with what the report has now, and print a table; runs are kept in --work."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rehearsal_candidates", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", type=Path, default=FOLDER.parents[1] / ".docloop" / "benchmarks")
    given = parser.parse_args(arguments)
    part = Part("sroie", "bare", (*PEERS, *CANDIDATES), 10, 80, SEEDS)
    (report,) = replayed(
        [part], given.data, given.work / "candidates", threads=given.threads, say=_say, first=FIRST_SEED
    )
    body = [
        [way, f"{f1:.3f}", str(report["goals"][0]["ways"][way]["documents"]["median"])]
        for way, f1 in sorted(report["mean_f1"].items(), key=lambda item: -item[1])
    ]
    print(table(["strategy", "mean F1", "documents to 95 %"], body))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
