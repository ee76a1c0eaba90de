"""The name of a secret in, the secret out: a file of that name in a folder that whoever runs the server looks after.

So the database, its copies and the pages have no password, and a new one counts from the next look on.
"""

from __future__ import annotations

import re

from django.conf import settings

from annotation.errors import Refused

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
MOST = 4096  # bytes


def secret(name: str) -> str:
    """Raises `Refused` if there is none of that name."""
    folder = settings.CONFIG.source_secrets
    if folder is None:
        raise Refused(
            "there is no folder for the secrets of sources: who runs the server sets DOCLOOP_SOURCE_SECRETS, and puts a "
            f"file {name!r} there"
        )
    if not re.match(NAME, name):
        raise Refused("a secret's name has letters, digits, dots, dashes and underscores")
    try:
        with (folder / name).open("rb") as file:
            held = file.read(MOST + 1)
    except OSError as problem:
        raise Refused(
            f"the secret {name!r} can't be read ({problem.strerror}): it is a file in the folder DOCLOOP_SOURCE_SECRETS"
        ) from None
    if not held.strip() or len(held) > MOST:
        raise Refused(f"the file of the secret {name!r} is empty, or has more than {MOST} bytes")
    try:
        return held.decode().strip("\r\n")
    except UnicodeDecodeError:
        raise Refused(f"the file of the secret {name!r} is no text in UTF-8") from None
