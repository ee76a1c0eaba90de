"""The pages' addresses. Every view declares its role; `PUBLIC` names those that anybody may call."""

from django.contrib.auth import views as auth
from django.urls import path

from webapp.dashboard import (
    document_type,
    documents,
    edit_type,
    health,
    label_quality,
    overview,
    progress,
    quality,
    today,
    tokens,
    upload,
    webhooks,
)

PUBLIC = {"sign-in", "sign-out", "alive", "set-password", "label-studio-webhook", "label-studio-backend"}

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("live/overview/", overview.live, name="overview-live"),
    path("today/", today.today, name="today"),
    path("new-document-type/", edit_type.new, name="new-type"),
    path("types/<slug:name>/", document_type.page, name="type"),
    path("types/<slug:name>/live/", document_type.live, name="type-live"),
    path("types/<slug:name>/progress/", progress.page, name="type-progress"),
    path("types/<slug:name>/progress/live/", progress.live, name="type-progress-live"),
    path("types/<slug:name>/worth/", progress.worth, name="type-worth"),
    path("types/<slug:name>/quality/", quality.page, name="type-quality"),
    path("types/<slug:name>/quality/live/", quality.live, name="type-quality-live"),
    path("types/<slug:name>/quality/examples/", quality.examples, name="type-examples"),
    path("types/<slug:name>/label-quality/", label_quality.page, name="label-quality"),
    path(
        "types/<slug:name>/label-quality/<int:suspect_id>/dismiss/",
        label_quality.dismiss,
        name="dismiss-suspect",
    ),
    path("types/<slug:name>/label-quality/<int:suspect_id>/ask/", label_quality.ask, name="ask-other"),
    path("types/<slug:name>/edit/", edit_type.edit, name="edit-type"),
    path("types/<slug:name>/retrain/", document_type.retrain, name="retrain"),
    path("types/<slug:name>/roll-back/", document_type.roll_back, name="roll-back"),
    path("types/<slug:name>/stop/", document_type.stop, name="stop"),
    path("documents/", documents.documents, name="documents"),
    path("documents/<int:document_id>/", documents.document, name="document"),
    path("documents/<int:document_id>/live/", documents.live, name="document-live"),
    path("documents/<int:document_id>/pages/<int:number>/", documents.page_image, name="page-image"),
    path("documents/<int:document_id>/read-again/", documents.read_again, name="read-again"),
    path("upload/", upload.upload, name="upload"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", tokens.revoke, name="revoke-token"),
    path("webhooks/", webhooks.webhooks, name="webhooks"),
    path("webhooks/<int:endpoint_id>/", webhooks.webhook, name="webhook"),
    path("webhooks/<int:endpoint_id>/live/", webhooks.live, name="webhook-live"),
    path("webhooks/<int:endpoint_id>/act/", webhooks.act, name="webhook-act"),
    path(
        "webhooks/<int:endpoint_id>/deliveries/<int:delivery_id>/send-again/",
        webhooks.send_again,
        name="webhook-send-again",
    ),
    path("health/", health.health, name="health"),
    path("health/services/", health.services_now, name="services"),
    path("health/jobs/<int:job_id>/try-again/", health.try_again, name="try-again"),
    path("alive/", health.alive, name="alive"),
    path(
        "sign-in/",
        auth.LoginView.as_view(template_name="sign_in.html", redirect_authenticated_user=True),
        name="sign-in",
    ),
    path("sign-out/", auth.LogoutView.as_view(), name="sign-out"),
]
