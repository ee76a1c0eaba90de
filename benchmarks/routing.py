"""Which type a document is of: `models.routing` on real packs mixed together, beside the plain way.

Thirty per cent of each pack's documents are the test, by whole groups of near copies; of the others ten of each type, or
all, are learned from. Then each type in turn is held back: its documents should be called unknown, and of the known ones
few. The peer is TF-IDF over words and pairs with logistic regression, without layout; it calls a document unknown when it
is less sure than 98.5 % of what it learned from (by five-fold cross-validation): it has no other way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from benchmarks.goal_tables import STREAM
from benchmarks.packs import ALL
from benchmarks.tables import table
from models import grouping
from models.packs import PackDocument, read_pack
from models.routing import UNKNOWN
from models.routing.learning import LOST, learn
from models.routing.router import Routed

MIXED = ("sroie", "adbuy", "nda", "invoice_tiny")
JUDGED = ("sroie", "adbuy", "nda")  # held back in turn; ten invoices are too few to be a goal
SIZES = ("10", ALL)
TEST_SHARE = 0.3
SPLIT_SEED = 20_260
OURS, PEER = "docloop", "TF-IDF, logistic regression"
GOALS = {"10": 0.97, ALL: 0.99}


@dataclass(frozen=True, slots=True)
class Row:
    """One training: how many of the test it gave their type (unknown is wrong), and what became of the held-back type."""

    way: str
    size: str
    held_back: str  # a pack; "" if none
    seed: int
    tested: int
    likeliest: float  # share of the test whose likeliest type is right
    right: float  # share of the test that was given its type
    lost: float  # share of the test that was called unknown
    found: float | None  # share of the held-back documents that were called unknown
    pages_per_second: float

    def to_json(self) -> dict[str, Any]:  # mixed: names, counts, shares
        return asdict(self)


def measure(data: Path, *, seeds: Sequence[int], say: Callable[[str], None]) -> Iterator[Row]:
    """Raises `ReadingFailed` where a pack isn't in `data`."""
    groups = {name: grouping.groups_of(list(read_pack(data / name / "train"))) for name in MIXED}
    for held in ("", *MIXED):
        for size in SIZES:
            for seed in seeds:
                for way in (OURS, PEER):
                    row = _measured(groups, way, size, held, seed)
                    say(
                        f"routing: {way}, {size} a type, without {held or 'none'}: {row.right:.3f} right, {row.found}"
                    )
                    yield row


def _measured(groups: dict[str, grouping.Groups], way: str, size: str, held: str, seed: int) -> Row:
    rng = np.random.default_rng((SPLIT_SEED, seed))
    taught: list[PackDocument] = []
    of_group: list[int] = []
    tested: list[PackDocument] = []
    for name in MIXED:
        total = len(grouping.flat(groups[name]))
        test, pool = grouping.draw(groups[name], int(TEST_SHARE * total), rng)
        drawn = pool if size == ALL else grouping.pick(pool, int(size), rng)
        if name != held:
            tested += grouping.flat(test)
            of_group += [len(taught) + n for n, group in enumerate(drawn) for _ in group]
            taught += grouping.flat(drawn)
    others = grouping.flat(groups[held]) if held else []
    asked = [*tested, *others]
    learned = _ours(taught, of_group, seed) if way == OURS else _peer(taught, seed)
    began = time.perf_counter()
    said = learned(asked)
    seconds = time.perf_counter() - began
    known, strange = said[: len(tested)], said[len(tested) :]
    return Row(
        way=way,
        size=size,
        held_back=held,
        seed=seed,
        tested=len(tested),
        likeliest=_share(
            each.likeliest == document.kind for each, document in zip(known, tested, strict=True)
        ),
        right=_share(
            each.document_type == document.kind for each, document in zip(known, tested, strict=True)
        ),
        lost=_share(each.document_type == UNKNOWN for each in known),
        found=_share(each.document_type == UNKNOWN for each in strange) if strange else None,
        pages_per_second=sum(len(document.pages) for document in asked) / seconds,
    )


Learned = Callable[[Sequence[PackDocument]], list[Routed]]


