"""A change in; an alarm out, and all that follows: documents to people, a training, and the end when it is mended.

An alarm is rung once. Of its part (the documents that are not as they were) few and diverse ones go to the head of the
queue. With enough of them confirmed a training is asked for; when the champion reads the part as well as it read
documents before, by what people find, the alarm closes with the days and labels that it took.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from annotation import audit_trail, by_hand, doorbell
from annotation.errors import Refused
from annotation.models import Document, DocumentType, Outcome
from learner import stream, triggers
from learner.audit import JUDGED, RIGHT
from learner.models import DriftAlarm, DriftWatch, Headline, ModelVersion, Signals
from models import drift
from models.drift import Documents, Found, Part, Yardstick

log = logging.getLogger(__name__)

ENOUGH = 12  # confirmed documents of the part since the last training that are worth another
JUDGES = 10  # documents of the part, as the champion reads them, that tell whether it is mended
NEAR = 0.02  # share of fields that the part may be worse than documents were before
MOST_LABELS = 60  # of a part: more of them teach little, and are asked for by the usual rank only
CHOSEN_FROM = 200  # newest documents of a part
LOOKED_BACK = 2000  # documents before an alarm that may belong to its part
BEFORE = 200  # newest answered documents that tell how right the champion was

Kind = DriftAlarm.Kind
TITLES = {
    "layout": "the layout",
    "text": "the layout",
    "reading": "how well pages can be read",
    "language": "the language",
    "confidence": "how sure the model is",
    "values": "the values",
    "accuracy": "how right the model is",
}


def raise_alarm(document_type: DocumentType, yardstick: Yardstick, found: Found) -> DriftAlarm | None:
    """Open an alarm for a change of what comes in; None if one for the same is open already.

    If a new layout was noticed before, the change of the layout as a whole only makes that surer.
    """
    group = group_of(found.score)
    open_now = DriftAlarm.objects.filter(document_type=document_type, source="", closed_at__isnull=True)
    if same := open_now.filter(kind__in=[Kind.NEW_LAYOUT, Kind.INPUT], group=group).first():
        DriftAlarm.objects.filter(pk=same.pk).update(chance=min(same.chance, found.chance))
        return None
    since = stream.of(document_type).filter(pk__gte=found.since).order_by("-pk")
    came = stream.table(
        since.filter(pk__in=list(since.values_list("pk", flat=True)[:LOOKED_BACK])), yardstick.known.names
    )
    seeds = came.only(np.isin(came.ids, found.part.seeds))
    part = came.only(found.part.members(yardstick, came, seeds))
    reference = yardstick.known
    first = stream.of(document_type).filter(pk__gte=found.since).first()
    return open_alarm(
        document_type,
        Kind.NEW_LAYOUT if found.new_layout else Kind.INPUT,
        group,
        chance=found.chance,
        since=first.at if first else timezone.now(),
        documents=len(came),
        moved=[list(each) for each in drift.moved(reference, part if len(part) else came)],
        before=_documents(reference, drift.examples(yardstick, reference)),
        after=_documents(part, drift.examples(yardstick, part)),
        membership=found.part.to_json(),
        part=part.ids.tolist(),
        yardstick=yardstick,
    )


@transaction.atomic
def open_alarm(
    document_type: DocumentType,
    kind: DriftAlarm.Kind,
    group: str,
    *,
    part: Sequence[int],
    yardstick: Yardstick | None,
    **told: object,
) -> DriftAlarm | None:
    """Write an alarm, ring for it, and put the first documents of its part before people; None if one is open."""
    try:
        with transaction.atomic():
            alarm = DriftAlarm.objects.create(
                document_type=document_type,
                kind=kind,
                group=group,
                version=document_type.champion,
                accuracy_before=_accuracy_before(document_type, part),
                **told,
            )
    except IntegrityError:  # one_open_alarm_a_kind
        return None
    Signals.objects.filter(pk__in=part, alarm__isnull=True).update(alarm=alarm)
    audit_trail.record(
        by=audit_trail.DOCLOOP,
        action="raised a drift alarm",
        subject=f"alarm {alarm.pk} of {document_type.name}",
        why=reason(alarm),
    )
    if yardstick:
        ask_for_more(alarm, yardstick)
    renew_headline(document_type)
    doorbell.ring("drift detected", document_type.pk)
    return alarm


def reason(alarm: DriftAlarm) -> str:
    """What changed, for people, such as "new layout since 12 May"."""
    day = f"since {alarm.since.day} {alarm.since:%B}"
    if alarm.kind == Kind.NEW_LAYOUT:
        return f"new layout {day}"
    if alarm.kind == Kind.OPERATIONS:
        return f"{alarm.group} {day}"
    return f"{TITLES.get(alarm.group, alarm.group)} changed {day}"


def members(alarm: DriftAlarm, yardstick: Yardstick, found: Documents) -> list[int]:
    """Ids of those signals that belong to the alarm's part and came since it began."""
    part = Part.from_json(alarm.membership)
    seeds = stream.table(Signals.objects.filter(pk__in=part.seeds), found.names)
    mine = part.members(yardstick, found, seeds)
    first = min(part.seeds, default=0)
    return [int(pk) for pk in found.ids[mine & (found.ids >= first)]]


