"""A limited child process for work on bytes that strangers sent.

Pillow and pdfium are C and C++ that parse hostile files; a crash, a bomb or a hang must not reach a server. The
parent calls `run`; the child (`python -m models.sandbox`) takes one job as JSON on standard input, limits itself,
and answers with JSON on standard output. It gets no environment, so it holds no secrets; where the kernel can, it
reads nothing but the file and its own code, writes to nothing but the output folder, and reaches no network. Its start
is kept cheap: nothing but the job's own module is imported.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.errors import ReadingFailed
from models.landlock import confine

CHECKOUT = Path(__file__).resolve().parent.parent
# what the child itself is made of: Python, its packages, this code, the system's libraries and fonts
OWN_PLACES = (
    Path(sys.prefix),
    Path(sys.base_prefix),
    CHECKOUT / "models",
    *map(Path, ("/usr", "/lib", "/lib64", "/etc/fonts", "/dev/urandom")),
)
JOBS = {
    "count_pages": ("models.rendering", "count_pages"),
    "render": ("models.rendering", "render"),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. Sizes in bytes, times in seconds, `pixels` for each page image of an upload."""

    file_bytes: int = 50_000_000
    pages: int = 100
    pixels: int = 120_000_000  # A4 at 1,200 dpi is 139 million; at 600 dpi 35 million
    memory: int = 1_500_000_000
    cpu_seconds: int = 120
    wall_seconds: int = 180


def run(job: str, request: dict[str, Any], *, name: str, limits: Limits) -> Any:  # JSON both ways
    """The answer of `JOBS[job](request, limits)`, worked out in a limited child.

    Raises `ReadingFailed` with the child's own message, or one that says which limit ended it; `name` is what the
    messages call the file.
    """
    order = {"job": job, "request": request, "limits": asdict(limits)}
    # answers go to a file, where the child's limit on file size holds them in check; a pipe has none
    with tempfile.TemporaryFile() as answer:
        child = subprocess.Popen(
            [sys.executable, "-E", "-s", "-m", "models.sandbox"],
            cwd=CHECKOUT,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            child.communicate(json.dumps(order).encode(), timeout=limits.wall_seconds)
        except subprocess.TimeoutExpired:
            raise ReadingFailed(
                f"{name!r} took longer than {limits.wall_seconds} s to open and was given up; "
                "print it to a new PDF, or split it, and upload that"
            ) from None
        finally:
            _end(child)
        answer.seek(0)
        return _answer(child.returncode, answer.read(), name)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ends the child and whatever it started, if they still run."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _answer(returncode: int, raw: bytes, name: str) -> Any:
    try:
        answer = json.loads(raw)
    except ValueError:
        answer = None
    if returncode == 0 and isinstance(answer, dict) and "done" in answer:
        return answer["done"]
    if isinstance(answer, dict) and isinstance(answer.get("failed"), str):
        raise ReadingFailed(f"{name!r} {answer['failed']}")
    how = f"signal {signal.Signals(-returncode).name}" if returncode < 0 else f"exit {returncode}"
    raise ReadingFailed(
        f"{name!r} broke the program that opens files ({how}); print it to a new PDF and upload that"
    )


def _limit(limits: Limits) -> None:
    """From here on this process can't outgrow `limits`, dump core or start other processes at length."""
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, 256_000_000),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def main() -> int:
    """The child: one job in, one answer out. Exit 0 when done, 1 when the file is at fault."""
    order = json.load(sys.stdin)
    limits = Limits(**order["limits"])
    _limit(limits)
    module, function = JOBS[order["job"]]
    request = order["request"]
    confine(
        readable=[Path(request["path"]), *OWN_PLACES],
        writable=[Path(request["out"])] if "out" in request else [],
    )
    try:
        done = getattr(importlib.import_module(module), function)(request, limits)
    except ReadingFailed as failure:
        answer = {"failed": str(failure)}
    except MemoryError:
        answer = {"failed": "needs more memory than a document may; scan it at 300 dpi or less"}
    except Exception as error:
        # the outermost edge: Pillow and pdfium raise nearly anything on a file that was made to break them
        answer = {"failed": f"can't be opened ({type(error).__name__}); it is damaged or was made wrongly"}
    else:
        answer = {"done": done}
    json.dump(answer, sys.stdout)
    return 0 if "done" in answer else 1


if __name__ == "__main__":
    sys.exit(main())
