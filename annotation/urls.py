"""The addresses that Label Studio calls."""

from django.urls import path

from annotation import webhooks

urlpatterns = [
    path("hooks/label-studio/<slug:name>/", webhooks.receive, name="label-studio-webhook"),
]
