"""`embedded.env` in the data folder: the secrets that `make up` generated once, and the addresses it chose."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from webapp.config import Config
from webapp.embedded import postgres

FILE = "embedded.env"
HEAD = "# Written by `make up` at every start. The secrets stay; the addresses follow the ports in .env.\n"


def password(config: Config, name: str, length: int = 40) -> str:
    """The password of one service or role, derived from the one secret, so that it is never stored anew."""
    root = config.embedded_secret.get_secret_value()
    return hmac.new(root.encode(), name.encode(), hashlib.sha256).hexdigest()[:length]


def write(config: Config) -> None:
    """Write the file for these settings: what is secret is kept if it was there, else made; readable by us alone."""
    secret = config.embedded_secret.get_secret_value() or secrets.token_hex(32)
    config = config.model_copy(update={"embedded_secret": type(config.embedded_secret)(secret)})
    values = {
        "EMBEDDED_SECRET": secret,
        "SECRET_KEY": password(config, "secret key", 64),
        "WEBHOOK_SECRET": password(config, "webhook", 64),
        "SIGN_IN_SECRET": password(config, "label studio sign-in", 64),
        "LABEL_STUDIO_TOKEN": password(config, "label studio token"),
        "DATABASE_URL": postgres.database_url(
            "docloop", password(config, "docloop"), config.postgres_port, "docloop"
        ),
        "BROKER_URL": f"redis://:{password(config, 'valkey')}@127.0.0.1:{config.valkey_port}/0",
        "URL": f"http://{browser_host(config)}:{config.port}",
        "INTERNAL_URL": f"http://127.0.0.1:{config.port}",
        "ALLOWED_HOSTS": ",".join(dict.fromkeys(["127.0.0.1", "localhost", browser_host(config)])),
        "LABEL_STUDIO_URL": f"http://127.0.0.1:{config.label_studio_port}",
        "LABEL_STUDIO_PUBLIC_URL": f"http://{browser_host(config)}:{config.label_studio_port}",
        "MLFLOW_URL": f"http://127.0.0.1:{config.mlflow_port}",
        "MLFLOW_PUBLIC_URL": f"http://127.0.0.1:{config.mlflow_port}",
    }
    lines = HEAD + "".join(f"DOCLOOP_{name}={value}\n" for name, value in values.items())
    write_privately(config.data / FILE, lines)


def browser_host(config: Config) -> str:
    """The host name in the addresses that people open; every address (0.0.0.0) is none, so it becomes 127.0.0.1."""
    return "127.0.0.1" if config.host in {"0.0.0.0", "::", ""} else config.host  # noqa: S104  # compared, not listened on


def write_privately(path: Path, text: str) -> None:
    """Replace a file in one step with one that only we may read."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    unfinished.replace(path)
