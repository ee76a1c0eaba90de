"""`manage.py api_token USER`: a new key to the API, printed once."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

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
            ended, _ = ApiToken.objects.filter(user=user).delete()
            self.stdout.write(f"{ended} token{'' if ended == 1 else 's'} ended")
        else:
            self.stdout.write(ApiToken.issue(user, options["note"]))
