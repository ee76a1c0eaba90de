"""What strategies and the quick learner see of documents, and what their order becomes: pure, no database.

In: words, confidences, outcomes, an order. Out: rows of `Pool` arrays; an order with the audit slice woven in;
a reason for people. All of it is frozen: nothing here learns.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.pages import Page
from models.schema import Schema

RULE = "v1"  # of `look`: stored vectors of another rule are made anew
WORDS = 48  # buckets that words are hashed into
GRID = 4  # the first page is cut into GRID x GRID parts
DEPTH = WORDS + GRID * GRID + 4
LETTERS = re.compile(r"[^\W\d_]{2,}")
UNLIKE = 0.75  # a distance to all that was corrected above which the layout is called new


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


def confidences(
    schema: Schema, values: Sequence[Mapping[str, Any]], absent: Mapping[str, float]
) -> list[float]:
    """Per field, the confidence of its least certain value, or that it is absent; 0 if nothing was said of it.

    `values` are in their stored form (mixed: text, number, place), which needn't become objects for this.
    """
    lowest: dict[str, float] = {}
    for value in values:
        lowest[value["field"]] = min(value["confidence"], lowest.get(value["field"], 1.0))
    return [lowest.get(name, absent.get(name, 0.0)) for name in schema.names]


def faults(schema: Schema, outcomes: Mapping[str, str]) -> int:
    """How many fields a person had to change in what the model said: 0, 1, or 2 for more."""
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
    """Why a document is where it is, for people: "total 0.41; new layout"."""
    parts = ["not extracted yet"]
    if extracted:
        worst = int(np.argmin(confidence))
        parts = [f"{schema.fields[worst].title[:60]} {confidence[worst]:.2f}"]
    if novelty > UNLIKE:
        parts.append("new layout")
    return "; ".join(parts)


def audit_reason(probability: float) -> str:
    return f"picked at random for the audit ({probability:.0%} of all)"


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector
