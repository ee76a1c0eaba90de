"""Django's settings for tests: the real ones, on a PostgreSQL of their own, without secrets from any file."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# a folder of its own, so that no test ever sees a real installation
FOLDER = Path(tempfile.mkdtemp(prefix="docloop-tests-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
for name in [name for name in os.environ if name.startswith("DOCLOOP_")]:
    if name not in {"DOCLOOP_REAL_DOCUMENTS", "DOCLOOP_TEST_RABBITMQ"}:
        del os.environ[name]
os.environ["DOCLOOP_DATA"] = str(FOLDER)

from webapp.embedded import postgres  # noqa: E402

os.environ["DOCLOOP_DATABASE_URL"] = postgres.start(FOLDER / "postgres")
atexit.register(postgres.stop, FOLDER / "postgres")
os.environ["DOCLOOP_SECRET_KEY"] = "only-for-tests-and-long-enough-to-sign-with-0123456789"
os.environ["DOCLOOP_WEBHOOK_SECRET"] = "only-for-tests-webhook-secret-0123456789"
os.environ["DOCLOOP_LABEL_STUDIO_TOKEN"] = "only-for-tests-token"
os.environ["DOCLOOP_BROKER_URL"] = "memory://"

from webapp.settings import *  # noqa: E402, F403

# Django's test client signs in without a request; tests/webapp/test_sign_in.py switches it on
AXES_ENABLED = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
