"""Label Studio: how it was set up, whether it knows us, and whether each document type's project leads back to Docloop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import httpx
from django.urls import reverse

from annotation import fill_in_views, label_studio, label_studio_about, label_studio_backend, webhooks
from annotation.errors import LabelStudioRefused, LabelStudioUnreachable
from annotation.label_studio_about import About
from annotation.models import DocumentType
from annotation.task_views import Json
from annotation.type_settings import PROBE_PREFIX
from webapp.config import Config
from webapp.doctor.findings import Finding, Grade, asked, failed, skipped, warning, well
from webapp.doctor.settings_checks import numbers

LEAST_VERSION = (1, 23, 2)
MOST_SKEW = 5.0  # seconds
LEAST_PATIENCE, MOST_PATIENCE = (
    1.0,
    10.0,
)  # seconds that Label Studio, and its annotator, waits for our answer
ASKED, SLOW = 20, 0.5  # requests, and the seconds that 95 in 100 of them may take
MEND = "manage.py doctor --mend"
RESTART = "in Label Studio's environment, and restart it"


def look(config: Config) -> Iterator[Finding]:
    """All of them, in the order in which they are shown; what can't be asked is passed over."""
    try:
        told = label_studio_about.about()
    except LabelStudioUnreachable as problem:
        yield failed(
            "Label Studio",
            str(problem),
            "start Label Studio, and see that DOCLOOP_LABEL_STUDIO_URL leads to it",
        )
        return
    yield well("Label Studio", f"answers at {config.label_studio_url}")
    yield from settings_of(told)
    yield asked("Docloop's answers", lambda: answer_time(config), _lead_here(config))
    known = asked(
        "Label Studio's token", token, "see that DOCLOOP_LABEL_STUDIO_TOKEN is its service account's"
    )
    yield known
    # what a killed probe left is taken away by the next
    for document_type in DocumentType.objects.exclude(name__startswith=PROBE_PREFIX).order_by("name"):
        if known.grade == Grade.FAILED:
            yield skipped(f"project of {document_type.name}", "can't be asked without a valid token")
        else:
            yield from project(document_type)


def settings_of(told: About) -> Iterator[Finding]:
    """What Label Studio tells of itself."""
    yield version(told)
    yield reports(told)
    yield strangers(told)
    yield scripts(told)
    yield clock(told)
    yield patience(told)


def version(told: About) -> Finding:
    least = ".".join(map(str, LEAST_VERSION))
    if numbers(told.version) < LEAST_VERSION:
        return failed(
            "Label Studio's version",
            f"{told.version or 'unknown'}: before {least} anybody on its machine may read its secret key",
            f"upgrade it: pip install label-studio=={least}, and restart it",
        )
    return well("Label Studio's version", told.version)


def reports(told: About) -> Finding:
    """Its makers hear of errors, with what people typed, and of use, unless they are kept from it."""
    faults = []
    if told.reports_errors:
        faults.append(("errors", "SENTRY_DSN= and FRONTEND_SENTRY_DSN= (empty)"))
    if told.reports_use:
        faults.append(("use", "LABEL_STUDIO_COLLECT_ANALYTICS=false"))
    if faults:
        return failed(
            "Label Studio's reports",
            f"it tells its makers of {' and of '.join(what for what, _ in faults)}: documents may leave the house",
            f"set {' and '.join(how for _, how in faults)} {RESTART}",
        )
    return well("Label Studio's reports", "its makers are told nothing")


def strangers(told: About) -> Finding:
    if told.open_to_strangers:
        return failed(
            "Label Studio's sign-up",
            "anybody may make themselves an account, and see documents",
            f"set LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK=true {RESTART}",
        )
    return well("Label Studio's sign-up", "by invitation only")


def scripts(told: About) -> Finding:
    if told.answers_other_sites:
        return failed(
            "Label Studio's CORS",
            "scripts of any web page may read its API",
            f"set LABEL_STUDIO_CORS_ALLOW_ALL_ORIGINS=false {RESTART}",
        )
    return well("Label Studio's CORS", "scripts of other web pages get no answer")


def clock(told: About) -> Finding:
    if abs(told.skew) >= MOST_SKEW:
        return failed(
            "clocks",
            f"Label Studio's is {abs(told.skew):.0f} s {'ahead of' if told.skew > 0 else 'behind'} ours",
            "set both machines' clocks by NTP: timedatectl set-ntp true",
        )
    return well("clocks", "Label Studio's and ours agree")


def patience(told: About) -> Finding:
    """A notice that isn't taken in time is lost until the next sweep; and somebody waits as long."""
    check, waits = "webhook timeout", told.webhook_timeout
    if waits is None:
        return skipped(check, "a Label Studio of one's own doesn't tell it")
    if not LEAST_PATIENCE <= waits <= MOST_PATIENCE:
        return warning(
            check,
            f"Label Studio waits {waits:g} s for our answer, and so does its annotator",
            f"set LABEL_STUDIO_WEBHOOK_TIMEOUT=3 {RESTART}",
        )
    return well(check, f"{waits:g} s")