def ask_for_more(alarm: DriftAlarm, yardstick: Yardstick) -> int:
    """Put documents of an alarm's part at the head of the queue: few, and unlike each other; answers how many.

    As long as labels are wanted, `models.drift.AT_ONCE` of them wait for people.
    """
    own = Signals.objects.filter(alarm=alarm)
    asked = own.filter(asked_at__isnull=False)
    waiting = asked.filter(document__truth__isnull=True, document__state=Document.State.QUEUED).count()
    wanted = min(drift.AT_ONCE - waiting, MOST_LABELS - asked.count())
    if wanted <= 0:
        return 0
    free = own.filter(asked_at__isnull=True, document__truth__isnull=True, document__state__in=by_hand.MAY)
    newest = list(free.order_by("-pk").values_list("pk", flat=True)[:CHOSEN_FROM])
    found = stream.table(Signals.objects.filter(pk__in=newest), yardstick.known.names)
    done = 0
    for row in drift.examples(yardstick, found, wanted):
        signals = Signals.objects.get(pk=int(found.ids[row]))
        try:
            by_hand.send_to_queue(signals.document_id, by=audit_trail.DOCLOOP, reason=reason(alarm))
        except Refused as problem:  # no project yet, or moved on meanwhile
            log.info("document %s is not asked for: %s", signals.document_id, problem)
            continue
        Signals.objects.filter(pk=signals.pk).update(asked_at=timezone.now())
        done += 1
    return done


def follow(alarm: DriftAlarm, yardstick: Yardstick | None) -> None:
    """After an answer to a document of the part: count, ask for a training or for more labels, or close the alarm."""
    labels = Signals.objects.filter(alarm=alarm, document__truth__isnull=False).count()
    right, judged = accuracy_of_part(alarm)
    alarm.labels, alarm.accuracy, alarm.judged = labels, right, judged
    alarm.save(update_fields=["labels", "accuracy", "judged"])
    document_type = alarm.document_type
    if right is not None and judged >= JUDGES and right >= (alarm.accuracy_before or 0.0) - NEAR:
        close(
            alarm,
            by=audit_trail.DOCLOOP,
            why=f"{right:.1%} of the fields of {judged} documents of the part are right, {alarm.accuracy_before or 0:.1%} were before",
        )
        return
    if labels - alarm.trained_labels >= ENOUGH:
        _train(alarm, labels)
    if yardstick:
        ask_for_more(alarm, yardstick)
    renew_headline(document_type)


