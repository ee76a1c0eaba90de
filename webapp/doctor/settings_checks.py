"""What was set, and what is installed: no service is asked."""

from __future__ import annotations

import ipaddress
import os
import shutil
import stat
from collections.abc import Iterator
from importlib.metadata import version
from urllib.parse import urlsplit

from django.conf import settings

from annotation import webhooks
from models import landlock
from webapp import secret_key
from webapp.config import Config
from webapp.doctor.findings import Finding, failed, warning, well

SHORTEST_SECRET = 32
SHORTEST_TOKEN = 20  # of Label Studio's service account
LEAST_FREE = 0.1  # of the disk
# the first releases without a weakness that reaches us
FLOORS = {"Django": (5, 2, 14), "torch": (2, 10), "Pillow": (12, 2), "mlflow": (3, 9)}
NEW_SECRET = "openssl rand -hex 32"  # noqa: S105  # how to make one


def look(config: Config) -> Iterator[Finding]:
    """All of them, in the order in which they are shown."""
    yield secrets(config)
    yield debug(config)
    yield hosts(config)
    yield https(config)
    yield registry_address(config)
    yield data_folder(config)
    yield disk(config)
    yield versions()
    yield confinement()


def secrets(config: Config) -> Finding:
    """Every secret is there and long enough; none is told."""
    short = []
    if not secret_key.is_good(config):
        short.append(f"DOCLOOP_SECRET_KEY ({secret_key.SHORTEST} characters or more)")
    if not webhooks.roots():
        short.append(f"DOCLOOP_WEBHOOK_SECRET ({SHORTEST_SECRET} or more)")
    by_link = config.label_studio_sign_in == "link"
    if by_link and len(config.sign_in_secret.get_secret_value()) < SHORTEST_SECRET:
        short.append(f"DOCLOOP_SIGN_IN_SECRET ({SHORTEST_SECRET} or more)")
    if len(config.label_studio_token.get_secret_value()) < SHORTEST_TOKEN:
        short.append(f"DOCLOOP_LABEL_STUDIO_TOKEN ({SHORTEST_TOKEN} or more)")
    if short:
        return failed(
            "secrets",
            f"missing or too short: {', '.join(short)}",
            f"make each with `{NEW_SECRET}`, set it in the environment of every process, and restart them",
        )
    return well("secrets", "all are set, and long enough")


def debug(config: Config) -> Finding:
    if config.debug:
        return failed(
            "debug pages",
            "DOCLOOP_DEBUG is on: errors show settings and documents to whoever meets them",
            "remove DOCLOOP_DEBUG from .env and from the environment, and restart",
        )
    return well("debug pages", "off")


def hosts(config: Config) -> Finding:
    if any(host.strip() in {"*", "."} for host in config.allowed_hosts.split(",")):
        return failed(
            "host names",
            "DOCLOOP_ALLOWED_HOSTS lets any name in",
            f"set DOCLOOP_ALLOWED_HOSTS={urlsplit(config.url).hostname or 'the host name in DOCLOOP_URL'}",
        )
    return well("host names", config.allowed_hosts)


def https(config: Config) -> Finding:
    """Over a network, sign-ins and documents go encrypted; on one machine they needn't."""
    if config.https:
        return well("encryption", "behind HTTPS, with secure cookies")
    seen = [config.url, config.label_studio_public_url or config.label_studio_url]
    if all(is_loopback(urlsplit(url).hostname or "") for url in seen) and is_loopback(config.host):
        return well("encryption", "reached from this machine alone")
    return warning(
        "encryption",
        "people reach Docloop without HTTPS",
        "put a TLS proxy in front that sets X-Forwarded-Proto, and set DOCLOOP_HTTPS=true and an https:// DOCLOOP_URL",
    )


def registry_address(config: Config) -> Finding:
    """MLflow has no sign-in of its own: it must be out of everybody's reach."""
    host = urlsplit(config.mlflow_url).hostname or ""
    try:
        public = ipaddress.ip_address(host).is_global
    except ValueError:  # a name; one without a dot is a service of the same network
        public = "." in host and not host.endswith((".internal", ".local", ".localhost"))
    if public and not urlsplit(config.mlflow_url).password:
        return failed(
            "MLflow's address",
            f"{host} can be reached from outside, and MLflow lets everybody in",
            "have `mlflow server` listen on 127.0.0.1 or a private network, or start it with --app-name basic-auth "
            "and put user and password into DOCLOOP_MLFLOW_URL",
        )
    return well("MLflow's address", "not reachable from outside")


def data_folder(config: Config) -> Finding:
    """What holds passwords and documents is ours alone, and can be written."""
    folder = config.data
    if not folder.is_dir():
        return failed(
            "data folder", f"{folder} is not there", "create it, or set DOCLOOP_DATA to where it is"
        )
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        return failed(
            "data folder",
            f"others on this machine may look into {folder} (mode {mode:o})",
            f"chmod 700 {folder}",
        )
    if not os.access(folder, os.W_OK) or (settings.STORE.exists() and not os.access(settings.STORE, os.W_OK)):
        return failed(
            "data folder",
            f"{folder} or its store can't be written by this user",
            f"chown -R $(id -u) {folder}",
        )
    return well("data folder", f"{folder}, ours alone")


def disk(config: Config) -> Finding:
    usage = shutil.disk_usage(next(each for each in (config.data, *config.data.parents) if each.exists()))
    share = usage.free / usage.total
    said = f"{usage.free / 2**30:.0f} GB free ({share:.0%})"
    if share < LEAST_FREE:
        return warning(
            "disk",
            said,
            f"make room on the disk of {config.data}, or move the folder and set DOCLOOP_DATA",
        )
    return well("disk", said)


def versions() -> Finding:
    old = [
        f"{name} {version(name)} (at least {'.'.join(map(str, floor))})"
        for name, floor in FLOORS.items()
        if numbers(version(name)) < floor
    ]
    if old:
        return failed(
            "versions", f"with known weaknesses: {', '.join(old)}", "make install, then restart every process"
        )
    return well("versions", "none with a weakness that this release of Docloop knows of")


def confinement() -> Finding:
    """Uploads are opened in a limited child anyway; the kernel can shut it off from files and network as well."""
    if landlock.version() >= 1:
        return well("opening uploads", "in a child that the kernel shuts off from files and network")
    return warning(
        "opening uploads",
        "in a child limited in memory and time, but the kernel can't shut it off from files (no Landlock)",
        "run Docloop on Linux 5.13 or later with Landlock among its security modules (lsm=landlock,…)",
    )


def numbers(text: str) -> tuple[int, ...]:
    """`5.2.19+cpu` → (5, 2, 19)."""
    found: list[int] = []
    for part in text.split("+")[0].split("."):
        digits = "".join(char for char in part if char.isdecimal())
        if not digits:
            break
        found.append(int(digits))
    return tuple(found)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
