"""What people say (texts and boxes) → which words of which page that is, and back.

In: a document's pages and its answers. Out: a label per word for training, and the place of every answer.
Guaranteed: a label is `B-field`, `I-field`, `O` or None ("masked": the word teaches nothing, because nobody can say
whether it is the field), and no word carries two fields. A value may be interrupted by words of another column: those
are `O`, and the value goes on behind them with `I-field`; `values_in` reads labels so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from models.dates import WRITTEN_DATE, day_first_of
from models.extractors.base import Answer, Example
from models.finding import (
    PIECE,
    TYPED,
    How,
    Run,
    Words,
    certain,
    every,
    looks_typed,
    nearest,
    resemblance,
    resembling,
)
from models.lines import Neighbours, column_order, cues, words_of
from models.pages import Box, Page, Place
from models.schema import Field, Kind, Schema

__all__ = [
    "OUTSIDE",
    "PIECE",
    "TYPED",
    "WRITTEN_DATE",
    "Alignment",
    "label_words",
    "labels_to_learn",
    "learn_day_first",
    "place_of",
    "runs_like",
    "text_of",
    "values_in",
    "words_in_box",
]

OUTSIDE = "O"
# A person's box is believed when its words resemble the text at least so much (0…100): bad OCR is still taught ...
BOX_RESEMBLES = 60.0
# ... but a text without a box must be nearly there, so as not to resemble something by chance.
TEXT_RESEMBLES = 85.0

Span = tuple[int, Run]  # page, word indices


@dataclass(frozen=True, slots=True)
class Alignment:
    """Labels by page and word; for every answer the place of its text (None: nowhere), and how that was found."""

    labels: tuple[tuple[str | None, ...], ...]
    places: tuple[Place | None, ...]
    how: tuple[How | None, ...]


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

    Where an answer's text stands elsewhere too, also abbreviated or badly read, those words are masked: they hold the
    right value, so teaching them as "no field" would be wrong, and so would be teaching a place that nobody pointed at.
    Answers of fields that the schema doesn't have are passed over.
    """
    document = _Document(pages)
    places: list[Place | None] = [None] * len(answers)
    how: list[How | None] = [None] * len(answers)
    taken: dict[tuple[int, int], int] = {}  # (page, word) → number of the answer that has it
    masked: set[tuple[int, int]] = set()

    known = [number for number, answer in enumerate(answers) if answer.field in schema]
    known.sort(key=lambda n: (answers[n].place is None, -len(answers[n].text)))
    for number in known:
        answer, each = answers[number], schema[answers[number].field]
        surely, others = document.occurrences(answer.text, each)
        if answer.place is not None:
            found, span, unsure = document.under_box(answer.place, answer.text, each)
            masked.update(unsure)
        else:
            free = [s for s in others if not any((s[0], i) in taken for i in s[1])]
            found, span = surely, document.likeliest(free or others, each)
            if span is None:
                found, span = How.FUZZY, document.nearest(answer.text, each)
        masked.update((page, i) for page, words in others for i in words)
        masked |= document.alike(answer.text, each)
        if span is None:
            continue
        page, words = span
        places[number], how[number] = place_of(page, pages[page], words), found
        if not any((page, i) in taken for i in words):  # else another answer has these words already
            taken.update(((page, i), number) for i in words)
    labels = [[OUTSIDE] * len(page.words) for page in pages]  # type: list[list[str | None]]
    for page, i in masked - taken.keys():
        labels[page][i] = None
    begun: dict[tuple[int, str], int] = {}  # (page, field) → the answer that was labelled last
    for (page, i), number in sorted(taken.items()):
        name = answers[number].field
        inside = begun.get((page, name)) == number
        labels[page][i] = f"{'I' if inside else 'B'}-{name}"
        begun[page, name] = number
    return Alignment(tuple(map(tuple, labels)), tuple(places), tuple(how))


