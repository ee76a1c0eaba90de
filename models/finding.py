"""Where a value stands among the words of a page: certainly (same letters, date, number) or nearly (reading faults).

A page becomes one string of upper-case letters and digits with the way back to its words, so that how reading cut
the words, and what stands between them, decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from itertools import groupby

from rapidfuzz import fuzz

from models.dates import WRITTEN_DATE, WrittenDate, written_dates
from models.pages import Page
from models.schema import Field, Kind
from models.values import decimal_of, normalise_period, normalise_text

TYPED = frozenset({Kind.DATE, Kind.MONEY, Kind.NUMBER})
TORN = 3  # a number is found in so many words at most
SHORTEST_WITHIN_WORD = 4  # letters of a value that is found behind a mark within a word
SHORTEST_FUZZY = 5
NEARLY = 60.0  # resemblance (0…100) from which a page is looked at closely
# Characters that readers take for one another, after upper-casing.
LOOKALIKES = str.maketrans("OQDILZSBG", "000112586")
# Longer and shorter forms of one word, for names and addresses: either may be printed.
USUAL = {
    word: (line.split()[0] if line.split()[0] != "-" else "").translate(LOOKALIKES)
    for line in (
        "INC INCORPORATED",
        "LTD LIMITED",
        "CORP CORPORATION",
        "CO COMPANY",
        "BHD BERHAD",
        "SDN SENDIRIAN",
        "- AND THE UND ET",
        "ST STREET SAINT",
        "RD ROAD",
        "AVE AVENUE",
        "BLVD BOULEVARD",
        "JLN JALAN JL",
        "TMN TAMAN",
        "STR STRASSE STRAẞE",
        "NO NUMBER",
    )
    for word in line.split()
}
PIECE = re.compile(r"[^\W_]+")
DIGIT = re.compile(r"\d")
NUMERIC = re.compile(r"[\d.,'’]+")
NO_DIGITS = re.compile(r"\D+")
TIME = re.compile(r"\d:\d\d")
UNIT = re.compile("(?:year|month|week|day)", re.IGNORECASE)
LONGEST_PERIOD = 4  # words, as in "twenty four (24) months"

Run = tuple[int, ...]  # indices of words in their page


class How(StrEnum):
    """How a value was found."""

    EXACT = "exact"  # the same letters and digits
    NORMALISED = (
        "normalised"  # the same date, number or span of time; usual abbreviations; lookalike characters
    )
    FUZZY = "fuzzy"  # nearly the same letters


@dataclass(frozen=True, slots=True)
class Letters:
    """A string of letters and digits; `owner` has the position (in `Words.indices`) of each one's word."""

    text: str
    owner: list[int]
    word_edges: frozenset[int]  # where a word begins or the text ends
    piece_edges: frozenset[int]  # also where letters follow a mark, as after the colon in "Date:25/12/2018"


class Words:
    """Words of a page in some order, with what was found out about them."""

    def __init__(self, page: Page, indices: Sequence[int] | None = None) -> None:
        self.page = page
        self.indices = range(len(page.words)) if indices is None else indices

    def run(self, first: int, last: int) -> Run:
        """The words from position `first` to `last`; those between without a letter, such as "&", are part of it."""
        return tuple(self.indices[first : last + 1])

    @cached_property
    def pieces(self) -> list[list[str]]:
        """What stands between marks, by word."""
        return [PIECE.findall(self.page.words[i].text) for i in self.indices]

    @cached_property
    def letters(self) -> Letters:
        """As they are printed."""
        return _letters(self.pieces)

    @cached_property
    def folded(self) -> str:
        """`letters.text` with one character for all that readers take for one another."""
        return self.letters.text.translate(LOOKALIKES)

    @cached_property
    def usual(self) -> Letters:
        """Folded, and with the usual abbreviation for each word that has one."""
        return _letters([[usual(piece) for piece in of_word] for of_word in self.pieces])

    @cached_property
    def dates(self) -> list[tuple[WrittenDate, Run]]:
        """Every written date with its words."""
        owner: list[int] = []
        for position, index in enumerate(self.indices):
            owner.extend([position] * (len(self.page.words[index].text) + 1))  # and the blank behind it
        text = " ".join(self.page.words[i].text for i in self.indices)
        return [(each, self.run(owner[each.start], owner[each.end - 1])) for each in written_dates(text)]

    @cached_property
    def numbers(self) -> list[tuple[Decimal, Run]]:
        """Every number with its words; also numbers that reading has torn apart: `1 234 .50`."""
        words, found = self.page.words, []
        for first, index in enumerate(self.indices):
            if not DIGIT.search(words[index].text):
                continue
            text = words[index].text
            for last in range(first, min(first + TORN, len(self.indices))):
                if last > first:
                    following = words[self.indices[last]].text
                    if not NUMERIC.fullmatch(following):
                        break
                    text = f"{text} {following}"
                if (number := decimal_of(text)) is not None:
                    found.append((number, self.run(first, last)))
        return found


