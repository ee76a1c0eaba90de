"""The only module that speaks to MLflow: runs with their curves, model folders, versions and aliases.

A model is logged as plain files and versions are a ledger of them. MLflow's flavours and loaders are never used: they
run code that a model brings along. What is fetched is checked against the SHA-256 that Docloop's database keeps.
Importing this module is cheap; MLflow itself (3 s) is imported with the first `Registry`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.environment import QUIET
from models.errors import RegistryError
from models.extractors import manifest

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

PROBE = "doctor"  # the experiment of runs that only see whether MLflow keeps what it is given
MODEL = "model"  # the artifact folder of a run that holds its model
RUN_KEY = "docloop.run_key"
SHA256 = "docloop.sha256"
# read by MLflow when it is imported
ENVIRONMENT = QUIET | {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # MLflow's own 7 retries keep a worker for minutes; a job that failed is tried again anyway
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}


class Alias(StrEnum):
    """The names by which a model's version can be asked for."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"


class Ending(StrEnum):
    """How a run ended."""

    FINISHED = "FINISHED"
    FAILED = "FAILED"
    STOPPED = "KILLED"


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """A model version as it is registered. `sha256` is that of its manifest, which holds those of all its files."""

    model: str
    version: int
    run: str  # MLflow's run id
    sha256: str


