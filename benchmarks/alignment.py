"""How many true values are found among the words of their document, how, and whether those words say the very value.

Labels are no better than this: a value that is not found teaches nothing, and words that say something else teach
that. Beside two peers that see the same documents: the value looked for as it is in the page's text (`plain search`),
and the best match of `rapidfuzz.fuzz.partial_ratio` from the same resemblance on (`partial ratio`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from benchmarks.packs import PACKS
from benchmarks.tables import table
from models.alignment import TEXT_RESEMBLES, label_words, learn_day_first, text_of
from models.finding import How, Words, certain
from models.lines import Neighbours, cues, words_of
from models.pack_schema import inferred
from models.packs import PackDocument, read_pack
from models.pages import Page, Place
from models.schema import Field, Schema

OURS = "docloop"
Found = tuple[str, str, Place | None] | None  # how, the text of the words, their place


@dataclass(frozen=True, slots=True)
class Row:
    """One way of finding, on one field of a pack. Counts of values; `seconds` are of all documents, all fields."""

    pack: str
    field: str
    finder: str
    values: int
    reachable: int  # those that stand in the text, as the pack says
    found: int
    found_reachable: int
    how: dict[str, int]
    same: int  # reachable ones whose words say the very value, normalised
    repeated: int  # found ones that stand in several places
    announced: int  # of those: the field's own name stands beside or above the place that was taken
    documents: int
    seconds: float

    def to_json(self) -> dict[str, Any]:  # mixed: names, counts, seconds
        return asdict(self)


def measure(
    data: Path, packs: Sequence[str] = tuple(PACKS), *, say: Callable[[str], None] = lambda _: None
) -> Iterator[Row]:
    """A row per pack, field and finder; raises `ReadingFailed` where a pack isn't in `data`."""
    for pack in packs:
        documents = list(read_pack(data / pack / "train"))
        schema = learn_day_first(inferred(documents), [document.example for document in documents])
        for finder, find in FINDERS.items():
            say(f"alignment: {pack}, {finder}")
            yield from _measured(pack, finder, find, documents, schema)


def _measured(
    pack: str,
    finder: str,
    find: Callable[[PackDocument, Schema], list[Found]],
    documents: Sequence[PackDocument],
    schema: Schema,
) -> Iterator[Row]:
    counts: dict[str, Counter[str]] = {name: Counter() for name in schema.names}
    how: dict[str, Counter[str]] = {name: Counter() for name in schema.names}
    seconds = 0.0
    for document in documents:
        began = time.perf_counter()
        found = find(document, schema)
        seconds += time.perf_counter() - began
        for answer, each in zip(document.answers, found, strict=True):
            if answer.field not in schema:
                continue
            field = schema[answer.field]
            reachable = answer.field not in document.unreachable
            count = counts[answer.field]
            count.update(values=1, reachable=reachable, found=each is not None)
            if each is None:
                continue
            how[answer.field][each[0]] += 1
            count.update(found_reachable=reachable, same=reachable and field.same(each[1], answer.text))
            if each[2] is not None and _stands_often(document.pages, answer.text, field):
                count.update(repeated=1, announced=_is_announced(document.pages, each[2], field))
    for name in schema.names:
        count = counts[name]
        yield Row(
            pack,
            name,
            finder,
            **{each: int(count[each]) for each in COUNTED},
            how=dict(how[name]),
            documents=len(documents),
            seconds=seconds,
        )


COUNTED = ("values", "reachable", "found", "found_reachable", "same", "repeated", "announced")


def _aligned(document: PackDocument, schema: Schema) -> list[Found]:
    alignment = label_words(document.pages, document.answers, schema)
    return [
        None
        if place is None or how is None
        else (how, text_of(document.pages[place.page], place.words), place)
        for place, how in zip(alignment.places, alignment.how, strict=True)
    ]


def _searched(document: PackDocument, schema: Schema) -> list[Found]:
    def search(wanted: str, text: str) -> tuple[float, int, int] | None:
        start = text.lower().find(wanted.lower())
        return None if start < 0 else (100.0, start, start + len(wanted))

    return _in_joined_text(document, search, How.EXACT)


def _resembling(document: PackDocument, schema: Schema) -> list[Found]:
    def search(wanted: str, text: str) -> tuple[float, int, int] | None:
        hit = fuzz.partial_ratio_alignment(wanted.lower(), text.lower(), score_cutoff=TEXT_RESEMBLES)
        return None if hit is None or not text else (hit.score, hit.dest_start, hit.dest_end)

    return _in_joined_text(document, search, How.FUZZY)


def _in_joined_text(
    document: PackDocument, search: Callable[[str, str], tuple[float, int, int] | None], how: How
) -> list[Found]:
    """The best place of each answer in the pages' joined words, as the words that it touches."""
    owners = [
        [index for index, word in enumerate(page.words) for _ in range(len(word.text) + 1)]
        for page in document.pages
    ]
    texts = [text_of(page, range(len(page.words))) for page in document.pages]
    found: list[Found] = []
    for answer in document.answers:
        hits = [(hit, number) for number, text in enumerate(texts) if (hit := search(answer.text, text))]
        if not hits:
            found.append(None)
            continue
        (_, start, end), number = max(hits, key=lambda each: each[0][0])
        words = sorted(set(owners[number][start:end]))
        found.append((how, text_of(document.pages[number], words), None))
    return found


FINDERS: dict[str, Callable[[PackDocument, Schema], list[Found]]] = {
    OURS: _aligned,
    "plain search": _searched,
    "partial ratio": _resembling,
}


def _stands_often(pages: Sequence[Page], text: str, field: Field) -> bool:
    places = [
        run for page in pages for run in certain(Words(page), text, field, day_first=field.day_first)[1]
    ]
    return len(places) > 1


def _is_announced(pages: Sequence[Page], place: Place, field: Field) -> bool:
    page = pages[place.page]
    beside, above = Neighbours(page).announcing(place.words[0])
    return bool(cues(field) & words_of(page, [*beside, *above]))


def report(rows: Sequence[Row]) -> str:
    """A table: shares in per cent of the values in the text, `of all` of all values; times a document."""
    header = [
        "pack", "field", "finder", "values", "in text", "found %", "of all %", "same value %",
        "exact", "normalised", "fuzzy", "repeated", "announced", "ms a document",
    ]  # fmt: skip
    body = [
        [
            row.pack,
            row.field,
            row.finder,
            str(row.values),
            str(row.reachable),
            _percent(row.found_reachable, row.reachable),
            _percent(row.found, row.values),
            _percent(row.same, row.reachable),
            *(str(row.how.get(how, 0)) for how in How),
            str(row.repeated) if row.finder == OURS else "",
            str(row.announced) if row.finder == OURS else "",
            f"{1000 * row.seconds / max(1, row.documents):.1f}",
        ]
        for row in rows
    ]
    return table(header, body)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else ""