def accuracy_of_part(alarm: DriftAlarm) -> tuple[float | None, int]:
    """The share (0…1) of fields of the part that are right as the champion reads them, by people, and documents judged.

    Of documents asked for by the alarm or picked at random only: what the usual rank picks is the hardest.
    """
    champion = alarm.document_type.champion
    said = Outcome.objects.filter(document__signals__alarm=alarm, model_version=champion).exclude(
        model_version=""
    )
    said = said.filter(Q(document__signals__asked_at__isnull=False) | Q(audited=True))
    return _right(said.order_by("-at").values_list("fields", flat=True)[: 2 * JUDGES])


@transaction.atomic
def close(alarm: DriftAlarm, *, by: str, why: str) -> None:
    """End an alarm; what comes in now is what later documents are held against. Raises `Refused` if it has ended."""
    closed = DriftAlarm.objects.filter(pk=alarm.pk, closed_at__isnull=True).update(
        closed_at=timezone.now(), closed_by=by[:150], why_closed=why[:500]
    )
    if not closed:
        raise Refused("this alarm is closed already")
    # the watch begins anew with the newest documents: these are the usual ones now
    if alarm.kind != Kind.OPERATIONS:
        DriftWatch.objects.filter(document_type=alarm.document_type).update(first=0, last=0, state={})
    audit_trail.record(
        by=by,
        action="closed a drift alarm",
        subject=f"alarm {alarm.pk} of {alarm.document_type.name}",
        why=why,
    )
    renew_headline(alarm.document_type)


def renew_headline(document_type: DocumentType) -> None:
    """What the overview says of the type's open alarms."""
    alarms = DriftAlarm.objects.filter(document_type=document_type, closed_at__isnull=True).order_by("pk")
    told = "; ".join(reason(alarm) for alarm in alarms)
    Headline.objects.update_or_create(document_type=document_type, defaults={"drift": told[:200]})


def group_of(score: str) -> str:
    """The group of a signal or score: what the layout looks like in words is of the layout."""
    group = score.partition(".")[0]
    return "layout" if group == "text" else group


def _train(alarm: DriftAlarm, labels: int) -> None:
    new = labels - alarm.trained_labels
    try:
        run = triggers.ask(
            alarm.document_type, trigger=f"{new} documents of what changed were confirmed: {reason(alarm)}"
        )
    except Refused as problem:  # one is under way, or too few corrections: the next answer asks again
        log.info("no training of %s yet: %s", alarm.document_type.name, problem)
        return
    DriftAlarm.objects.filter(pk=alarm.pk).update(trained_labels=labels, run=run)


def _accuracy_before(document_type: DocumentType, part: Sequence[int]) -> float | None:
    """How right the champion was on what people answered before: the newest documents outside of the part."""
    said = Outcome.objects.filter(document_type=document_type).exclude(model_version="")
    if document_type.champion:
        said = said.filter(model_version=document_type.champion)
    others = said.exclude(document__signals__in=list(part)).order_by("-at")
    right, judged = _right(others.values_list("fields", flat=True)[:BEFORE])
    if judged >= JUDGES:
        return right
    version = ModelVersion.objects.filter(document_type=document_type, name=document_type.champion).first()
    return version.figures.get("overall", {}).get("f1") if version else right


def _right(rows: QuerySet[Outcome, dict[str, list[object]]]) -> tuple[float | None, int]:
    ended = [[each[0] for each in fields.values() if each[0] in JUDGED] for fields in rows]
    judged = [each for each in ended if each]
    if not judged:
        return None, 0
    return sum(sum(outcome in RIGHT for outcome in each) for each in judged) / sum(map(len, judged)), len(
        judged
    )


def _documents(found: Documents, rows: Sequence[int]) -> list[int]:
    """Ids of the documents in these rows, in their order."""
    ids = [int(found.ids[row]) for row in rows]
    documents = dict(Signals.objects.filter(pk__in=ids).values_list("pk", "document"))
    return [documents[pk] for pk in ids if pk in documents]