def answer_time(config: Config) -> Finding:
    """How long Docloop takes at the address that Label Studio knows: annotators wait for it."""
    base = (config.internal_url or config.url).rstrip("/")
    took = []
    with httpx.Client(timeout=10) as client:
        for _ in range(ASKED):
            began = time.monotonic()
            answer = client.get(base + reverse("healthz"))
            took.append(time.monotonic() - began)
            if answer.status_code >= 400:
                said = f"{base} answers with HTTP {answer.status_code}"
                return failed("Docloop's answers", said, _lead_here(config))
    slow = sorted(took)[round(0.95 * ASKED) - 1]
    if slow > SLOW:
        return warning(
            "Docloop's answers",
            f"take {slow * 1000:.0f} ms (95 in 100 are faster), and annotators wait for them",
            "give the web process more room: fewer DOCLOOP_TRAINING_THREADS, or the training worker on another machine",
        )
    return well("Docloop's answers", f"95 in 100 within {slow * 1000:.0f} ms")


def token() -> Finding:
    """Label Studio knows us; the account is named, the token never."""
    check = "Label Studio's token"
    try:
        return well(check, f"valid, of {label_studio.service_account()}")
    except LabelStudioRefused:
        return failed(
            check,
            "Label Studio does not know it",
            "sign in to Label Studio as its service account, copy the legacy token from Account & Settings, set "
            "DOCLOOP_LABEL_STUDIO_TOKEN, and restart every process",
        )


def project(document_type: DocumentType) -> Iterator[Finding]:
    """A type's project is there, tells us of changes, and asks us about drawn boxes."""
    check, project_id = f"project of {document_type.name}", document_type.project_id
    if project_id is None:
        yield failed(check, "is not made yet", f"{MEND}, which says why if it can't be made")
        return
    found = asked(check, lambda: _there(check, project_id), MEND)
    yield found
    if found.grade == Grade.FAILED:
        return
    name, of = document_type.name, label_studio_about
    looks: dict[str, Callable[[str], Finding]] = {
        f"webhook of {name}": lambda each: webhook(each, document_type, of.webhooks_of(project_id)),
        f"drawn boxes of {name}": lambda each: drawn_boxes(each, document_type, of.fill_in_of(project_id)),
    }
    for each, ask in looks.items():
        yield asked(each, partial(ask, each), MEND)


def webhook(check: str, document_type: DocumentType, hooks: list[Json]) -> Finding:
    """Exactly one active webhook, with our address and secret; neither secret is ever shown."""
    address, known = webhooks.address(document_type), webhooks.secrets(document_type.name)
    if not known:
        return skipped(check, "there is no DOCLOOP_WEBHOOK_SECRET (see secrets)")

    def carries(hook: Json) -> bool:
        return (hook["headers"] or {}).get(label_studio.SECRET_HEADER) in known

    ours = [
        hook
        for hook in hooks
        if hook["url"] == address or label_studio.SECRET_HEADER in (hook["headers"] or {})
    ]
    active = [hook for hook in ours if hook["is_active"]]
    good = [
        hook
        for hook in active
        if hook["url"] == address
        and carries(hook)
        and set(label_studio.WEBHOOK_ACTIONS) <= set(hook["actions"])
    ]
    if len(good) != 1 or len(active) != 1:
        return failed(
            check,
            f"{_fault(address, ours, active, carries)}: changes wait for the next sweep",
            f"{MEND}. If it comes back, somebody changes webhooks in Label Studio, or "
            f"Label Studio refuses our address: {webhooks.unblocking(address)}",
        )
    if others := [hook for hook in hooks if hook["is_active"] and hook not in ours]:
        return warning(
            check,
            f"{len(others)} more than ours: somebody else is told of the documents, and annotators wait for them too",
            f"delete what isn't wanted in Label Studio: project {document_type.project_id}, Settings, Webhooks",
        )
    return well(check, "one, ours, switched on")


def drawn_boxes(check: str, document_type: DocumentType, backends: list[Json]) -> Finding:
    address = fill_in_views.address(document_type)
    if any(each["url"] == address and each["state"] == label_studio_backend.CONNECTED for each in backends):
        return well(check, "Label Studio asks Docloop for their text")
    return warning(
        check, "their text isn't filled in, so people type it", f"{MEND}. {webhooks.unblocking(address)}"
    )


def _there(check: str, project_id: int) -> Finding:
    if label_studio.project(project_id) is None:
        return failed(check, f"Label Studio's project {project_id} is gone", f"{MEND}, which makes it anew")
    return well(check, f"is Label Studio's project {project_id}")


def _fault(address: str, ours: list[Json], active: list[Json], carries: Callable[[Json], bool]) -> str:
    if not ours:
        return "it is missing"
    if not active:
        return "it is switched off"
    if len(active) > 1:
        return f"there are {len(active)} of ours"
    (hook,) = active
    if hook["url"] != address:
        return "it leads to another address"
    if not carries(hook):
        return "it carries another secret than the one from DOCLOOP_WEBHOOK_SECRET"
    return "it isn't told of every change"


def _lead_here(config: Config) -> str:
    base = config.internal_url or config.url
    return f"start the web process, and see that {base} (DOCLOOP_INTERNAL_URL, else DOCLOOP_URL) leads to it"
