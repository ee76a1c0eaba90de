"""The web process stays light: it never loads what only workers need."""

import os
import subprocess
import sys

from django.conf import settings

HEAVY = {
    "torch",
    "transformers",
    "onnxruntime",
    "sklearn",
    "cv2",
    "modAL",
    "mlflow",
    "label_studio_sdk",
    "botocore",
}


def test_the_web_process_imports_nothing_that_only_workers_need():
    """With every address, as a server has after its first request."""
    script = (
        "import webapp.wsgi, sys; from django.urls import get_resolver; get_resolver().url_patterns; "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    secrets = {
        "DOCLOOP_SECRET_KEY": settings.SECRET_KEY,
        "DOCLOOP_DATABASE_URL": settings.CONFIG.database_url,
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | secrets | {"DJANGO_SETTINGS_MODULE": "webapp.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "django" in done.stdout.split()
    assert not HEAVY & set(done.stdout.split())
