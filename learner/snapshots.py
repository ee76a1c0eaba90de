"""The ledger's current truths in; out an immutable, hashed set of corrections, split for training and for judging.

Guaranteed (see docs/decisions/0005-splits.md for why):
- near-duplicates stand on one side of every split;
- what was gold once is gold in every later snapshot, so that versions are compared on documents none has seen;
- who judges is confirmed in whole: a document with fields that nobody looked at only teaches the others
  (docs/decisions/0019-selective-labelling.md);
- the same corrections give the same snapshot, with the same hash.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from annotation import ledger
from annotation.errors import Refused
from annotation.models import Correction, DocumentType
from learner.models import Snapshot
from models import similarity
from models.extractors.base import Answer, Example
from models.schema import Schema


class Split(StrEnum):
    """What a document is for."""

    TRAIN = "train"
    VALIDATION = "validation"  # when to stop, calibration
    GOLD = "gold"  # seen by no training: the gate compares on it


InDoubt = tuple[
    int, str, str
]  # correction id, field, and what is said instead of its answer; empty: that it is absent

RULE = "v1"  # of the split; part of the hash, so that a snapshot says how it was made
GOLD_SHARE = 0.20
VALIDATION_SHARE = 0.15
MOST_GOLD = 1 / 3  # of all documents: beyond it, audited documents serve the training as others do
# of the documents that are confirmed in whole: where most are not, those few have to teach too
MOST_OF_WHOLE = {Split.GOLD: 1 / 2, Split.VALIDATION: 1 / 4}
LEAST = {Split.TRAIN: 5, Split.VALIDATION: 2, Split.GOLD: 3}  # documents that are confirmed in whole
LEAST_DOCUMENTS = sum(LEAST.values())


@dataclass(frozen=True, slots=True)
class Entry:
    """One document with a truth, as far as splitting goes."""

    correction: int
    document: int
    sha256: str
    fingerprint: str  # 64 bits in hex; empty or 0 without words
    audited: bool
    whole: bool = True  # whether people confirmed every field


@dataclass(frozen=True, slots=True)
class Plan:
    """What a snapshot would hold."""

    hash: str
    items: tuple[tuple[int, Split], ...]  # (correction id, split), by id


def plan(document_type: DocumentType) -> Plan:
    """What a snapshot taken now would hold; raises `Refused` saying how many corrections are missing, or why."""
    entries = _entries(document_type)
    splits = divide(entries, _remembered(document_type))
    items = tuple(sorted((entry.correction, splits[entry.document]) for entry in entries))
    essence = [RULE, document_type.name, document_type.schema.hash, items]
    return Plan(hashlib.sha256(json.dumps(essence).encode()).hexdigest(), items)


@transaction.atomic
def take(document_type: DocumentType) -> Snapshot:
    """The snapshot of the type's present truths; the stored one if nothing has changed since. Raises `Refused`."""
    planned = plan(document_type)
    snapshot, _new = Snapshot.objects.get_or_create(
        hash=planned.hash,
        defaults={
            "document_type": document_type,
            "items": planned.items,
            "fields": document_type.fields,
        },
    )
    return snapshot


def examples(snapshot: Snapshot, in_doubt: Iterable[InDoubt] = ()) -> dict[Split, list[Example]]:
    """The snapshot's documents with their words and true answers, by split and in the order of its items.

    Documents with unconfirmed fields are there for training only: what stands beside a gold one is left out. So is
    what was erased. What is `in_doubt` is unconfirmed where something learns from it or is calibrated on it; the latter
    as long as enough is left.
    """
    doubted: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for correction, field, says in in_doubt:
        doubted[correction][field] = says
    sure = [pk for pk, split in snapshot.items if split == Split.VALIDATION and pk not in doubted]
    spared = {Split.GOLD} if len(sure) >= LEAST[Split.VALIDATION] else {Split.GOLD, Split.VALIDATION}
    corrections = Correction.objects.filter(pk__in=[correction for correction, _ in snapshot.items])
    found = {
        row.pk: row for row in corrections.select_related("document").prefetch_related("document__pages")
    }
    names = set(Schema.from_json(snapshot.fields).names)
    by_split: dict[Split, list[Example]] = {split: [] for split in Split}
    for correction, split in snapshot.items:
        row = found.get(correction)
        if row is None:  # its document was erased since: a retry learns nothing from it either
            continue
        told = (
            {}
            if split in spared
            else {name: doubted[correction][name] for name in names & doubted[correction].keys()}
        )
        unconfirmed = row.unconfirmed & names | told.keys()
        if unconfirmed and split != Split.TRAIN:
            continue
        by_split[Split(split)].append(_example(row, names, unconfirmed, told))
    return by_split


def _example(row: Correction, names: Set[str], unconfirmed: Set[str], told: Mapping[str, str]) -> Example:
    """A document; `told` is what is said instead of answers in doubt, by field."""
    # a field that the type has no more may still be in an older correction
    answers = tuple(answer for answer in row.said if answer.field in names - unconfirmed)
    doubted = tuple(answer for answer in row.said if answer.field in told)
    doubted += tuple(Answer(name, text) for name, text in told.items() if text)
    return Example(str(row.document_id), row.document.word_pages, answers, frozenset(unconfirmed), doubted)


