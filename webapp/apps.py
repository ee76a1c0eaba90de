from django.apps import AppConfig


class WebappConfig(AppConfig):
    name = "webapp"

    def ready(self) -> None:
        # Celery's current app is this one in every process that has Django, not only in workers: else the web
        # process would ring at Celery's default broker, and every job would wait for the reaper
        from webapp import celery  # noqa: F401
