"""A document that shall be erased in; out, that it is, and which model versions learned from it.

Versions aren't changed: they stay until the type is trained anew, which learns nothing from it any more. Until then
what they learned from the document may show in their answers; so they are named.
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from annotation import audit_trail, erasure
from annotation.errors import Refused
from annotation.models import Correction, Document, DocumentType, Erasure
from learner import decision, provenance
from learner.models import ModelVersion, Run
from models.registry import RegisteredVersion, Registry

IN_USE = (ModelVersion.State.CHAMPION, ModelVersion.State.CHALLENGER)


@transaction.atomic
def erase(document_id: int, *, by: str, why: str = "") -> Erasure:
    """Erase a document; asked again, go on with what was interrupted.

    Raises `Refused` if there is no such document, or while a worker reads it or a training learns from it.
    """
    document = Document.objects.filter(pk=document_id).first()
    if document is None:
        gone = erasure.go_on(document_id)
        if gone is None:
            raise Refused(f"there is no document {document_id}")
        return gone
    # no training is asked for meanwhile
    DocumentType.every.select_for_update().get(pk=document.document_type_id)
    corrections = list(Correction.objects.filter(document=document).values_list("pk", flat=True))
    _refuse_while_learning(document, corrections)
    learned = [version.name for version in provenance.use_of(corrections).learned]
    routers = ModelVersion.objects.filter(run__lessons__document=document, run__lessons__gold=False)
    return erasure.erase(
        document, by=by, why=why, learned_by=learned + list(routers.values_list("name", flat=True))
    )


def still_in_use(erased: Erasure) -> list[str]:
    """The versions that learned from an erased document and read documents now, or are about to."""
    versions = ModelVersion.objects.filter(name__in=erased.learned_by, state__in=IN_USE)
    return list(versions.values_list("name", flat=True))


def forget_models(erased: Erasure, *, by: str) -> list[str]:
    """Delete the files of the versions that learned from an erased document and read nothing now; answers their names.

    What a model learned may hold a document's words, such as a confirmed value that it spells others by. A version without
    files can't be put to work any more. Raises `RegistryError` if MLflow doesn't answer.
    """
    registry = Registry(settings.CONFIG.mlflow_url)
    learned = ModelVersion.objects.filter(name__in=erased.learned_by).exclude(state__in=IN_USE)
    forgotten = []
    for version in learned.select_related("document_type", "run"):
        if version.forgotten:
            continue
        run = version.uri.removeprefix("runs:/").partition("/")[0]
        registry.forget(
            RegisteredVersion(version.document_type.name, version.number, run, version.sha256),
            decision.cache(),
        )
        with transaction.atomic():
            version.made_with = version.made_with | {"forgotten": True}
            version.save(update_fields=["made_with"])
            why = f"it learned from document {erased.document}, which was erased"
            audit_trail.record(by=by, action="deleted a model", subject=version.name, why=why)
        forgotten.append(version.name)
    return forgotten


def _refuse_while_learning(document: Document, corrections: list[int]) -> None:
    running = Run.objects.filter(state=Run.State.RUNNING)
    if router := running.filter(lessons__document=document).first():
        raise _used_by(document, router)
    run = running.filter(document_type=document.document_type_id).first()
    if run is None:
        return
    snapshots = [
        *provenance.snapshots_with(corrections, gold=False),
        *provenance.snapshots_with(corrections, gold=True),
    ]
    if corrections and (run.snapshot_id is None or run.snapshot_id in snapshots):
        raise _used_by(document, run)


def _used_by(document: Document, run: Run) -> Refused:
    return Refused(
        f"document {document.pk} can't be erased just now: training {run.pk} uses it. "
        "Stop the training, or wait until it has ended."
    )
