"""`manage.py accounts`: the first people's accounts, in Docloop and in Label Studio."""

from typing import Any

import httpx
from django.core.management.base import BaseCommand, CommandError

from webapp.accounts import ensure_people
from webapp.config import config


class Command(BaseCommand):
    help = "Make the accounts of the admin, the operator, the team lead and two annotators where they are missing"

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            ensure_people(config(), self.stdout.write)
        except httpx.HTTPError as problem:
            raise CommandError(
                f"Label Studio at {config().label_studio_url} does not answer: {problem}"
            ) from None
