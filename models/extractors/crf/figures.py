"""Which amount a document's amount is, and which date its date: the largest, the last, the sum of two others.

That a total is the largest amount but one, or a flight ends at the last date, is read off all of a document's words
together; a word by itself doesn't show it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from models.extractors.crf.writing import AMOUNT
from models.finding import Words
from models.pages import Page

MOST_AMOUNTS = 80  # different amounts of which sums are looked for; more are long tables, and pairs many
RANKS = (0, 1, 2, 3, 4, 8, 16)  # ranks are told apart up to these


@dataclass(frozen=True, slots=True)
class Figures:
    """What a page's amounts and dates are among all of the document's."""

    features: list[tuple[str, ...]]  # of each word; none for words that are neither
    date_from: dict[int, int]  # each word of a written date → the date's first word


def figures_of(pages: Sequence[Page]) -> list[Figures]:
    """For each page of a document its amounts and dates."""
    dates = [[(each.read(day_first=True), run) for each, run in Words(page).dates] for page in pages]
    dated = _dates(dates)
    figures = []
    for amounts, written in zip(_amounts(pages), dates, strict=True):
        features = list(amounts)
        date_from: dict[int, int] = {}
        for value, run in written:
            for index in run:
                features[index] += (*dated[value], "date inner" if index > run[0] else "date first")
                date_from[index] = run[0]
        figures.append(Figures(features, date_from))
    return figures


def _dates(pages: Sequence[Sequence[tuple[str, tuple[int, ...]]]]) -> dict[str, tuple[str, ...]]:
    """What is told of each date (ISO)."""
    counts = Counter(value for page in pages for value, _ in page)
    seen = list(counts)  # in the order in which they first stand
    told = {}
    for value in seen:
        found = [
            f"date number={min(seen.index(value), 3)}",
            f"date often={min(counts[value], 4)}",
            f"date of={min(len(seen), 4)}",
        ]
        if len(seen) > 1:
            found += ["first day"] * (value == min(seen)) + ["last day"] * (value == max(seen))
        told[value] = tuple(found)
    return told


def _amounts(pages: Sequence[Page]) -> list[list[tuple[str, ...]]]:
    """For each page and word what is told of its amount."""
    cents = [
        [
            int(re.sub(r"\D", "", match.group())) if (match := AMOUNT.search(word.text)) else None
            for word in page.words
        ]
        for page in pages
    ]
    counts = Counter(amount for page in cents for amount in page if amount is not None)
    ordered = sorted(counts, reverse=True)
    some = [amount for amount in ordered[:MOST_AMOUNTS] if amount]
    sums = {one + other for at, one in enumerate(some) for other in some[at + 1 :]}
    gaps = {one - other for at, one in enumerate(some) for other in some[at + 1 :]}
    last = next((a for page in reversed(cents) for a in reversed(page) if a is not None), None)
    told: dict[int, tuple[str, ...]] = {}
    for rank, amount in enumerate(ordered):
        often = min(counts[amount], 4)
        found = [
            f"rank={max(edge for edge in RANKS if edge <= rank)}",
            f"often={often}",
            f"rank, often={min(rank, 3)} {min(often, 3)}",
        ]
        found += ["sum"] * (amount in sums) + ["difference"] * (amount in gaps)
        found += ["last amount"] * (amount == last) + ["zero"] * (amount == 0)
        told[amount] = tuple(found)
    return [[told[amount] if amount is not None else () for amount in page] for page in cents]
