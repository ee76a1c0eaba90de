"""People and Label Studio: the way in from Docloop, and out for good. Its side is webapp/embedded/label_studio.

Whoever is signed in to Docloop posts a token to Label Studio that Docloop has signed: for this person, for one page, good
for a minute and once. The secret is DOCLOOP_SIGN_IN_SECRET on both sides.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core import signing
from django.core.cache import cache

from annotation.errors import LabelStudioRefused, LabelStudioUnreachable

# as in webapp/embedded/label_studio/docloop_sign_in/views.py
SIGN_IN = "docloop.label-studio.sign-in"
SHUT_OUT = "docloop.label-studio.shut-out"

TAKES_LINKS = "label-studio-takes-links"
REMEMBERED = 60  # seconds that Label Studio need not be asked again
PATIENCE = 5  # seconds: somebody waits


def takes_links() -> bool:
    """Whether people can come in by a link just now: it is wanted, and Label Studio has our module.

    Raises `LabelStudioUnreachable`.
    """
    config = settings.CONFIG
    if config.label_studio_sign_in != "link" or not config.sign_in_secret.get_secret_value():
        return False
    known = cache.get(TAKES_LINKS)
    if known is None:
        known = _speak("GET", "sign-in").is_success
        cache.set(TAKES_LINKS, known, REMEMBERED)
    return bool(known)


def sign_in_token(email: str, address: str, origins: Collection[str]) -> str:
    """What opens the page `address` of Label Studio for the person, posted from a page of one of the `origins`."""
    parts = urlsplit(address)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return _signed(SIGN_IN, {"email": email, "next": path, "origins": sorted(set(origins))})


def sign_in_url() -> str:
    """Where browsers post the token."""
    config = settings.CONFIG
    return f"{(config.label_studio_public_url or config.label_studio_url).rstrip('/')}/docloop/sign-in/"


def shut_out(email: str) -> bool:
    """End the person's sessions in Label Studio and refuse their password there; whether Label Studio can do that.

    Raises `LabelStudioUnreachable` and `LabelStudioRefused`.
    """
    if not takes_links():
        return False
    answer = _speak("POST", "shut-out", {"token": _signed(SHUT_OUT, {"email": email})})
    if not answer.is_success:
        raise LabelStudioRefused(
            f"Label Studio refused to shut a person out (HTTP {answer.status_code}): "
            "is DOCLOOP_SIGN_IN_SECRET the same on both sides?",
            status=answer.status_code,
        )
    return True


def _signed(purpose: str, claims: dict[str, object]) -> str:
    key = settings.CONFIG.sign_in_secret.get_secret_value()
    return signing.dumps(claims | {"nonce": secrets.token_urlsafe(24)}, key=key, salt=purpose)


def _speak(method: str, what: str, data: dict[str, str] | None = None) -> httpx.Response:
    url = settings.CONFIG.label_studio_url.rstrip("/")
    try:
        answer = httpx.request(method, f"{url}/docloop/{what}/", data=data, timeout=PATIENCE)
    except httpx.TransportError as problem:
        raise LabelStudioUnreachable(
            f"Label Studio does not answer at {url} ({type(problem).__name__}): is it running?"
        ) from None
    if answer.status_code >= 500:
        raise LabelStudioUnreachable(f"Label Studio failed ({what}: HTTP {answer.status_code})")
    return answer
