"""What every extractor is: it learns from examples, and says of pages which value each field has, where, how sure.

The values that go in and out are frozen and know their JSON form; they are what the database keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from models.pages import Page, Place
from models.schema import Schema


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says a field holds: one occurrence, its raw text, and its place if it has one."""

    field: str
    text: str
    place: Place | None = None

    def to_json(self) -> dict[str, Any]:  # mixed: text and place
        return {
            "field": self.field,
            "text": self.text,
            "place": self.place.to_json() if self.place else None,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Answer:
        place = stored["place"]
        return cls(stored["field"], stored["text"], Place.from_json(place) if place else None)


@dataclass(frozen=True, slots=True)
class Example:
    """One confirmed document: `answers` is complete, so a field without an answer is absent.

    But for the `unconfirmed` fields, which nobody looked at: nothing is known of them, so they have no answers here,
    and whoever learns takes neither their values nor their absence for true. Of some of them it is known what was
    `doubted`: what a person said, and what somebody else says instead. These words may be a value, and no others.
    """

    key: str
    pages: tuple[Page, ...]
    answers: tuple[Answer, ...]
    unconfirmed: frozenset[str] = frozenset()
    doubted: tuple[Answer, ...] = ()  # of unconfirmed fields

    def __post_init__(self) -> None:
        if told := sorted({answer.field for answer in self.answers} & self.unconfirmed):
            raise ValueError(f"document {self.key}: {told[0]} is unconfirmed, so it can't have an answer")


@dataclass(frozen=True, slots=True)
class Value:
    """What a model says a field holds: one occurrence, with a confidence (0…1) that it is right."""

    field: str
    text: str
    normalised: str | None
    confidence: float
    place: Place | None = None

    def to_json(self) -> dict[str, Any]:  # mixed: text, number, place
        return {
            "field": self.field,
            "text": self.text,
            "normalised": self.normalised,
            "confidence": self.confidence,
            "place": self.place.to_json() if self.place else None,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Value:
        place = stored["place"]
        return cls(
            stored["field"],
            stored["text"],
            stored["normalised"],
            stored["confidence"],
            Place.from_json(place) if place else None,
        )


@dataclass(frozen=True, slots=True)
class Extracted:
    """All values of one document, and for each field that was not found the confidence (0…1) that it is absent."""

    values: tuple[Value, ...]
    absent: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is. `share` is 0…1 of the whole, `figures` the newest curve points (loss, F1).

    `epochs` is how many it is going to be, which may become fewer. `note` says what should be known of a training
    that has ended, such as that its time limit shortened it.
    """

    stage: str
    share: float
    epoch: int = 0
    epochs: int = 0
    figures: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


# Called often during training; raising `TrainingStopped` from it ends the training.
OnProgress = Callable[[Progress], None]


class Extractor(Protocol):
    """A trained model. It is stored as a folder of safetensors and JSON, never as a pickle."""

    name: str
    schema: Schema
    # an extractor that tells by folds how good it is learns from the validation documents too, so that they can't judge it
    learns_from_validation: ClassVar[bool]

    @classmethod
    def settled(cls, recipe: Mapping[str, Any]) -> dict[str, Any]:
        """The recipe with every default filled in; raises `TrainingFailed` for what makes no sense."""
        ...

    @classmethod
    def fit(
        cls,
        schema: Schema,
        train: Sequence[Example],
        validation: Sequence[Example],
        *,
        recipe: Mapping[str, Any],
        on_progress: OnProgress,
        checkpoints: Path | None = None,
    ) -> Self:
        """A new model, from its fixed base; raises `TrainingFailed` or `TrainingStopped`.

        In the folder `checkpoints` a long training keeps how far it is. Begun again with the same folder, examples
        and recipe it goes on from there, to the same model. The folder is the caller's to delete.
        """
        ...

    def extract(self, documents: Sequence[Sequence[Page]]) -> list[Extracted]:
        """One answer for each document (a sequence of its pages), in the same order."""
        ...

    def save(self, folder: Path) -> None: ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises `RegistryError` if the folder isn't one that `save` wrote."""
        ...
