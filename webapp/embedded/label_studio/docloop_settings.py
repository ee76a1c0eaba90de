"""Label Studio's settings with one-click sign-in from Docloop added; this folder is on the PYTHONPATH of its process.

Nothing of Label Studio is switched off but `/heidi-tips/`, for which its server asks an address on the internet. With any
other version than `SUPPORTED`, without the secret, or where it isn't wanted, Label Studio runs with its own settings
alone, says so in its log, and people sign in to it with a password of their own.
"""

import logging
import os

from label_studio import __version__

ITS_OWN = "label_studio.core.settings.label_studio"
SUPPORTED = "1.23.2"
SHORTEST_SECRET = 32

# Label Studio asks for django's settings while its own are being imported: then they must be its own
os.environ["DJANGO_SETTINGS_MODULE"] = ITS_OWN
from label_studio.core.settings.label_studio import *  # noqa: E402, F403

os.environ["DJANGO_SETTINGS_MODULE"] = __name__

DOCLOOP_SECRET = os.environ.get("DOCLOOP_SIGN_IN_SECRET", "")

if os.environ.get("DOCLOOP_LABEL_STUDIO_SIGN_IN") == "own":
    WHY_NOT = "DOCLOOP_LABEL_STUDIO_SIGN_IN=own"
elif __version__ != SUPPORTED:
    WHY_NOT = f"Docloop's one-click sign-in is made for Label Studio {SUPPORTED}, and this is {__version__}"
elif len(DOCLOOP_SECRET) < SHORTEST_SECRET:
    WHY_NOT = f"DOCLOOP_SIGN_IN_SECRET has fewer than {SHORTEST_SECRET} characters"
else:
    WHY_NOT = ""

if WHY_NOT:
    logging.getLogger("docloop").warning("%s: people sign in to Label Studio with a password", WHY_NOT)
else:
    INSTALLED_APPS += ["docloop_sign_in"]  # noqa: F405
    ROOT_URLCONF = "docloop_sign_in.urls"
    MIDDLEWARE += ["docloop_inject.middleware"]  # noqa: F405
    # cookies ignore the port: by Django's names, any other Django program on this host would sign people out
    SESSION_COOKIE_NAME = "label_studio_session"
    CSRF_COOKIE_NAME = "label_studio_csrf"
