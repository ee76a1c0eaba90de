"""`make up` from outside: the whole installation as a child process, without the demo's documents."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import httpx
import psutil
import pytest

from webapp.config import CHECKOUT
from webapp.embedded import orphans
from webapp.embedded.running import Installation

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Started once for all tests here."""
    installation = Installation(tmp_path_factory.mktemp("installation") / "data")
    installation.start()
    yield installation
    installation.stop()


def sign_in(url: str, name: str, fields: dict[str, str], page: str) -> httpx.Client:
    """A browser that has sent a sign-in form with the token that the form came with."""
    browser = httpx.Client(base_url=url, follow_redirects=True, timeout=30)
    form = browser.get(page)
    token = form.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    answer = browser.post(
        page, data=fields | {"csrfmiddlewaretoken": token}, headers={"Referer": f"{url}{page}"}
    )
    assert answer.is_success, f"{name} could not sign in: {answer.status_code}"
    return browser


def test_every_service_answers_where_the_settings_say(installation: Installation) -> None:
    assert httpx.get(f"{installation.setting('url')}/sign-in/").status_code == 200
    assert httpx.get(f"{installation.setting('mlflow_url')}/health").text == "OK"
    token = {"Authorization": f"Token {installation.setting('label_studio_token')}"}
    answer = httpx.get(f"{installation.setting('label_studio_url')}/api/projects/", headers=token)
    assert answer.json()["count"] == 0


def test_the_first_people_sign_in_to_docloop_and_to_label_studio(installation: Installation) -> None:
    people = installation.sign_ins()
    assert [email.split("@")[0] for email in people] == [
        "admin",
        "lead",
        "operator",
        "annotator1",
        "annotator2",
    ]
    for email, password in people.items():
        fields = {"username": email, "password": password}
        docloop = sign_in(installation.setting("url"), email, fields, "/sign-in/")
        assert "/sign-in/" not in str(docloop.get("/").url)
        fields = {"email": email, "password": password}
        labelling = sign_in(installation.setting("label_studio_url"), email, fields, "/user/login/")
        assert labelling.get("/api/current-user/whoami").json()["email"] == email


def test_what_docloop_signs_opens_label_studio(installation: Installation) -> None:
    script = (
        "from annotation import label_studio_people as way; assert way.takes_links(); "
        "print(way.sign_in_token('new@docloop.example', '/projects/', ['http://docloop.example']))"
    )
    token = installation.manage("shell", "--verbosity", "0", "-c", script).split()[-1]
    browser = httpx.Client(base_url=installation.setting("label_studio_url"), timeout=30)
    come_in = browser.post(
        "/docloop/sign-in/", data={"token": token}, headers={"Origin": "http://docloop.example"}
    )
    assert come_in.status_code == 303
    assert browser.get("/api/current-user/whoami").json()["email"] == "new@docloop.example"


def test_secrets_are_in_files_of_ours_alone_and_on_no_command_line(installation: Installation) -> None:
    for name in ("embedded.env", "credentials.txt"):
        assert stat.S_IMODE((installation.data / name).stat().st_mode) == 0o600
    secrets = [
        installation.setting(name)
        for name in (
            "embedded_secret",
            "secret_key",
            "label_studio_token",
            "sign_in_secret",
            "webhook_secret",
        )
    ]
    secrets += [
        installation.setting("database_url").split(":")[2].split("@")[0],
        *installation.sign_ins().values(),
    ]
    lines = [" ".join(process.cmdline()) for process in orphans.find(installation.data)]
    assert len(lines) > 8
    assert not [line for line in lines if any(secret in line for secret in secrets)]


def test_workers_give_way_to_the_pages_that_people_wait_for(installation: Installation) -> None:
    niceness = {" ".join(each.cmdline()): each.nice() for each in orphans.find(installation.data)}

    def of(words: str) -> int:
        return max(nice for line, nice in niceness.items() if words in line)

    pages = max(of("gunicorn"), of("label-studio"))
    assert pages == 0 < of("--queues light") < of("--queues reading") < of("--queues training")


def test_another_shell_runs_commands_on_the_running_installation(installation: Installation) -> None:
    assert installation.manage("accounts") == ""  # nothing is missing, so nothing is changed
    assert installation.manage("check").startswith("System check identified no issues")


def test_a_second_start_on_the_same_folder_is_refused_in_one_line(installation: Installation) -> None:
    second = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=CHECKOUT,
        env=installation.environment,
        capture_output=True,
        text=True,
    )

    assert second.returncode == 1
    assert "Docloop is running already on" in second.stdout
    assert len(second.stdout.splitlines()) == 1


def test_what_was_there_is_there_after_a_stop_and_after_a_kill(installation: Installation) -> None:
    before = installation.sign_ins()
    url = f"{installation.setting('mlflow_url')}/api/2.0/mlflow/experiments/"
    httpx.post(f"{url}create", json={"name": "kept"}).raise_for_status()

    installation.stop()
    assert orphans.find(installation.data) == []
    assert installation.start() < 45

    installation.kill()
    installation.start()

    assert installation.sign_ins() == before
    assert httpx.get(f"{url}get-by-name", params={"experiment_name": "kept"}).is_success
    sign_in(
        installation.setting("url"),
        "lead",
        {"username": "lead@docloop.example", "password": before["lead@docloop.example"]},
        "/sign-in/",
    )


def test_at_rest_it_takes_less_than_five_gigabytes(installation: Installation) -> None:
    found = orphans.find(installation.data)
    processes = {each.pid: each for process in found for each in [process, *process.children(recursive=True)]}
    memory = 0
    for process in processes.values():
        with suppress(psutil.Error):  # gone since
            memory += process.memory_full_info().pss

    assert 0.3e9 < memory < 5e9
