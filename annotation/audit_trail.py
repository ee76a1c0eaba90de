"""Who did what, when and why, in; a chain of entries out, each sealed by its hash over the one before.

Whoever changes or removes an entry breaks the chain at that place, even if they get past the database's triggers.
Entries that were cut off from the end leave the rest whole: note the newest hash elsewhere now and then, and give it
to `verify`. (How good the models are is audited elsewhere: `learner.audit`.)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection, transaction
from django.utils import timezone

from annotation.models import TrailEntry

DOCLOOP = "Docloop"  # who does what nobody asked for
SHELL = "the shell"  # who runs management commands
LOCK = 0x7261696C  # of PostgreSQL's advisory locks: one transaction after the other goes on with the chain


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look through the whole chain found; `broken` is the id of the first entry that doesn't fit."""

    entries: int
    newest: str  # hash; "" without entries
    broken: int | None
    missing: bool = False  # whether the hash that was asked for is not there

    @property
    def sound(self) -> bool:
        return self.broken is None and not self.missing


@transaction.atomic
def record(*, by: str, action: str, subject: str, why: str = "") -> TrailEntry:
    """Write down what is being done, in the caller's transaction: if that is undone, so is the entry.

    Until it ends, others who record something wait; so nothing that takes long may follow in it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    last = TrailEntry.objects.order_by("-pk").values_list("hash", flat=True).first()
    entry = TrailEntry(
        at=timezone.now(),
        by=by[:150],
        action=action[:60],
        subject=subject[:120],
        why=why[:500],
        previous=last or "",
    )
    entry.hash = seal(entry)
    entry.save(force_insert=True)
    return entry


def seal(entry: TrailEntry) -> str:
    """SHA-256 of an entry's content and of the hash before it."""
    at: datetime = entry.at.astimezone(UTC)
    essence = [entry.previous, at.isoformat(), entry.by, entry.action, entry.subject, entry.why]
    return hashlib.sha256(json.dumps(essence, ensure_ascii=False).encode()).hexdigest()


def verify(entries: Iterable[TrailEntry] | None = None, *, holds: str = "") -> Checked:
    """Look the whole chain through, and whether it still holds the entry with the hash `holds`."""
    previous, count, found = "", 0, not holds
    rows = TrailEntry.objects.order_by("pk").iterator(chunk_size=5000) if entries is None else entries
    for entry in rows:
        if entry.previous != previous or entry.hash != seal(entry):
            return Checked(count, previous, entry.pk)
        previous, count, found = entry.hash, count + 1, found or entry.hash == holds
    return Checked(count, previous, None, missing=not found)
