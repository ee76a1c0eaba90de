"""What people say (texts and boxes) → which words of which page that is, and back.

In: a document's pages and its answers. Out: a label per word for training, and the place of every answer.
Guaranteed: a label is `B-field`, `I-field`, `O` or None ("masked": the word teaches nothing, because nobody can say
whether it is the field), and no word carries two fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from models.extractors.base import Answer
from models.lines import cues, lines_of, words_of
from models.pages import Box, Page, Place
from models.schema import Field, Kind, Schema
from models.values import normalise_date, normalise_text

OUTSIDE = "O"
# A person's box is believed when its words resemble the text at least so much (0…100): bad OCR is still taught ...
BOX_RESEMBLES = 60.0
# ... but a text without a box must be nearly there, and long enough not to resemble something by chance.
TEXT_RESEMBLES = 85.0
SHORTEST_FUZZY = 5
TYPED = frozenset({Kind.DATE, Kind.MONEY, Kind.NUMBER})
TORN = 3  # a number is found in so many words at most
# Characters that readers take for one another, after upper-casing.
LOOKALIKES = str.maketrans("OQDILZSBG", "000112586")
PIECE = re.compile(r"[^\W_]+")
DIGIT = re.compile(r"\d")
NUMERIC = re.compile(r"[\d.,'’]+")
TIME = re.compile(r"\d:\d\d")
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
WRITTEN_DATE = re.compile(
    r"(?<!\d)(?:"
    r"\d{4} ?[-/.] ?\d{1,2} ?[-/.] ?\d{1,2}"  # 2018-12-25
    r"|\d{1,2} ?[-/.] ?\d{1,2} ?[-/.] ?(?:\d{4}|\d{2})"  # 25/12/2018, 25.12.18
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: day)?(?: of)?[ ,/.-]{{0,3}}{MONTH}[ ,/.'-]{{0,3}}(?:\d{{4}}|\d{{2}})"  # 25 Dec 2018
    rf"|{MONTH}[ .-]{{0,2}}\d{{1,2}}(?:st|nd|rd|th)?[ ,.'-]{{0,3}}(?:\d{{4}}|\d{{2}})"  # December 25, 2018
    r")(?!\d)",
    re.IGNORECASE,
)

Span = tuple[int, tuple[int, ...]]  # page, word indices


@dataclass(frozen=True, slots=True)
class Alignment:
    """Labels by page and word, and for every answer the place where its text was found (None: nowhere)."""

    labels: tuple[tuple[str | None, ...], ...]
    places: tuple[Place | None, ...]


def words_in_box(page: Page, box: Box) -> tuple[int, ...]:
    """Indices of the words that `box` covers: centre inside or half of the area; else the word it is drawn into."""
    covered = []
    for index, word in enumerate(page.words):
        x, y = word.box.centre
        inside = box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1
        if inside or (word.box.area > 0 and box.intersection(word.box) >= word.box.area / 2):
            covered.append(index)
    if not covered and box.area > 0:
        shares = [box.intersection(word.box) / box.area for word in page.words]
        covered = [i for i, share in enumerate(shares) if share >= 0.5 and share == max(shares)]
    return tuple(covered)


def text_of(page: Page, word_indices: Iterable[int]) -> str:
    """The words' texts with blanks between them, in the page's reading order; raises IndexError for a word not there."""
    return " ".join(page.words[i].text for i in sorted(word_indices))


def place_of(page_number: int, page: Page, word_indices: Iterable[int]) -> Place:
    """The place that these words make; raises `BadPage` for none."""
    indices = tuple(sorted(word_indices))
    return Place(page_number, Box.around(page.words[i].box for i in indices), indices)


def label_words(pages: Sequence[Page], answers: Sequence[Answer], schema: Schema) -> Alignment:
    """Labels for training: answers with a box first, then those found by their text, the longest first.

    Where an answer's text stands elsewhere too, those words are masked: they hold the right value, so teaching
    them as "no field" would be wrong, and so would be teaching a place that nobody pointed at. Answers of
    fields that the schema doesn't have are passed over.
    """
    documents = [_Letters(page) for page in pages]
    labels: list[list[str | None]] = [[OUTSIDE] * len(page.words) for page in pages]
    places: list[Place | None] = [None] * len(answers)
    taken: set[tuple[int, int]] = set()
    masked: set[tuple[int, int]] = set()

    known = [number for number, answer in enumerate(answers) if answer.field in schema]
    known.sort(key=lambda n: (answers[n].place is None, -len(answers[n].text)))
    for number in known:
        answer, field = answers[number], schema[answers[number].field]
        others = _occurrences(documents, answer.text, field)
        if answer.place is not None:
            span, unsure = _under_box(pages, answer.place, answer.text, field)
        else:
            free = [s for s in others if not taken & {(s[0], i) for i in s[1]}]
            span, unsure = _likeliest(pages, free or others, field), ()
            if span is None:
                span = _nearest(documents, answer.text, field)
        masked.update((page, i) for page, words in others for i in words)
        masked.update(unsure)
        if span is None:
            continue
        page_number, words = span
        places[number] = place_of(page_number, pages[page_number], words)
        if taken & {(page_number, i) for i in words}:
            continue  # another answer has these words already
        taken.update((page_number, i) for i in words)
        for i, previous in zip(words, (None, *words), strict=False):
            # a value interrupted by other words (two columns) starts anew after the gap
            starts = previous is None or i != previous + 1
            labels[page_number][i] = f"{'B' if starts else 'I'}-{field.name}"
    for page_number, i in masked - taken:
        labels[page_number][i] = None
    return Alignment(tuple(map(tuple, labels)), tuple(places))


def runs_like(page: Page, field: Field) -> list[tuple[int, ...]]:
    """Runs of words that are written like a date or number of the field's kind; none for texts and choices."""
    if field.kind not in TYPED:
        return []
    if field.kind is Kind.DATE:
        return sorted({run for _, run in _dates(_Letters(page))})
    return [
        (index,)
        for index, word in enumerate(page.words)
        if DIGIT.search(word.text)
        and not WRITTEN_DATE.search(word.text)
        and not TIME.search(word.text)
        and field.normalise(word.text) is not None
    ]


