#!/usr/bin/env python3
"""Django's command line."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as problem:
        reason = str(problem).splitlines()[0]
        sys.exit(
            f"The database does not answer ({reason}). Is `make up` running, or DOCLOOP_DATABASE_URL right?"
        )
