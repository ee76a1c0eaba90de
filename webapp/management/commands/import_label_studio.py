"""`manage.py import_label_studio TYPE EXPORT.json --files FOLDER|ZIP`: documents and labels of another Label Studio project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import imports
from annotation.pictures import Pictures
from models.errors import DocloopError
from webapp.management.document_types import named


class Command(BaseCommand):
    help = (
        "Take in the documents of another Label Studio project with what people said of them: its export in the form "
        "JSON, and the files of its tasks. Labels are fields by their name or title"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("type", help="the document type's name")
        parser.add_argument("export", type=Path, help="the project's export in the form JSON")
        parser.add_argument("--files", type=Path, required=True, help="folder or zip with the tasks' files")
        parser.add_argument("--by", default="import", help="who is said to have brought them")

    def handle(self, *args: Any, **options: Any) -> None:
        document_type = named(options["type"])
        try:
            tasks = imports.tasks_in(options["export"])
            pictures = Pictures(options["files"], max_bytes=settings.CONFIG.max_upload_mb * 1_000_000)
        except (DocloopError, OSError) as problem:
            raise CommandError(str(problem)) from None
        refused = 0
        with pictures:
            for taken in imports.take_all(tasks, pictures, document_type, by=options["by"]):
                if taken.problem:
                    refused += 1
                    self.stderr.write(f"refused   {taken.task}: {taken.problem}")
                else:
                    self.stdout.write(f"{'received ' if taken.new else 'known    '} {taken.task}")
        told = f"{len(tasks)} task{'' if len(tasks) == 1 else 's'}, {refused} refused"
        if refused:
            raise CommandError(f"{told}, see above; mend them and import again: the others stay as they are")
        self.stdout.write(told)