def divide(entries: Sequence[Entry], remembered: Mapping[int, Split]) -> dict[int, Split]:
    """A split for every document, by its group of near-duplicates; raises `Refused` if it can't be done.

    A group with a document that had a split keeps it (gold before train before validation). New groups fill up gold
    and validation to their shares, audited ones first and the others in the order of their lots; the rest is for
    training. Where a split comes out too small still, new groups move into it from where there are enough. Only
    documents that are confirmed in whole are counted: groups without any are for training.
    """
    whole = sum(entry.whole for entry in entries)
    if whole < LEAST_DOCUMENTS:
        partly = (
            f" ({len(entries) - whole} more have fields that nobody confirmed)"
            if whole < len(entries)
            else ""
        )
        raise Refused(
            f"a training needs at least {LEAST_DOCUMENTS} corrected documents, there are {whole}{partly}: "
            f"correct {LEAST_DOCUMENTS - whole} more"
        )
    groups = _groups(entries)
    chosen: dict[str, Split] = {}
    for name, group in groups.items():
        if kept := {remembered[entry.document] for entry in group if entry.document in remembered}:
            chosen[name] = next(
                split for split in (Split.GOLD, Split.TRAIN, Split.VALIDATION) if split in kept
            )
    # in the order of their lots: an order that has nothing to do with what is in the documents
    new = sorted((name for name in groups if name not in chosen), key=_lot)
    sizes = Counter(dict.fromkeys(Split, 0))
    for name, split in chosen.items():
        sizes[split] += _whole(groups[name])
    for name in sorted(new, key=lambda name: not _audited(groups[name])):
        chosen[name] = _first_split(groups[name], sizes, len(entries), whole)
        sizes[chosen[name]] += _whole(groups[name])
    _top_up(chosen, new, groups, sizes)
    return {entry.document: chosen[name] for name, group in groups.items() for entry in group}


def _first_split(group: Sequence[Entry], sizes: Counter[Split], n: int, whole: int) -> Split:
    """Where a new group goes: gold if it is audited or gold is short, validation if that is short, else training.

    `n` documents there are, `whole` of them confirmed in whole.
    """
    shares = {Split.GOLD: MOST_GOLD if _audited(group) else GOLD_SHARE, Split.VALIDATION: VALIDATION_SHARE}
    for split, share in shares.items():
        room = round(min(n * share, whole * MOST_OF_WHOLE[split])) - sizes[split]
        if 0 < _whole(group) <= room:
            return split
    return Split.TRAIN


def _whole(group: Sequence[Entry]) -> int:
    """How many of its documents are confirmed in whole."""
    return sum(entry.whole for entry in group)


def _audited(group: Sequence[Entry]) -> bool:
    return any(entry.audited for entry in group)


def _top_up(
    chosen: dict[str, Split],
    new: Sequence[str],
    groups: Mapping[str, Sequence[Entry]],
    sizes: Counter[Split],
) -> None:
    """Move new groups, smallest first, until no split is too small; raises `Refused` if that can't be reached."""
    for short in (Split.GOLD, Split.VALIDATION, Split.TRAIN):
        for name in sorted(new, key=lambda name: _whole(groups[name])):
            giver, size = chosen[name], _whole(groups[name])
            if sizes[short] >= LEAST[short]:
                break
            if size and giver != short and sizes[giver] - size >= LEAST[giver]:
                chosen[name] = short
                sizes[giver] -= size
                sizes[short] += size
    missing = [split for split in Split if sizes[split] < LEAST[split]]
    if missing:
        raise Refused(
            f"the corrected documents are too alike to be split: there are only {len(groups)} different ones, and "
            f"{' and '.join(missing)} would have too few documents; correct documents that look different"
        )


def _groups(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Near-duplicates together, under the SHA-256 of their oldest document."""
    ordered = sorted(entries, key=lambda entry: entry.document)
    groups: dict[int, list[Entry]] = defaultdict(list)
    leaders = similarity.group([int(entry.fingerprint or "0", 16) for entry in ordered])
    for entry, leader in zip(ordered, leaders, strict=True):
        groups[leader].append(entry)
    return {group[0].sha256: group for group in groups.values()}


def _lot(name: str) -> float:
    """0…1, always the same for the same name."""
    return int.from_bytes(hashlib.sha256(f"{RULE} {name}".encode()).digest()[:8]) / 2**64


def _entries(document_type: DocumentType) -> list[Entry]:
    rows = ledger.truths(document_type).order_by("pk")
    names = set(document_type.schema.names)
    found = rows.select_related("document").only(
        "outcomes", "document__sha256", "document__fingerprint", "document__audit_probability"
    )
    return [
        Entry(
            row.pk,
            row.document_id,
            row.document.sha256,
            row.document.fingerprint,
            row.document.audit_probability is not None,
            whole=not row.unconfirmed & names,
        )
        for row in found
    ]


def _remembered(document_type: DocumentType) -> dict[int, Split]:
    """What each document was in earlier snapshots: gold if it ever was, else the newest."""
    documents = dict(
        Correction.objects.filter(document__document_type=document_type).values_list("pk", "document")
    )
    remembered: dict[int, Split] = {}
    for items in (
        Snapshot.objects.filter(document_type=document_type).order_by("pk").values_list("items", flat=True)
    ):
        for correction, split in items:
            document = documents.get(correction)  # None: the document was erased since
            if document is not None and remembered.get(document) != Split.GOLD:
                remembered[document] = Split(split)
    return remembered
