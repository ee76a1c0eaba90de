"""The Celery app: workers for short work (queue `light`) and for training (queue `training`)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

app = Celery("docloop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
