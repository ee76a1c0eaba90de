"""`python docloop_serve.py HOST PORT` in Label Studio's environment: its tables and service account, then gunicorn.

`label-studio start` would serve by Django's development server: one process, and slower by a third with several people.
"""

from __future__ import annotations

import sys

from django.db import connections
from gunicorn.app.wsgiapp import run
from label_studio import server

WORKERS, THREADS = 2, 4


def main(host: str, port: str) -> None:
    """Serve in the foreground until SIGTERM; what the tables and the account are made of stands in the environment."""
    sys.argv = ["label-studio", "init", "--quiet"]
    server.main()
    connections.close_all()  # the workers are forks, and two processes can't share a connection
    sys.argv = [
        "gunicorn", "core.wsgi:application", "--preload", "--bind", f"{host}:{port}", "--workers", str(WORKERS),
        "--threads", str(THREADS), "--timeout", "120", "--graceful-timeout", "8", "--no-control-socket",
        "--log-level", "warning",
    ]  # fmt: skip
    run()


if __name__ == "__main__":
    main(*sys.argv[1:])
