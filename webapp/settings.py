"""Django's settings, made from `webapp.config`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from models import environment
from webapp import broker, logs, wiring
from webapp.config import CHECKOUT, Config, config

CONFIG: Config = config()
environment.settle(hub=CONFIG.hub)

# without one, commands that need none run on a fresh checkout (check, makemigrations): Django refuses every use of an
# empty one, and servers don't start (webapp/secret_key.py)
SECRET_KEY = CONFIG.secret_key.get_secret_value()
DEBUG = CONFIG.debug
ALLOWED_HOSTS = [host.strip() for host in CONFIG.allowed_hosts.split(",") if host.strip()]
ROOT_URLCONF = "webapp.urls"
WSGI_APPLICATION = "webapp.wsgi.application"

INSTALLED_APPS = [
    "webapp",
    "learner",
    "annotation",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",  # wrong passwords are counted
    "ninja",  # the files of the API's documentation page
]
MIGRATION_MODULES = {
    "annotation": "migrations.annotation",
    "learner": "migrations.learner",
    "webapp": "migrations.webapp",
}

MIDDLEWARE = [
    "webapp.logs.traced",
    "webapp.secret_key.only_with_a_good_one",
    "webapp.headers.with_policy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "webapp.sessions.ending",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "webapp.time_zone.in_the_readers_time_zone",
    "axes.middleware.AxesMiddleware",
    "webapp.body_limit.bounded",
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: whoever is locked out is not asked for a password
    "django.contrib.auth.backends.ModelBackend",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "webapp.dashboard.navigation.navigation",
            ]
        },
    }
]


def database(url: str) -> dict[str, Any]:
    """Django's form of a `postgresql://user:password@host:port/name` address."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise ValueError("DOCLOOP_DATABASE_URL is postgresql://user:password@host:port/name")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.strip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": database(CONFIG.database_url)}

# the store: uploaded files and page images; Label Studio serves `pages/` of it behind its own sign-in
STORE = CONFIG.data / "store"
MEDIA_ROOT = STORE
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": STORE}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "static/"
STATIC_ROOT = CHECKOUT / "staticfiles"
WHITENOISE_USE_FINDERS = True
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FILES = 100  # in one request; the page sends each by itself

# sign-in. The cookie names are ours: Label Studio on the same host uses Django's, and cookies ignore the port. With
# `__Host-` browsers take them from this very host alone, so that no other one of the domain (Label Studio's) can set them
SESSION_COOKIE_NAME = "__Host-docloop_session" if CONFIG.https else "docloop_session"
CSRF_COOKIE_NAME = "__Host-docloop_csrf" if CONFIG.https else "docloop_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIG.https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = (
    "Lax"  # links from elsewhere find people signed in; forms from there don't
)
SESSION_COOKIE_AGE = 60 * CONFIG.session_idle_minutes
SECURE_SSL_REDIRECT = CONFIG.https
# Label Studio calls us inside, without TLS, and a redirected POST would arrive as an empty GET
SECURE_REDIRECT_EXEMPT = [r"^hooks/"]
SECURE_HSTS_SECONDS = 31_536_000 if CONFIG.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = CONFIG.https
# W021 wants consent to the browsers' preload list, which holds for a whole domain, for years: its owner's to give, and
# set at the proxy (docs/decisions)
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CONFIG.https else None
CSRF_TRUSTED_ORIGINS = [CONFIG.url]
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# guessing passwords: after ten wrong ones for a name from one address, that pair waits (webapp/sign_in.py)
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # nobody is kept out longer by whoever goes on guessing
AXES_CLIENT_IP_CALLABLE = "webapp.sign_in.address_of"
AXES_LOCKOUT_CALLABLE = "webapp.sign_in.locked_out"
AXES_DISABLE_ACCESS_LOG = True

USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# the loop
WIRING = wiring.WIRING
TIMETABLE = wiring.TIMETABLE | {
    "annotation.sweep_all": timedelta(seconds=CONFIG.sweep_seconds),
    "annotation.look_at_sources": timedelta(seconds=CONFIG.source_seconds),
}
QUEUES = wiring.QUEUES
BY_HAND = wiring.BY_HAND
STRATEGY = "learner.strategies.named"  # name and parameters → a strategy, or why there is none

CELERY_BROKER_URL = CONFIG.broker_url
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "light"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"socket_connect_timeout": 2, "socket_timeout": 30}
if broker.is_rabbitmq(CONFIG.broker_url):
    CELERY_BROKER_TRANSPORT_OPTIONS = broker.CONFIRMED
    CELERY_TASK_QUEUES = broker.queues(["light", *sorted(set(QUEUES.values()))])
CELERY_BEAT_SCHEDULE = {
    # Ticks need not pile up for ever where no worker runs. But the clocks of beat's host and a worker's may differ, and
    # a tick that has expired when it arrives rings for nothing
    "tick": {"task": "annotation.tick", "schedule": 5.0, "options": {"expires": 3600}},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(CONFIG.data / "beat" / "schedule")

LOGGING = logs.settings(CONFIG.log_level)
