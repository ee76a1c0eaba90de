from django.apps import AppConfig


class WebappConfig(AppConfig):
    name = "webapp"

    def ready(self) -> None:
        # Celery's current app is this one in every process that has Django, not only in workers: else the web
        # process would ring at Celery's default broker, and every job would wait for the reaper
        from axes.signals import user_locked_out
        from django.contrib.auth.signals import user_logged_in

        from webapp import celery, sessions, sign_in  # noqa: F401

        user_locked_out.connect(sign_in.write_down, dispatch_uid="webapp.sign_in")
        user_logged_in.connect(sessions.begin, dispatch_uid="webapp.sessions")