def labels_to_learn(example: Example, schema: Schema) -> tuple[tuple[str | None, ...], ...]:
    """`label_words` of an example, by page and word; masked is also whatever may be a field that nobody confirmed.

    Every word that isn't a confirmed value may be one. So such a document teaches what confirmed values look like, and
    nothing else: the model's own guess, which a person let stand without looking, never becomes a label, nor does a
    value that it missed become "no field". Of a doubted field only the words in doubt may be one: a document that taught
    nothing else would cost more than a wrong label does.
    """
    doubted = {answer.field for answer in example.doubted}
    labels = label_words(example.pages, (*example.answers, *example.doubted), schema).labels
    if doubted:
        labels = tuple(
            tuple(None if label and label[2:] in doubted else label for label in page) for page in labels
        )
    if (example.unconfirmed - doubted).isdisjoint(schema.names):
        return labels
    return tuple(tuple(None if label == OUTSIDE else label for label in page) for page in labels)


def values_in(labels: Sequence[str | None]) -> list[tuple[str, Run]]:
    """(field, words) of every value in a page's labels, in order; an `I-` goes on with its field's last value.

    An `I-` whose field has not begun begins it.
    """
    values: list[tuple[str, list[int]]] = []
    last: dict[str, list[int]] = {}
    for index, label in enumerate(labels):
        if label is None or label == OUTSIDE:
            continue
        name = label[2:]
        if label.startswith("B-") or name not in last:
            last[name] = []
            values.append((name, last[name]))
        last[name].append(index)
    return [(name, tuple(words)) for name, words in values]


def runs_like(page: Page, field: Field) -> list[tuple[int, ...]]:
    """Runs of words that are written like a date or number of the field's kind; none for texts and choices."""
    if field.kind not in TYPED:
        return []
    if field.kind is Kind.DATE:
        return sorted({run for _, run in Words(page).dates})
    return [(index,) for index, word in enumerate(page.words) if looks_typed(word.text, field)]


def learn_day_first(schema: Schema, examples: Iterable[Example]) -> Schema:
    """The schema with the order of day and month that the examples' dates are printed in, where that can be told.

    Fields that say their order keep it. For packs, whose answers are ISO dates while documents print `12/25/2018`:
    use what comes back for training, extraction and judging alike, else the two sides read one date in two orders.
    """
    wanted = {each.name for each in schema if each.kind is Kind.DATE and each.day_first is None}

    def pairs() -> Iterator[tuple[str, str]]:
        for example in examples if wanted else ():
            answers = [answer for answer in example.answers if answer.field in wanted]
            for answer, place in zip(
                answers, label_words(example.pages, answers, schema).places, strict=True
            ):
                if place is not None:
                    yield text_of(example.pages[place.page], place.words), answer.text

    return schema.with_day_first(day_first_of(pairs()))


