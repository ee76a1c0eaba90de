"""Documents picked at random, and how people ended their fields, in; how right the machine is, with interval, out.

Pure, no database. The method, and what it was chosen from: docs/decisions/0011-audit-interval.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RIGHT = {"accepted", "moved"}  # a moved field had the right value, in the wrong place
JUDGED = RIGHT | {"edited", "added", "removed"}  # what else may be said of a field, nobody looked at
Z = 1.959964  # standard deviations on either side that hold 95 %

# how alike the fields of one document are (0: by chance, 1: all right or all wrong), until the errors themselves
# say so: as much as this many errors would
ALIKE = 0.2
ALIKE_WEIGHS = 10


@dataclass(frozen=True, slots=True)
class Audited:
    """One audited document: the probability with which it was picked, whose extraction was shown, how fields ended."""

    probability: float  # above 0, at most 1
    version: str
    outcomes: Mapping[str, str]  # {field: outcome}


@dataclass(frozen=True, slots=True)
class Estimate:
    """The share (0…1) of a field's values that needed no change, among all documents, with its 95 % interval."""

    name: str  # of the field, or of the model version
    documents: int
    fields: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit slice: how right the champion of the day was on documents picked at random, as people found it.

    `accuracy` is the share of fields that needed no change, `low` and `high` its 95 % interval; None before the first
    audited correction.
    """

    documents: int
    fields: int
    accuracy: float | None
    low: float | None
    high: float | None
    by_field: tuple[Estimate, ...]  # those that somebody judged, in the schema's order
    by_version: tuple[
        Estimate, ...
    ]  # all fields together, of the documents that people saw with that version


def audit(audited: Sequence[Audited], names: Sequence[str]) -> Audit:
    """All the estimates for the fields `names`."""
    weights = np.array([1 / each.probability for each in audited])  # (N,)
    outcomes = [[each.outcomes.get(name, "") for name in names] for each in audited]
    shape = (len(audited), len(names))
    right = np.array([[said in RIGHT for said in row] for row in outcomes], dtype=bool).reshape(shape)
    judged = np.array([[said in JUDGED for said in row] for row in outcomes], dtype=bool).reshape(shape)
    all_fields = estimate("", right, judged, weights)
    by_field = [
        estimate(name, right[:, [column]], judged[:, [column]], weights) for column, name in enumerate(names)
    ]
    shown = np.array([each.version for each in audited], dtype=object)
    by_version = [
        estimate(version, right[shown == version], judged[shown == version], weights[shown == version])
        for version in dict.fromkeys(each.version for each in audited)
    ]
    return Audit(
        documents=all_fields.documents if all_fields else 0,
        fields=all_fields.fields if all_fields else 0,
        accuracy=all_fields.accuracy if all_fields else None,
        low=all_fields.low if all_fields else None,
        high=all_fields.high if all_fields else None,
        by_field=tuple(each for each in by_field if each),
        by_version=tuple(each for each in by_version if each),
    )


def estimate(
    name: str, right: NDArray[np.bool_], judged: NDArray[np.bool_], weights: NDArray[np.float64]
) -> Estimate | None:
    """The weighted share of right ones among the judged (Hájek 1971) with a Wilson interval; None if none is judged.

    `right` and `judged` are (N, F), a row a document; `weights` (N,) are one over the probability of being picked.
    The interval counts as many fields as would say the same if they were equally weighed and independent: unequal
    weights cost Kish's design effect (1965), fields of one document resemble each other.
    """
    per_document = judged.sum(axis=1)  # (N,)
    some = per_document > 0
    asked, good, weights = per_document[some], (right & judged).sum(axis=1)[some], weights[some]
    if not len(asked):
        return None
    weight = float(weights @ asked)
    accuracy = float(weights @ good) / weight
    documents = weights.sum() ** 2 / (weights**2).sum()
    fields_each = weight / weights.sum()
    effective = documents * fields_each / _alike(good, asked, weights, accuracy)
    low, high = wilson(accuracy, effective)
    return Estimate(name, len(asked), int(asked.sum()), accuracy, low, high)


def wilson(share: float, n: float) -> tuple[float, float]:
    """The 95 % interval of a share (0…1) seen in `n` independent trials, also near 0 and 1 (Wilson 1927)."""
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * np.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def _alike(
    good: NDArray[np.int64], asked: NDArray[np.int64], weights: NDArray[np.float64], accuracy: float
) -> float:
    """By how much the variance exceeds that of independent fields: from 1 to as many fields as a document has.

    Few errors say little of how they cluster, none nothing: the estimate begins at `ALIKE`.
    """
    n, weight = len(asked), float(weights @ asked)
    most = max(1.0, weight / float(weights.sum()))
    expected = 1 + (most - 1) * ALIKE
    independent = accuracy * (1 - accuracy) * float((weights**2).sum() / weights.sum() ** 2) / most
    if n < 2 or independent <= 0:
        return expected
    residuals = weights * (good - accuracy * asked)  # of the ratio, linearised
    found = float(residuals @ residuals) / weight**2 * n / (n - 1) / independent
    errors = int((asked - good).sum())
    return float(np.clip((ALIKE_WEIGHS * expected + errors * found) / (ALIKE_WEIGHS + errors), 1, most))