class _Letters:
    """A page (or some of its words) as one string of upper-case letters and digits, with the way back to words."""

    def __init__(self, page: Page, indices: Sequence[int] | None = None) -> None:
        self.page = page
        self.indices = range(len(page.words)) if indices is None else indices
        owner: list[int] = []  # position in the string → word index
        pieces: list[str] = []
        self.word_edges: set[int] = set()  # where a word begins
        self.piece_edges: set[int] = (
            set()
        )  # where letters follow a mark, as after the colon in "Date:25/12/2018"
        for index in self.indices:
            self.word_edges.add(len(owner))
            for piece in PIECE.findall(page.words[index].text):
                self.piece_edges.add(len(owner))
                letters = normalise_text(piece)
                pieces.append(letters)
                owner.extend([index] * len(letters))
        self.word_edges.add(len(owner))
        self.piece_edges.add(len(owner))
        self.owner = owner
        self.text = "".join(pieces)
        self.folded = self.text.translate(LOOKALIKES)

    def words(self, start: int, end: int) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self.owner[start:end]))


def _exact(document: _Letters, wanted: str, *, folded: bool = False) -> list[tuple[int, ...]]:
    """Runs of words whose letters are `wanted`: whole words, or (from 4 letters) after a mark within a word."""
    text = document.folded if folded else document.text
    edges = document.piece_edges if len(wanted) >= 4 else document.word_edges
    found = []
    start = text.find(wanted) if wanted else -1
    while start >= 0:
        end = start + len(wanted)
        if start in edges and end in edges:
            found.append(document.words(start, end))
            start = text.find(wanted, end)
        else:
            start = text.find(wanted, start + 1)
    return found


def _dates(document: _Letters) -> list[tuple[str, tuple[int, ...]]]:
    """(ISO date, words) of everything on the page that is written like a date; both of 03/04/2018's readings."""
    owner: list[int] = []
    for index in document.indices:
        owner.extend([index] * (len(document.page.words[index].text) + 1))  # and the blank behind it
    text = text_of(document.page, document.indices)
    found: list[tuple[str, tuple[int, ...]]] = []
    for match in WRITTEN_DATE.finditer(text):
        words = tuple(dict.fromkeys(owner[match.start() : match.end()]))
        readings = {normalise_date(match.group(), day_first=order) for order in (True, False)}
        found.extend((reading, words) for reading in readings if reading)
    return found


def _numbers(document: _Letters, field: Field) -> list[tuple[str, tuple[int, ...]]]:
    """(plain decimal, words) of each number; also of numbers that reading has torn apart: `1 234 .50`."""
    words, indices = document.page.words, list(document.indices)
    found: list[tuple[str, tuple[int, ...]]] = []
    for first, index in enumerate(indices):
        for length in range(1, TORN + 1):
            run = tuple(indices[first : first + length])
            if len(run) < length or (length > 1 and not NUMERIC.fullmatch(words[run[-1]].text)):
                break
            value = field.normalise(text_of(document.page, run)) if DIGIT.search(words[index].text) else None
            if value:
                found.append((value, run))
    return found


