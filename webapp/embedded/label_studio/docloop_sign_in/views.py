"""A token signed by Docloop in; a person signed in to Label Studio out, at the page that Docloop named, or shut out."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.auth import logout
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from users.functions import login

from docloop_sign_in import people
from docloop_sign_in.models import UsedLink

# as in annotation/label_studio_people.py of Docloop
SIGN_IN = "docloop.label-studio.sign-in"
SHUT_OUT = "docloop.label-studio.shut-out"
SECONDS = 60  # how long a token may be on its way

log = logging.getLogger("docloop")

REFUSED = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>Please try again</title>
<body style="font: 1rem/1.5 system-ui; max-width: 34rem; margin: 4rem auto; padding: 0 1rem">
<h1>Please try again</h1><p>{}</p><p><a href="/user/login/">Sign in to Label Studio with a password</a></p>"""


class Refused(Exception):
    """A token that opens nothing; the message is for the person and for the log."""


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """POST a token to come in. A GET says that tokens are taken here, which Docloop asks before it sends anybody."""
    if request.method == "GET":
        return HttpResponse("Docloop may send people here.\n", content_type="text/plain")
    try:
        claims = read(request.POST.get("token", ""), SIGN_IN)
        check_way(claims, request.headers.get("Origin", ""))
        person = people.account(claims["email"])
    except Refused as refusal:
        return refused(str(refusal))
    except people.NotForLinks:
        return refused("This account can only be entered with its password.")
    if request.user != person:
        logout(request)  # else Label Studio's login forgets when it was, and its next request is refused
        login(request, person, backend="django.contrib.auth.backends.ModelBackend")
        request.session["keep_me_logged_in"] = False  # until the browser is closed: one click leads in again
        request.session.set_expiry(0)
    answer = HttpResponseRedirect(claims["next"])
    answer.status_code = 303  # with GET, whatever came before
    return answer


@require_POST
def shut_out(request: HttpRequest) -> HttpResponse:
    """Docloop's server says that somebody may no longer come in."""
    try:
        claims = read(request.POST.get("token", ""), SHUT_OUT)
    except Refused as refusal:
        return refused(str(refusal))
    people.shut_out(claims["email"])
    return HttpResponse(status=204)


@never_cache
@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """For Docloop's doctor: how Label Studio was set up where that can't be seen from outside; no secret is in it."""
    return JsonResponse(
        {
            "reports_errors": bool(settings.SENTRY_DSN or settings.FRONTEND_SENTRY_DSN),
            "reports_use": bool(settings.COLLECT_ANALYTICS),
            "open_to_strangers": not settings.DISABLE_SIGNUP_WITHOUT_LINK,
            "webhook_timeout": float(settings.WEBHOOK_TIMEOUT),
        }
    )


def read(token: str, purpose: str) -> dict[str, str]:
    """What a fresh token of Docloop says, which is used from now on; raises `Refused`."""
    try:
        claims = signing.loads(
            token, key=settings.DOCLOOP_SECRET, salt=purpose, max_age=SECONDS, fallback_keys=[]
        )
    except signing.SignatureExpired:
        raise Refused("The link is older than a minute. Go back to Docloop and open it again.") from None
    except signing.BadSignature:
        raise Refused("The link is not from Docloop.") from None
    if not UsedLink.spend(claims["nonce"]):
        raise Refused("The link was used before. Go back to Docloop and open it again.")
    return claims


def check_way(claims: dict[str, str], origin: str) -> None:
    """Raise `Refused` unless a page of Docloop sent the token, and it leads to a page of this site.

    `origin` is the site whose page sent it: were it any, a page elsewhere could sign its visitor in as somebody else.
    """
    if origin not in claims["origins"]:
        raise Refused("The link was not opened on a page of Docloop.")
    path = claims["next"]
    if not path.startswith("/") or not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        raise Refused("The link leads to another site.")


def refused(why: str) -> HttpResponse:
    """The page that says why."""
    log.warning("a token from Docloop was refused: %s", why)
    return HttpResponse(REFUSED.format(why), status=403)
