"""Against a real MLflow server: nothing here is worth testing against a stand-in."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest

from models.errors import RegistryError
from models.extractors import manifest
from models.registry import Alias, Ending, RegisteredVersion, Registry
from models.schema import Field, Schema

slow = pytest.mark.slow
SCHEMA = Schema((Field("total"),))


@pytest.fixture(scope="session")
def mlflow_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an MLflow server of one worker, with SQLite and plain files."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(
            sys.executable,
            "-m",
            "mlflow",
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--workers",
            "1",
        ),
        *(
            "--backend-store-uri",
            f"sqlite:///{folder}/mlflow.db",
            "--artifacts-destination",
            f"{folder}/artifacts",
        ),
    ]
    lean = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command, env=os.environ | lean, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while not answers(f"{url}/health"):
            assert server.poll() is None, (folder / "log").read_text()[-2000:]
            assert time.monotonic() < deadline, (folder / "log").read_text()[-2000:]
            time.sleep(0.2)
        yield url
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


@pytest.fixture
def registry(mlflow_url: str) -> Registry:
    return Registry(mlflow_url)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "trained"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"weights" * 1000)
    manifest.write(folder, "rules", SCHEMA, {})
    return folder


def publish(registry: Registry, model: str, run_key: str, folder: Path) -> RegisteredVersion:
    run = registry.start_run(run_key, experiment=model, params={"seed": 1}, tags={"snapshot": "abc"})
    sha256 = registry.log_model(run, folder)
    version = registry.register(model, run=run, run_key=run_key, sha256=sha256, tags={"schema": SCHEMA.hash})
    registry.end_run(run, Ending.FINISHED)
    return version


@slow
def test_a_model_comes_back_as_it_was_registered(registry, folder, tmp_path):
    version = publish(registry, "there-and-back", "run-1", folder)
    fetched = registry.fetch(version, version.sha256, tmp_path / "cache")
    assert (fetched / "model.onnx").read_bytes() == (folder / "model.onnx").read_bytes()
    assert manifest.read(fetched).sha256 == version.sha256 == manifest.read(folder).sha256
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == [version.sha256]


@slow
def test_a_retried_registration_gives_the_same_run_and_version(registry, folder):
    first = publish(registry, "retried", "run-1", folder)
    assert publish(registry, "retried", "run-1", folder) == first
    second = publish(registry, "retried", "run-2", folder)
    assert second.version == first.version + 1
    assert registry.versions("retried") == [second, first]


@slow
def test_an_alias_names_one_version_and_moves(registry, folder):
    first, second = (publish(registry, "aliased", key, folder) for key in ("run-1", "run-2"))
    assert registry.aliased("aliased", Alias.CHAMPION) is None
    registry.point(Alias.CHAMPION, first)
    registry.point(Alias.CHALLENGER, second)
    registry.point(Alias.CHAMPION, second)
    registry.unpoint(Alias.CHALLENGER, "aliased")
    registry.unpoint(Alias.CHALLENGER, "aliased")
    assert registry.aliased("aliased", Alias.CHAMPION) == second
    assert registry.aliased("aliased", Alias.CHALLENGER) is None
    assert registry.aliased("never-made", Alias.CHAMPION) is None
    assert registry.versions("never-made") == []


@slow
def test_a_run_keeps_its_parameters_and_curves(registry):
    run = registry.start_run("curves", experiment="curves", params={"seed": 7}, tags={"type": "receipt"})
    for epoch, loss in enumerate([0.9, 0.5, 0.3], start=1):
        registry.log_figures(run, {"loss": loss}, step=epoch)
    registry.log_figures(run, {"gold/total/f1": 0.75})
    registry.end_run(run, Ending.STOPPED)
    stored = registry._client.get_run(run)
    assert stored.data.params == {"seed": "7"}
    assert stored.data.tags["type"] == "receipt"
    assert stored.info.status == "KILLED"
    assert stored.data.metrics["gold/total/f1"] == 0.75
    assert [(point.step, point.value) for point in registry._client.get_metric_history(run, "loss")] == [
        (1, 0.9),
        (2, 0.5),
        (3, 0.3),
    ]


@slow
def test_a_model_that_was_swapped_in_mlflow_is_refused(registry, folder, tmp_path):
    version = publish(registry, "swapped", "run-1", folder)
    (folder / "model.onnx").write_bytes(b"evil")
    manifest.write(folder, "rules", SCHEMA, {})
    registry.log_model(version.run, folder)
    with pytest.raises(RegistryError, match="not the one that was registered"):
        registry.fetch(version, version.sha256, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@slow
def test_a_spoilt_cache_is_fetched_again(registry, folder, tmp_path):
    version = publish(registry, "spoilt", "run-1", folder)
    fetched = registry.fetch(version, version.sha256, tmp_path / "cache")
    (fetched / "model.onnx").write_bytes(b"half")
    again = registry.fetch(version, version.sha256, tmp_path / "cache")
    assert again == fetched
    assert manifest.read(again).sha256 == version.sha256


@slow
def test_a_half_written_folder_is_not_uploaded(registry, folder):
    run = registry.start_run("half", experiment="half", params={}, tags={})
    (folder / "model.onnx").unlink()
    with pytest.raises(RegistryError, match="lacks model.onnx"):
        registry.log_model(run, folder)


@slow
def test_a_server_that_does_not_answer_is_named_in_the_error():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(RegistryError, match=url):
            Registry(url).versions("receipt")


@slow
def test_models_may_not_bring_code_along(registry):
    from mlflow.environment_variables import MLFLOW_ALLOW_PICKLE_DESERIALIZATION
    from mlflow.telemetry.utils import is_telemetry_disabled

    assert MLFLOW_ALLOW_PICKLE_DESERIALIZATION.get() is False
    assert os.environ["MLFLOW_ALLOW_MODEL_CODE_EXECUTION"] == "false"
    assert is_telemetry_disabled()


@slow
def test_a_probe_leaves_no_run_behind(registry):
    registry.probe()
    registry.probe()
    client = registry._client
    experiment = client.get_experiment_by_name("doctor")
    assert client.search_runs([experiment.experiment_id]) == []


@slow
def test_a_probe_that_comes_back_otherwise_is_told_of(registry, monkeypatch, tmp_path):
    (tmp_path / "probe").write_bytes(b"another")
    monkeypatch.setattr(registry._client, "download_artifacts", lambda *_: str(tmp_path / "probe"))
    with pytest.raises(RegistryError, match="another file"):
        registry.probe()
