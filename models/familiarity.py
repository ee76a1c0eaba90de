"""Which documents look like those a model was trained on: by sender, layout or party, as far as a pack tells.

Figures of documents from a sender that was in the training and of others are worth knowing apart: the first say how
well a model remembers, the second how well it reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.packs import PackDocument
from models.values import normalise_text

SEEN = "_seen_in_train"  # the end of what a pack's meta may say itself: `vendor_seen_in_train`
LAYOUT = "template_cluster"
# fields whose value says whom a document is from or about, and what that is called
MARKING = {
    "vendor": "vendor",
    "company": "vendor",
    "issuer": "vendor",
    "supplier": "vendor",
    "advertiser": "advertiser",
    "party": "party",
}

Marks = dict[
    str, set[str]
]  # "vendor", "template", … → digests: a record of a training holds no document's text


def marks_of(documents: Iterable[PackDocument]) -> Marks:
    """What the documents can be recognised by."""
    marks: Marks = {}
    for document in documents:
        for name, mark in _marks(document):
            marks.setdefault(name, set()).add(mark)
    return marks


def seen(documents: Sequence[PackDocument], known: Mapping[str, set[str]]) -> dict[str, NDArray[np.int64]]:
    """By mark, of which documents (N,) something was in a training with these marks: 1, 0, or -1 if nobody can tell.

    What a pack says itself goes before what can be worked out. A mark that every document leaves open is left out.
    """
    own = {name.removesuffix(SEEN) for each in documents for name in each.meta if name.endswith(SEEN)}
    found = {}
    for name in sorted(own | set(known)):
        told = np.array([_told(document, name, known.get(name, set())) for document in documents])
        if (told >= 0).any():
            found[name] = told
    return found


def _told(document: PackDocument, name: str, known: set[str]) -> int:
    said = document.meta.get(name + SEEN)
    if isinstance(said, bool):
        return int(said)
    marks = {mark for other, mark in _marks(document) if other == name}
    return int(bool(marks & known)) if marks and known else -1


def _marks(document: PackDocument) -> Iterable[tuple[str, str]]:
    if (layout := document.meta.get(LAYOUT)) is not None:
        yield "template", _digest(str(layout))
    for answer in document.answers:
        if answer.field in MARKING and (letters := normalise_text(answer.text)):
            yield MARKING[answer.field], _digest(letters)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
