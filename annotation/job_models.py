"""The tables of work that must happen, and of when timed work is due; `annotation.models` takes them in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Job(models.Model):
    """One piece of work that must happen. The row is the truth; a Celery message only rings for it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    task = models.CharField(max_length=80, help_text="such as annotation.read_document")
    subject = models.BigIntegerField(help_text="id of what it is about")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempt = models.PositiveIntegerField(default=0, help_text="The fencing token: grows with every claim")
    failures = models.PositiveIntegerField(
        default=0, help_text="Attempts that ended for a reason of their own (not for want of Label Studio)"
    )
    due_at = models.DateTimeField(db_default=Now())
    rung_at = models.DateTimeField(
        null=True, db_default=Now(), help_text="When the broker was last told; empty: it must be told again"
    )
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="When the present attempt began")
    share = models.FloatField(
        db_default=0.0, help_text="0…1 of the work that is done, where the work tells it"
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    trace = models.CharField(
        max_length=32, blank=True, db_default="", help_text="Of what came in and called for it, for the log"
    )
    problem = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "subject"], condition=Q(state="waiting"), name="one_waiting_job_a_subject"
            ),
            models.UniqueConstraint(
                fields=["task", "subject"], condition=Q(state="running"), name="one_running_job_a_subject"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="job_waiting"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="job_running"),
            models.Index(fields=["task", "subject"], name="job_subject"),
            models.Index(fields=["task", "finished_at"], condition=Q(state="done"), name="job_done"),
            models.Index(fields=["id"], condition=Q(state="failed"), name="job_failed"),
        ]

    def __str__(self) -> str:
        return f"job {self.pk} ({self.task} {self.subject})"


class Schedule(models.Model):
    """When a timed task is due next; a row each, so that several beats make one run."""

    name = models.CharField(max_length=80, unique=True)
    next_due = models.DateTimeField(db_default=Now())
