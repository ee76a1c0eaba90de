"""The API put together."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from ninja import NinjaAPI, Swagger
from ninja.throttling import AuthRateThrottle

from webapp.api import (
    automation,
    corrections,
    document_types,
    documents,
    drift,
    errors,
    imports,
    label_quality,
    people,
    progress,
    quality,
    runs,
    sources,
    status,
    system,
    trials,
    versions,
    webhooks,
)
from webapp.roles import ANY, requires

smaller = GZipMiddleware(lambda _request: None)  # type: ignore[arg-type]  # nothing follows it


def described(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For everybody with a role; the description itself is sent compressed.

    It is the same for everybody and holds nothing that is asked with, so its length tells nothing. Other answers hold
    secrets (a page its CSRF token) beside what a reader sent, and are never compressed: their length would (BREACH).
    """

    @wraps(view, assigned=())
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        answered = requires(*ANY)(view)(request, *args, **kwargs)
        if answered.status_code == 200 and answered["Content-Type"].startswith("application/json"):
            return smaller.process_response(request, answered)  # is whole
        return answered

    return answer


api = NinjaAPI(
    title="Docloop",
    version="1",
    urls_namespace="api",
    description=(
        "Documents, what was extracted from them, what people said, and the models in between. "
        "Send `Authorization: Bearer TOKEN` with a token that you make at [/tokens/](/tokens/). "
        "Long lists come piece by piece: ask again with `next` until it is null. "
        "Every error has the same form, with what to do about it."
    ),
    # of one person in one of the web server's processes: a program that runs wild leaves room for others
    throttle=[AuthRateThrottle("1200/min")],
    docs=Swagger(settings={"persistAuthorization": False}),
    docs_decorator=described,
)
api.add_router("/documents", documents.router, tags=["documents"])
api.add_router("/document-types", document_types.router, tags=["document types"])
api.add_router("/document-types", automation.router, tags=["auto-accept"])
api.add_router("/document-types", trials.router, tags=["versions"])
api.add_router("/document-types", progress.router, tags=["progress"])
api.add_router("/document-types", quality.router, tags=["quality"])
api.add_router("/document-types", drift.router, tags=["drift"])
api.add_router("/document-types", label_quality.router, tags=["label quality"])
api.add_router("/imports", imports.router, tags=["imports"])
api.add_router("/corrections", corrections.router, tags=["corrections"])
api.add_router("/runs", runs.router, tags=["runs"])
api.add_router("/versions", versions.router, tags=["versions"])
api.add_router("/people", people.router, tags=["people"])
api.add_router("/sources", sources.router, tags=["sources"])
api.add_router("/webhooks", webhooks.router, tags=["webhooks"])
api.add_router("/status", status.router, tags=["status"])
api.add_router("", system.router, tags=["Docloop itself"])
errors.answer_errors(api)
