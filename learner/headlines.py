"""A document type in; its headline figures out, worked out once when something happens and not whenever somebody looks."""

from __future__ import annotations

from dataclasses import asdict

from django.db.models.functions import Now

from annotation import tallies
from annotation.models import Document, DocumentType
from learner import quality, savings, service, triggers, work
from learner.audit import audit
from learner.forecast import needed
from learner.models import Headline

DAYS = 30  # whose median of seconds counts


def renew_all() -> None:
    """Of every type: what no correction tells of, such as a training that ended or a day that passed."""
    for type_id in DocumentType.objects.values_list("pk", flat=True):
        renew(type_id)
        renew_service(type_id)


def renew(type_id: int) -> None:
    """Work a type's figures out anew and store them."""
    document_type = DocumentType.objects.get(pk=type_id)
    found = audit(quality.audited(document_type), document_type.schema.names)
    confirmed = tallies.counts()[document_type.pk][Document.State.CONFIRMED]
    figures = {
        "new_corrections": triggers.new_corrections(document_type),
        "audited": found.documents,
        "accuracy": found.accuracy,
        "low": found.low,
        "high": found.high,
        "median_seconds": work.median_seconds(document_type, days=DAYS),
        "to_goal": needed(savings.points(document_type), confirmed, goal=document_type.goal),
        "at": Now(),
    }
    Headline.objects.update_or_create(document_type=document_type, defaults=figures)


def renew_service(type_id: int) -> None:
    """The same for how long documents wait and what people's time went into; every few minutes is enough."""
    figures = asdict(service.of(DocumentType.objects.get(pk=type_id)))
    Headline.objects.update_or_create(document_type_id=type_id, defaults=figures)
