"""What every process is told: to run no code out of models, to ask no hub, and to tell nobody anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models import environment
from models.sandbox import CHECKOUT
from webapp.embedded import labelling_service, mlflow, programs

CODE_OFF = {"MLFLOW_ALLOW_MODEL_CODE_EXECUTION": "false", "TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1"}
NOBODY_TOLD = {"MLFLOW_DISABLE_TELEMETRY": "true", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "true"}
NO_HUB = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def test_a_process_of_ours_has_it_whatever_its_own_environment_says():
    """Any that has Django's settings: web, workers, beat, commands."""
    told = dict.fromkeys([*CODE_OFF, *NOBODY_TOLD, *NO_HUB], "no") | {"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
    code = "import os, json, webapp.settings; print(json.dumps(dict(os.environ)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env=os.environ | told, capture_output=True, check=True
    )
    for name, value in (CODE_OFF | NOBODY_TOLD | NO_HUB).items():
        assert f'"{name}": "{value}"'.encode() in done.stdout, name
    assert b"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD" not in done.stdout


def test_with_the_setting_a_hub_may_be_asked_and_nothing_else_changes():
    assert environment.safe(hub=False).items() >= (CODE_OFF | NOBODY_TOLD | NO_HUB).items()
    assert environment.safe(hub=True).items() >= (CODE_OFF | NOBODY_TOLD).items()
    assert not environment.safe(hub=True).keys() & NO_HUB.keys()


def test_services_that_are_started_have_it_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("MLFLOW_ALLOW_MODEL_CODE_EXECUTION", "true")
    assert programs.our_environment().items() >= (CODE_OFF | NOBODY_TOLD).items()
    server = mlflow.environment(tmp_path, 5000, "postgresql://somewhere/mlflow")
    assert server.items() >= (CODE_OFF | NOBODY_TOLD).items()
    database = "postgresql://a:b@127.0.0.1:5432/c"
    labelling = labelling_service.environment(
        tmp_path, tmp_path, database, "token", "password", ["127.0.0.1"]
    )
    assert labelling["SENTRY_DSN"] == labelling["FRONTEND_SENTRY_DSN"] == ""
    assert (
        labelling["LABEL_STUDIO_COLLECT_ANALYTICS"]
        == labelling["LABEL_STUDIO_LATEST_VERSION_CHECK"]
        == "false"
    )
