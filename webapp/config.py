"""The environment, typed: the only module that reads it.

Values come, the first one found winning, from real environment variables (`DOCLOOP_PORT=…`), from `.env` in the
checkout, and from `embedded.env` in the data folder, which `make up` writes with what it generated (secrets and
the addresses of the services it runs).
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent


class Config(BaseSettings):
    """All settings. Secrets don't show in `repr`; an unknown name in `.env` is refused."""

    model_config = SettingsConfigDict(env_prefix="DOCLOOP_", extra="forbid")

    # where things are
    data: Path = Field(CHECKOUT / ".docloop", description="Folder for everything Docloop keeps")
    host: str = Field("127.0.0.1", description="Address that the servers of `make up` listen on")
    port: int = Field(8000, ge=1, le=65535, description="Docloop's own pages and API")
    label_studio_port: int = Field(8080, ge=1, le=65535, description="Label Studio of `make up`")
    mlflow_port: int = Field(5000, ge=1, le=65535, description="MLflow's server of `make up`")
    postgres_port: int = Field(5433, ge=1, le=65535, description="PostgreSQL of `make up`")
    valkey_port: int = Field(6380, ge=1, le=65535, description="Valkey of `make up`")

    # addresses; `make up` fills these in for the services it starts
    url: str = Field("http://127.0.0.1:8000", description="How browsers and Label Studio reach Docloop")
    database_url: str = Field(
        "postgresql://docloop@127.0.0.1:5433/docloop",
        description="PostgreSQL: postgresql://user:password@host:port/name",
    )
    broker_url: str = Field(
        "redis://127.0.0.1:6380/0", description="Celery's broker (Valkey, Redis or RabbitMQ)"
    )
    label_studio_url: str = Field("http://127.0.0.1:8080", description="How Docloop reaches Label Studio")
    label_studio_public_url: str = Field("", description="How browsers reach Label Studio, if that differs")
    internal_url: str = Field(
        "", description="How Label Studio reaches Docloop, if that differs from the url"
    )
    mlflow_url: str = Field("http://127.0.0.1:5000", description="MLflow's tracking server")
    mlflow_public_url: str = Field("", description="How browsers reach MLflow, if that differs")

    # secrets
    secret_key: SecretStr = Field(SecretStr(""), description="Django's secret key")
    label_studio_token: SecretStr = Field(
        SecretStr(""), description="Legacy token of Label Studio's service account"
    )
    webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="What Label Studio sends is derived from it; 32 characters or more, or `new,old` to change it",
    )
    sign_in_secret: SecretStr = Field(
        SecretStr(""),
        description="Signs the way into Label Studio; 32 characters or more, and it has the same",
    )
    embedded_secret: SecretStr = Field(
        SecretStr(""), description="What `make up` derives the passwords of its own services from"
    )

    # behaviour
    demo: bool = Field(True, description="Whether `make up` loads the demo's types and documents")
    label_studio_sign_in: Literal["link", "own"] = Field(
        "link", description="How people come into Label Studio: by a link from here, or a password of its own"
    )
    debug: bool = Field(False, description="Django's debug pages; never in production")
    allowed_hosts: str = Field(
        "127.0.0.1,localhost", description="Host names Docloop answers to, with commas"
    )
    session_idle_minutes: int = Field(
        480, ge=5, le=10_080, description="A sign-in ends after so many minutes in which nobody did anything"
    )
    session_days: int = Field(7, ge=1, le=90, description="A sign-in ends after so many days in any case")
    https: bool = Field(False, description="Behind HTTPS: secure cookies, HSTS, redirect")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    ocr_engine: str = Field(
        "rapidocr", description="OCR for pages without a good text layer: rapidocr or doctr"
    )
    doctr_weights: Path | None = Field(None, description="Folder with docTR's weights; else its hub is asked")
    hub: bool = Field(
        False,
        description="Whether base models may be fetched from the Hugging Face hub, and docTR's from its own",
    )
    max_upload_mb: int = Field(50, ge=1, le=2000, description="Largest file that intake takes, in MB")
    max_pages: int = Field(100, ge=1, le=5000, description="Most pages a document may have")
    max_megapixels: int = Field(
        120, ge=1, le=1000, description="Most pixels an uploaded image may have, in millions a page"
    )
    user_files: int = Field(100_000, ge=1, description="Most files one person may bring")
    user_gb: float = Field(100, gt=0, description="Most that one person's files may take, in GB")
    min_free_gb: float = Field(
        1, ge=0, description="Room on the store's disk that is left alone: below it nothing is taken in"
    )
    clamd: str = Field(
        "", description="ClamAV's daemon, host:port or the path of its socket: it looks at every file"
    )
    source_roots: str = Field(
        "", description="Folders below which sources may look, with commas; empty: no folder is a source"
    )
    source_hosts: str = Field(
        "",
        description="Mail servers and storages that sources may call, with commas: imap.example.org, 10.0.0.5:9000",
    )
    source_secrets: Path | None = Field(
        None, description="Folder with a file for each password and secret key of sources"
    )
    source_seconds: int = Field(60, ge=5, description="How often sources are looked at")
    source_backlog: int = Field(
        500, ge=1, description="Sources take nothing while so many documents wait to be read"
    )
    sweep_seconds: int = Field(60, ge=5, description="How often Label Studio and the ledger are compared")
    light_workers: int = Field(
        2, ge=1, le=64, description="Processes each for short work, and for reading and extracting"
    )
    private_webhooks: bool = Field(
        False, description="Whether webhooks may go to this machine and to private networks"
    )
    training_threads: int = Field(
        0, ge=0, le=128, description="CPU threads a training may use; 0 takes all cores but one"
    )
    training_minutes: float = Field(
        60, gt=0, description="Longest a training may take; on a small machine it then learns fewer epochs"
    )

    @field_validator("clamd")
    @classmethod
    def _an_address(cls, clamd: str) -> str:
        if clamd and "/" not in clamd and not clamd.rpartition(":")[2].isdecimal():
            raise ValueError("host:port, or the path of a socket")
        return clamd

    @field_validator("data")
    @classmethod
    def _from_the_checkout(cls, data: Path) -> Path:
        """A relative folder is relative to the checkout, wherever a command is run."""
        return CHECKOUT / data.expanduser()


class WrongSettings(SystemExit):
    """A setting that is unknown or has a wrong value; the message names each, and never a value."""


def _stored() -> dict[str, str]:
    """What the two files say: the data folder's `embedded.env`, overridden by the checkout's `.env`."""
    own = dotenv_values(CHECKOUT / ".env")
    data = os.environ.get("DOCLOOP_DATA") or own.get("DOCLOOP_DATA") or CHECKOUT / ".docloop"
    merged = dotenv_values(CHECKOUT / Path(data).expanduser() / "embedded.env") | own
    return {
        name.removeprefix("DOCLOOP_").lower(): value
        for name, value in merged.items()
        if value is not None and name not in os.environ
    }


@lru_cache(maxsize=1)
def config() -> Config:
    """The settings of this process, read once; raises `WrongSettings`, which ends a program with its message."""
    try:
        return Config(**_stored())  # type: ignore[arg-type]  # pydantic turns the strings into what they are
    except ValidationError as error:
        faults = [
            f"DOCLOOP_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}" for fault in error.errors()
        ]
        raise WrongSettings("wrong settings in .env or the environment: " + "; ".join(faults)) from None
