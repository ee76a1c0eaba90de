"""`manage.py ingest PATH… [--type NAME]`: files, whole folders and packs in, a line for each document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import intake, ledger, routing
from annotation.models import DocumentType
from models.errors import DocloopError
from models.packs import PackDocument, is_pack, read_pack
from webapp.management.document_types import named


class Command(BaseCommand):
    help = (
        "Take files in; folders with all that is below them. A file that is refused doesn't stop the others"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="file or folder")
        parser.add_argument(
            "--type", help="name of the document type; without it the router finds out, or a person says"
        )
        parser.add_argument(
            "--answers",
            action="store_true",
            help="record a pack's labels (labels.jsonl) as labels that people made elsewhere",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["answers"] and not options["type"]:
            raise CommandError("labels belong to a document type: give --type NAME with --answers")
        document_type = named(options["type"]) if options["type"] else routing.unknown_type()
        tried = refused = 0
        for path in options["paths"]:
            if is_pack(path):
                taken = self._take_pack(path, document_type, answers=options["answers"])
            else:
                taken = [self._take(each, document_type) for each in files([path])]
            tried += len(taken)
            refused += taken.count(False)
        self.stdout.write(f"{tried} file{'' if tried == 1 else 's'}, {refused} refused")
        if refused or not tried:
            raise CommandError(
                f"{refused} of {tried} files were refused, see above" if tried else "there were no files"
            )

    def _take(self, path: Path, document_type: DocumentType) -> bool:
        try:
            received = intake.receive(path, filename=path.name, document_type=document_type, by="ingest")
        except DocloopError as problem:
            self.stderr.write(f"refused   {path}: {problem}")
            return False
        except OSError as problem:
            self.stderr.write(f"refused   {path}: {problem.strerror or type(problem).__name__}")
            return False
        self.stdout.write(f"{'received ' if received.new else 'known    '} {path}")
        return True

    def _take_pack(self, folder: Path, document_type: DocumentType, *, answers: bool) -> list[bool]:
        try:
            return [self._take_given(given, document_type, answers=answers) for given in read_pack(folder)]
        except DocloopError as problem:  # the rest of the pack can't be understood
            raise CommandError(str(problem)) from None

    def _take_given(self, given: PackDocument, document_type: DocumentType, *, answers: bool) -> bool:
        try:
            received = intake.receive_pack_document(given, document_type=document_type, by="ingest")
            if answers:
                ledger.import_answers(received.document, given.answers, by="ingest")
        except DocloopError as problem:
            self.stderr.write(f"refused   {given.key}: {problem}")
            return False
        self.stdout.write(f"{'received ' if received.new else 'known    '} {given.key}")
        return True


def files(paths: list[Path]) -> Iterator[Path]:
    """The files among `paths`, and below the folders among them in order of their names; hidden ones are left out."""
    for path in paths:
        if path.is_dir():
            below = (each for each in sorted(path.rglob("*")) if each.is_file())
            yield from (each for each in below if not _hidden(each.relative_to(path)))
        else:
            yield path


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
