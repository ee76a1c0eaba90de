"""The kinds of sources by name: the settings that each wants, and how one is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from annotation.errors import Refused
from annotation.models import Source
from annotation.sources import bucket, folder, mailbox
from annotation.sources.base import Json, Place

AnySettings = folder.FolderSettings | mailbox.MailboxSettings | bucket.BucketSettings


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: what it is called, its settings, and how it is opened."""

    title: str
    settings: type[AnySettings]
    open: Callable[[Any], AbstractContextManager[Place]]  # of its own settings


@contextmanager
def _folder(wanted: folder.FolderSettings) -> Iterator[folder.Folder]:
    yield folder.Folder(wanted)


KINDS = {
    Source.Kind.FOLDER: Kind("Folder", folder.FolderSettings, _folder),
    Source.Kind.MAILBOX: Kind("Mailbox (IMAP)", mailbox.MailboxSettings, mailbox.opened),
    Source.Kind.BUCKET: Kind("Bucket (S3-compatible)", bucket.BucketSettings, bucket.opened),
}


def checked(kind: str, given: Json) -> AnySettings:
    """The settings of a kind; raises `Refused` with each that is wrong, and never with what was given."""
    if kind not in KINDS:
        raise Refused(f"there is no kind of source {kind!r}; there are: {', '.join(KINDS)}")
    try:
        wanted = KINDS[Source.Kind(kind)].settings(**given)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise Refused(f"wrong settings of a {kind}: " + "; ".join(faults)) from None
    wanted.check()
    return wanted


def opened(source: Source) -> AbstractContextManager[Place]:
    """The source, to be looked at and taken from; raises `Refused` and `Unreachable`."""
    kind = KINDS[Source.Kind(source.kind)]
    return kind.open(kind.settings(**source.settings))


def told(source: Source) -> str:
    """Where it is, in a line, without secrets."""
    return KINDS[Source.Kind(source.kind)].settings(**source.settings).told
