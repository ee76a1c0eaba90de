"""Which of two is better, asked again after every new comparison: evidence that may be looked at as often as one likes.

For each comparison there is a difference, above 0 if the one did better than the other. Where the two are equally good, a
difference and its opposite are equally likely, whatever its size. Betting on its sign then wins nothing on average, whoever
bets, so that the wealth of a bettor who began with 1 exceeds `1 / risk` at any time with a probability of `risk` at most
(Ville 1939). The bet on a difference `d` at stake `s` multiplies the wealth by `exp(s d) / cosh(s d)` (de la Peña 1999,
"A general class of exponential inequalities"); the money is split over several stakes, as nobody knows the best one ahead
(Robbins 1970; Howard et al. 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences").
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import ArrayLike, NDArray

# for differences of the size of 1; the best stake is the mean difference over its variance
STAKES = np.geomspace(0.5, 32, 7)


def evidence(differences: ArrayLike) -> NDArray[np.float64]:
    """Natural logarithm of the wealth after each of the differences (N,): (N,), against that they are as likely negative.

    It is evidence that they are above 0; with the signs turned, that they are below. To compare with `bound`.
    """
    given = np.asarray(differences, dtype=np.float64)
    bets = STAKES[:, None] * given  # (S, N)
    won = np.cumsum(bets - (np.logaddexp(bets, -bets) - log(2)), axis=1)
    return np.logaddexp.reduce(won, axis=0) - log(len(STAKES))


def together(logs: Sequence[float], weights: Sequence[float]) -> float:
    """The logarithm of the wealth of a bettor who split the money over several games by `weights`, which sum to 1."""
    return float(np.logaddexp.reduce(np.asarray(logs) + np.log(weights)))


def bound(risk: float) -> float:
    """What `evidence` exceeds by mistake, ever, with a probability of at most `risk` (above 0, below 1)."""
    return log(1 / risk)