@dataclass
class _Document:
    """A document's pages, with what was found out about them."""

    pages: Sequence[Page]
    words: list[Words] = field(init=False)
    _columns: dict[int, Words] = field(default_factory=dict)
    _neighbours: dict[int, Neighbours] = field(default_factory=dict)
    _alike: dict[tuple[str, str], frozenset[tuple[int, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.words = [Words(page) for page in self.pages]

    def columns(self, number: int) -> Words:
        """The page's words column by column; none where that is how they are read anyway."""
        if number not in self._columns:
            order = column_order(self.pages[number])
            self._columns[number] = Words(self.pages[number], [] if order == sorted(order) else order)
        return self._columns[number]

    def announced(self, number: int, word: int, announcing: frozenset[str]) -> int:
        """How many of the words `announcing` stand on the line of `word` (they count twice) or right above it."""
        if number not in self._neighbours:
            self._neighbours[number] = Neighbours(self.pages[number])
        beside, above = self._neighbours[number].announcing(word)
        page = self.pages[number]
        return 2 * len(announcing & words_of(page, beside)) + len(announcing & words_of(page, above))

    def day_first(self, each: Field) -> bool | None:
        """In which order the document prints its dates: as the field says, else as its dates after the 12th tell."""
        if each.day_first is not None or each.kind is not Kind.DATE:
            return each.day_first
        orders = [date.order for words in self.words for date, _ in words.dates if date.order is not None]
        return orders[0] if orders and len(set(orders)) == 1 else None

    def occurrences(self, raw: str, each: Field) -> tuple[How, list[Span]]:
        """Every place that certainly holds the value; column by column only where it stands nowhere else."""
        order = self.day_first(each)
        for views in (lambda number: self.words[number], self.columns):
            found = [certain(views(number), raw, each, day_first=order) for number in range(len(self.pages))]
            for how in (How.EXACT, How.NORMALISED):
                if any(runs and found_how is how for found_how, runs in found):
                    return how, [
                        (number, tuple(sorted(run))) for number, (_, runs) in enumerate(found) for run in runs
                    ]
            if each.kind is not Kind.TEXT:
                break
        return How.EXACT, []

    def nearest(self, raw: str, each: Field) -> Span | None:
        """Where a text stands with reading faults in it. Never for dates and amounts: one digit off is another value."""
        if each.kind in TYPED:
            return None
        best: tuple[float, int, Run] = (0.0, 0, ())
        for views in (lambda number: self.words[number], self.columns):
            for number in range(len(self.pages)):
                score, run = nearest(views(number), raw)
                if score > best[0]:
                    best = (score, -number, tuple(sorted(run)))
            if best[0] >= TEXT_RESEMBLES:
                return -best[1], best[2]
        return None

    def alike(self, raw: str, each: Field) -> frozenset[tuple[int, int]]:
        """(page, word) of every place that says a text, or nearly, however it is read. None for dates and amounts."""
        if each.kind in TYPED:
            return frozenset()
        if (each.name, raw) not in self._alike:
            self._alike[each.name, raw] = frozenset(
                (number, i) for number in range(len(self.pages)) for i in self._alike_on(number, raw, each)
            )
        return self._alike[each.name, raw]

    def _alike_on(self, number: int, raw: str, each: Field) -> set[int]:
        views = (self.words[number], self.columns(number))
        found = {i for words in views for run in every(words, raw, each) for i in run}
        for words in views:  # what line by line has taken can't be the end of something else column by column
            found |= {i for run in resembling(words, raw, TEXT_RESEMBLES, found) for i in run}
        return found

    def under_box(
        self, place: Place, raw: str, each: Field
    ) -> tuple[How | None, Span | None, list[tuple[int, int]]]:
        """How and where the words of a person's box make the text; else (None, None, the words to mask)."""
        if not 0 <= place.page < len(self.pages):
            return None, None, []
        page = self.pages[place.page]
        inside = (
            tuple(sorted(place.words)) if _are_words(page, place.words) else words_in_box(page, place.box)
        )
        if not inside:
            return None, None, []
        words = Words(page, inside)
        how, runs = certain(words, raw, each, day_first=self.day_first(each))
        if runs:
            return how, (place.page, runs[0]), []
        score, run = nearest(words, raw)
        if score >= TEXT_RESEMBLES:
            return How.FUZZY, (place.page, run), []
        # badly read words under the right box are worth learning; words that say something else are not
        if resemblance(words, raw) >= BOX_RESEMBLES:
            return How.FUZZY, (place.page, inside), []
        return None, None, [(place.page, i) for i in inside]

    def likeliest(self, spans: Sequence[Span], each: Field) -> Span | None:
        """Of several places without a box: the one that the field's own name announces; then the last amount, else the first."""
        if len(spans) <= 1:
            return spans[0] if spans else None
        announcing = cues(each)
        scored = []
        for order, (page, words) in enumerate(spans):
            announced = self.announced(page, words[0], announcing)
            scored.append((announced, order if each.kind is Kind.MONEY else -order, (page, words)))
        return max(scored)[2]


def _are_words(page: Page, indices: tuple[int, ...]) -> bool:
    return bool(indices) and all(0 <= i < len(page.words) for i in indices)
