"""The loop's figures for Prometheus, worked out from the database when they are asked for: every process tells the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from annotation import notices
from annotation.models import Job, Schedule
from learner import glances

LATELY = timedelta(hours=1)
SWEEP = "annotation.sweep_all"


def exposition() -> bytes:
    """All of them, in Prometheus' text format 0.0.4 (`prometheus_client.CONTENT_TYPE_PLAIN_0_0_4`)."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Loop())
    return generate_latest(registry)


class Loop(Collector):
    """Jobs, sweeps, what they noticed, and each document type; times in seconds, shares and F1 from 0 to 1."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from _jobs()
        yield from _sweeps()
        yield from _types()


def _jobs() -> Iterator[GaugeMetricFamily]:
    by_state = GaugeMetricFamily("docloop_jobs", "Jobs that are waiting, running or failed", labels=["state"])
    live = [Job.State.WAITING, Job.State.RUNNING, Job.State.FAILED]
    counts = dict(
        Job.objects.filter(state__in=live).values_list("state").annotate(Count("pk")).order_by("state")
    )
    for state in live:
        by_state.add_metric([state.value], counts.get(state.value, 0))
    yield by_state
    now = timezone.now()
    oldest = Job.objects.filter(state=Job.State.WAITING, due_at__lte=now).aggregate(due=Min("due_at"))["due"]
    late = (now - oldest).total_seconds() if oldest else 0.0
    yield GaugeMetricFamily(
        "docloop_oldest_due_job_seconds", "How long the job that waits longest has been due", value=late
    )


def _sweeps() -> Iterator[GaugeMetricFamily]:
    """A sweep that is overdue finds nothing; a large share noticed by sweeps alone means that webhooks don't arrive."""
    now = timezone.now()
    schedule = Schedule.objects.filter(name=SWEEP).first()
    if schedule is not None:
        age = (now - (schedule.next_due - settings.TIMETABLE[SWEEP])).total_seconds()
        yield GaugeMetricFamily("docloop_sweep_age_seconds", "Since the last sweep was begun", value=age)
    noticed = GaugeMetricFamily(
        "docloop_corrections_last_hour", "Corrections recorded within an hour", labels=["noticed_by"]
    )
    found = notices.within(LATELY)
    noticed.add_metric(["webhook"], found.webhook)
    noticed.add_metric(["sweep"], found.sweep)
    yield noticed


def _types() -> Iterator[GaugeMetricFamily]:
    documents = GaugeMetricFamily("docloop_documents", "Documents by state", labels=["type", "state"])
    queue = GaugeMetricFamily("docloop_queue", "Tasks that wait for a person", labels=["type"])
    until = GaugeMetricFamily(
        "docloop_corrections_until_training",
        "New corrections that a training still waits for",
        labels=["type"],
    )
    f1 = GaugeMetricFamily(
        "docloop_champion_f1", "The champion's F1 on documents held back from its training", labels=["type"]
    )
    audit = GaugeMetricFamily(
        "docloop_audit_accuracy",
        "Share of fields right in the audit, and its 95 % bounds",
        labels=["type", "bound"],
    )
    unattended = GaugeMetricFamily(
        "docloop_automation_share",
        "Share of the finished documents that no person looked at",
        labels=["type"],
    )
    for each in glances.glances():
        for state, count in each.counts.items():
            documents.add_metric([each.name, state], count)
        queue.add_metric([each.name], each.open_tasks)
        until.add_metric([each.name], each.until_training)
        if each.champion and each.champion.overall:
            f1.add_metric([each.name], each.champion.overall.f1)
        if each.audit:
            for bound, value in (
                ("estimate", each.audit.share),
                ("low", each.audit.low),
                ("high", each.audit.high),
            ):
                audit.add_metric([each.name, bound], value)
        if each.automated is not None:
            unattended.add_metric([each.name], each.automated)
    yield from (documents, queue, until, f1, audit, unattended)
