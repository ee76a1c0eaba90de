"""The Celery app: workers for short work (queue `light`), for reading and extracting (`reading`), for training (`training`)."""

import os
import threading
from importlib import import_module
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

app = Celery("docloop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logs(**_: object) -> None:
    """Celery would put its own handlers in place of Django's, which write exceptions with what they quote."""


# What jobs import only when they need it: modAL brings torch along, which takes 5 s, and Label Studio's SDK takes 2 s.
# Imported before a worker forks, it keeps no correction waiting, and all its processes share the memory.
PRELOADED = ("modAL.models", "modAL.uncertainty", "sklearn.linear_model", "label_studio_sdk")


@worker_init.connect
@beat_init.connect
def demand_a_secret_key(**_: object) -> None:
    """Workers make links and signatures that the web server takes; beat has no business with another key either."""
    from webapp import secret_key  # not before Django is there

    secret_key.demand()


@worker_init.connect
def prepare_broker(**_: object) -> None:
    """RabbitMQ keeps what was agreed on when a queue was made: it is made anew where this release wants more."""
    from webapp import broker  # not before Django is there

    if broker.is_rabbitmq(app.conf.broker_url):
        with app.connection_for_write(connect_timeout=10) as connection:
            broker.prepare(connection, app.conf.task_queues)


@worker_init.connect
def preload(sender: Any = None, **_: object) -> None:  # Celery's worker, which has no types
    """Called once in each worker, before it forks; those that do no short work are spared the memory."""
    if sender is None or "light" in sender.app.amqp.queues.consume_from:
        for name in PRELOADED:
            import_module(name)


@worker_ready.connect
def start_reaper(**_: object) -> None:
    """Every worker rings again for what was not heard and retakes what dead ones left, whatever else is down."""
    from annotation import jobs  # not before Django is there

    threading.Thread(target=jobs.keep_reaping, name="reaper", daemon=True).start()
