"""The settings of a server, as its processes meet them: each is started with an environment of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[2]
GOOD = "3f1b7c0a9d5e4428" * 4
BAD = {
    "missing": "",
    "short": GOOD[:49],
    "always the same": "0123" * 20,
    "Django's own": "django-insecure-" + GOOD,
}
CELERY = [sys.executable, "-m", "celery", "-A", "webapp.celery"]
# an application that somebody serves by Django's own function, without any module of ours
ASGI = "import django.core.asgi as asgi; asgi.get_asgi_application(); print('served')"
WSGI = "import webapp.wsgi; print('served')"
SERVERS = {
    "gunicorn": [sys.executable, "-m", "gunicorn", "webapp.wsgi", "--bind", "127.0.0.1:0", "--check-config"],
    "asgi": [sys.executable, "-c", ASGI],
    "wsgi": [sys.executable, "-c", WSGI],
    "runserver": [sys.executable, "manage.py", "runserver", "--noreload", "--nothreading", "127.0.0.1:0"],
    "worker": [*CELERY, "worker", "--queues", "reading", "--pool", "solo"],
    # where its schedule is it writes, and what is no schedule it takes away: even a device, for root
    "beat": [*CELERY, "beat", "--pidfile=", "--schedule", "FOLDER/schedule"],
}


def start(command, tmp_path, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOCLOOP_")}
    given = {
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "DOCLOOP_DATA": str(tmp_path),
        "DOCLOOP_BROKER_URL": "memory://",
        "DOCLOOP_DATABASE_URL": os.environ["DOCLOOP_DATABASE_URL"],
    }
    return subprocess.run(
        [each.replace("FOLDER", str(tmp_path)) for each in command],
        cwd=CHECKOUT,
        env=kept | given | environment,
        capture_output=True,
        text=True,
        timeout=100,
    )


def production(tmp_path, command, **more):
    return start(
        command,
        tmp_path,
        **{
            "DOCLOOP_HTTPS": "true",
            "DOCLOOP_URL": "https://docloop.example.com",
            "DOCLOOP_ALLOWED_HOSTS": "docloop.example.com",
            "DOCLOOP_SECRET_KEY": GOOD,
        }
        | more,
    )


@pytest.mark.parametrize("server", SERVERS)
def test_no_server_starts_without_a_secret_key(server, tmp_path):
    done = start(SERVERS[server], tmp_path, DOCLOOP_SECRET_KEY="")
    assert done.returncode != 0
    assert "DOCLOOP_SECRET_KEY is missing, shorter than 50 characters" in done.stdout + done.stderr
    assert "served" not in done.stdout


@pytest.mark.parametrize("why", BAD)
def test_nor_with_a_weak_one_and_it_is_not_told(why, tmp_path):
    done = start(SERVERS["wsgi"], tmp_path, DOCLOOP_SECRET_KEY=BAD[why])
    assert done.returncode != 0 and "served" not in done.stdout
    assert "openssl rand -hex 32" in done.stderr
    assert not BAD[why] or BAD[why] not in done.stderr


def test_with_a_good_one_they_start(tmp_path):
    for server in ("wsgi", "asgi"):
        assert start(SERVERS[server], tmp_path, DOCLOOP_SECRET_KEY=GOOD).stdout == "served\n"


def test_commands_that_need_no_secret_run_on_a_fresh_checkout(tmp_path):
    for command in ("check", "makemigrations --check --dry-run", "help"):
        done = start([sys.executable, "manage.py", *command.split()], tmp_path)
        assert done.returncode == 0, done.stderr


def test_the_deployment_check_finds_nothing(tmp_path):
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = production(tmp_path, command)
    assert done.returncode == 0, done.stderr
    assert production(tmp_path, command, DOCLOOP_SECRET_KEY=BAD["short"]).returncode != 0


def test_behind_https_cookies_are_this_hosts_alone(tmp_path):
    names = ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"]
    told = (
        f"import json; from webapp import settings as s; print(json.dumps([getattr(s, n) for n in {names}]))"
    )
    done = production(tmp_path, [sys.executable, "-c", told])
    assert json.loads(done.stdout) == ["__Host-docloop_session", "__Host-docloop_csrf", True, True]
    assert settings.SESSION_COOKIE_NAME == "docloop_session"  # without HTTPS browsers would refuse the prefix
