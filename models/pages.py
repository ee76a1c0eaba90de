"""What stands on a page: boxes, words and pages, frozen, in one coordinate system.

Every coordinate is a share of the page's width or height (0…1) with the origin at the top left, so that nothing
here depends on the resolution a page was rendered at. Only this module converts to and from pixels, Label
Studio's percent and LayoutLM's 0…1000.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import BadPage


def _clip(share: float) -> float:
    return min(1.0, max(0.0, share))


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; shares of the page, `x0 <= x1` and `y0 <= y1`, all within 0…1."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (0 <= self.x0 <= self.x1 <= 1 and 0 <= self.y0 <= self.y1 <= 1):
            raise BadPage(f"a box is 0 <= x0 <= x1 <= 1 and 0 <= y0 <= y1 <= 1, not {self}")

    @classmethod
    def from_pixels(cls, x0: float, y0: float, x1: float, y1: float, width: float, height: float) -> Box:
        """From pixels of a page of `width` x `height`; what stands over the edge is cut off."""
        if width <= 0 or height <= 0:
            raise BadPage(f"a page has a width and a height, not {width} x {height}")
        left, right = sorted((_clip(x0 / width), _clip(x1 / width)))
        top, bottom = sorted((_clip(y0 / height), _clip(y1 / height)))
        return cls(left, top, right, bottom)

    def to_pixels(self, width: float, height: float) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 in pixels of a page of `width` x `height`, not rounded."""
        return self.x0 * width, self.y0 * height, self.x1 * width, self.y1 * height

    @classmethod
    def from_percent(cls, x: float, y: float, width: float, height: float) -> Box:
        """From Label Studio's percent: left, top, width, height."""
        return cls.from_pixels(x, y, x + width, y + height, 100, 100)

    def to_percent(self) -> dict[str, float]:
        """Label Studio's `x`, `y`, `width`, `height` in percent of the page."""
        return {
            "x": self.x0 * 100,
            "y": self.y0 * 100,
            "width": (self.x1 - self.x0) * 100,
            "height": (self.y1 - self.y0) * 100,
        }

    def to_thousandths(self) -> tuple[int, int, int, int]:
        """LayoutLM's whole numbers 0…1000 (Xu et al. 2020, section 2.2)."""
        return (
            round(self.x0 * 1000),
            round(self.y0 * 1000),
            round(self.x1 * 1000),
            round(self.y1 * 1000),
        )

    @property
    def area(self) -> float:
        """Share of the page that the box covers."""
        return (self.x1 - self.x0) * (self.y1 - self.y0)

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def intersection(self, other: Box) -> float:
        """Area that both cover."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return width * height if width > 0 and height > 0 else 0.0

    def iou(self, other: Box) -> float:
        """Intersection over union, 0…1."""
        shared = self.intersection(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    @classmethod
    def around(cls, boxes: Iterable[Box]) -> Box:
        """The smallest box that holds all of `boxes`; raises `BadPage` for none."""
        every = list(boxes)
        if not every:
            raise BadPage("a box around nothing has no place")
        return cls(
            min(box.x0 for box in every),
            min(box.y0 for box in every),
            max(box.x1 for box in every),
            max(box.y1 for box in every),
        )

    def to_json(self) -> list[float]:
        return [self.x0, self.y0, self.x1, self.y1]

    @classmethod
    def from_json(cls, numbers: Sequence[float]) -> Box:
        return cls(*numbers)


@dataclass(frozen=True, slots=True)
class Word:
    """One read token: its text, its place, and how sure the reader was (0…1; 1 for a PDF's own text)."""

    text: str
    box: Box
    confidence: float = 1.0

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise BadPage("a word has at least one visible character")
        if not 0 <= self.confidence <= 1:
            raise BadPage(f"a word's confidence is 0…1, not {self.confidence}")

    def to_json(self) -> list[Any]:  # mixed: text, box, confidence
        return [self.text, self.box.to_json(), self.confidence]

    @classmethod
    def from_json(cls, parts: Sequence[Any]) -> Word:
        text, box, confidence = parts
        return cls(text, Box.from_json(box), confidence)


@dataclass(frozen=True, slots=True)
class Page:
    """One page's words in reading order, and the size in pixels of the image it was rendered to."""

    width: int
    height: int
    words: tuple[Word, ...] = ()

    def __post_init__(self) -> None:
        if self.width <= 0 or self.height <= 0:
            raise BadPage(f"a page has a width and a height, not {self.width} x {self.height}")

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    def to_json(self) -> dict[str, Any]:  # mixed: sizes and words
        return {
            "width": self.width,
            "height": self.height,
            "words": [word.to_json() for word in self.words],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Page:
        return cls(
            stored["width"],
            stored["height"],
            tuple(Word.from_json(parts) for parts in stored["words"]),
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: the page (0-based), the box, and the words of that page it is made of."""

    page: int
    box: Box
    words: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:  # mixed: page, box, word numbers
        return {"page": self.page, "box": self.box.to_json(), "words": list(self.words)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Place:
        return cls(stored["page"], Box.from_json(stored["box"]), tuple(stored["words"]))
