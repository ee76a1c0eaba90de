"""Django's secret key signs sessions and links: a server without a good one doesn't start.

Web servers ask when they build their middlewares (WSGI and ASGI alike), workers and beat when they start.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from webapp.config import Config, WrongSettings, config

SHORTEST = 50  # characters, as `check --deploy` has it
FEWEST = 5  # different ones
INSECURE = "django-insecure-"  # how Django marks those it makes up

View = Callable[[HttpRequest], HttpResponseBase]


def is_good(config: Config) -> bool:
    """Long enough, of several characters, and nobody's default."""
    key = config.secret_key.get_secret_value()
    return len(key) >= SHORTEST and len(set(key)) >= FEWEST and not key.startswith(INSECURE)


def demand() -> None:
    """Ends the program with what to do, if the key is none to serve with."""
    if not is_good(config()):
        raise WrongSettings(
            f"DOCLOOP_SECRET_KEY is missing, shorter than {SHORTEST} characters or easily guessed, and nothing is "
            "served without a good one: make it with `openssl rand -hex 32`, and set the same for every process"
        )


def only_with_a_good_one(answer: View) -> View:
    """A middleware that does nothing once the server has started."""
    demand()
    return answer
