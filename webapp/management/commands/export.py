"""`manage.py export TYPE --form FORM --out FILE`: what people confirmed, as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import audit_trail, exports
from annotation.models import DocumentType


class Command(BaseCommand):
    help = "Write the truths of a document type to a file: jsonl, csv, word labels, or a pack for train and evaluate"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("type", help="the document type's name")
        parser.add_argument("--form", choices=exports.FORMS, default="jsonl")
        parser.add_argument("--out", type=Path, help="the file to write, else one named after the type, here")

    def handle(self, *args: Any, **options: Any) -> None:
        document_type = DocumentType.objects.filter(name=options["type"]).first()
        if document_type is None:
            known = ", ".join(DocumentType.objects.values_list("name", flat=True)) or "none yet"
            raise CommandError(f"there is no document type {options['type']!r}; there are: {known}")
        form = exports.FORMS[options["form"]]
        out = options["out"] or Path(exports.filename(document_type, form))
        half = out.with_name(f"{out.name}.part")  # a file that is there is whole
        try:
            with half.open("wb") as file:
                file.writelines(form.write(document_type))
            half.replace(out)
            exports.write_down(document_type, form, by=audit_trail.SHELL)
        except OSError as problem:
            raise CommandError(f"{out} can't be written: {problem.strerror}") from problem
        finally:
            half.unlink(missing_ok=True)
        self.stdout.write(f"{out}: {form.title}, {out.stat().st_size:,} bytes")
