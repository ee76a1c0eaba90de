"""What Label Studio's Django must know of the app."""

from django.apps import AppConfig


class DocloopSignIn(AppConfig):
    name = "docloop_sign_in"
    default_auto_field = "django.db.models.BigAutoField"
