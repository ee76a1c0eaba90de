"""`manage.py demo`: load the demo's types and documents, and wait until the loop has turned once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from models.errors import DocloopError
from webapp.demo import load


class Command(BaseCommand):
    help = "Load the demo's document types and documents, and wait for the first models and the queue"

    def handle(self, *args: Any, **options: Any) -> None:
        def say(line: str) -> None:
            self.stdout.write(line)
            self.stdout.flush()

        try:
            load.load_demo(say)
        except DocloopError as problem:
            raise CommandError(str(problem)) from None
