"""`manage.py document_type FILE.yaml`: create the type that a file describes, or change it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import audit_trail, document_types
from annotation.models import DocumentType
from models.errors import DocloopError


class Command(BaseCommand):
    help = "Create the document type that a YAML file describes, or change the one of that name"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.yaml")

    def handle(self, *args: Any, **options: Any) -> None:
        before = set(DocumentType.objects.values_list("pk", flat=True))
        try:
            saved = document_types.from_yaml(options["file"], by=audit_trail.SHELL)
        except DocloopError as problem:
            raise CommandError(str(problem)) from None
        except OSError as problem:
            raise CommandError(f"{options['file']}: {problem.strerror}") from None
        did = "changed" if saved.pk in before else "created"
        self.stdout.write(f"document type {saved.name!r} {did}: {', '.join(saved.schema.names)}")
