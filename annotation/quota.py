"""Whether there is room for one more file: of what one person may bring, and on the disk of the store.

People have a quota, so that nobody fills the store. What a command on the server itself takes in counts for nobody
(`uploaded_by` is the command's name then): whoever may run it may fill the disk anyway.
"""

from __future__ import annotations

import shutil

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Count, Sum

from annotation.errors import NoRoom, Refused
from annotation.models import Document

GB = 1_000_000_000


def check(*, by: str, size: int) -> None:
    """Raises `Refused` if a file of `size` bytes is more than `by` may bring, `NoRoom` if the disk has no room for it."""
    check_room(size)
    config = settings.CONFIG
    if not get_user_model().objects.filter(username=by).exists():
        return
    # an index of uploader and size answers this; it grows with what one person brought, which the quota limits
    brought = Document.objects.filter(uploaded_by=by).aggregate(files=Count("pk"), bytes=Sum("size"))
    if brought["files"] >= config.user_files:
        raise Refused(
            f"{by} has brought {brought['files']} files, and {config.user_files} are allowed; an operator can raise "
            "DOCLOOP_USER_FILES, or take more in with manage.py ingest"
        )
    if (brought["bytes"] or 0) + size > config.user_gb * GB:
        raise Refused(
            f"{by} has brought {(brought['bytes'] or 0) / GB:.1f} GB, and {config.user_gb:g} are allowed; an operator can "
            "raise DOCLOOP_USER_GB, or take more in with manage.py ingest"
        )


def check_room(size: int) -> None:
    """Raises `NoRoom` if a file of `size` bytes would leave less room on the disk than is to be left alone."""
    config = settings.CONFIG
    settings.STORE.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(settings.STORE).free - size < config.min_free_gb * GB:
        raise NoRoom(
            f"the store has less than {config.min_free_gb:g} GB left, so nothing is taken in; an operator makes room, or "
            "sets DOCLOOP_MIN_FREE_GB"
        )
