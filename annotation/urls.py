"""The addresses that Label Studio calls, and its page in a browser."""

from django.urls import path

from annotation import fill_in_views, task_pages, webhooks

urlpatterns = [
    path("hooks/label-studio/<slug:name>/", webhooks.receive, name="label-studio-webhook"),
    # Label Studio puts its own words behind the backend's address, without a slash at the end
    path("hooks/label-studio/<slug:name>/ml/<slug:call>", fill_in_views.answer, name="label-studio-backend"),
    path(
        "task-pages/<str:key>/pages/<int:document_id>/<int:number>.jpg", task_pages.answer, name="task-page"
    ),
]
