"""Whether anything may come in by itself now: no more is taken than is read, and than there is room for."""

from __future__ import annotations

from django.conf import settings

from annotation import quota
from annotation.errors import NoRoom
from annotation.models import Document


def reason() -> str:
    """Why nothing is to be taken now, for people; "" if all is well. Two short looks."""
    most = settings.CONFIG.source_backlog
    unread = Document.objects.filter(state=Document.State.RECEIVED)
    # cut off: it costs the same however many wait
    if unread[:most].count() >= most:
        return f"{most} documents or more wait to be read: it goes on when they are fewer (DOCLOOP_SOURCE_BACKLOG)"
    try:
        quota.check_room(0)
    except NoRoom as full:
        return str(full)
    return ""
