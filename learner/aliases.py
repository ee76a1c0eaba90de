"""Our versions' states in, MLflow's aliases out: an image of the database, that may lag but is always caught up."""

from __future__ import annotations

from django.conf import settings

from annotation.models import DocumentType
from learner.models import ModelVersion
from models.registry import Alias, RegisteredVersion, Registry

State = ModelVersion.State
IMAGE = {Alias.CHAMPION: State.CHAMPION, Alias.CHALLENGER: State.CHALLENGER}


def mirror_aliases(type_id: int) -> None:
    """Make MLflow's aliases of a type say what the database says; raises `RegistryError` (the job tries again)."""
    versions = ModelVersion.objects.filter(document_type=type_id).select_related("document_type", "run")
    if not versions:
        return
    registry = Registry(settings.CONFIG.mlflow_url)
    for alias, state in IMAGE.items():
        meant = next((version for version in versions if version.state == state), None)
        model = versions[0].document_type.name
        now = registry.aliased(model, alias)
        if meant and (now is None or now.version != meant.number):
            registry.point(alias, registered(meant))
        elif now and meant is None:
            registry.unpoint(alias, model)


def mirror_all() -> None:
    """Every type's aliases, and the router's; raises `RegistryError`."""
    for type_id in DocumentType.every.order_by("pk").values_list("pk", flat=True):
        mirror_aliases(type_id)


def registered(version: ModelVersion) -> RegisteredVersion:
    """A version as MLflow knows it."""
    return RegisteredVersion(
        version.document_type.name, version.number, version.run.mlflow_run_id, version.sha256
    )
