"""The shell: what people and programs see, and the wiring of the loop."""

# every process of the project rings at the same broker, also those that aren't Celery's own
from webapp.celery import app as celery_app

__all__ = ["celery_app"]
