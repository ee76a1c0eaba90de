"""Our settings module, read by Label Studio's own Python: it adds the sign-in, or steps aside and says so."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from webapp.config import CHECKOUT
from webapp.embedded import labelling_service

pytestmark = pytest.mark.slow  # Label Studio's settings take seconds to import

SECRET = "s" * 32
ADDED = ("INSTALLED_APPS", "ROOT_URLCONF", "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "MIDDLEWARE")
SCRIPT = f"""
import json, sys
import label_studio
label_studio.__version__ = sys.argv[1]
sys.path.insert(0, label_studio.__path__[0])
from django.conf import settings, global_settings
value = lambda name: getattr(settings, name, getattr(global_settings, name, None))
print(json.dumps({{name: value(name) for name in {ADDED}}}))
"""


def settings_of(folder: Path, version: str = "1.23.2", **more: str) -> tuple[dict[str, object], str]:
    """What Label Studio's process has in its settings, and what it says in its log."""
    environment = labelling_service.environment(
        folder, folder, "postgresql://nobody:nothing@127.0.0.1:1/none", "f" * 40, "password", hosts=[]
    )
    environment |= {"PYTHONPATH": str(labelling_service.ADDITIONS)} | more
    done = subprocess.run(
        [CHECKOUT / ".venv-label-studio" / "bin" / "python", "-c", SCRIPT, version],
        env=environment, cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


@pytest.fixture(scope="module")
def its_own(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Label Studio's settings without us."""
    module = "label_studio.core.settings.label_studio"
    return settings_of(tmp_path_factory.mktemp("its-own"), DJANGO_SETTINGS_MODULE=module)[0]


def test_everything_of_label_studio_stays_and_ours_is_added(its_own, tmp_path):
    ours, _ = settings_of(tmp_path, DJANGO_SETTINGS_MODULE="docloop_settings", DOCLOOP_SIGN_IN_SECRET=SECRET)
    assert ours["INSTALLED_APPS"] == [*its_own["INSTALLED_APPS"], "docloop_sign_in"]
    assert ours["MIDDLEWARE"][: len(its_own["MIDDLEWARE"])] == its_own["MIDDLEWARE"]
    assert ours["ROOT_URLCONF"] == "docloop_sign_in.urls"
    assert its_own["SESSION_COOKIE_NAME"] == "sessionid"
    assert {ours["SESSION_COOKIE_NAME"], ours["CSRF_COOKIE_NAME"]} == {
        "label_studio_session",
        "label_studio_csrf",
    }


@pytest.mark.parametrize(
    ("version", "environment", "said"),
    [
        ("1.24.0", {"DOCLOOP_SIGN_IN_SECRET": SECRET}, "made for Label Studio 1.23.2, and this is 1.24.0"),
        ("1.23.2", {"DOCLOOP_SIGN_IN_SECRET": "short"}, "fewer than 32 characters"),
        ("1.23.2", {"DOCLOOP_SIGN_IN_SECRET": SECRET, "DOCLOOP_LABEL_STUDIO_SIGN_IN": "own"}, "SIGN_IN=own"),
    ],
)
def test_where_it_does_not_fit_label_studio_runs_as_it_is_and_says_why(
    its_own, tmp_path, version, environment, said
):
    ours, log = settings_of(tmp_path, version, DJANGO_SETTINGS_MODULE="docloop_settings", **environment)
    assert ours == its_own
    assert said in log and "people sign in to Label Studio with a password" in log
    assert SECRET not in log
