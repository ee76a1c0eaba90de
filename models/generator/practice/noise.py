"""From paper to what a reader makes of it: wrong letters, torn and joined words, a page a little askew; and the answers."""

from __future__ import annotations

import random
from dataclasses import dataclass

from models.extractors.base import Answer, Example
from models.generator.practice.paper import Ink, Mark, Paper
from models.ocr.lines import reading_order
from models.pages import Box, Page, Place, Word

# what readers take for each other
CONFUSED = {
    "0": "OD", "O": "0Q", "1": "lI", "l": "1I", "I": "1l", "5": "S", "S": "5", "8": "B", "B": "8", "6": "G", "G": "6",
    "2": "Z", "Z": "2", ",": ".", ".": ",", ":": ".;", "-": "~", "M": "N", "N": "M", "U": "V", "e": "c", "c": "e",
    "a": "o", "n": "r", "m": "n", "h": "b", "T": "7", "7": "T", "/": "1", "(": "C", "A": "4", "R": "P", "E": "F",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wear:
    """How badly a document is read; all are shares."""

    confused: float  # of letters
    joined: float  # of neighbouring words
    torn: float  # of words with punctuation inside
    missing: float  # of words that are no value
    jitter: float  # of a word's height
    slope: float  # pixels down per pixel to the right
    crop: tuple[
        float, float, float, float
    ]  # left, top, right, bottom: margin beside the text, of the page's width
    upper: bool

    @classmethod
    def draw(cls, rng: random.Random, *, upper: float) -> Wear:
        """`upper` is how often such documents are read in capitals only."""
        clean = rng.random() < 0.35
        far = 0.06 if rng.random() < 0.7 else 0.2  # mostly cropped to the text
        return cls(
            confused=0.0 if clean else rng.choice((0.002, 0.005, 0.01, 0.02, 0.03)),
            joined=0.0 if clean else rng.choice((0.0, 0.01, 0.03)),
            torn=0.0 if clean else rng.choice((0.0, 0.01, 0.03)),
            missing=0.0 if clean else rng.choice((0.0, 0.0, 0.01, 0.03)),
            jitter=rng.choice((0.0, 0.03, 0.06, 0.1)),
            slope=0.0 if clean else rng.gauss(0, 0.006),
            crop=(
                rng.uniform(0.01, far),
                rng.uniform(0.01, far),
                rng.uniform(0.01, far),
                rng.uniform(0.01, far),
            ),
            upper=rng.random() < upper,
        )


def _misread(text: str, share: float, rng: random.Random) -> str:
    if not share:
        return text
    # figures are read more safely than letters
    return "".join(
        rng.choice(CONFUSED[c])
        if c in CONFUSED and rng.random() < (share * 0.4 if c.isdigit() else share)
        else c
        for c in text
    )


def _joined(inks: list[Ink], share: float, rng: random.Random) -> list[Ink]:
    """Neighbours of one line that a reader took for one word; values of two fields never are."""
    if not share:
        return inks
    found: list[Ink] = []
    for ink in inks:
        last = found[-1] if found else None
        if last is None or last.line != ink.line or last.page != ink.page or rng.random() >= share:
            found.append(ink)
            continue
        marks = {id(mark) for mark, _ in (*last.said, *ink.said)}
        if len(marks) > 1 or len(last.text) + len(ink.text) > 24:
            found.append(ink)
            continue
        found[-1] = Ink(
            last.text + ink.text,
            last.x0,
            last.y0,
            ink.x1,
            ink.y1,
            ink.page,
            ink.line,
            [*last.said, *ink.said],
        )
    return found


def _torn(inks: list[Ink], share: float, rng: random.Random) -> list[Ink]:
    """Words that fell in two beside a mark of punctuation."""
    if not share:
        return inks
    found: list[Ink] = []
    for ink in inks:
        cuts = [at + 1 for at, char in enumerate(ink.text[:-1]) if char in ".:,-/$)" and at]
        whole = not ink.said or (len(ink.said) == 1 and ink.said[0][1] == ink.text)
        if not (cuts and whole and rng.random() < share):
            found.append(ink)
            continue
        cut = rng.choice(cuts)
        middle = ink.x0 + (ink.x1 - ink.x0) * cut / len(ink.text)
        for text, x0, x1 in ((ink.text[:cut], ink.x0, middle), (ink.text[cut:], middle, ink.x1)):
            said = [(mark, text) for mark, _ in ink.said]
            found.append(Ink(text, x0, ink.y0, x1, ink.y1, ink.page, ink.line, said))
    return found


def finish(key: str, paper: Paper, wear: Wear, rng: random.Random) -> Example:
    """The document as it was read, and an answer for each mark: its true text, and the words where it stands."""
    truth = _truth(paper.inks, upper=wear.upper)
    inks = [ink for ink in paper.inks if ink.said or rng.random() >= wear.missing]
    inks = _torn(_joined(inks, wear.joined, rng), wear.torn, rng)
    pages: list[Page] = []
    places: dict[int, Place] = {}
    for number in range(paper.page + 1):
        page, marked = _page([ink for ink in inks if ink.page == number], paper, wear, rng)
        pages.append(page)
        for mark, words in marked.items():
            box = Box.around(page.words[word].box for word in words)
            places[mark] = Place(number, box, tuple(words))
    answers = [Answer(mark.concept, text, places[id(mark)]) for mark, text in truth if id(mark) in places]
    answers.sort(key=lambda each: (each.place.page, each.place.words) if each.place else (0, ()))
    return Example(key, tuple(pages), tuple(answers))


def _truth(inks: list[Ink], *, upper: bool) -> list[tuple[Mark, str]]:
    parts: dict[int, tuple[Mark, list[str]]] = {}
    for ink in inks:
        for mark, text in ink.said:
            parts.setdefault(id(mark), (mark, []))[1].append(text.upper() if upper else text)
    return [(mark, " ".join(texts)) for mark, texts in parts.values()]


def _page(inks: list[Ink], paper: Paper, wear: Wear, rng: random.Random) -> tuple[Page, dict[int, list[int]]]:
    """One page and, by mark, the indices of its words."""
    left, top, right, bottom = (share * paper.width for share in wear.crop)
    if paper.height is None and inks:
        x, y = min(ink.x0 for ink in inks) - left, min(ink.y0 for ink in inks) - top
        width = max(ink.x1 for ink in inks) + right - x
        height = max(ink.y1 for ink in inks) + bottom + abs(wear.slope) * width - y
    else:
        x = y = 0.0
        width, height = paper.width, paper.height or paper.width
    down = max(0.0, -wear.slope) * width if paper.height is None else 0.0
    words, origins = [], {}
    for ink in inks:
        shake = wear.jitter * (ink.y1 - ink.y0)
        slip = wear.slope * ((ink.x0 + ink.x1) / 2 - x - width / 2 * (paper.height is not None)) + down - y
        box = Box.from_pixels(
            ink.x0 - x + rng.uniform(-shake, shake), ink.y0 + slip + rng.uniform(-shake, shake),
            ink.x1 - x + rng.uniform(-shake, shake), ink.y1 + slip + rng.uniform(-shake, shake),
            width, height,
        )  # fmt: skip
        if not box.area:  # beyond the edge
            continue
        text = _misread(ink.text.upper() if wear.upper else ink.text, wear.confused, rng)
        word = Word(text, box)
        words.append(word)
        origins[id(word)] = ink
    ordered = reading_order(words, wear.slope * width / height)
    marked: dict[int, list[int]] = {}
    for index, word in enumerate(ordered):
        for mark, _ in origins[id(word)].said:
            indices = marked.setdefault(id(mark), [])
            if index not in indices:
                indices.append(index)
    return Page(max(1, round(width)), max(1, round(height)), tuple(ordered)), marked
