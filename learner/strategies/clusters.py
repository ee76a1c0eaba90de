"""Unsure, and from as many groups of similar documents as there are places."""

from __future__ import annotations

import numpy as np

from learner.strategies.base import Need, Pool, Rows, choosing, highest
from learner.strategies.diversity import CANDIDATES
from learner.strategies.uncertainty import expected_errors

GROUPS = 200  # what comes after so many is taken by expected errors
ROUNDS = 10  # of k-means: groups needn't be exact


def clustered(pool: Pool, n: int, rng: np.random.Generator, *, candidates: int = CANDIDATES) -> Rows:
    """The document in the middle of each of n groups of the candidates, weighed by errors (Zhdanov 2019).

    Groups are found by k-means; those whose document is likely to have most wrong fields come first.
    """
    from sklearn.cluster import KMeans  # takes a second, and the web process only names strategies

    errors = expected_errors(pool)
    rows = highest(errors, max(n, candidates), rng)
    looks, weight = pool.looks[rows], errors[rows] + 1e-6
    groups = min(n, GROUPS, len(np.unique(looks, axis=0)))  # no more than there are different looks
    if groups == 0:
        return rows[:0]
    found = KMeans(groups, n_init=1, max_iter=ROUNDS, init="random", random_state=int(rng.integers(2**31)))
    distance = found.fit(looks, sample_weight=weight).transform(looks)  # (candidates, groups)
    own = distance[np.arange(len(rows)), found.labels_]
    # the first of its group, when sorted by group and then by distance from the middle
    by_group = np.lexsort((own, found.labels_))
    first = np.unique(found.labels_[by_group], return_index=True)[1]
    middle = by_group[first]
    ahead = middle[np.argsort(-errors[rows[middle]], kind="stable")]
    others = np.setdiff1d(np.arange(len(rows)), ahead)
    return rows[np.concatenate([ahead, others])][:n]


CLUSTERS = choosing(
    "clusters",
    "clusters: unsure, one from each group of similar documents",
    clustered,
    Need.CONFIDENCE,
    Need.LOOKS,
)
