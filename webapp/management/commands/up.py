"""`manage.py up`: start everything on this machine and stay until Ctrl-C; `make up` calls it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from webapp.embedded.up import Progress, up


class Command(BaseCommand):
    help = "Start PostgreSQL, Valkey, MLflow, Label Studio and Docloop's own processes, until Ctrl-C"
    requires_system_checks = []  # there is no database yet

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(up(Progress()))
