"""`manage.py doctor`: is this installation well and safe? If not, what to do."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import projects
from annotation.models import DocumentType
from models.errors import DocloopError
from webapp.doctor import examination
from webapp.doctor.findings import Finding, Grade

SIGNS = {Grade.WELL: "ok", Grade.SKIPPED: "skipped", Grade.WARNING: "warning", Grade.FAILED: "FAILED"}


class Command(BaseCommand):
    help = (
        "Look at every setting and service, and send a document through the whole loop and take it away again. "
        "Every check that fails says what to do; then the exit status is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-probe", action="store_true", help="look only; send no document through the loop"
        )
        parser.add_argument("--json", action="store_true", help="for programs: a list of findings")
        parser.add_argument(
            "--mend",
            action="store_true",
            help="first bring project, webhook and page images of every document type in Label Studio up to date",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["mend"]:
            self._mend()
        found = []
        for finding in examination.examine(settings.CONFIG, with_probe=not options["no_probe"]):
            found.append(finding)
            if not options["json"]:
                self._say(finding)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(each) for each in found], indent=2))
        counted = Counter(each.grade for each in found)
        told = ", ".join(f"{counted[grade]} {sign}" for grade, sign in SIGNS.items() if counted[grade])
        if counted[Grade.FAILED]:
            raise CommandError(f"Docloop is not well: {told}")
        if not options["json"]:
            self.stdout.write(f"Docloop is well: {told}")

    def _say(self, finding: Finding) -> None:
        self.stdout.write(f"{SIGNS[finding.grade]:8} {finding.check}: {finding.said}")
        if finding.remedy:
            self.stdout.write(f"         → {finding.remedy}")

    def _mend(self) -> None:
        for document_type in DocumentType.objects.order_by("name"):
            try:
                projects.sync_project(document_type.pk)
            except DocloopError as problem:
                self.stderr.write(f"{document_type.name}: {problem}")
