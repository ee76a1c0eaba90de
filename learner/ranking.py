"""What strategies and the quick learner see of documents, and what their order becomes: pure, no database.

In: words, confidences, outcomes. Out: a `Pool`; from what a strategy makes of it every document's place, with the audit
slice woven in and a reason for people. The app ranks with it (`selection`), and so do rehearsals.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from annotation.labelling import ASSUMED
from annotation.labelling import confidences as confidences
from learner.strategies.base import UNKNOWN, Floats, Pool, Rows, Strategy
from learner.strategies.diversity import novelty
from learner.strategies.uncertainty import expected_errors
from models.pages import Page
from models.schema import Schema

RULE = "v1"  # of `look`: stored vectors of another rule are made anew
WORDS = 48  # buckets that words are hashed into
GRID = 4  # the first page is cut into GRID x GRID parts
DEPTH = WORDS + GRID * GRID + 4
LETTERS = re.compile(r"[^\W\d_]{2,}")
UNLIKE = 0.75  # a distance to all that was corrected above which the layout is called new
HEAD = 200  # documents that the strategy orders; the others follow by expected errors

# (expected wrong fields (N,), pages (N,)) → seconds of a person's time (N,)
SecondsOf = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


@dataclass(slots=True)
class Waiting:
    """Documents that might be labelled, column by column; N of them."""

    shas: list[str]
    audit: list[float | None]  # the probability with which each was drawn for the audit, None: not yet
    extracted: list[bool]
    confidence: list[list[float]]  # see `confidences`
    looks: list[bytes]  # see `look`
    pages: list[int]


@dataclass(frozen=True, slots=True)
class Corrected:
    """A document that a person has corrected: the extraction they saw, its look, and how many fields they changed."""

    confidence: list[float]
    look: bytes
    faults: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """A document's place: higher is labelled sooner; why; and the probability of its audit, None without one."""

    priority: float
    reason: str
    probability: float | None


def pool_of(schema: Schema, waiting: Waiting, corrected: Sequence[Corrected], seconds: SecondsOf) -> Pool:
    """The arrays that strategies choose from."""
    pages = np.array(waiting.pages, dtype=np.float64)
    columns = len(schema.fields)
    pool = Pool(
        _table(waiting.confidence, columns),
        _vectors(waiting.looks),
        _table([each.confidence for each in corrected], columns),
        _vectors([each.look for each in corrected]),
        np.array([each.faults for each in corrected], dtype=np.int64),
        pages,
    )
    # by the confidences: a strategy may know better which fields are wrong, but seconds change little by it
    return replace(pool, seconds=seconds(expected_errors(pool).astype(np.float64), pages))


def rank(
    schema: Schema, waiting: Waiting, pool: Pool, strategy: Strategy, *, share: float, debt: float, seed: int
) -> list[Ranked]:
    """Every document's place, in the order of `waiting`; `share` (0…1) and `debt` are the audit's, see `weave`.

    The strategy never decides who is audited, and nobody is drawn twice.
    """
    chosen = [
        kept if kept is not None else share if draw(sha) < share else None
        for kept, sha in zip(waiting.audit, waiting.shas, strict=True)
    ]
    ranked = np.flatnonzero([probability is None for probability in chosen])
    order = _order(pool.only(ranked), strategy, np.random.default_rng(seed))
    audited = [row for row, probability in enumerate(chosen) if probability is not None]
    audited.sort(key=lambda row: draw(waiting.shas[row]))
    priorities = _priorities(weave(ranked[order].tolist(), audited, share, debt))
    distance = novelty(pool.looks, pool.seen_looks) if len(pool.seen_looks) else np.zeros(len(pool))
    return [
        Ranked(
            priorities[row],
            audit_reason(probability)
            if probability is not None
            else reason(
                schema,
                waiting.confidence[row],
                extracted=waiting.extracted[row],
                novelty=float(distance[row]),
            ),
            probability,
        )
        for row, probability in enumerate(chosen)
    ]


