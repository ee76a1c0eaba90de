"""A document type in; its Label Studio project, labelling configuration, webhook and storage as they should be, out."""

from __future__ import annotations

import hashlib
import logging

from django.conf import settings
from django.db import transaction

from annotation import (
    doorbell,
    fill_in_views,
    jobs,
    label_studio,
    label_studio_backend,
    webhooks,
)
from annotation.errors import LabelStudioRefused
from annotation.label_config import label_config
from annotation.models import DocumentType, LabelTask
from annotation.type_settings import PROBE_PREFIX

log = logging.getLogger(__name__)

LONGEST_TITLE = 50  # of a Label Studio project
SHORTEST_TITLE = 3
FORBIDDEN = 403


def sync_project(type_id: int) -> None:
    """Make the type's project, or bring the one there is up to date; doing so twice changes nothing.

    A project that was made by a job that died is found by its description. One that somebody deleted is made anew.
    """
    document_type = DocumentType.objects.get(pk=type_id)
    config = _config(document_type)
    known = document_type.project_id
    present = label_studio.project(known) if known else None
    if present is None:
        project_id = _find_or_make(document_type, config)
        present = label_studio.project(project_id)
    else:
        project_id = present.id
    hashed = config_hash(document_type)
    if present is None or present.label_config != config or document_type.label_config_hash != hashed:
        label_studio.update_project(project_id, title=_title(document_type), label_config=config)
    _furnish(document_type, project_id)
    with transaction.atomic():
        jobs.assert_held()
        DocumentType.objects.filter(pk=type_id).update(project_id=project_id, label_config_hash=hashed)
        if project_id != known:
            doorbell.ring("ranking changed", type_id)


def outdated(document_type: DocumentType) -> bool:
    """Whether the labelling configuration was made otherwise than this release of Docloop makes it."""
    made = document_type.label_config_hash
    return bool(made) and made != config_hash(document_type)


def config_hash(document_type: DocumentType) -> str:
    """SHA-256 of the labelling configuration that the type should have."""
    return hashlib.sha256(_config(document_type).encode()).hexdigest()


def _config(document_type: DocumentType) -> str:
    # the doctor's probe comes and goes: no other project is changed for it
    others = DocumentType.objects.exclude(name__startswith=PROBE_PREFIX)
    types = sorted({*others.values_list("name", "title"), (document_type.name, document_type.title)})
    return label_config(document_type.schema, document_types=types, this_type=document_type.name)


def _find_or_make(document_type: DocumentType, config: str) -> int:
    """One project for each installation of Docloop and type, however often its creation was cut."""
    found = label_studio.find_project(description(document_type))
    return found or label_studio.create_project(_title(document_type), description(document_type), config)


def description(document_type: DocumentType) -> str:
    """By which a type's project is found again."""
    return f"Docloop's document type {document_type.name} at {settings.CONFIG.url}"


def _title(document_type: DocumentType) -> str:
    """What annotators see in Label Studio's list."""
    title = document_type.title
    if len(title) < SHORTEST_TITLE:
        title = f"Documents: {title}"
    return title[:LONGEST_TITLE]


def _furnish(document_type: DocumentType, project_id: int) -> None:
    """Webhook and text of drawn boxes; and no access to the store once no task needs it any more."""
    ensure_webhook(document_type, project_id)
    waiting = LabelTask.objects.filter(state__in=[LabelTask.State.PUSHING, LabelTask.State.OPEN])
    if not waiting.filter(project_id=project_id, page_key="").exists():
        label_studio.forget_storage(project_id, str(settings.STORE / "pages"))
    connect_fill_in(document_type, project_id)


def ensure_webhook(document_type: DocumentType, project_id: int) -> bool:
    """See that Label Studio tells us of what people do; answers whether that had to be mended.

    Without a webhook secret the sweep alone has to find it. Raises `LabelStudioRefused`, with what to set where Label
    Studio sends nothing to our address.
    """
    secrets = webhooks.secrets(document_type.name)
    if not secrets:
        return False
    address = webhooks.address(document_type)
    try:
        return label_studio.ensure_webhook(project_id, address, secrets[0])
    except LabelStudioRefused as refusal:
        if refusal.status != FORBIDDEN:
            raise
        raise LabelStudioRefused(
            f"Label Studio refuses to tell us of what people do in project {project_id}, so only the sweep finds it: "
            + webhooks.unblocking(address),
            status=FORBIDDEN,
        ) from None


def connect_fill_in(document_type: DocumentType, project_id: int) -> None:
    """See that Label Studio asks Docloop for the text under a box that somebody draws.

    It wants an answer from Docloop's web process before it takes the address, and that may be starting just now. Then
    people type for a while: the next sweep connects it.
    """
    try:
        label_studio_backend.ensure_backend(
            project_id, fill_in_views.address(document_type), fill_in_views.USER, fill_in_views.secret()
        )
    except LabelStudioRefused as refusal:
        log.warning("drawn boxes of %s are not filled in for now: %s", document_type.name, refusal.status)