def _ours(taught: Sequence[PackDocument], groups: Sequence[int], seed: int) -> Learned:
    router = learn([each.pages for each in taught], [each.kind for each in taught], groups, seed=seed)
    return lambda asked: router.route([each.pages for each in asked])


def _peer(taught: Sequence[PackDocument], seed: int) -> Learned:
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(C=30.0, max_iter=500, random_state=seed),
    )
    texts, kinds = [_text(each) for each in taught], [each.kind for each in taught]
    sure = cross_val_predict(
        model, texts, kinds, cv=min(5, min(map(kinds.count, kinds))), method="predict_proba"
    )
    threshold = float(np.quantile(sure.max(axis=1), LOST))
    model.fit(texts, kinds)

    def route(asked: Sequence[PackDocument]) -> list[Routed]:
        shares = model.predict_proba([_text(each) for each in asked])
        names = [str(model.classes_[position]) for position in shares.argmax(axis=1)]
        return [
            Routed(UNKNOWN if sure < threshold else name, name, float(sure), 0.0)
            for name, sure in zip(names, shares.max(axis=1), strict=True)
        ]

    return route


def _text(document: PackDocument) -> str:
    return " ".join(word.text for page in document.pages for word in page.words)


def _share(found: Iterator[bool]) -> float:
    return float(np.mean(list(found)))


def report(rows: Sequence[Row]) -> str:
    """Means over the seeds."""
    header = [
        "way",
        "documents a type",
        "held back",
        "likeliest is right",
        "given its type",
        "known, called unknown",
    ]
    header += ["held-back type called unknown", "pages/s"]
    cells = []
    for key in dict.fromkeys((row.held_back, row.size, row.way) for row in rows):
        same = [row for row in rows if (row.held_back, row.size, row.way) == key]
        shares = [_mean(same, name) for name in ("likeliest", "right", "lost", "found")]
        told = ["" if share is None else f"{share:.3f}" for share in shares]
        speed = f"{_mean(same, 'pages_per_second') or 0:,.0f}"
        cells.append([key[2], key[1], key[0] or "none", *told, speed])
    return table(header, cells)


def goals(rows: Sequence[Row]) -> list[dict[str, Any]]:  # the fields of `benchmarks.goals.Goal`
    """Accuracy, unknown types and speed; the means over seeds, for unknown types the worst of the held-back ones."""
    ours, peers = ([row for row in rows if row.way == way] for way in (OURS, PEER))
    found = []
    for size, goal in GOALS.items():
        reached, peer = (
            _mean([row for row in some if row.size == size and not row.held_back], "likeliest") or 0.0
            for some in (ours, peers)
        )
        found.append(
            _goal("routing, ten" if size == "10" else "routing", f"{reached:.3f}", reached >= goal)
            | {"peers": f"{PEER} {peer:.3f}"}
        )
    held, held_by_peer = (
        [
            (
                _mean([row for row in some if row.size == ALL and row.held_back == name], "found") or 0.0,
                _mean([row for row in some if row.size == ALL and row.held_back == name], "lost") or 0.0,
            )
            for name in JUDGED
        ]
        for some in (ours, peers)
    )
    told = [
        f"≥ {min(f for f, _ in each):.3f}; ≤ {max(lost for _, lost in each):.3f}"
        for each in (held, held_by_peer)
    ]
    reached_all = all(share >= 0.95 and lost <= 0.02 for share, lost in held)
    found.append(_goal("unknown", told[0], reached_all) | {"peers": f"{PEER} {told[1]}"})
    slowest = min(row.pages_per_second for row in ours)
    found.append(_goal("routing speed", f"{slowest:,.0f}, the slowest run", slowest >= 300))
    return found


def _goal(name: str, measured: str, reached: bool) -> dict[str, Any]:
    figure, goal = STREAM[name]
    return {"figure": figure, "goal": goal, "measured": measured, "reached": reached}


def _mean(rows: Sequence[Row], name: str) -> float | None:
    found = [getattr(row, name) for row in rows if getattr(row, name) is not None]
    return float(np.mean(found)) if found else None
