"""Paper that remembers: draws on PDF pages and keeps every word's box and the field it belongs to.

Units are points (1/72 inch) from the top left; `y` of a text is its baseline.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from models.extractors.base import Answer
from models.generator.fonts import font
from models.ocr.lines import reading_order
from models.pages import Box, Page, Place, Word

# of the font size, above and below the baseline: what a reader would frame
ASCENT, DESCENT = 0.76, 0.22
BLACK = (0.05, 0.05, 0.05)
WHITE = (1.0, 1.0, 1.0)
Colour = tuple[float, float, float]
# text and the field it is a value of, or None
Piece = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Style:
    """`squeeze` is the width of the letters: 1 is the font's own."""

    family: str = "helvetica"
    size: float = 9.0
    bold: bool = False
    colour: Colour = BLACK
    squeeze: float = 1.0

    def of(
        self, *, size: float | None = None, bold: bool | None = None, colour: Colour | None = None
    ) -> Style:
        """This style with something changed; `size` is a factor."""
        return Style(
            self.family,
            self.size * (size or 1),
            self.bold if bold is None else bold,
            colour or self.colour,
            self.squeeze,
        )


@dataclass
class _Drawn:
    """One page: what is to be drawn, and the words with their boxes in points and their fields."""

    operations: list[Callable[[Canvas], None]] = field(default_factory=list)
    words: list[tuple[str, tuple[float, float, float, float], str | None]] = field(default_factory=list)


class Sheet:
    """One document in the making. `height` may be None until `finish`: a till roll is as long as what is on it."""

    def __init__(self, width: float, height: float | None, *, beyond_latin1: bool) -> None:
        self.width = width
        self.height = height
        self._beyond_latin1 = beyond_latin1
        self._pages = [_Drawn()]

    @property
    def page(self) -> int:
        return len(self._pages) - 1

    def new_page(self) -> None:
        self._pages.append(_Drawn())

    def font_of(self, style: Style) -> str:
        return font(style.family, bold=style.bold, beyond_latin1=self._beyond_latin1)

    def measure(self, text: str, style: Style) -> float:
        """Width of `text` in points."""
        return pdfmetrics.stringWidth(text, self.font_of(style), style.size) * style.squeeze

    def fit(self, text: str, style: Style, width: float) -> Style:
        """`style`, or a smaller one in which `text` fits into `width`."""
        needed = self.measure(text, style)
        return style if needed <= width else style.of(size=width / needed)

    def text(
        self, x: float, y: float, text: str, style: Style, *, align: str = "left", field: str | None = None
    ) -> float:
        """Draws one line; `x` is its left, middle ("centre") or right end. Answers where it ends, in points."""
        return self.run(x, y, [(text, field)], style, align=align)

    def run(self, x: float, y: float, pieces: Sequence[Piece], style: Style, *, align: str = "left") -> float:
        """Like `text`, for a line of which parts are values of fields."""
        whole = "".join(text for text, _ in pieces)
        width = self.measure(whole, style)
        x -= {"left": 0.0, "centre": width / 2, "right": width}[align]
        drawn = self._pages[-1]
        drawn.operations.append(lambda canvas: self._draw(canvas, x, y, whole, style))
        top, bottom = y - ASCENT * style.size, y + DESCENT * style.size
        passed = 0
        for text, name in pieces:
            at = 0
            for word in text.split():
                at = text.index(word, at)
                left = x + self.measure(whole[: passed + at], style)
                at += len(word)
                right = x + self.measure(whole[: passed + at], style)
                drawn.words.append((word, (left, top, right, bottom), name))
            passed += len(text)
        return x + width

    def _draw(self, canvas: Canvas, x: float, y: float, text: str, style: Style) -> None:
        assert self.height is not None
        lines = canvas.beginText(x, self.height - y)
        lines.setFont(self.font_of(style), style.size)
        lines.setFillColorRGB(*style.colour)
        lines.setHorizScale(style.squeeze * 100)
        lines.textOut(text)
        canvas.drawText(lines)

    def line(
        self, x0: float, y0: float, x1: float, y1: float, *, width: float = 0.6,
        colour: Colour = BLACK, dash: tuple[float, float] | None = None,
    ) -> None:  # fmt: skip
        def draw(canvas: Canvas) -> None:
            assert self.height is not None
            canvas.setStrokeColorRGB(*colour)
            canvas.setLineWidth(width)
            canvas.setDash(*(dash or ()))
            canvas.line(x0, self.height - y0, x1, self.height - y1)

        self._pages[-1].operations.append(draw)

    def box(
        self, x: float, y: float, width: float, height: float, *,
        fill: Colour | None = None, stroke: Colour | None = None, round_by: float = 0,
    ) -> None:  # fmt: skip
        """A rectangle with its top left at `x`, `y`."""

        def draw(canvas: Canvas) -> None:
            assert self.height is not None
            canvas.setDash()
            canvas.setLineWidth(0.7)
            canvas.setFillColorRGB(*(fill or BLACK))
            canvas.setStrokeColorRGB(*(stroke or BLACK))
            bottom = self.height - y - height
            canvas.roundRect(
                x, bottom, width, height, round_by, fill=fill is not None, stroke=stroke is not None
            )

        self._pages[-1].operations.append(draw)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        def draw(canvas: Canvas) -> None:
            assert self.height is not None
            canvas.setFillColorRGB(*colour)
            canvas.circle(x, self.height - y, radius, fill=1, stroke=0)

        self._pages[-1].operations.append(draw)

    def finish(self, height: float | None = None) -> tuple[bytes, tuple[Page, ...], tuple[Answer, ...]]:
        """The PDF, its pages' words in reading order (sizes in pixels at 150 dpi), and where each field stands."""
        self.height = height or self.height
        assert self.height is not None
        file = io.BytesIO()
        canvas = Canvas(file, pagesize=(self.width, self.height), invariant=1, pageCompression=1)
        pages: list[Page] = []
        marked: dict[str, list[tuple[int, int]]] = {}
        for number, drawn in enumerate(self._pages):
            for operation in drawn.operations:
                operation(canvas)
            canvas.showPage()
            pages.append(self._words(drawn, number, marked))
        canvas.save()
        answers = tuple(_answer(name, places, pages) for name, places in sorted(marked.items()))
        return file.getvalue(), tuple(pages), answers

    def _words(self, drawn: _Drawn, number: int, marked: dict[str, list[tuple[int, int]]]) -> Page:
        assert self.height is not None
        fields = {}
        words = []
        for text, corners, name in drawn.words:
            words.append(Word(text, Box.from_pixels(*corners, self.width, self.height)))
            fields[id(words[-1])] = name
        ordered = reading_order(words)
        for place, word in enumerate(ordered):
            if name := fields[id(word)]:
                marked.setdefault(name, []).append((number, place))
        return Page(round(self.width * 150 / 72), round(self.height * 150 / 72), tuple(ordered))


def _answer(name: str, places: list[tuple[int, int]], pages: list[Page]) -> Answer:
    page = places[0][0]
    numbers = tuple(number for _, number in places)
    words = [pages[page].words[number] for number in numbers]
    text = " ".join(word.text for word in words)
    return Answer(name, text, Place(page, Box.around(word.box for word in words), numbers))
