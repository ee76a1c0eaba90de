"""A type's figures in, sentences out: what a lead or an operator should look at now, and what helps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from django.urls import reverse

from learner.glances import Glance
from learner.reports import RunReport


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to look at, and where."""

    title: str  # of the document type; "" for all of Docloop
    text: str
    url: str = ""
    link: str = ""  # what is done there, in the imperative
    for_leads: bool = False  # viewers may not do that


class Known(Protocol):
    """What is asked of a report or a glance of a type."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def counts(self) -> Mapping[str, int]: ...
    @property
    def project_id(self) -> int | None: ...
    @property
    def open_tasks(self) -> int: ...
    @property
    def live_run(self) -> RunReport | None: ...


def of_type(report: Known, last_run: RunReport | None) -> list[Notice]:
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
        text = f"{_documents(n)} could not be read."
        found.append(Notice(report.title, text, documents("unreadable"), "See why"))
    if report.project_id is None:
        text = "its Label Studio project is not there yet; nobody can label."
        found.append(Notice(report.title, text, reverse("health"), "See the services"))
    elif not report.open_tasks and not report.live_run and (counts["read"] or counts["extracted"]):
        text = "the queue is empty although documents wait in the pool."
        found.append(Notice(report.title, text, reverse("health"), "See what holds them up"))
    if n := counts["skipped"]:
        text = f"{_documents(n)} {'were' if n > 1 else 'was'} skipped by annotators."
        found.append(Notice(report.title, text, documents("skipped"), "Look at them"))
    return found


def of_automation(report: Known, stopped: str) -> list[Notice]:
    """That auto-accept switched itself off; `stopped` is why, empty if it didn't."""
    if not stopped:
        return []
    text = f"auto-accept switched itself off: {stopped}"
    return [Notice(report.title, text, reverse("automation", args=[report.name]), "Look at it")]


def of_drift(report: Known, drift: str) -> list[Notice]:
    """What changed in what comes in; empty if nothing did."""
    if not drift:
        return []
    return [Notice(report.title, f"{drift}.", reverse("drift", args=[report.name]), "See what changed")]


def of_answers(name: str, title: str, unsettled: int) -> list[Notice]:
    """How many answers look wrong and wait for somebody to look again."""
    if not unsettled:
        return []
    text = f"{unsettled} answer{'s look' if unsettled > 1 else ' looks'} wrong and {'are' if unsettled > 1 else 'is'} asked about again."
    return [Notice(title, text, reverse("type-doubts", args=[name]), "Look at them")]


def of_misfiled(name: str, title: str, misfiled: int) -> list[Notice]:
    """How many documents annotators say are of another type."""
    if not misfiled:
        return []
    text = f"{_documents(misfiled)} {'are' if misfiled > 1 else 'is'} said to be of another type."
    return [Notice(title, text, f"{reverse('type-doubts', args=[name])}#misfiled", "Look at them")]


def of_glance(glance: Glance) -> list[Notice]:
    """The same, and what else is known at a glance."""
    found = of_automation(glance, glance.automation_stopped) + of_drift(glance, glance.drift)
    found += of_type(glance, glance.last_run)
    if n := glance.doubts:
        text = f"{n} answer{'s are' if n > 1 else ' is'} in doubt."
        url = reverse("label-quality", args=[glance.name])
        found.append(Notice(glance.title, text, url, "Decide about them"))
    found += of_misfiled(glance.name, glance.title, glance.misfiled)
    if glance.late and glance.within_hours is not None:
        text = f"the oldest document has waited for longer than the {glance.within_hours:g} hours of the service goal."
        url = reverse("type", args=[glance.name])
        found.append(Notice(glance.title, text, url, "See its queue"))
    if not glance.documents:
        url = f"{reverse('upload')}?{urlencode({'type': glance.name})}"
        found.append(Notice(glance.title, "there are no documents yet.", url, "Upload some", for_leads=True))
    return found


def of_jobs(failed: int) -> list[Notice]:
    """Failed jobs of the whole of Docloop."""
    if not failed:
        return []
    text = f"{_many(failed, 'job')} failed and will not be tried again by {'themselves' if failed > 1 else 'itself'}."
    return [Notice("", text, reverse("health"), "See why, and try again")]


def of_unknown(waiting: int) -> list[Notice]:
    """Documents of which nobody knows the type."""
    if not waiting:
        return []
    text = f"{_documents(waiting)} {'wait' if waiting > 1 else 'waits'} for somebody to say of what type {'they are' if waiting > 1 else 'it is'}."
    return [Notice("", text, reverse("unknown"), "Say it", for_leads=True)]


def of_sources(letters: int) -> list[Notice]:
    """Files of sources that could not be taken."""
    if not letters:
        return []
    text = f"{_many(letters, 'file')} of sources could not be taken."
    return [Notice("", text, reverse("sources"), "See why")]


def _documents(n: int) -> str:
    return _many(n, "document")


def _many(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
