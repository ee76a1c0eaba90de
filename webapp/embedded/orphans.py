"""What a killed `make up` left running: found by the mark in its environment, and ended before a new start."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path

import psutil

from webapp.embedded.supervisor import MARK


def find(data: Path) -> list[psutil.Process]:
    """Processes that ran for this data folder, PostgreSQL last."""
    marked = [process for process in psutil.process_iter() if _is_marked(process, data)]
    return marked + _postgres(data / "postgres", known={process.pid for process in marked})


def end(processes: list[psutil.Process], grace: float = 15) -> None:
    """Ask them to stop, and kill what has not after `grace` seconds."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            # PostgreSQL waits for its clients on SIGTERM, not on SIGINT
            process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
    _, alive = psutil.wait_procs(processes, timeout=grace)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=5)


def _is_marked(process: psutil.Process, data: Path) -> bool:
    try:
        return bool(process.environ().get(MARK) == str(data))
    except (psutil.Error, OSError):  # of another user, or gone
        return False


def _postgres(folder: Path, known: set[int]) -> list[psutil.Process]:
    """The server of a cluster, by its lock file: it writes over its environment, so the mark is lost."""
    try:
        pid = int((folder / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        ours = process.name() == "postgres" and pid not in known and str(folder) in process.cmdline()
    except (OSError, ValueError, psutil.Error):
        return []
    return [process] if ours else []
