"""An uploaded file in, a document (or the text of a small one) or a sentence why not out: the same for pages and the API."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile

from annotation import intake
from annotation.errors import Refused
from annotation.models import Document, DocumentType
from models.errors import DocloopError


@dataclass(frozen=True, slots=True)
class Result:
    """How one file of a batch ended; `problem` names the file."""

    filename: str
    document: Document | None = None
    new: bool = False
    problem: str = ""


def take(file: UploadedFile[bytes], *, document_type: DocumentType, by: str) -> intake.Received:
    """Give one file to intake. Raises what `intake.receive` raises."""
    with tempfile.TemporaryDirectory(prefix="docloop-upload-") as folder:
        path = Path(folder) / "file"
        with path.open("wb") as target:
            for chunk in file.chunks():
                target.write(chunk)
        return intake.receive(path, filename=file.name or "unnamed", document_type=document_type, by=by)


def text_of(file: UploadedFile[bytes], *, most: int) -> str:
    """What a small text file holds; raises `Refused` if it has more than `most` bytes, or isn't UTF-8."""
    name = intake.plain_name(file.name or "the file")
    if (file.size or 0) > most:
        raise Refused(f"{name} is larger than {most / 1_000_000:g} MB: is it the right file?")
    try:
        text: str = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(f"{name} isn't text in UTF-8: save it as such, or choose another file") from None
    return text.replace("\0", "")


def take_all(files: list[UploadedFile[bytes]], *, document_type: DocumentType, by: str) -> list[Result]:
    """Every file is tried, whatever happens to the others."""
    return [_try(file, document_type, by) for file in files]


def _try(file: UploadedFile[bytes], document_type: DocumentType, by: str) -> Result:
    name = intake.plain_name(file.name or "unnamed")
    try:
        received = take(file, document_type=document_type, by=by)
    except DocloopError as problem:
        return Result(name, problem=str(problem))
    return Result(name, received.document, received.new)
