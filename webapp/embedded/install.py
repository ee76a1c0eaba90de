"""Make the two Python environments and bring them to their locks: `.venv` and, for Label Studio, `.venv-label-studio`.

`make` runs this with the machine's own Python before anything is installed, so it needs the standard library only.
When nothing has changed it takes milliseconds.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
OURS = CHECKOUT / ".venv"
LABEL_STUDIO = CHECKOUT / ".venv-label-studio"
LOCKS = {OURS: CHECKOUT / "requirements.lock", LABEL_STUDIO: CHECKOUT / "requirements-label-studio.lock"}
FREE_GB = 12  # the packages take 7.3 GB, nearly all of it PyTorch and CUDA's libraries; as much again while unpacking


class NotPossible(RuntimeError):
    """The installation can't go on; the message is one line that says what to do."""


def main() -> int:
    """Install what is missing or out of date; the exit status."""
    try:
        check_python()
        outdated = [environment for environment in LOCKS if not is_current(environment)]
        if outdated:
            check_disk()
            uv = find_uv() or install_uv()
            for environment in outdated:
                bring_to_lock(environment, uv)
    except NotPossible as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


def check_python() -> None:
    """Docloop's locks are for one version of Python."""
    if sys.version_info[:2] != (3, 11):
        raise NotPossible(
            f"Docloop needs Python 3.11, and this is {sys.version.split()[0]}: install python3.11 (Debian 12 has it)"
        )


def check_disk() -> None:
    """There is room for the packages, where there are none yet."""
    free = shutil.disk_usage(CHECKOUT).free / 2**30
    if free < FREE_GB and not python_of(OURS).exists():
        raise NotPossible(
            f"only {free:.1f} GB of disk is free at {CHECKOUT}, and the installation needs {FREE_GB}: make room"
        )


def is_current(environment: Path) -> bool:
    """Whether an environment was brought to the lock as it is now."""
    stamp = stamp_of(environment)
    return stamp.exists() and stamp.read_text() == digest(LOCKS[environment])


def find_uv() -> list[str] | None:
    """The command that runs uv, if there is one: ours, else the machine's."""
    own = OURS / "bin" / "uv"
    for candidate in (str(own), shutil.which("uv")):
        if candidate and run([candidate, "--version"], quiet=True):
            return [candidate]
    return None


def install_uv() -> list[str]:
    """Make `.venv` and put uv into it with pip; returns the command that runs it."""
    say("making .venv and installing uv into it …")
    made = python_of(OURS).exists() or run([sys.executable, "-m", "venv", str(OURS)], quiet=True)
    if not made:
        raise NotPossible(
            "this Python can't make environments: install its venv module (Debian: apt-get install python3.11-venv)"
        )
    if not run([str(python_of(OURS)), "-m", "pip", "install", "--quiet", "uv"]):
        raise NotPossible("pip could not install uv (see above): is the package index reachable?")
    return [str(OURS / "bin" / "uv")]


def bring_to_lock(environment: Path, uv: list[str]) -> None:
    """Install exactly what the lock says; the stamp is written last, so a cut installation is done again."""
    lock = LOCKS[environment]
    say(f"installing {lock.name} into {environment.name} (the first time this downloads much) …")
    stamp_of(environment).unlink(missing_ok=True)
    if not python_of(environment).exists() and not run(
        [*uv, "venv", "--quiet", "--python", sys.executable, str(environment)]
    ):
        raise NotPossible(f"uv could not make {environment} (see above)")
    if not run([*uv, "pip", "sync", "--quiet", "--python", str(python_of(environment)), str(lock)]):
        raise NotPossible(f"uv could not install {lock.name} (see above): is the package index reachable?")
    stamp_of(environment).write_text(digest(lock))


def run(command: list[str], *, quiet: bool = False) -> bool:
    """Whether a command succeeds; `quiet` hides what it says."""
    output = subprocess.DEVNULL if quiet else None
    # an environment that happens to be active must not be the one that uv or pip change
    environment = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONHOME")
    }
    try:
        return subprocess.run(command, stdout=output, stderr=output, env=environment).returncode == 0
    except OSError:
        return False


def say(line: str) -> None:
    """Progress, on the terminal."""
    print(f"[install] {line}", flush=True)


def python_of(environment: Path) -> Path:
    """An environment's interpreter."""
    return environment / "bin" / "python"


def stamp_of(environment: Path) -> Path:
    """Holds the digest of the lock that an environment was brought to."""
    return environment / ".lock-installed"


def digest(lock: Path) -> str:
    """What the stamp holds."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
