"""`manage.py api_token USER`: a new key to the API, printed once."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from annotation import audit_trail
from webapp.models import ApiToken


class Command(BaseCommand):
    help = "Print a new API token for a user. It may do what the user may; it is not kept and can't be shown again"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the user's name")
        parser.add_argument("--note", default="", help="what it is for")
        parser.add_argument("--revoke", action="store_true", help="end all of the user's tokens instead")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"there is no user {options['user']!r}")
        if options["revoke"]:
            with transaction.atomic():
                ended, _ = ApiToken.objects.filter(user=user).delete()
                self._write_down("revoked all tokens", user.pk, "")
            self.stdout.write(f"{ended} token{'' if ended == 1 else 's'} ended")
        else:
            with transaction.atomic():
                token = ApiToken.issue(user, options["note"])
                self._write_down("made a token", user.pk, options["note"])
            self.stdout.write(token)

    def _write_down(self, action: str, user_id: int, note: str) -> None:
        audit_trail.record(by=audit_trail.SHELL, action=action, subject=f"user {user_id}", why=note)
