"""`manage.py erase DOCUMENT`: a document goes from everywhere, for good."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import audit_trail, erasure
from annotation.errors import LabelStudioError, Refused
from annotation.models import Document, Erasure
from learner import erasing
from models.errors import RegistryError


class Command(BaseCommand):
    help = (
        "Erase a document: its file and page images, its task in Label Studio, its words, extractions and corrections. "
        "Asked again, it goes on where it was interrupted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        chosen = parser.add_mutually_exclusive_group(required=True)
        chosen.add_argument("document", nargs="?", type=int, help="id of the document")
        chosen.add_argument(
            "--allow", metavar="SHA256", help="let the bytes of an erased document be taken in again"
        )
        parser.add_argument(
            "--forget-models",
            action="store_true",
            help="also delete the files of model versions that learned from it and are not in use; none can be rolled back to",
        )
        parser.add_argument("--why", default="", help="for the audit trail; not the document's content")
        parser.add_argument("--yes", action="store_true", help="don't ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["allow"]:
            if not erasure.allow(options["allow"], by=audit_trail.SHELL):
                raise CommandError("no document with these bytes was erased")
            self.stdout.write("These bytes may be taken in again.")
            return
        self._confirm(options["document"], yes=options["yes"])
        try:
            erased = erasing.erase(options["document"], by=audit_trail.SHELL, why=options["why"])
        except Refused as reason:
            raise CommandError(str(reason)) from None
        try:
            erasure.finish(erased.pk)
        except LabelStudioError as problem:
            self.stderr.write(f"{problem}\nThe workers go on until Label Studio has let go of it too.")
        else:
            self.stdout.write(f"Document {erased.document} is erased.")
        self.stdout.write(
            "Left are: that it was erased, when and by whom, and the hash of its bytes, so that they are not taken in "
            "again unnoticed. Backups that were made before hold it until they are deleted."
        )
        if options["forget_models"]:
            self._forget_models(erased)
        elif erased.learned_by:
            self.stdout.write(
                f"Model versions that learned from it: {', '.join(erased.learned_by)}. They stay until they are "
                f"deleted; the next training of {erased.document_type.name} learns nothing from it."
            )

    def _forget_models(self, erased: Erasure) -> None:
        try:
            forgotten = erasing.forget_models(erased, by=audit_trail.SHELL)
        except RegistryError as problem:
            raise CommandError(f"{problem}. Run it again when MLflow answers") from None
        self.stdout.write(f"Deleted are the files of: {', '.join(forgotten) or 'no version'}.")
        if left := erasing.still_in_use(erased):
            self.stdout.write(
                f"In use, and so still there: {', '.join(left)}. Train {erased.document_type.name} anew (manage.py retrain), "
                f"and when another version reads, run manage.py erase {erased.document} --forget-models --yes again."
            )

    def _confirm(self, document_id: int, *, yes: bool) -> None:
        document = Document.objects.filter(pk=document_id).first()
        if document and not yes:
            self.stdout.write(
                f"Document {document_id} is {document.filename!r}, of {document.document_type.title}."
            )
            if input("It can't be brought back. Type its id to erase it: ").strip() != str(document_id):
                raise CommandError("nothing was erased")
