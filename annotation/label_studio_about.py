"""What Label Studio tells of itself to whoever asks: its version, its clock, and what its makers are told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from django.conf import settings

from annotation import label_studio
from annotation.errors import LabelStudioUnreachable
from annotation.task_views import Json

PATIENCE = 10  # seconds
STRANGER = "https://stranger.invalid"  # a web page that has no business there


@dataclass(frozen=True, slots=True)
class About:
    """One look from outside. `skew` is how many seconds its clock is ahead of ours; answers come whole seconds late."""

    version: str
    skew: float
    reports_errors: bool  # to its makers' Sentry, with what people typed
    reports_use: bool  # analytics
    open_to_strangers: bool  # anybody may make themselves an account
    answers_other_sites: bool  # scripts of any web page may read its API
    webhook_timeout: float | None  # seconds that it waits for our answer; None: it doesn't tell


def about() -> About:
    """Asked without signing in, as a stranger would; raises `LabelStudioUnreachable`."""
    base = settings.CONFIG.label_studio_url.rstrip("/")
    try:
        with httpx.Client(base_url=base, timeout=PATIENCE) as stranger:
            version = stranger.get("/api/version", headers={"Origin": STRANGER})
            sign_in = stranger.get("/user/login/").text
            sign_up = stranger.get("/user/signup/")
            own = _own_words(stranger.get("/docloop/about/"))
        told: Json = version.json()
    except (httpx.TransportError, ValueError) as problem:
        raise LabelStudioUnreachable(
            f"Label Studio does not answer at {base} ({type(problem).__name__})"
        ) from None
    return About(
        version=str(told.get("release") or told.get("label-studio-os-package", {}).get("version") or ""),
        skew=_skew(version.headers.get("Date", "")),
        reports_errors=own.get(
            "reports_errors", bool(re.search(r'sentry_dsn:\s*"[^"]', sign_in)) or "sentry-cdn" in sign_in
        ),
        reports_use=own.get("reports_use", bool(re.search(r"collect_analytics:\s*true", sign_in))),
        open_to_strangers=own.get(
            "open_to_strangers", sign_up.status_code == 200 and 'name="password"' in sign_up.text
        ),
        answers_other_sites=version.headers.get("Access-Control-Allow-Origin") in {"*", STRANGER},
        webhook_timeout=own.get("webhook_timeout"),
    )


def webhooks_of(project_id: int) -> list[Json]:
    """The project's webhooks, with their headers: they hold our secret, so show them to nobody."""
    what = f"webhooks of project {project_id}"
    listed: list[Json] = label_studio.request("GET", "webhooks", what, project=project_id)
    return listed


def fill_in_of(project_id: int) -> list[Json]:
    """The "ML backends" that the project asks about drawn boxes; Label Studio asks each of them for this."""
    listed: list[Json] = label_studio.request(
        "GET", "ml", f"backends of project {project_id}", project=project_id
    )
    return listed


def delete_project(project_id: int) -> None:
    """With all its tasks; fine if it is gone already."""
    what = f"deleting project {project_id}"
    label_studio.request("DELETE", f"projects/{project_id}", what, or_none=True)


def submit_as_docloop(task_id: int) -> None:
    """An empty answer in the name of Docloop's own account: announced as a person's is, and never counted as one."""
    body = {"result": [], "was_cancelled": False, "ground_truth": False, "lead_time": 0.1}
    label_studio.request("POST", f"tasks/{task_id}/annotations", f"answering task {task_id}", json=body)


def _own_words(answer: httpx.Response) -> dict[str, Json]:
    """What a Label Studio that Docloop runs says of its settings; empty for one of one's own, which knows no such page."""
    try:
        told = answer.json() if answer.status_code == 200 else None
    except ValueError:
        told = None
    return told if isinstance(told, dict) else {}


def _skew(date: str) -> float:
    try:
        there = parsedate_to_datetime(date)
    except ValueError:
        return 0.0
    ahead = (there - datetime.now(UTC)).total_seconds()
    return ahead if ahead > 0 else min(0.0, ahead + 1)  # the header has no fractions of a second