def usual(piece: str) -> str:
    """A word's folded letters in the form that most documents use; empty for "and"."""
    letters = piece.upper() if piece.isascii() else normalise_text(piece)
    return USUAL.get(letters, letters.translate(LOOKALIKES))


def certain(words: Words, raw: str, field: Field, *, day_first: bool | None = None) -> tuple[How, list[Run]]:
    """Every place that holds the value for certain, and how it was found (the surest way that finds any).

    `day_first` is the order in which the document prints its dates, if known.
    """
    for how, runs in _ways(words, raw, field, day_first):
        if runs:
            return how, runs
    return How.NORMALISED, []


def every(words: Words, raw: str, field: Field) -> list[Run]:
    """Every place that holds a text or a choice for certain, in whatever way it is found; some may overlap."""
    return [run for _, runs in _ways(words, raw, field, None) for run in runs]


def resembling(words: Words, raw: str, least: float, apart_from: Set[int]) -> list[Run]:
    """Runs of whole words that resemble `raw` at least so much, none overlapping, none with a word of `apart_from`."""
    wanted = _fuzzily(raw)
    owner = words.letters.owner
    known = {position for position, index in enumerate(words.indices) if index in apart_from}
    parts = []
    for is_known, part in groupby(range(len(owner)), lambda letter: owner[letter] in known):
        letters = list(part)
        if not is_known:
            parts.append((letters[0], letters[-1] + 1))
    found: list[Run] = []
    while wanted and parts:
        begin, end = parts.pop()
        if 200 * (end - begin) < least * (end - begin + len(wanted)):  # too short to resemble it so much
            continue
        score, first, last = _nearest(words, wanted, begin, end)
        if score >= least:
            found.append(words.run(owner[first], owner[last - 1]))
            parts += [(begin, first), (last, end)]
    return found


def _ways(words: Words, raw: str, field: Field, day_first: bool | None) -> Iterator[tuple[How, list[Run]]]:
    """The places that each certain way of looking finds, the surest way first."""
    wanted = normalise_text(raw)
    if field.kind in TYPED:
        runs = (
            _same_date(words, raw, day_first) if field.kind is Kind.DATE else _same_number(words, raw, field)
        )
        same = any(_says(words.page, run, wanted) for run in runs)
        yield How.EXACT if same else How.NORMALISED, runs
    else:
        yield How.EXACT, _exact(words, words.letters, words.letters.text, wanted)
    yield How.NORMALISED, _exact(words, words.letters, words.folded, wanted.translate(LOOKALIKES))
    if field.kind is Kind.TEXT:
        in_usual_form = "".join(usual(piece) for piece in PIECE.findall(raw))
        yield How.NORMALISED, _exact(words, words.usual, words.usual.text, in_usual_form)
        yield How.NORMALISED, _same_period(words, raw)
    if field.kind is Kind.CHOICE:
        yield (
            How.NORMALISED,
            [run for run in _single(words) if field.normalise(_text(words.page, run)) == raw],
        )


def nearest(words: Words, raw: str) -> tuple[float, Run]:
    """The run of whole words that resembles `raw` most, with its resemblance (0…100); (0, ()) for none.

    Never for spans of time, which are another if a digit is missing.
    """
    wanted = _fuzzily(raw)
    score, first, last = _nearest(words, wanted, 0, len(words.folded)) if wanted else (0.0, 0, 0)
    owner = words.letters.owner
    return score, words.run(owner[first], owner[last - 1]) if last else ()


def _fuzzily(raw: str) -> str:
    """The folded letters to look for with reading faults in them; empty for what may not have any."""
    wanted = normalise_text(raw).translate(LOOKALIKES)
    return "" if len(wanted) < SHORTEST_FUZZY or normalise_period(raw) else wanted


