"""A type's stream of signals in; alarms and windows out. Looks at each document once, in its order.

What documents are held against (the reference) is the stream itself, as it was when the champion was put to work:
its newest documents by then. Not what the champion learned from: people are given what is worth their time, which is no
fair sample of what comes in, and every honest test would find that out.
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from annotation import jobs
from annotation.models import Document, DocumentType
from learner import drift_alarms, drift_windows, stream
from learner.models import DriftAlarm, DriftWatch, Signals
from models import drift
from models.drift import Documents, Watch, Yardstick

log = logging.getLogger(__name__)

State = Document.State

AT_ONCE = 1000  # documents between two writes
LEFT = 0.9  # of a reference must be there still: else documents were erased, and it begins anew
# states in which a document has been extracted
PASSED = (State.EXTRACTED, State.QUEUED, State.ACCEPTED, State.CONFIRMED)
CALM = 1.0  # evidence below which a reference that is small yet may take in what came since


def look_at_all() -> None:
    """Look at every type whose stream was not looked at to its end: a ring may have been lost."""
    for type_id in DocumentType.objects.values_list("pk", flat=True):
        look(type_id)


def look(type_id: int) -> None:
    """Look at what came since the last look; raises alarms, marks the documents of open ones, closes windows."""
    document_type = DocumentType.objects.get(pk=type_id)
    watch, _new = DriftWatch.objects.get_or_create(document_type=document_type, source="")
    if watch.first and watch.version != document_type.champion:
        begin(watch, document_type)
    if not watch.first and not begin(watch, document_type):
        return
    while rows := list(_after(watch)[:AT_ONCE].values_list("pk", flat=True)):
        reference = stream.table(_reference(watch))
        if len(reference) < LEFT * watch.state["reference"]:
            begin(watch, document_type)
            return
        _look(watch, document_type, Yardstick(reference), rows)
    _grow(watch, document_type)


def begin(watch: DriftWatch, document_type: DocumentType) -> bool:
    """Take the newest documents as the reference; answers whether there are enough of them."""
    newest = stream.of(document_type).order_by("-pk")
    if len(newest[: drift.MOST]) < drift.FEWEST:
        some = document_type.documents.filter(state__in=PASSED).order_by("-pk")
        stream.write(Document.objects.filter(pk__in=list(some.values_list("pk", flat=True)[: drift.MOST])))
    ids = sorted(newest.values_list("pk", flat=True)[: drift.MOST])
    watch.version, watch.documents, watch.state = document_type.champion, 0, {}
    watch.first = watch.last = 0
    if len(ids) >= drift.FEWEST:
        watch.first, watch.last, watch.seen = ids[0], ids[-1], ids[-1]
        watch.state = {"reference": len(ids)}
    with transaction.atomic():
        jobs.assert_held()
        watch.save()
        DriftWatch.objects.filter(pk=watch.pk).update(began_at=Now())
        if watch.first:
            drift_windows.write_reference(document_type, stream.of(document_type).filter(pk__in=ids))
    return bool(watch.first)


def yardstick(document_type: DocumentType) -> Yardstick | None:
    """What the type's documents are held against now; None before there are enough."""
    watch = DriftWatch.objects.filter(document_type=document_type, source="", first__gt=0).first()
    if watch is None:
        return None
    reference = stream.table(_reference(watch))
    return Yardstick(reference) if len(reference) > 1 else None


def _reference(watch: DriftWatch) -> QuerySet[Signals]:
    return stream.of(watch.document_type).filter(pk__range=(watch.first, watch.last))


def _after(watch: DriftWatch) -> QuerySet[Signals]:
    return stream.of(watch.document_type).filter(pk__gt=watch.seen)


def _look(watch: DriftWatch, document_type: DocumentType, yardstick: Yardstick, ids: list[int]) -> None:
    names = yardstick.known.names
    lately = stream.of(document_type).filter(pk__lte=watch.seen).order_by("-pk")
    before = list(lately.values_list("pk", flat=True)[: drift.LATELY])
    found = stream.table(Signals.objects.filter(pk__in=[*before, *ids]), names)
    looking = Watch(yardstick, watch.state.get("watch"))
    with transaction.atomic():
        jobs.assert_held()
        known = _mark(document_type, yardstick, found)
        for change in looking.look(found, known):
            log.info("something changed in %s: %s", document_type.name, change.score)
            drift_alarms.raise_alarm(document_type, yardstick, change)
        watch.state = {"reference": watch.state["reference"], "watch": looking.to_json()}
        watch.seen, watch.documents = ids[-1], watch.documents + len(ids)
        watch.save()
        DriftWatch.objects.filter(pk=watch.pk).update(looked_at=Now())
        drift_windows.close_windows(document_type, watch)


def _mark(document_type: DocumentType, yardstick: Yardstick, found: Documents) -> set[int]:
    """Mark the documents that belong to the part of an open alarm; answers the ids of all that do."""
    marked: set[int] = set()
    for alarm in DriftAlarm.objects.filter(document_type=document_type, closed_at__isnull=True):
        if alarm.membership:
            members = drift_alarms.members(alarm, yardstick, found)
            Signals.objects.filter(pk__in=members, alarm__isnull=True).update(alarm=alarm)
            marked.update(members)
            drift_alarms.ask_for_more(alarm, yardstick)
    return marked


def _grow(watch: DriftWatch, document_type: DocumentType) -> None:
    """Take a larger reference as long as it is small, nothing speaks for a change and no alarm is open."""
    size = watch.state.get("reference", 0)
    if not size or size >= drift.MOST or size + watch.documents < drift.MOST:
        return
    looking = Watch(Yardstick(stream.table(_reference(watch))), watch.state.get("watch"))
    alarmed = DriftAlarm.objects.filter(document_type=document_type, closed_at__isnull=True).exists()
    if not alarmed and not looking.fired and (looking.table.wealth * looking.weights).max() < CALM:
        begin(watch, document_type)
