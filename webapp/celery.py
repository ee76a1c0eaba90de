"""The Celery app: workers for short work (queue `light`) and for training (queue `training`)."""

import os
from importlib import import_module

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

app = Celery("docloop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# What jobs import only when they need it: modAL brings torch along, which takes 5 s, and Label Studio's SDK takes 2 s.
# Imported before a worker forks, it keeps no correction waiting, and all its processes share the memory.
PRELOADED = ("modAL.models", "modAL.uncertainty", "sklearn.linear_model", "label_studio_sdk")


@worker_init.connect
def preload(**_: object) -> None:
    """Called once in each worker, before it forks."""
    for name in PRELOADED:
        import_module(name)
