"""A folder of a mailbox, by IMAP: every file in its mails, one part at a time and in pieces, never a whole mail.

A mail is marked as seen or moved when all its files are taken; none is deleted. Its numbers (UIDVALIDITY and UID) say
which it is, and up to which the folder was looked through.
"""

from __future__ import annotations

import binascii
import imaplib
import mimetypes
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import takewhile
from pathlib import Path, PurePath
from typing import Any, Literal

from imapclient import IMAPClient, exceptions
from pydantic import Field

from annotation.errors import Refused, Unreachable
from annotation.sources.base import Found, Gone, Json, Settings, Text, host_allowed, shown, too_large
from annotation.sources.secret_files import NAME, secret
from models.files import EXTENSIONS

AT_ONCE = 50  # mails
RANGE = 50_000  # numbers of mails
CHUNK = 3 << 18  # bytes, a multiple of 4: what base64 comes in
PATIENCE = 60.0  # seconds
NOTHING = "the mail has no file"
# what mail programs add by themselves
SIGNATURES = {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}


class MailboxSettings(Settings):
    """A folder of a mailbox, how to get there, and what becomes of a mail whose files were taken."""

    kind: Literal["mailbox"] = "mailbox"
    host: str = Field(pattern=r"^[A-Za-z0-9.:-]{1,250}$", description="The mail server: imap.example.org")
    port: int = Field(993, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = Field(
        "tls", description="With none, whoever is on the way reads mails and password"
    )
    user: Text
    secret: str = Field(pattern=NAME, description="The file with the password, in DOCLOOP_SOURCE_SECRETS")
    folder: Text = Field("INBOX", description="The folder of the mailbox that is looked at")
    after: Literal["leave", "seen", "move"] = Field(
        "seen", description="A mail whose files were taken is left as it is, marked as seen, or moved"
    )
    move_to: Text = Field("Taken", description="The folder for those that are moved")

    def check(self) -> None:
        """Raise `Refused` unless it may be called and there is a password; nobody is called."""
        host_allowed(self.host, self.port)
        secret(self.secret)

    @property
    def told(self) -> str:
        """Where it is, in a line."""
        return f"{self.user} at {self.host}, {self.folder}"


class Mailbox:
    """See `base.Place`."""

    twice = False

    def __init__(self, wanted: MailboxSettings, client: IMAPClient) -> None:
        self.wanted = wanted
        self.client = client
        self.leaves = wanted.after == "leave"
        with _told(wanted):
            if not client.folder_exists(wanted.folder):
                raise Refused(f"the mailbox has no folder {wanted.folder!r}")
            about = client.select_folder(wanted.folder, readonly=self.leaves)
            self.validity, self.next = int(about[b"UIDVALIDITY"]), int(about.get(b"UIDNEXT", 0))

    def look(self, cursor: Json) -> Iterator[tuple[list[Found], Json]]:
        last = cursor["uid"] if cursor.get("validity") == self.validity else 0
        # a few at a time: an answer is one line, and Python's library takes none of more than a million bytes
        for begin in range(last + 1, self.next, RANGE) if self.next else [last + 1]:
            yield from self._look_from(begin, str(begin + RANGE - 1) if self.next else "*")

    def _look_from(self, begin: int, end: str) -> Iterator[tuple[list[Found], Json]]:
        with _told(self.wanted):
            # a range ends with the last mail, whether or not its number is below the first one
            uids = sorted(uid for uid in self.client.search(["UID", f"{begin}:{end}"]) if uid >= begin)
        for start in range(0, len(uids), AT_ONCE):
            some = uids[start : start + AT_ONCE]
            with _told(self.wanted):
                structures = self.client.fetch(some, ["BODYSTRUCTURE"])
                found = [
                    each
                    for uid in some
                    if uid in structures
                    for each in self._files(uid, structures[uid][b"BODYSTRUCTURE"])
                ]
            yield found, {"validity": self.validity, "uid": some[-1]}

    def _files(self, uid: int, structure: Any) -> list[Found]:  # IMAPClient's own
        """What a mail brings; one that can't be understood is a file itself, which nobody can read: a dead letter."""
        numbers, group = {"validity": self.validity, "uid": uid}, f"{self.validity}-{uid}"
        try:
            parts = list(self._parts(uid, structure))
        except (LookupError, TypeError, ValueError, AttributeError):  # of Python's own library too
            parts = [("", "", f"mail {uid}")]
        if not parts:
            return [Found((self.validity, uid), f"mail {uid}", numbers, group, passed=NOTHING)]
        return [
            Found(
                (self.validity, uid, part),
                name,
                numbers | {"part": part, "encoding": encoding, "name": name},
                group,
            )
            for part, encoding, name in parts
        ]

    def _parts(self, uid: int, structure: Any) -> Iterator[tuple[str, str, str]]:  # IMAPClient's own
        """Number, encoding and name of each file in a mail."""
        parts = list(_leaves(structure))
        alone = not isinstance(structure[0], list)  # then the mail's own header tells what its one part is
        sections = {part: "HEADER" if alone and part == "1" else f"{part}.MIME" for part, _, _ in parts}
        asked = [f"BODY.PEEK[{section}]" for section in sections.values()]
        told = self.client.fetch([uid], asked).get(uid, {})
        for part, kind, encoding in parts:
            said = told.get(f"BODY[{sections[part]}]".encode()) or b""
            header = message_from_bytes(said, policy=policy.default)
            if name := shown(_name_of(header, kind, f"mail-{uid}-{part}")):
                yield part, encoding, name

    def fetch(self, place: Json, target: Path, most: int) -> None:
        if place["validity"] != self.validity:
            raise Gone("the mailbox has numbered its mails anew")
        with target.open("wb") as copy:
            written = 0
            for piece in _decoded(self._pieces(place["uid"], place["part"]), place["encoding"]):
                written += copy.write(piece)
                if written > most:
                    raise too_large(place["name"], most)

    def _pieces(self, uid: int, part: str) -> Iterator[bytes]:
        """A part of a mail as it was sent, in pieces."""
        begin = 0
        while True:
            with _told(self.wanted):
                answer = self.client.fetch([uid], [f"BODY.PEEK[{part}]<{begin}.{CHUNK}>"]).get(uid)
            if answer is None:
                raise Gone("the mail is not in its folder any more")
            piece: bytes = answer.get(f"BODY[{part}]<{begin}>".encode()) or b""
            if piece:
                yield piece
            if len(piece) < CHUNK:
                return
            begin += len(piece)

    def settle(self, place: Json) -> None:
        if place["validity"] != self.validity:
            return
        with _told(self.wanted):
            if self.wanted.after == "seen":
                self.client.add_flags([place["uid"]], [rb"\Seen"], silent=True)
            else:
                self._move(place["uid"])

    def _move(self, uid: int) -> None:
        """Without MOVE, copied and taken away by its own number: never all that somebody marked as deleted."""
        if not self.client.search(["UID", str(uid)]):  # moved already, or by somebody else
            return
        if not self.client.folder_exists(self.wanted.move_to):
            self.client.create_folder(self.wanted.move_to)
        if self.client.has_capability("MOVE"):
            self.client.move([uid], self.wanted.move_to)
        elif self.client.has_capability("UIDPLUS"):
            self.client.copy([uid], self.wanted.move_to)
            self.client.delete_messages([uid], silent=True)
            self.client.uid_expunge([uid])
        else:
            raise Refused(
                "this mail server can't move a single mail (it has neither MOVE nor UIDPLUS): have mails marked as seen"
            )


@contextmanager
def opened(wanted: MailboxSettings) -> Iterator[Mailbox]:
    """Sign in, and out at the end."""
    wanted.check()
    password = secret(wanted.secret)
    with _told(wanted):
        context = ssl.create_default_context()
        tls = wanted.security == "tls"
        client = IMAPClient(wanted.host, wanted.port, ssl=tls, ssl_context=context, timeout=PATIENCE)
    with client:
        with _told(wanted):
            if wanted.security == "starttls":
                client.starttls(context)
            sign_in = client.login if f"{wanted.user}{password}".isascii() else client.plain_login
            try:
                sign_in(wanted.user, password)
            except exceptions.LoginError:
                raise Refused(
                    f"{wanted.host} does not let {wanted.user} in: see to the user and the secret {wanted.secret!r}"
                ) from None
        yield Mailbox(wanted, client)


@contextmanager
def _told(wanted: MailboxSettings) -> Iterator[None]:
    """What a mail server or the way to it does wrong, in our words: its own may hold anything."""
    server = f"{wanted.host}:{wanted.port}"
    try:
        yield
    except ssl.SSLCertVerificationError:
        raise Refused(f"{server} shows a certificate that this machine doesn't trust") from None
    except (imaplib.IMAP4.abort, OSError) as problem:
        raise Unreachable(f"{server} does not answer ({type(problem).__name__})") from None
    except imaplib.IMAP4.error as problem:
        raise Unreachable(f"{server} did not do what was asked ({type(problem).__name__})") from None


def _leaves(structure: Any, above: str = "") -> Iterator[tuple[str, str, str]]:  # IMAPClient's own
    """The parts of a mail that hold something, in mails within it too: number (RFC 3501, 6.4.5), kind and encoding."""
    if isinstance(structure[0], list | tuple):
        several = structure[0] if isinstance(structure[0], list) else takewhile(_is_part, structure)
        for number, part in enumerate(several, start=1):
            yield from _leaves(part, f"{above}{number}.")
    elif _text(structure[0]) == "message" and _text(structure[1]) == "rfc822" and len(structure) > 8:
        inner = structure[8]
        here = above or "1."
        yield from _leaves(inner, here if isinstance(inner[0], list | tuple) else f"{here}1.")
    else:
        kind = f"{_text(structure[0])}/{_text(structure[1])}"
        yield (above or "1.").rstrip("."), kind, _text(structure[5])


def _is_part(value: Any) -> bool:  # IMAPClient's own
    return isinstance(value, tuple)


def _text(value: Any) -> str:  # bytes, or None for NIL
    return value.decode("ascii", "replace").lower() if isinstance(value, bytes) else ""


def _name_of(header: EmailMessage, kind: str, otherwise: str) -> str:
    """What a part's file is called; "" for what is no file: the text, a picture in it, a signature.

    `kind` is what the mail's structure says it is: it counts where a server doesn't tell the part's own header.
    """
    kind = header.get_content_type() if header["Content-Type"] else kind
    inline = header.get_content_disposition() != "attachment"
    name = header.get_filename() or ""
    if kind in SIGNATURES or (inline and header["Content-ID"] and kind.startswith("image/")):
        return ""
    if inline and not name and kind.startswith(("text/", "multipart/")):
        return ""
    if not name or (kind in EXTENSIONS and not PurePath(name).suffix):
        extension = EXTENSIONS[kind][0] if kind in EXTENSIONS else mimetypes.guess_extension(kind) or ""
        name = f"{name or otherwise}{extension}"
    return name


def _decoded(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The bytes that were sent, of those that mail carries; broken ones are decoded as far as they go."""
    left = b""
    for piece in pieces:
        if encoding == "base64":
            left += b"".join(piece.split())
            whole = len(left) // 4 * 4
            yield _base64(left[:whole])
            left = left[whole:]
        elif encoding == "quoted-printable":
            whole = (left + piece).rfind(b"\n") + 1
            lines, left = (left + piece)[:whole], (left + piece)[whole:]
            yield binascii.a2b_qp(lines)
        else:
            yield piece
    if left:
        yield _base64(left + b"=" * (-len(left) % 4)) if encoding == "base64" else binascii.a2b_qp(left)


def _base64(some: bytes) -> bytes:
    try:
        return binascii.a2b_base64(some)
    except binascii.Error:
        return b""
