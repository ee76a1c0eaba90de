"""Extracted documents in; accepted unseen, those that the champion is sure of, if their type wants that.

The audit slice is never accepted unseen: its share of errors bounds that of all documents that are.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from annotation import jobs, lifecycle
from annotation.models import Document, DocumentType
from learner import ranking

State = Document.State


def accept(document_type: DocumentType) -> int:
    """Accept what waits in the pool and of which every confidence is at least the type's bound; answers how many."""
    bound = document_type.accept_above
    if bound is None:
        return 0
    sure = Document.objects.filter(
        document_type=document_type,
        state=State.EXTRACTED,
        audit_probability__isnull=True,
        extraction__model_version=document_type.champion,
        extraction__score__gte=bound,
    )
    with transaction.atomic():
        jobs.assert_held()
        return lifecycle.move_many(
            sure,
            State.ACCEPTED,
            reason=f"{document_type.champion} is at least {bound:.0%} sure of every field",
        )


def take_back(document_type: DocumentType) -> int:
    """Put accepted documents back into the pool; answers how many.

    Those whose lot is drawn for the audit, and those that the present champion, or the present bound, would not accept.
    """
    accepted = Document.objects.filter(document_type=document_type, state=State.ACCEPTED)
    drawn = [
        pk
        for pk, sha in accepted.values_list("pk", "sha256")
        if ranking.draw(sha) < document_type.audit_share
    ]
    bound = document_type.accept_above
    unsure = Q() if bound is None else Q(extraction__score__lt=bound)
    with transaction.atomic():
        jobs.assert_held()
        audited = accepted.filter(pk__in=drawn)
        return lifecycle.move_many(
            audited, State.EXTRACTED, reason="picked at random for the audit"
        ) + lifecycle.move_many(
            accepted.filter(unsure), State.EXTRACTED, reason="no longer sure enough to be accepted unseen"
        )
