"""What stops a start: each time one line that says what to do."""

from __future__ import annotations

import shutil
import socket
from collections import namedtuple
from pathlib import Path

import pytest

from webapp.config import Config
from webapp.embedded import preflight
from webapp.embedded.preflight import NotPossible
from webapp.embedded.running import free_ports


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    ports = dict(zip(preflight.PORTS, free_ports(len(preflight.PORTS)), strict=True))
    return Config(data=tmp_path / "data", **ports)


@pytest.fixture(autouse=True)
def no_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in preflight.OWN_ADDRESSES:
        monkeypatch.delenv(f"DOCLOOP_{name.upper()}", raising=False)


def test_a_fresh_folder_and_free_ports_are_fine_and_the_folder_is_private(settings: Config) -> None:
    preflight.check(settings)
    preflight.check_ports(settings)

    assert settings.data.stat().st_mode & 0o777 == 0o700


def test_a_taken_port_is_named_with_its_setting_and_who_holds_it(settings: Config) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.label_studio_port))
        other.listen()
        with pytest.raises(
            NotPossible, match=rf"port {settings.label_studio_port} is taken.*LABEL_STUDIO_PORT"
        ):
            preflight.check_ports(settings)


def test_two_settings_with_one_port_are_both_named(settings: Config) -> None:
    settings = settings.model_copy(update={"mlflow_port": settings.port})

    with pytest.raises(NotPossible, match=rf"DOCLOOP_PORT and DOCLOOP_MLFLOW_PORT are both {settings.port}"):
        preflight.check_ports(settings)


def test_a_host_that_is_not_ours_is_told(settings: Config) -> None:
    settings = settings.model_copy(update={"host": "192.0.2.1"})  # reserved for documentation

    with pytest.raises(NotPossible, match="192.0.2.1 is no address of this machine: change DOCLOOP_HOST"):
        preflight.check_ports(settings)


def test_a_full_disk_is_told_with_what_is_needed(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10 * 2**30, 9 * 2**30, 2**30))

    with pytest.raises(NotPossible, match=r"only 1\.0 GB of disk is free at .*, and Docloop needs 3"):
        preflight.check(settings)


def test_a_data_folder_that_cannot_be_written_is_told(settings: Config, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(NotPossible, match=r"the data folder .* can't be written .*DOCLOOP_DATA"):
        preflight.check(settings.model_copy(update={"data": tmp_path / "file" / "data"}))


def test_a_second_start_on_the_same_folder_says_where_the_first_one_is(settings: Config) -> None:
    preflight.check(settings)
    with (
        preflight.lock(settings),
        pytest.raises(NotPossible, match=rf"running already on .*http://127\.0\.0\.1:{settings.port}/"),
    ):
        preflight.lock(settings)

    preflight.lock(settings).close()


def test_an_address_of_a_service_that_make_up_runs_is_refused(
    settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCLOOP_BROKER_URL", "redis://elsewhere")

    with pytest.raises(
        NotPossible, match="DOCLOOP_BROKER_URL is set, but `make up` runs that service itself"
    ):
        preflight.check(settings)