def _typed(document: _Letters, raw: str, field: Field) -> list[tuple[int, ...]]:
    """The shortest runs of words that hold the same date or number as `raw`."""
    wanted = {field.normalise(raw)}
    if field.kind is Kind.DATE:
        values = _dates(document)
        wanted.add(normalise_date(raw, day_first=False))
    else:
        values = _numbers(document, field)
    runs = {run for value, run in values if value in wanted}
    return sorted(run for run in runs if not any(set(other) < set(run) for other in runs))


def _in_document(document: _Letters, raw: str, field: Field) -> list[tuple[int, ...]]:
    """Every place of one page that certainly holds the value."""
    wanted = normalise_text(raw)
    if field.kind in TYPED:
        return _typed(document, raw, field) or _exact(document, wanted.translate(LOOKALIKES), folded=True)
    return _exact(document, wanted) or _exact(document, wanted.translate(LOOKALIKES), folded=True)


def _occurrences(documents: Sequence[_Letters], raw: str, field: Field) -> list[Span]:
    return [
        (number, run)
        for number, document in enumerate(documents)
        for run in _in_document(document, raw, field)
    ]


def _fuzzy(document: _Letters, raw: str) -> tuple[float, tuple[int, ...]]:
    """The run of whole words that resembles `raw` most, with its resemblance 0…100."""
    wanted = normalise_text(raw).translate(LOOKALIKES)
    nothing: tuple[float, tuple[int, ...]] = (0.0, ())
    if len(wanted) < SHORTEST_FUZZY or not document.folded:
        return nothing
    hit = fuzz.partial_ratio_alignment(wanted, document.folded, score_cutoff=BOX_RESEMBLES)
    if hit is None or hit.dest_end <= hit.dest_start:
        return nothing
    edges = sorted(document.word_edges)
    # the alignment may begin or end within a word or one word too early: try the edges around both ends
    starts = [e for e in edges if e <= hit.dest_start][-2:] + [e for e in edges if e > hit.dest_start][:2]
    ends = [e for e in edges if e < hit.dest_end][-2:] + [e for e in edges if e >= hit.dest_end][:2]
    best = max(
        ((fuzz.ratio(wanted, document.folded[a:b]), -(b - a), a, b) for a in starts for b in ends if a < b),
        default=None,
    )
    return nothing if best is None else (best[0], document.words(best[2], best[3]))


def _nearest(documents: Sequence[_Letters], raw: str, field: Field) -> Span | None:
    """Where a text stands with reading faults in it. Never for dates and amounts: one digit off is another value."""
    if field.kind in TYPED:
        return None
    score, page, words = max(
        (
            (score, number, words)
            for number, page in enumerate(documents)
            for score, words in [_fuzzy(page, raw)]
        ),
        default=(0.0, 0, ()),
    )
    return (page, words) if score >= TEXT_RESEMBLES and words else None


def _under_box(
    pages: Sequence[Page], place: Place, raw: str, field: Field
) -> tuple[Span | None, tuple[tuple[int, int], ...]]:
    """The words of a person's box that make the text, or else (None, the words to mask)."""
    if not 0 <= place.page < len(pages):
        return None, ()
    page = pages[place.page]
    inside = tuple(sorted(place.words)) if _are_words(page, place.words) else words_in_box(page, place.box)
    if not inside:
        return None, ()
    letters = _Letters(page, inside)
    exact = _in_document(letters, raw, field)
    if exact:
        return (place.page, exact[0]), ()
    score, words = _fuzzy(letters, raw)
    if score >= TEXT_RESEMBLES:
        return (place.page, words), ()
    # badly read words under the right box are worth learning; words that say something else are not
    whole = fuzz.ratio(normalise_text(raw).translate(LOOKALIKES), letters.folded)
    if whole >= BOX_RESEMBLES:
        return (place.page, inside), ()
    return None, tuple((place.page, i) for i in inside)


def _are_words(page: Page, indices: tuple[int, ...]) -> bool:
    return bool(indices) and all(0 <= i < len(page.words) for i in indices)


def _likeliest(pages: Sequence[Page], spans: Sequence[Span], field: Field) -> Span | None:
    """Of several places without a box: the one announced by the field's own name; then the last amount, else the first."""
    if len(spans) <= 1:
        return spans[0] if spans else None
    announcing = cues(field)
    lines = {page: lines_of(pages[page]) for page in {page for page, _ in spans}}
    scored = []
    for order, (page, words) in enumerate(spans):
        line = next(line for line in lines[page] if words[0] in line)
        announced = len(announcing & words_of(pages[page], line))
        scored.append((announced, order if field.kind is Kind.MONEY else -order, (page, words)))
    return max(scored)[2]
