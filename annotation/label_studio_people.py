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


def links_are_wanted() -> bool:
    """Whether Docloop is set up to send people into Label Studio by links."""
    config = settings.CONFIG
    return config.label_studio_sign_in == "link" and bool(config.sign_in_secret.get_secret_value())


def takes_links() -> bool:
    """Whether people can come in by a link just now: it is wanted, and Label Studio has our module.

    Raises `LabelStudioUnreachable`.
    """
    if not links_are_wanted():
        return False
    known = cache.get(TAKES_LINKS)
    if known is None:
        known = _speak("GET", "docloop/sign-in/").is_success
        cache.set(TAKES_LINKS, known, REMEMBERED)
    return bool(known)


def sign_in_token(email: str, address: str, origins: Collection[str]) -> str:
    """What opens the page `address` of Label Studio for the person, posted from a page of one of the `origins`."""
    parts = urlsplit(address)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return _signed(SIGN_IN, {"email": email, "next": path, "origins": sorted(set(origins))})


def sign_in_url() -> str:
    """Where browsers post the token."""
    return f"{_public_url()}/docloop/sign-in/"


def invitation() -> str:
    """Where anybody who has this address makes an account with a password: for when no links are taken.

    Raises `LabelStudioUnreachable` and `LabelStudioRefused`.
    """
    answer = _speak("GET", "api/invite/", token=settings.CONFIG.label_studio_token.get_secret_value())
    if not answer.is_success:
        raise LabelStudioRefused(
            f"Label Studio refused an invitation (HTTP {answer.status_code})", status=answer.status_code
        )
    return f"{_public_url()}{answer.json()['invite_url']}"


def shut_out(email: str) -> bool:
    """End the person's sessions in Label Studio and refuse their password there; whether Label Studio can do that.

    Raises `LabelStudioUnreachable` and `LabelStudioRefused`.
    """
    if not takes_links():
        return False
    answer = _speak("POST", "docloop/shut-out/", data={"token": _signed(SHUT_OUT, {"email": email})})
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


def _public_url() -> str:
    config = settings.CONFIG
    return (config.label_studio_public_url or config.label_studio_url).rstrip("/")


def _speak(method: str, path: str, *, data: dict[str, str] | None = None, token: str = "") -> httpx.Response:
    url = settings.CONFIG.label_studio_url.rstrip("/")
    headers = {"Authorization": f"Token {token}"} if token else {}
    try:
        answer = httpx.request(method, f"{url}/{path}", data=data, headers=headers, timeout=PATIENCE)
    except httpx.TransportError as problem:
        raise LabelStudioUnreachable(
            f"Label Studio does not answer at {url} ({type(problem).__name__}): is it running?"
        ) from None
    if answer.status_code >= 500:
        raise LabelStudioUnreachable(f"Label Studio failed ({path}: HTTP {answer.status_code})")
    return answer
