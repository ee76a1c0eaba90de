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
    try:
        wanted = KINDS[Source.Kind(kind)].settings(**given)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise Refused("; ".join(faults)) from None
    wanted.check()
    return wanted


def settings_of(source: Source) -> AnySettings:
    """Those it has now."""
    return KINDS[Source.Kind(source.kind)].settings(**source.settings)


def opened(source: Source) -> AbstractContextManager[Place]:
    """The source, to be looked at and taken from; raises `Refused` and `Unreachable`."""
    return KINDS[Source.Kind(source.kind)].open(settings_of(source))