def _nearest(words: Words, wanted: str, begin: int, end: int) -> tuple[float, int, int]:
    """Resemblance, first and last letter (exclusive) of the nearest run of words within these; (0, 0, 0) for none."""
    hit = fuzz.partial_ratio_alignment(wanted, words.folded[begin:end], score_cutoff=NEARLY)
    if hit is None or hit.dest_end <= hit.dest_start:
        return 0.0, 0, 0
    start, stop = begin + hit.dest_start, begin + hit.dest_end
    # the alignment may begin or end within a word, or some words too early or late
    slack = max(4, len(wanted) // 4)
    edges = [edge for edge in sorted(words.letters.word_edges) if begin <= edge <= end]
    starts = [e for e in edges if start - slack <= e <= start + slack]
    ends = [e for e in edges if stop - slack <= e <= stop + slack]
    starts = starts or [max(e for e in edges if e <= start)]
    ends = ends or [min(e for e in edges if e >= stop)]
    score, _, first, last = max(
        ((fuzz.ratio(wanted, words.folded[a:b]), a - b, a, b) for a in starts for b in ends if a < b),
        default=(0.0, 0, 0, 0),
    )
    return score, first, last


def resemblance(words: Words, raw: str) -> float:
    """How much all the words together resemble `raw`, 0…100."""
    return fuzz.ratio(normalise_text(raw).translate(LOOKALIKES), words.folded)


def looks_typed(text: str, field: Field) -> bool:
    """Whether a word is written like a number of the field's kind, and not like a date or a time."""
    return (
        DIGIT.search(text) is not None
        and not WRITTEN_DATE.search(text)
        and not TIME.search(text)
        and field.normalise(text) is not None
    )


def _letters(pieces: Sequence[Sequence[str]]) -> Letters:
    owner: list[int] = []
    parts: list[str] = []
    word_edges: set[int] = set()
    piece_edges: set[int] = set()
    for position, of_word in enumerate(pieces):
        word_edges.add(len(owner))
        for piece in of_word:
            piece_edges.add(len(owner))
            # the common case, five times as fast
            letters = piece.upper() if piece.isascii() else normalise_text(piece)
            parts.append(letters)
            owner.extend([position] * len(letters))
    word_edges.add(len(owner))
    return Letters("".join(parts), owner, frozenset(word_edges), frozenset(piece_edges | word_edges))


def _exact(words: Words, letters: Letters, text: str, wanted: str) -> list[Run]:
    """Runs of words whose letters are `wanted`: whole words, or behind a mark within a word."""
    edges = letters.piece_edges if len(wanted) >= SHORTEST_WITHIN_WORD else letters.word_edges
    found = []
    start = text.find(wanted) if wanted else -1
    while start >= 0:
        end = start + len(wanted)
        if start in edges and end in edges:
            found.append(words.run(letters.owner[start], letters.owner[end - 1]))
            start = text.find(wanted, end)
        else:
            start = text.find(wanted, start + 1)
    return found


def _same_date(words: Words, raw: str, day_first: bool | None) -> list[Run]:
    """Words that hold the date `raw`: in the known order if any do, else in the same order of whichever."""
    meant = next(iter(written_dates(raw)), None)
    if meant is None:
        return []
    if day_first is not None:
        value = meant.read(day_first=day_first)
        if runs := [run for each, run in words.dates if each.read(day_first=day_first) == value]:
            return runs
    return [
        run
        for each, run in words.dates
        if (each.day_first and each.day_first == meant.day_first)
        or (each.month_first and each.month_first == meant.month_first)
    ]


def _same_number(words: Words, raw: str, field: Field) -> list[Run]:
    """The shortest runs of words that hold the number `raw`."""
    wanted = decimal_of(raw)
    if wanted is None:
        return []
    step = Decimal("0.01") if field.kind is Kind.MONEY else Decimal(0)
    runs = {run for number, run in words.numbers if abs(number - wanted) * 2 <= step}
    shortest = sorted(run for run in runs if not any(set(other) < set(run) for other in runs))
    # nine pieces are not an amount of 9.00, unless amounts are printed so
    digits = NO_DIGITS.sub("", raw).lstrip("0")
    alike = [run for run in shortest if digits in NO_DIGITS.sub("", _text(words.page, run))]
    return alike or shortest


def _same_period(words: Words, raw: str) -> list[Run]:
    """Words that hold the span of time `raw` in letters: `three years` for 3 years."""
    wanted = normalise_period(raw)
    if wanted is None:
        return []
    found = []
    for last, index in enumerate(words.indices):
        if not UNIT.search(words.page.words[index].text):
            continue
        for first in range(last, max(-1, last - LONGEST_PERIOD), -1):
            run = words.run(first, last)
            if normalise_period(_text(words.page, run)) == wanted:
                found.append(run)
                break
    return found


def _single(words: Words) -> list[Run]:
    return [(index,) for index in words.indices]


def _text(page: Page, run: Run) -> str:
    return " ".join(page.words[i].text for i in run)


def _says(page: Page, run: Run, wanted: str) -> bool:
    return wanted in normalise_text(_text(page, run))
