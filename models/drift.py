"""A stream of documents as numbers in; whether it is still as it was, what moved, and which documents moved it, out: pure.

The first documents are the reference. Every later one is scored against it: by how far its layout is from the nearest
one there, and by each of its signals. `models.bets` tells whether the scores still come as they did. Before that, three
documents that are alike and farther from all others than anything before are a new layout.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.bets import Table
from models.layout_print import DEPTH
from models.signals import PARTY

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FALSE_ALARM = 0.01  # the chance of any false alarm in `bets.HORIZON` documents
LAYOUT_WEIGHS = 0.5  # of that chance is spent on the layout, the rest evenly on the signals
FEWEST, MOST = 100, 500  # documents of a reference
LAYOUT = "layout"  # the score of how far a layout is from all that are known
UNLIKE = 3  # documents that are like each other and like no other: a new layout
LATELY = 50  # documents, among which they come
BINS = 50  # of a score, within what the reference has
BEYOND = 14  # and so many on either side of it
TEACHERS = 3  # nearest neighbours, by which is learned what varies within a layout
COPY = 1e-3  # layouts so near are of the same document
FLOOR = 0.05  # of a number's spread over all layouts: less than that is no difference
EXAMPLES = 4
AT_ONCE = 3  # documents of a part that wait for people at a time
MOVED = 6  # signals that are told of


@dataclass(frozen=True, slots=True)
class Documents:
    """N documents of a stream in their order, as `models.signals` and `models.layout_print` see them."""

    ids: Ints  # (N,), growing
    names: tuple[str, ...]  # S signals
    numbers: Floats  # (N, S), NaN where a document has no such signal
    layouts: Floats  # (N, DEPTH)

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, rows: NDArray[Any]) -> Documents:  # a mask or row numbers
        return Documents(self.ids[rows], self.names, self.numbers[rows], self.layouts[rows])


def documents(
    ids: Sequence[int],
    rows: Sequence[Mapping[str, float]],
    layouts: Sequence[bytes],
    names: Sequence[str] = (),
) -> Documents:
    """Put stored rows together; signals by `names`, else all that the rows have."""
    named = tuple(names) or tuple(sorted({name for row in rows for name in row}))
    numbers = np.array([[row.get(name, np.nan) for name in named] for row in rows], dtype=np.float64)
    vectors = np.frombuffer(b"".join(layouts), dtype=np.float32).astype(np.float64)
    return Documents(
        np.array(ids, dtype=np.int64),
        named,
        numbers.reshape(len(rows), len(named)),
        vectors.reshape(len(rows), DEPTH),
    )


class Yardstick:
    """What documents are held against: one half of the reference. The other half tells how far is far."""

    def __init__(self, reference: Documents) -> None:
        half = np.arange(len(reference)) % 2 == 0
        self.known, self.others = reference.only(half), reference.only(~half)
        self.names = (LAYOUT, *reference.names)
        self._scale = _scale(self.known.layouts)
        self._layouts = self.known.layouts / self._scale
        self._parties = [
            set(column[~np.isnan(column)].tolist()) if name.endswith(PARTY) else None
            for name, column in zip(reference.names, self.known.numbers.T, strict=True)
        ]
        apart = _distances(self._layouts, self._layouts)
        np.fill_diagonal(apart, np.inf)
        own = np.column_stack([apart.min(axis=1), self._signals(self.known.numbers)])
        self._edges = [_edges(column) for column in own.T]

    def scores(self, found: Documents) -> Floats:
        """(N, 1 + S): the distance to the nearest known layout, and the signals; a party counts as 1 if it is new."""
        near = _distances(found.layouts / self._scale, self._layouts).min(axis=1, initial=np.inf)
        return np.column_stack([near, self._signals(found.numbers)])

    def bins(self, scores: Floats) -> Ints:
        """(N, 1 + S): each score's bin, -1 where there is no score."""
        found = [np.searchsorted(edges, column) for edges, column in zip(self._edges, scores.T, strict=True)]
        return np.where(np.isnan(scores), -1, np.column_stack(found))

    def apart(self, some: Documents, others: Documents) -> Floats:
        """(N, M): distances of layouts, in the units of the scores."""
        return _distances(some.layouts / self._scale, others.layouts / self._scale)

    def nearest(self, some: Documents) -> Floats:
        """(N,): how far layouts are from the nearest of the whole reference."""
        return np.minimum(self.apart(some, self.known).min(axis=1), self.apart(some, self.others).min(axis=1))

    def table(self) -> Table:
        """Bettors that have seen the other half of the reference, and have not bet yet."""
        width = max(len(edges) for edges in self._edges) + 1
        counts = np.zeros((len(self.names), width), dtype=np.int64)
        for row in self.bins(self.scores(self.others)):
            there = np.flatnonzero(row >= 0)
            counts[there, row[there]] += 1
        return Table(counts, np.array([name == LAYOUT for name in self.names]))

    def _signals(self, numbers: Floats) -> Floats:
        columns = [
            column
            if parties is None
            else np.where(np.isnan(column), np.nan, [value not in parties for value in column])
            for parties, column in zip(self._parties, numbers.T, strict=True)
        ]
        return np.column_stack(columns) if columns else np.zeros((len(numbers), 0))


