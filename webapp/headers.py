"""What a browser may do with an answer of ours: a policy (CSP) on every one, unless the view gave it a stricter one.

Scripts and styles come from our own files only. Forms lead to us and, with a sign-in's token, to Label Studio; nobody may
show our pages in a frame.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

POLICY = "Content-Security-Policy"
# the style in 500.html, which must not depend on another file
STYLE_OF_500 = "'sha256-O0EmcfU47SD9EzyVQVLw/61Pm6KEkxRPhvNjprqb5QA='"

View = Callable[[HttpRequest], HttpResponseBase]


def with_policy(answer: View) -> View:
    """Django's form of a middleware."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        response.headers.setdefault(POLICY, policy())
        return response

    return answered


def policy() -> str:
    """What our own pages need, and nothing else."""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' {STYLE_OF_500}",
            "img-src 'self' data:",  # the API's page has small pictures in its style sheet
            "connect-src 'self'",
            f"form-action 'self' {label_studio_origin()}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


def label_studio_origin() -> str:
    """Where people label: scheme, host and port."""
    config = settings.CONFIG
    parts = urlsplit(config.label_studio_public_url or config.label_studio_url)
    return f"{parts.scheme}://{parts.netloc}"
