"""A document type in; its Label Studio project, labelling configuration, webhook and storage as they should be, out."""

from __future__ import annotations

import hashlib
import logging

from django.conf import settings
from django.db import transaction

from annotation import doorbell, fill_in_views, jobs, label_studio, label_studio_backend, webhooks
from annotation.errors import LabelStudioRefused
from annotation.label_config import label_config
from annotation.models import DocumentType

log = logging.getLogger(__name__)

LONGEST_TITLE = 50  # of a Label Studio project
SHORTEST_TITLE = 3


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
    types = list(DocumentType.objects.order_by("name").values_list("name", "title"))
    return label_config(document_type.schema, document_types=types, this_type=document_type.name)


def _find_or_make(document_type: DocumentType, config: str) -> int:
    """One project for each installation of Docloop and type, however often its creation was cut."""
    description = f"Docloop's document type {document_type.name} at {settings.CONFIG.url}"
    found = label_studio.find_project(description)
    return found or label_studio.create_project(_title(document_type), description, config)


def _title(document_type: DocumentType) -> str:
    """What annotators see in Label Studio's list."""
    title = document_type.title
    if len(title) < SHORTEST_TITLE:
        title = f"Documents: {title}"
    return title[:LONGEST_TITLE]


def _furnish(document_type: DocumentType, project_id: int) -> None:
    """Webhook and page images; without a webhook secret the sweep alone has to find what people do."""
    if secrets := webhooks.secrets():
        label_studio.ensure_webhook(project_id, webhooks.address(document_type), secrets[0])
    pages = settings.STORE / "pages"
    pages.mkdir(parents=True, exist_ok=True)  # Label Studio refuses a folder that isn't there
    label_studio.ensure_storage(project_id, str(pages))
    connect_fill_in(document_type, project_id)


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
        log.warning("drawn boxes of %s are not filled in for now: %s", document_type.name, refusal)
