"""What an installation consists of, as far as it is Docloop's: databases, the store, folders, secrets.

With `make up` that is all of it, Label Studio's and MLflow's databases among it. On servers those two, MLflow's
artifacts and all secrets are kept by whoever runs them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from django.core.files.storage import Storage, default_storage
from django.db import connection
from pydantic import SecretStr

from webapp import settings as django_settings
from webapp.backup.archive import BackupError
from webapp.config import Config
from webapp.config import config as read_config
from webapp.embedded import generated, postgres, preflight, programs

DOCLOOP, LABEL_STUDIO = "docloop", "label_studio"  # names of databases
SECRETS = ("embedded_secret", "secret_key", "webhook_secret", "sign_in_secret", "label_studio_token")


@dataclass(frozen=True)
class Place:
    """Where an installation keeps what a backup is made of."""

    databases: Mapping[str, str]  # name → URL
    store: Storage  # uploaded files and page images
    folders: Mapping[str, Path]  # name in the backup → folder
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    seal: str = ""  # tells whether two installations have the same secret, and not what it is


def of(config: Config) -> Place:
    """The place that these settings describe."""
    databases, seal = {DOCLOOP: config.database_url}, ""
    folders = {"models": config.data / "models", "rehearsals": config.data / "rehearsals"}
    if is_embedded(config):
        databases = {
            name: postgres.database_url(name, generated.password(config, name), config.postgres_port, name)
            for name in programs.DATABASES
        }
        seal = generated.password(config, "backup", 16)
        folders["mlflow"] = config.data / "mlflow" / "artifacts"
    secrets = {name: getattr(config, name).get_secret_value() for name in SECRETS}
    known = {name: value for name, value in secrets.items() if value}
    return Place(databases, default_storage, folders, known, seal)


def is_embedded(config: Config) -> bool:
    """Whether `make up` runs the services of these settings, or would."""
    try:
        preflight.check_addresses()
    except preflight.NotPossible:
        return False
    return True


def with_secret(config: Config, secret: str) -> Config:
    """The settings of an installation that is not made yet, and shall have this secret."""
    if config.embedded_secret.get_secret_value():
        return config
    return config.model_copy(update={"embedded_secret": SecretStr(secret)})


@contextmanager
def at_rest(config: Config) -> Iterator[Config]:
    """The embedded installation stopped but for PostgreSQL, made with its secrets if there is none yet.

    Raises `BackupError` while `make up` runs.
    """
    try:
        preflight.check_folder(config.data)
        lock: TextIO = preflight.lock(config)
    except preflight.NotPossible as fault:
        raise BackupError(f"{fault}. Stop it first (Ctrl-C where `make up` runs)") from None
    try:
        generated.write(config)
        read_config.cache_clear()
        config = read_config()
        folder = config.data / "postgres"
        try:
            url = postgres.start(
                folder, config.postgres_port, generated.password(config, postgres.SUPERUSER), durable=True
            )
        except postgres.PostgresFailed as fault:
            raise BackupError(str(fault)) from None
        try:
            for name in programs.DATABASES:
                postgres.create_database(url, name, generated.password(config, name))
            yield config
        finally:
            postgres.stop(folder)
    finally:
        lock.close()


@contextmanager
def answering(config: Config) -> Iterator[Config]:
    """The embedded installation with its PostgreSQL running: as `make up` has it, or else at rest."""
    try:
        running = postgres.is_ready(config.database_url)
    except postgres.PostgresFailed as fault:
        raise BackupError(str(fault)) from None
    if running:
        yield config
    else:
        with at_rest(config) as config:
            yield config


@contextmanager
def connected(url: str) -> Iterator[None]:
    """Django's connection leads to the database at `url`, and back again afterwards."""
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(django_settings.database(url))
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)
