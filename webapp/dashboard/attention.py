"""A type's figures in, sentences out: what a lead or an operator should look at now."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from learner.reports import RunReport, TypeReport


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to look at, and where."""

    title: str  # of the document type; "" for all of Docloop
    text: str
    url: str = ""
    link: str = ""


def of_type(report: TypeReport, last_run: RunReport | None) -> list[Notice]:
    """What is wrong or waiting with one document type, the gravest first."""
    counts, found = report.counts, []

    def documents(state: str) -> str:
        return f"{reverse('documents')}?{urlencode({'type': report.name, 'state': state})}"

    if last_run and last_run.state == "failed":
        why = f": {last_run.problem}" if last_run.problem else ""
        found.append(
            Notice(
                report.title,
                f"the last training failed{why}.",
                reverse("type", args=[report.name]),
                "See its runs",
            )
        )
    if n := counts["unreadable"]:
        text = f"{n} document{'s' if n > 1 else ''} could not be read."
        found.append(Notice(report.title, text, documents("unreadable"), "See why"))
    if report.project_id is None:
        text = "its Label Studio project is not there yet; nobody can label."
        found.append(Notice(report.title, text, reverse("health"), "See the services"))
    elif not report.open_tasks and not report.live_run and (counts["read"] or counts["extracted"]):
        text = "the queue is empty although documents wait in the pool."
        found.append(Notice(report.title, text, reverse("health"), "See what holds them up"))
    if n := counts["skipped"]:
        text = f"{n} document{'s were' if n > 1 else ' was'} skipped by annotators."
        found.append(Notice(report.title, text, documents("skipped"), "Look at them"))
    return found


def of_jobs(failed: int) -> list[Notice]:
    """Failed jobs of the whole of Docloop."""
    if not failed:
        return []
    text = f"{failed} job{'s' if failed > 1 else ''} failed and will not be tried again by itself."
    if failed > 1:
        text = text.replace("itself", "themselves")
    return [Notice("", text, reverse("health"), "See why")]
