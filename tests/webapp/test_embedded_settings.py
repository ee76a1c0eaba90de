"""The generated settings, the broker that obeys them, and the files that document settings."""

from __future__ import annotations

import ipaddress
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import yaml
from dotenv import dotenv_values

from webapp.config import CHECKOUT, Config
from webapp.embedded import generated, labelling_service, postgres, valkey

pytestmark = pytest.mark.slow  # starts processes

LABEL_STUDIO_IO = "label_studio/core/utils/io.py"


def written(data: Path, **given: object) -> dict[str, str]:
    """What `embedded.env` says after a start with these settings."""
    old = {k.removeprefix("DOCLOOP_").lower(): v for k, v in dotenv_values(data / generated.FILE).items()}
    generated.write(
        Config(**{"data": data, **{k: v for k, v in old.items() if k == "embedded_secret"}, **given})
    )
    return {name: value or "" for name, value in dotenv_values(data / generated.FILE).items()}


def test_secrets_stay_from_start_to_start_while_addresses_follow_the_ports(tmp_path: Path) -> None:
    first = written(tmp_path, port=9001)
    second = written(tmp_path, port=9002)

    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"DOCLOOP_URL", "DOCLOOP_INTERNAL_URL"}
    assert second["DOCLOOP_URL"] == "http://127.0.0.1:9002"


def test_the_file_is_ours_alone_has_known_names_and_long_secrets(tmp_path: Path) -> None:
    values = written(tmp_path)

    assert (tmp_path / generated.FILE).stat().st_mode & 0o777 == 0o600
    assert {name.removeprefix("DOCLOOP_").lower() for name in values} <= set(Config.model_fields)
    for name in ("SECRET_KEY", "WEBHOOK_SECRET", "SIGN_IN_SECRET", "LABEL_STUDIO_TOKEN", "EMBEDDED_SECRET"):
        assert len(values[f"DOCLOOP_{name}"]) >= 40
    assert len(values["DOCLOOP_LABEL_STUDIO_TOKEN"]) == 40  # Label Studio's column has no room for more


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = written(tmp_path / "a"), written(tmp_path / "b")

    assert all(one[name] != other[name] for name in one if "SECRET" in name or "TOKEN" in name)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[tuple[int, str, Path]]:
    port = postgres.free_port()
    yield port, "a-password", tmp_path / "valkey"


def run_broker(port: int, password: str, folder: Path) -> subprocess.Popen[bytes]:
    valkey.prepare(folder, port, password)
    process = subprocess.Popen(valkey.command(folder), stdout=subprocess.DEVNULL)
    while not valkey.is_ready(port, password):
        assert process.poll() is None
    return process


def test_the_broker_keeps_what_it_was_given_through_a_kill_and_wants_its_password(
    broker: tuple[int, str, Path],
) -> None:
    port, password, folder = broker
    process = run_broker(port, password, folder)
    client = redis.Redis(port=port, password=password)
    client.lpush("light", "a job")
    client.execute_command("WAITAOF", 1, 0, 5000)  # until it is on disk
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=port).ping()
    process.kill()
    process.wait()

    process = run_broker(port, password, folder)
    try:
        assert redis.Redis(port=port, password=password).lrange("light", 0, -1) == [b"a job"]
    finally:
        process.terminate()
        process.wait()


def test_every_setting_is_in_env_example_and_nothing_else() -> None:
    text = (CHECKOUT / ".env.example").read_text()
    named = set(re.findall(r"^#DOCLOOP_([A-Z_]+)=", text, re.MULTILINE))

    assert named == {name.upper() for name in Config.model_fields}


def label_studios_own_list() -> set[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    found = list((CHECKOUT / ".venv-label-studio").glob(f"lib/*/site-packages/{LABEL_STUDIO_IO}"))
    if not found:
        pytest.skip("Label Studio is not installed here: `make install` does it")
    source = found[0].read_text()
    start = source.index("default_banned_subnets = [")
    return {
        ipaddress.ip_network(each)
        for each in re.findall(r"'([^']+)'", source[start : source.index("]", start)])
    }


def test_label_studio_may_call_loopback_and_no_other_private_network() -> None:
    forbidden = {ipaddress.ip_network(each) for each in labelling_service.FORBIDDEN_NETWORKS}

    assert label_studios_own_list() - forbidden == {ipaddress.ip_network("127.0.0.0/8")}


def compose() -> dict[str, dict[str, dict[str, object]]]:
    return yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())


def test_in_production_label_studio_may_call_the_hooks_network_and_no_other_private_one() -> None:
    file = compose()
    environment = file["services"]["label-studio"]["environment"]
    assert isinstance(environment, dict)
    forbidden = [
        ipaddress.ip_network(each)
        for each in environment["LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS"].split(",")
    ]
    hooks = ipaddress.ip_network(file["networks"]["hooks"]["ipam"]["config"][0]["subnet"])  # type: ignore[index]

    assert not any(each.overlaps(hooks) for each in forbidden if each.version == 4)
    missing = {each for each in label_studios_own_list() if each not in forbidden}
    assert len(missing) == 1  # the one around `hooks`, which is there in pieces
    whole = missing.pop()
    pieces = [each for each in forbidden if each.version == 4 and each.subnet_of(whole)]
    assert sum(each.num_addresses for each in pieces) == whole.num_addresses - hooks.num_addresses


def test_production_has_no_default_password_and_every_service_a_health_check() -> None:
    text = (CHECKOUT / "docker-compose.yml").read_text()
    asked = re.findall(r"\$\{([A-Z_]+)(:\?[^}]+)?\}", text)

    assert all(message for _, message in asked)
    named = set(
        re.findall(r"^([A-Z_]+)=$", (CHECKOUT / "docker/production.env.example").read_text(), re.MULTILINE)
    )
    assert {name for name, _ in asked} == named
    assert all("healthcheck" in service for service in compose()["services"].values())
