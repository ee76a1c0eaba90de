"""What people said of documents' types in; what a training of the router learns from and is judged on out.

A document judges (gold) or teaches, its near copies with it, and stays with that in every later training, so that
versions are compared on documents that none of them has learned from.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from annotation import routing
from annotation.errors import Refused
from annotation.models import DocumentType
from annotation.type_settings import PROBE_PREFIX
from learner.models import Lesson
from models import similarity

LEAST_TYPES = 2
LEAST = 10  # documents of a type from which it is learned
MOST = 1000  # of a type: the newest; more teach little, and are compared with each other
GOLD_SHARE = 0.2
LEAST_GOLD = 2  # documents of a type


@dataclass(frozen=True, slots=True)
class Known:
    """A document of which a person said the type."""

    document: int
    document_type: int
    sha256: str
    fingerprint: str  # 64 bits in hex; empty without words


def known() -> list[Known]:
    """The newest of every type of which there are enough, by their ids."""
    found: list[Known] = []
    for each in DocumentType.objects.exclude(name__startswith=PROBE_PREFIX).order_by("pk"):
        confirmed = routing.confirmed().filter(document_type=each).order_by("-pk")
        rows = list(confirmed.values_list("pk", "document_type", "sha256", "fingerprint")[:MOST])
        found += [Known(*row) for row in rows] if len(rows) >= LEAST else []
    return sorted(found, key=lambda each: each.document)


def plan() -> list[Lesson]:
    """What a training now would learn from and be judged on, not stored yet; raises `Refused` if that is too little."""
    found = known()
    if len({each.document_type for each in found}) < LEAST_TYPES:
        raise Refused(
            f"a router needs {LEAST_TYPES} types with {LEAST} documents each of which people said the type; "
            "send documents with their type, or say it of the unknown ones"
        )
    before = Lesson.objects.filter(document__in=[each.document for each in found])
    stored = before.values_list("document", "gold").distinct()
    remembered: dict[int, bool] = {}
    for document, gold in stored:
        remembered[document] = gold or remembered.get(document, False)
    groups = similarity.group([int(each.fingerprint or "0", 16) for each in found])
    judges = divide(found, groups, remembered)
    return [
        Lesson(
            document_id=each.document,
            document_type_id=each.document_type,
            group=group,
            gold=each.document in judges,
        )
        for each, group in zip(found, groups, strict=True)
    ]


def divide(found: Sequence[Known], groups: Sequence[int], remembered: Mapping[int, bool]) -> Collection[int]:
    """The documents that judge: a fifth by lot, whole groups of near copies, and at least some of every type.

    `remembered` is what documents were in earlier trainings: True for those that judged, which go on with it.
    """
    members: defaultdict[int, list[Known]] = defaultdict(list)
    for each, group in zip(found, groups, strict=True):
        members[group].append(each)
    new: list[int] = []
    judges: set[int] = set()
    for group, some in members.items():
        was = [remembered[each.document] for each in some if each.document in remembered]
        if any(was) or (not was and _lot(some[0]) < GOLD_SHARE):
            judges.add(group)
        elif not was:
            new.append(group)
    count = Counter(each.document_type for group in judges for each in members[group])
    for group in sorted(new, key=lambda group: _lot(members[group][0])):
        of = members[group][0].document_type
        if count[of] < LEAST_GOLD:
            judges.add(group)
            count[of] += len(members[group])
    return {each.document for group in judges for each in members[group]}


def _lot(each: Known) -> float:
    """0…1, always the same for the same document."""
    return int.from_bytes(hashlib.sha256(f"router {each.sha256}".encode()).digest()[:8]) / 2**64
