"""Documents of no known type in; the groups of them that look like one kind out, the largest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from sklearn.cluster import AgglomerativeClustering

from models.pages import Page
from models.routing import features
from models.routing.router import weighed

LEAST = 5  # documents that make a kind
APART = 0.8  # mean cosine distance at which two groups are two kinds


def kinds(documents: Sequence[Sequence[Page]]) -> list[list[int]]:
    """Positions of the documents of each kind, those nearest to its middle first; what stands alone is in none.

    Average linkage on words that are weighed by how rare they are among these documents. All pairs are compared: some
    hundred documents take a second.
    """
    counted = features.words_of(documents)
    there = np.flatnonzero(np.diff(counted.indptr))
    if len(there) < LEAST:
        return []
    present = np.asarray((counted > 0).sum(axis=0)).ravel()
    rows = weighed(counted[there], np.log((1 + len(there)) / (1 + present)) + 1)
    similar = np.clip(np.asarray((rows @ rows.T).todense()), 0.0, 1.0)  # (N, N)
    grouping = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=APART
    )
    members: defaultdict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(grouping.fit_predict(1 - similar)):
        members[int(label)].append(row)
    found = [np.array(some) for some in members.values() if len(some) >= LEAST]
    ordered = [some[np.argsort(-similar[np.ix_(some, some)].mean(axis=1), kind="stable")] for some in found]
    return [there[some].tolist() for some in sorted(ordered, key=lambda some: -len(some))]