def look(pages: Sequence[Page], quality: float | None) -> NDArray[np.float32]:
    """What a document looks like, whatever its values: (DEPTH,), near-duplicates almost the same, others about 1 apart.

    Its words without digits (hashed, Weinberger et al. 2009), where on the first page text stands, how much text,
    how many pages, how surely it was read, and the images' quality (0…1).
    """
    text = np.zeros(WORDS, dtype=np.float32)
    words = [word for page in pages for word in page.words]
    for word in words:
        for part in LETTERS.findall(word.text.lower()):
            # crc32, not hash(): the same in every process
            code = zlib.crc32(part.encode())
            text[code % WORDS] += 1 if code & 0x80000000 else -1
    grid = np.zeros(GRID * GRID, dtype=np.float32)
    for word in pages[0].words if pages else ():
        x, y = word.box.centre
        grid[min(int(y * GRID), GRID - 1) * GRID + min(int(x * GRID), GRID - 1)] += 1
    confidence = float(np.mean([word.confidence for word in words])) if words else 0.0
    numbers = np.array(
        [np.log1p(len(words)) / 8, np.log1p(len(pages)) / 4, confidence, 1.0 if quality is None else quality],
        dtype=np.float32,
    )
    return np.concatenate(
        [0.7 * _unit(np.sign(text) * np.sqrt(np.abs(text))), 0.5 * _unit(grid), 0.3 * numbers]
    )


def faults(schema: Schema, outcomes: Mapping[str, str]) -> int:
    """How many fields a person had to change in what the model said: 0, 1, 2 for more; `UNKNOWN` if some are assumed."""
    if any(outcomes.get(name) == ASSUMED for name in schema.names):
        return UNKNOWN
    changed = sum(outcomes.get(name, "accepted") != "accepted" for name in schema.names)
    return min(changed, 2)


def draw(document_sha256: str) -> float:
    """A document's lot in the audit, 0…1: always the same, and independent of all that a model says of it."""
    return int.from_bytes(hashlib.sha256(f"audit {document_sha256}".encode()).digest()[:8]) / 2**64


def weave(ranked: Sequence[int], audited: Sequence[int], share: float, debt: float) -> list[int]:
    """One order from two: of any stretch of it, `share` (0…1) are audited documents, as long as there are both.

    `debt` is how many audited documents (-1…1) the picks so far are short of their share. It carries the share over
    from one ranking to the next: a queue that is topped up one by one would else never come to its tenth place.
    """
    order: list[int] = []
    first, second = 0, 0
    while first < len(ranked) or second < len(audited):
        debt += share
        # 1e-9: ten times 0.1 is a little less than 1
        due = debt >= 1 - 1e-9
        if second < len(audited) and (due or first == len(ranked)):
            order.append(audited[second])
            second += 1
            debt -= 1
        else:
            order.append(ranked[first])
            first += 1
    return order


def debt(share: float, picked: int, audited: int) -> float:
    """How many audited documents `picked` picks are short of their share, within -1…1.

    No more than one, so that a share that was raised, or an audit that ran dry, isn't caught up with at the cost of
    everything else.
    """
    return min(1.0, max(-1.0, share * picked - audited))


def reason(schema: Schema, confidence: Sequence[float], *, extracted: bool, novelty: float) -> str:
    """Why a document is where it is, for people: "least sure of total (41 %); new layout"."""
    parts = ["not extracted yet"]
    if extracted:
        # of a field that nothing was said of, no document is told from the others by it
        worst = int(np.argmin([sure or 1.0 for sure in confidence]))
        parts = [
            f"least sure of {schema.fields[worst].title[:60]} ({min(99, round(100 * confidence[worst]))} %)"
        ]
    if novelty > UNLIKE:
        parts.append("new layout")
    return "; ".join(parts)


def audit_reason(probability: float) -> str:
    return f"picked at random for the audit ({probability:.0%} of all)"


def _order(pool: Pool, strategy: Strategy, rng: np.random.Generator) -> Rows:
    """All rows: first what the strategy picks, then the others by expected errors."""
    head = strategy(pool, HEAD, rng)
    others = np.setdiff1d(np.arange(len(pool)), head)
    return np.concatenate([head, others[np.argsort(-expected_errors(pool)[others], kind="stable")]])


def _priorities(order: Sequence[int]) -> dict[int, float]:
    """Row → priority: 1…2 and different for the first `HEAD`, below that in hundredths.

    Coarse where it doesn't matter, because every correction ranks anew and every changed row is written.
    """
    coarse = {place: round(1 - place / len(order), 2) for place in range(HEAD, len(order))}
    return {row: coarse.get(place, 2 - place / HEAD) for place, row in enumerate(order)}


def _table(rows: Sequence[Sequence[float]], columns: int) -> Floats:
    return np.array(rows, dtype=np.float32).reshape(-1, columns)


def _vectors(looks: Sequence[bytes]) -> Floats:
    return np.frombuffer(b"".join(looks), dtype=np.float32).reshape(-1, DEPTH)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector
