"""What a training says of itself in; the Run row and MLflow's curves out, while it goes on.

It is also where a training ends early: if somebody asked it to stop, or if its worker lost its job.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction

from annotation import jobs
from learner.models import Run
from models.errors import RegistryError, TrainingStopped
from models.extractors.base import Progress
from models.registry import Registry

log = logging.getLogger(__name__)

PAUSE = 1.0  # seconds between two writes: trainings report every step, several times a second


@dataclass(slots=True)
class Curves:
    """Points of a run's curves on their way to MLflow: what it doesn't take now is sent with the next."""

    registry: Registry
    mlflow_run: str
    left: list[tuple[int, dict[str, float]]] = field(default_factory=list)

    def add(self, step: int, figures: dict[str, float]) -> None:
        self.left.append((step, figures))
        try:
            self.send()
        except RegistryError as problem:  # an hour's training isn't lost for a curve
            log.warning("a curve waits for MLflow: %s", problem)

    def send(self) -> None:
        """All that is left; raises `RegistryError`."""
        while self.left:
            step, figures = self.left[0]
            self.registry.log_figures(self.mlflow_run, figures, step=step)
            self.left.pop(0)


@dataclass(slots=True)
class Reporter:
    """An `OnProgress` for `Extractor.fit`. Its 0…1 are the first..last part of the whole run's."""

    run: Run
    curves: Curves
    first: float = 0.05
    last: float = 0.85
    clock: Callable[[], float] = time.monotonic
    written: float = float("-inf")

    def __call__(self, progress: Progress) -> None:
        """Raises `TrainingStopped` or `LostClaim`."""
        if progress.figures:
            self.curves.add(progress.epoch, dict(progress.figures))
        if progress.note:
            note(self.run, progress.note)
        now = self.clock()
        if now - self.written < PAUSE:
            return
        self.written = now
        share = self.first + (self.last - self.first) * progress.share
        write(self.run, progress.stage, share, epoch=progress.epoch, epochs=progress.epochs)


def note(run: Run, text: str) -> None:
    """Say what people should know of the run, such as that it had no time for all; raises `LostClaim`."""
    run.note = text[:1000]
    with transaction.atomic():
        jobs.assert_held()
        Run.objects.filter(pk=run.pk).update(note=run.note)


def write(run: Run, stage: str, share: float, **epochs: int) -> None:
    """Say how far the run is; raises `TrainingStopped` if it was asked to stop, `LostClaim` if it is another's."""
    with transaction.atomic():
        jobs.assert_held()
        Run.objects.filter(pk=run.pk).update(stage=stage[:40], share=min(max(share, 0.0), 1.0), **epochs)
    if Run.objects.filter(pk=run.pk, stop_asked=True).exists():
        raise TrainingStopped(f"run {run.pk} was asked to stop")