@dataclass(frozen=True, slots=True)
class Part:
    """How the documents of a drifted part are told from others: nearer to these than to all known, or by a score."""

    seeds: tuple[int, ...] = ()  # ids
    score: str = ""
    above: float | None = None
    below: float | None = None

    def members(self, yardstick: Yardstick, found: Documents, seeds: Documents) -> NDArray[np.bool_]:
        """(N,): which documents belong to it; `seeds` are those with the ids in `self.seeds`."""
        scores = yardstick.scores(found)
        if not self.score:
            if not len(seeds):
                return np.zeros(len(found), dtype=bool)
            return np.asarray(yardstick.apart(found, seeds).min(axis=1) < scores[:, 0])
        own = scores[:, yardstick.names.index(self.score)]
        over = own > self.above if self.above is not None else False
        under = own < self.below if self.below is not None else False
        return np.asarray(over | under)

    def to_json(self) -> dict[str, Any]:  # mixed: ids, a name, numbers
        return {"seeds": list(self.seeds), "score": self.score, "above": self.above, "below": self.below}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(tuple(stored["seeds"]), stored["score"], stored["above"], stored["below"])


@dataclass(frozen=True, slots=True)
class Found:
    """A change: which score showed it, how likely it is none (0…1, at most), since which document, and its part."""

    score: str
    new_layout: bool
    chance: float
    since: int  # id
    part: Part


class Watch:
    """Looks at a stream, document by document; can be stored after each of them and taken up again."""

    def __init__(self, yardstick: Yardstick, stored: Mapping[str, Any] | None = None) -> None:
        self.yardstick = yardstick
        if stored:
            self.table = Table.from_json(stored["table"])
            self.fired, self.farthest = set(stored["fired"]), stored["farthest"]
            self.recent = [(int(document), float(far)) for document, far in stored["recent"]]
        else:
            self.table, self.fired, self.recent = yardstick.table(), set(), []
            self.farthest = float(yardstick.scores(yardstick.others)[:, 0].max(initial=0.0))
        share = (1 - LAYOUT_WEIGHS) / max(1, len(yardstick.names) - 1)
        self.weights = np.array([LAYOUT_WEIGHS if name == LAYOUT else share for name in yardstick.names])

    def look(self, found: Documents, known: Collection[int] = ()) -> list[Found]:
        """Take in the documents that come next. `found` begins with (up to) the last `LATELY` that were seen already.

        Documents with ids in `known` belong to a part that people know of: they can't be a new layout once more.
        """
        scores = self.yardstick.scores(found)
        bins = self.yardstick.bins(scores)
        last = self.recent[-1][0] if self.recent else -1
        told: list[Found] = []
        for row in np.flatnonzero(found.ids > last):
            document = int(found.ids[row])
            # the same lots for the same document, whenever it is looked at
            lots = np.random.default_rng(document).random(bins.shape[1])
            self.table.see(document, bins[row], lots)
            if new := self._new_layout(found, scores[:, 0], int(row), known):
                told.append(new)
            told += self._changed(found, scores, int(row))
        return told

    def _new_layout(self, found: Documents, far: Floats, row: int, known: Collection[int]) -> Found | None:
        self.recent.append((int(found.ids[row]), float(far[row])))
        if len(self.recent) > LATELY:
            self.farthest = max(self.farthest, self.recent.pop(0)[1])
        if LAYOUT + "?" in self.fired or far[row] <= self.farthest:
            return None
        unlike = [document for document, distance in self.recent if distance > self.farthest]
        rows = np.flatnonzero(np.isin(found.ids, [each for each in unlike if each not in known]))
        alike = self._alike(found.only(rows), found.only(np.array([row])))
        if len(alike) < UNLIKE:
            return None
        self.fired.add(LAYOUT + "?")
        seeds = tuple(found.ids[rows[alike]].tolist())
        return Found(
            LAYOUT, True, _by_lot(len(alike), int(self.table.counts[0].sum())), seeds[0], Part(seeds)
        )

    def _alike(self, some: Documents, newest: Documents) -> Ints:
        """Which of `some` are nearer to the newest than either is to anything in the reference, both halves of it."""
        if not len(some):
            return np.zeros(0, dtype=np.int64)
        far, own = self.yardstick.nearest(some), self.yardstick.nearest(newest)
        return np.flatnonzero(self.yardstick.apart(some, newest)[:, 0] < 0.9 * np.minimum(far, own))

    def _changed(self, found: Documents, scores: Floats, row: int) -> list[Found]:
        evidence = self.table.wealth * self.weights
        told = []
        for score in np.flatnonzero(evidence >= 1 / FALSE_ALARM):
            name = self.yardstick.names[score]
            if name in self.fired:
                continue
            self.fired.add(name)
            since = self.table.began(int(score))
            part = self._part(found, scores, int(score), since, row)
            told.append(Found(name, False, float(1 / evidence[score]), since, part))
        return told

    def _part(self, found: Documents, scores: Floats, score: int, since: int, row: int) -> Part:
        """The strange ones since then; of layouts those that have another strange one nearer than any known."""
        if score:
            own = self.yardstick.scores(self.yardstick.others)[:, score]
            low, high = np.nanquantile(own, [0.05, 0.95]) if np.isfinite(own).any() else (-np.inf, np.inf)
            new = scores[: row + 1][found.ids[: row + 1] >= since, score]
            rose = np.nanmean(new) > np.nanmean(own) if np.isfinite(new).any() else True
            name = self.yardstick.names[score]
            return Part(score=name, above=float(high)) if rose else Part(score=name, below=float(low))
        far = float(np.quantile(self.yardstick.scores(self.yardstick.others)[:, 0], 0.95))
        rows = np.flatnonzero((found.ids[: row + 1] >= since) & (scores[: row + 1, 0] > far))
        strange = found.only(rows)
        apart = self.yardstick.apart(strange, strange)
        np.fill_diagonal(apart, np.inf)
        near = apart.min(axis=1, initial=np.inf) < scores[rows, 0]
        return Part(tuple(strange.ids[near if near.any() else np.ones(len(rows), dtype=bool)].tolist()))

    def to_json(self) -> dict[str, Any]:  # mixed: what `__init__` reads
        return {
            "table": self.table.to_json(),
            "fired": sorted(self.fired),
            "farthest": self.farthest,
            "recent": [[document, far] for document, far in self.recent],
        }


