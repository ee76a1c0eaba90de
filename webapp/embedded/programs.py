"""The processes of one machine: what `docker-compose.yml` is for servers."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import httpx
from celery import Celery

from models.environment import QUIET
from webapp.config import Config
from webapp.embedded import labelling_service, mlflow, postgres, valkey
from webapp.embedded.generated import browser_host, password
from webapp.embedded.supervisor import Program

DATABASES = ("docloop", "label_studio", "mlflow")  # each with a role of its name
SERVICES = ("label-studio", "mlflow")
OURS = ("web", "worker-light", "worker-reading", "worker-training", "beat")
# gunicorn's own
WEB = (
    "--workers", "2", "--threads", "4", "--preload", "--no-control-socket", "--timeout", "60", "--graceful-timeout", "8",
    "--logger-class", "webapp.gunicorn_lines.Lines",
)  # fmt: skip
STOP_ORDER = (OURS, SERVICES, ("valkey",), ("postgres",))


def postgres_program(config: Config) -> Program:
    """The database server; `postgres.prepare` comes before."""
    url = superuser_url(config)
    return Program(
        "postgres",
        postgres.command(config.data / "postgres", config.postgres_port),
        base_environment(),
        lambda: postgres.is_ready(url),
        stop_signal=signal.SIGINT,
        grace=60,
        folder=config.data / "postgres",
    )


def valkey_program(config: Config) -> Program:
    """The broker; `valkey.prepare` comes before."""
    secret = password(config, "valkey")
    return Program(
        "valkey",
        valkey.command(config.data / "valkey"),
        base_environment(),
        lambda: valkey.is_ready(config.valkey_port, secret),
    )


def mlflow_program(config: Config) -> Program:
    """MLflow's server."""
    folder = config.data / "mlflow"
    database = postgres.database_url("mlflow", password(config, "mlflow"), config.postgres_port, "mlflow")
    environment = base_environment() | mlflow.environment(folder, config.mlflow_port, database)
    return Program(
        "mlflow", mlflow.command(config.mlflow_port), environment, answers(f"{config.mlflow_url}/health")
    )


def label_studio_program(config: Config) -> Program:
    """Label Studio, with an environment of its own."""
    secret = password(config, "label_studio")
    environment = labelling_service.environment(
        config.data / "label-studio",
        config.data / "store",
        postgres.database_url("label_studio", secret, config.postgres_port, "label_studio"),
        config.label_studio_token.get_secret_value(),
        password(config, labelling_service.SERVICE_ACCOUNT),
        hosts=list(dict.fromkeys(["127.0.0.1", "localhost", browser_host(config)])),
        sign_in_secret=config.sign_in_secret.get_secret_value()
        if config.label_studio_sign_in == "link"
        else "",
    )
    return Program(
        "label-studio",
        labelling_service.command(config.host, config.label_studio_port),
        environment,
        answers(f"{config.label_studio_url}/health"),
    )


def our_programs(config: Config) -> list[Program]:
    """Docloop's own processes, which read their settings and secrets themselves."""
    celery = [sys.executable, "-m", "celery", "-A", "webapp.celery"]
    beat_folder = config.data / "beat"
    return [
        Program(
            "web",
            [
                sys.executable, "-m", "gunicorn", "webapp.wsgi", "--bind", f"{config.host}:{config.port}",
                *WEB,
            ],
            our_environment(),
            answers(f"http://127.0.0.1:{config.port}/sign-in/"),
        ),
        Program(
            "worker-light",
            [*celery, "worker", *_worker("light"), "--concurrency", str(config.light_workers)],
            our_environment(),
            worker_answers(config, "light"),
            niceness=5,
        ),
        Program(
            "worker-reading",
            [*celery, "worker", *_worker("reading"), "--concurrency", str(config.light_workers)],
            our_environment(),
            worker_answers(config, "reading"),
            niceness=10,
        ),
        Program(
            "worker-training",
            # a new child for each training: what PyTorch took for one goes back to the machine
            [*celery, "worker", *_worker("training"), "--concurrency", "1", "--max-tasks-per-child", "1"],
            our_environment(),
            worker_answers(config, "training"),
            # it would wait for a training to end; one that is cut is taken up by the next worker
            grace=3,
            niceness=15,
        ),
        Program(
            "beat",
            # what is due is kept in the database, so its own files may be fresh at every start
            [*celery, "beat", "--loglevel", "INFO", "--pidfile=", "--schedule", str(beat_folder / "schedule")],
            our_environment(),
            lambda: any(beat_folder.iterdir()),
        ),
    ]  # fmt: skip


def superuser_url(config: Config) -> str:
    """How the superuser of the embedded PostgreSQL signs in."""
    secret = password(config, postgres.SUPERUSER)
    return postgres.database_url(postgres.SUPERUSER, secret, config.postgres_port, "postgres")


def answers(url: str) -> Callable[[], bool]:
    """Whether a server answers at `url` with a success."""

    def check() -> bool:
        try:
            return httpx.get(url, timeout=5).is_success
        except httpx.HTTPError:
            return False

    return check


def worker_answers(config: Config, queue: str) -> Callable[[], bool]:
    """Whether the worker of a queue answers through the broker."""
    control = Celery(broker=config.broker_url).control

    def check() -> bool:
        return bool(control.ping(destination=[f"{queue}@docloop"], timeout=0.5))

    return check


def base_environment() -> dict[str, str]:
    """What any program needs to run, and no setting of anybody's."""
    kept = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE")
    return {name: os.environ[name] for name in kept if name in os.environ}


# OpenMP's threads spin while they wait for each other. Where other work needs the cores too, an epoch took 170 s with
# that and 25 s without; on a quiet machine it makes no difference.
PATIENT_THREADS = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}


def our_environment() -> dict[str, str]:
    """The environment of Docloop's own processes: the one of `make up`, so that settings made there hold."""
    return PATIENT_THREADS | os.environ | QUIET | {"PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"}


def _worker(queue: str) -> list[str]:
    return [
        "--queues", queue, "--hostname", f"{queue}@docloop", "--loglevel", "INFO", "--without-gossip",
        "--without-mingle",
    ]  # fmt: skip