class Registry:
    """A connection to the MLflow server at `url`. Every method raises `RegistryError` when MLflow doesn't answer."""

    def __init__(self, url: str) -> None:
        os.environ.update(ENVIRONMENT)
        from mlflow import MlflowClient

        self.url = url
        self._client = MlflowClient(tracking_uri=url, registry_uri=url)

    def start_run(
        self,
        run_key: str,
        *,
        experiment: str,
        params: Mapping[str, Any],  # whatever has a str
        tags: Mapping[str, str],
    ) -> str:
        """The id of the run with this key: a new one with these params and tags, or the one a retry began with."""
        from mlflow.entities import Param

        with self._answering("starting a run"):
            experiment_id = self._experiment(experiment)
            found = self._client.search_runs([experiment_id], f"tags.`{RUN_KEY}` = '{_quoted(run_key)}'")
            if found:
                return str(found[0].info.run_id)
            run = self._client.create_run(experiment_id, tags={**tags, RUN_KEY: run_key}, run_name=run_key)
            given = [Param(name, str(value)) for name, value in params.items()]
            self._client.log_batch(run.info.run_id, params=given)
            return str(run.info.run_id)

    def log_figures(self, run: str, figures: Mapping[str, float], *, step: int = 0) -> None:
        """Points of the run's curves, or (at step 0) its final figures."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        with self._answering("logging figures"):
            self._client.log_batch(
                run, metrics=[Metric(name, value, now, step) for name, value in figures.items()]
            )

    def describe(self, run: str, text: str) -> None:
        """The text that MLflow shows with the run."""
        with self._answering("describing a run"):
            self._client.set_tag(run, "mlflow.note.content", text)

    def log_model(self, run: str, folder: Path) -> str:
        """Uploads a whole model folder to the run; gives the SHA-256 of its manifest. Uploading again is harmless."""
        sealed = manifest.read(folder)
        with self._answering("uploading a model"):
            self._client.log_artifacts(run, str(folder), MODEL)
        return sealed.sha256

    def end_run(self, run: str, ending: Ending) -> None:
        with self._answering("ending a run"):
            self._client.set_terminated(run, ending.value)

    def register(
        self, model: str, *, run: str, run_key: str, sha256: str, tags: Mapping[str, str]
    ) -> RegisteredVersion:
        """The model's version for this run key: a new one for the run's folder, or the one a retry made before."""
        from mlflow.exceptions import MlflowException

        with self._answering("registering a version"):
            if not self._client.search_registered_models(f"name = '{_quoted(model)}'"):
                try:
                    self._client.create_registered_model(model)
                except MlflowException as error:
                    if error.error_code != "RESOURCE_ALREADY_EXISTS":
                        raise
            for version in self._client.search_model_versions(f"name = '{_quoted(model)}'"):
                if version.tags.get(RUN_KEY) == run_key:
                    return _ours(version)
            source = f"{self._client.get_run(run).info.artifact_uri}/{MODEL}"
            made = self._client.create_model_version(
                model, source, run, tags={**tags, RUN_KEY: run_key, SHA256: sha256}, await_creation_for=0
            )
            return _ours(made)

    def versions(self, model: str) -> list[RegisteredVersion]:
        """All versions of a model, the newest first; none for a model that isn't there."""
        with self._answering("listing versions"):
            found = self._client.search_model_versions(f"name = '{_quoted(model)}'")
            return sorted(map(_ours, found), key=lambda version: -version.version)

    def point(self, alias: Alias, version: RegisteredVersion) -> None:
        """Makes `alias` name this version, and no other of its model."""
        with self._answering(f"setting {alias}"):
            self._client.set_registered_model_alias(version.model, alias.value, str(version.version))

    def unpoint(self, alias: Alias, model: str) -> None:
        """Makes `alias` name no version; fine if it doesn't already."""
        with self._answering(f"removing {alias}"):
            self._client.delete_registered_model_alias(model, alias.value)

    def aliased(self, model: str, alias: Alias) -> RegisteredVersion | None:
        """The version that `alias` names, or None."""
        with self._answering(f"reading {alias}"):
            for each in self._client.search_registered_models(f"name = '{_quoted(model)}'"):
                if alias.value in each.aliases:
                    return _ours(self._client.get_model_version(model, each.aliases[alias.value]))
        return None

    def fetch(self, version: RegisteredVersion, sha256: str, cache: Path) -> Path:
        """The version's model folder in `cache`, downloaded if need be and whole in any case.

        `sha256` is the manifest's hash that Docloop remembers, so that nobody can swap the model in MLflow. Several
        processes may fetch into one cache at once: a folder appears there complete or not at all.
        """
        folder = cache / sha256
        if folder.is_dir():
            try:
                return _checked(folder, sha256)
            except RegistryError:
                shutil.rmtree(folder, ignore_errors=True)  # spoilt in the cache: fetch it again
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".fetching-") as temporary:
            with self._answering(f"downloading {version.model} version {version.version}"):
                self._client.download_artifacts(version.run, MODEL, temporary)
            arrived = _checked(Path(temporary) / MODEL, sha256)
            try:
                arrived.rename(folder)
            except OSError:
                _checked(folder, sha256)  # another process was faster
        return folder

    def forget(self, version: RegisteredVersion, cache: Path) -> None:
        """Delete a version's files for good, here and in `cache`; its number and figures stay. Done twice it does no harm."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        shutil.rmtree(cache / version.sha256, ignore_errors=True)
        with self._answering(f"deleting {version.model} version {version.version}"):
            kept = self._client.get_run(version.run).info.artifact_uri
            get_artifact_repository(kept, tracking_uri=self.url).delete_artifacts(MODEL)

    def probe(self) -> None:
        """Keep a small file in a run, fetch it, compare it, and delete the run; raises `RegistryError` if it differs."""
        content = os.urandom(64)
        with self._answering("keeping a probe"), tempfile.TemporaryDirectory() as temporary:
            run = self._client.create_run(self._experiment(PROBE), run_name=PROBE).info.run_id
            try:
                sent, back = Path(temporary) / "probe", Path(temporary) / "back"
                sent.write_bytes(content)
                back.mkdir()
                self._client.log_artifact(run, str(sent))
                arrived = Path(self._client.download_artifacts(run, sent.name, str(back)))
                if arrived.read_bytes() != content:
                    raise RegistryError(f"MLflow at {self.url} gives back another file than it was given")
            finally:
                self._client.delete_run(run)

    def _experiment(self, name: str) -> str:
        from mlflow.exceptions import MlflowException

        experiment = self._client.get_experiment_by_name(name)
        if experiment is None:
            try:
                return str(self._client.create_experiment(name))
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
                return self._experiment(name)  # another worker was faster
        return str(experiment.experiment_id)

    @contextmanager
    def _answering(self, what: str) -> Iterator[None]:
        """Turns what MLflow raises into our error, with what was being done and where."""
        from mlflow.exceptions import MlflowException

        try:
            yield
        except (MlflowException, OSError) as error:  # requests' errors are OSErrors
            raise RegistryError(f"MLflow at {self.url}, {what}: {str(error)[:300]}") from error


def _ours(version: ModelVersion) -> RegisteredVersion:
    return RegisteredVersion(
        version.name, int(version.version), version.run_id or "", version.tags.get(SHA256, "")
    )


def _checked(folder: Path, sha256: str) -> Path:
    if manifest.read(folder).sha256 != sha256:
        raise RegistryError(f"{folder}: its {manifest.NAME} is not the one that was registered ({sha256})")
    return folder


def _quoted(value: str) -> str:
    """`value` within MLflow's filter; raises `RegistryError` if it has a quote, which MLflow has no escape for."""
    if "'" in value:
        raise RegistryError(f"a name with a quote can't be registered: {value!r}")
    return value