def moved(before: Documents, after: Documents) -> list[tuple[str, float, float]]:
    """The signals whose means moved most, in units of their spread before: (name, before, after)."""
    told = []
    for column, name in enumerate(before.names):
        was, now = before.numbers[:, column], after.numbers[:, column]
        was, now = was[~np.isnan(was)], now[~np.isnan(now)]
        if len(was) and len(now) and not name.endswith(PARTY):
            apart = abs(now.mean() - was.mean()) / (was.std() + 0.02 * abs(was.mean()) + 1e-3)
            told.append((apart, name, float(was.mean()), float(now.mean())))
    told.sort(key=lambda each: -each[0])
    return [(name, was, now) for _, name, was, now in told[:MOVED]]


def examples(yardstick: Yardstick, found: Documents, most: int = EXAMPLES) -> list[int]:
    """Row numbers of few documents that are unlike each other: each is the farthest from those before it."""
    if not len(found):
        return []
    apart = yardstick.apart(found, found)
    chosen = [int(np.argmin(apart.sum(axis=1)))]  # the most usual one
    while len(chosen) < min(most, len(found)):
        rest = apart[:, chosen].min(axis=1)
        rest[chosen] = -1
        chosen.append(int(np.argmax(rest)))
    return chosen


def _by_lot(alike: int, others: int) -> float:
    """How likely it is that of the last `LATELY` documents so many are the strangest of all, at most."""
    return float(min(1.0, (LATELY / (LATELY + others)) ** alike))


def _scale(layouts: Floats) -> Floats:
    """(DEPTH,): how much each number varies within a layout, as nearest neighbours show; found in two rounds.

    Relevant component analysis (Shental et al. 2002) with neighbours for classes and a diagonal matrix.
    """
    scale: Floats = layouts.std(axis=0) + 1e-3
    for _ in range(2):
        scaled = layouts / scale
        apart = _distances(scaled, scaled)
        apart[apart < COPY] = np.inf  # a copy, as every document is of itself, teaches nothing of what varies
        near = np.argsort(apart, axis=1)[:, :TEACHERS]
        within = np.sqrt(((scaled[:, None] - scaled[near]) ** 2).mean(axis=(0, 1)))
        scale = scale * (within + FLOOR)
    return scale


def _edges(column: Floats) -> Floats:
    """Where a score's bins meet: quantiles of the reference's, and beyond them steps that grow."""
    own = column[np.isfinite(column)]
    if not len(own):
        return np.array([0.0])
    within = np.unique(np.quantile(own, np.linspace(0, 1, BINS)))
    step = max(float(own.std()), 0.01 * float(np.abs(own).max()), 1e-6) / 4
    steps = step * np.cumsum(1.3 ** np.arange(BEYOND))
    return np.concatenate([within[0] - steps[::-1], within, within[-1] + steps])


def _distances(some: Floats, others: Floats) -> Floats:
    """(N, M): root mean squares of differences."""
    squares = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None] - 2 * some @ others.T
    return np.asarray(np.sqrt(np.maximum(squares, 0) / DEPTH))
