"""How many of a training's steps there is time for: what its time box and its own speed so far allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

WARMING = 2  # steps that say nothing of the speed: memory is asked for, kernels are chosen


@dataclass
class Pace:
    """The clock of one training of at most `steps` steps in `limit` seconds, of which `used` are over.

    All is estimated anew at every step, so a machine that gets busy shortens a training, and one that gets free again
    lengthens it, up to what the recipe wants. As long as there is time for all, nothing depends on the clock.
    """

    limit: float
    steps: int
    clock: Callable[[], float]  # seconds
    after: float = 0.0  # what comes behind the last step takes as long as so many steps
    used: float = 0.0

    def __post_init__(self) -> None:
        self._began = self.clock()
        self._taken = 0
        self._warm = self._began

    @property
    def seconds(self) -> float:
        """Spent so far, also before an interruption."""
        return self.used + self.clock() - self._began

    def took_step(self) -> None:
        """One step more is done."""
        self._taken += 1
        if self._taken == WARMING:
            self._warm = self.clock()

    def planned(self, step: int) -> int:
        """How many steps the training has in all, if `step` are done: fewer than `steps` if time is short.

        At least one, and never less than are done.
        """
        left = self.limit - self.seconds
        if left <= 0:
            return max(1, step)
        if self._taken <= WARMING:
            return self.steps
        each = (self.clock() - self._warm) / (self._taken - WARMING)
        possible = step + int(left / each - self.after)
        return min(self.steps, max(1, step, possible))
