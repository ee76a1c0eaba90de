"""Label Studio in its own environment: how it is started, and how people get accounts in it.

What the loop does with Label Studio is in `annotation.label_studio`; this is about running it.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from webapp.config import CHECKOUT

SERVICE_ACCOUNT = "service@docloop.example"

# Label Studio's own list (core/utils/io.py of 1.23.2) of networks that webhooks may not reach, less 127.0.0.0/8,
# where Docloop listens. Switching its protection off would open every private network.
FORBIDDEN_NETWORKS = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
    "233.252.0.0/24", "240.0.0.0/4", "255.255.255.255/32", "::/128", "::1/128", "::ffff:0:0/96", "::ffff:0:0:0/96",
    "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001:0000::/32", "2001:20::/28", "2001:db8::/32", "2002::/16",
    "fc00::/7", "fe80::/10", "ff00::/8",
]  # fmt: skip


# what we add to Label Studio, and run it by: read by its Python, never by ours
ADDITIONS = CHECKOUT / "webapp" / "embedded" / "label_studio"


def command(host: str, port: int) -> list[str]:
    """The command that migrates its database, makes the service account and serves, in the foreground."""
    python = CHECKOUT / ".venv-label-studio" / "bin" / "python"
    return [str(python), str(ADDITIONS / "docloop_serve.py"), host, str(port)]


def environment(
    data: Path,
    store: Path,
    database_url: str,
    token: str,
    password: str,
    hosts: list[str],
    sign_in_secret: str = "",
) -> dict[str, str]:
    """Its whole environment, from nothing: it reads every setting without its prefix too, so ours would leak in.

    `data` is its own folder; `store` the folder of which it serves the sub-folders that a project names; `hosts`
    the host names it answers to. With `sign_in_secret`, people may come in by a link from Docloop; without, Label Studio
    runs with its own settings alone.
    """
    database = urlsplit(database_url)
    settings = {"DJANGO_SETTINGS_MODULE": "docloop_settings", "DOCLOOP_SIGN_IN_SECRET": sign_in_secret}
    return (settings if sign_in_secret else {}) | {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(data),
        "LANG": "C.UTF-8",
        "LOG_LEVEL": "WARNING",
        "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "LABEL_STUDIO_ALLOWED_HOSTS": ",".join(hosts),
        "LABEL_STUDIO_CORS_ALLOW_ALL_ORIGINS": "false",
        # its database
        "DJANGO_DB": "default",
        "POSTGRE_HOST": database.hostname or "",
        "POSTGRE_PORT": str(database.port),
        "POSTGRE_USER": database.username or "",
        "POSTGRE_PASSWORD": database.password or "",
        "POSTGRE_NAME": database.path.strip("/"),
        # indexes for searching in annotations' text; the wheel's PostgreSQL has not the extensions they need
        "SKIP_TRIGRAM_EXTENSION": "full",
        "SKIP_BTREE_GIN_EXTENSION": "full",
        # the service account; the token is taken at the very first start only
        "LABEL_STUDIO_USERNAME": SERVICE_ACCOUNT,
        "LABEL_STUDIO_PASSWORD": password,
        "LABEL_STUDIO_USER_TOKEN": token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        # page images come from Docloop; this is for tasks that it got before they had keys (`annotation.task_pages`)
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(store),
        # webhooks to Docloop
        "LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS": "false",
        "LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS": ",".join(FORBIDDEN_NETWORKS),
        "LABEL_STUDIO_WEBHOOK_TIMEOUT": "3",
        # a drawn box waits for its text; by default for 100 s, which keeps one of its threads
        "LABEL_STUDIO_ML_TIMEOUT_PREDICT": "5",
        "LABEL_STUDIO_TASK_LOCK_TTL": "1800",  # its default, a day, hides a task that somebody left open
        # lets the queue see what people have open, and leave it alone
        "LABEL_STUDIO_DATA_MANAGER_FILTER_ALLOWLIST": "locks__expire_at",
        "fflag_feat_utc_210_prediction_validation_15082025": "true",
        # it reports to its makers by default
        "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
        "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
    }


def people(url: str, token: str) -> set[str]:
    """The e-mail addresses that have an account, in small letters; raises httpx's errors."""
    answer = httpx.get(f"{url}/api/users/", headers={"Authorization": f"Token {token}"}, timeout=30)
    answer.raise_for_status()
    return {user["email"].lower() for user in answer.json()}


def add_person(url: str, token: str, email: str, password: str) -> None:
    """Sign a person up by an invitation, as a browser would: the API makes accounts, but none that can sign in."""
    with httpx.Client(base_url=url, follow_redirects=True, timeout=30) as browser:
        invitation = browser.get("/api/invite", headers={"Authorization": f"Token {token}"})
        invitation.raise_for_status()
        browser.cookies.clear()
        form = browser.get(invitation.json()["invite_url"])
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
        answers = {
            "email": email,
            "password": password,
            "csrfmiddlewaretoken": found.group(1) if found else "",
            "allow_newsletters": "false",
        }
        browser.post(str(form.url), data=answers, headers={"Referer": str(form.url)})
    if email.lower() not in people(url, token):
        raise RuntimeError(f"Label Studio did not make an account for {email}: see its log")
