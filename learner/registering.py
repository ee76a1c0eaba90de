"""A trained model's folder in; its version in MLflow and the row of it out, as challenger. Done twice it is one version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction

from annotation import jobs
from learner import promotion
from learner.models import ModelVersion, Run
from models.registry import MODEL, RegisteredVersion, Registry
from models.schema import Schema


def upload(
    registry: Registry, name: str, mlflow_run: str, key: str, folder: Path, tags: Mapping[str, str]
) -> RegisteredVersion:
    """The version that MLflow has of the trained model, uploaded for it; raises `RegistryError`."""
    sha256 = registry.log_model(mlflow_run, folder)
    return registry.register(name, run=mlflow_run, run_key=key, sha256=sha256, tags=tags)


def version_of(
    run: Run,
    made: RegisteredVersion,
    schema: Schema,
    told: dict[str, dict[str, Any]],  # JSON columns
) -> ModelVersion:
    """The row of the registered version, as challenger; `told` is what is known of it."""
    with transaction.atomic():
        jobs.assert_held()
        version, new = ModelVersion.objects.get_or_create(
            run=run,
            defaults={
                "document_type": run.document_type,
                "number": made.version,
                "name": f"{run.document_type.name}-v{made.version}",
                "uri": f"runs:/{made.run}/{MODEL}",
                "sha256": made.sha256,
                "schema_hash": schema.hash,
                **told,
            },
        )
        if new:
            promotion.challenge(version, by=f"run {run.pk}", reason="trained and registered")
    return version
