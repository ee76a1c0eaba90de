"""What a measurement was made on, so that others can tell whether theirs should come out alike."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """Processor, cores that this process may use, memory in GB, and the Python and system it runs on."""

    processor: str
    cores: int
    memory_gb: float
    python: str
    system: str

    def to_json(self) -> dict[str, str | int | float]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.processor}, {self.cores} cores, {self.memory_gb:.0f} GB"


def this_machine() -> Machine:
    """As Linux tells it; what it doesn't tell is "unknown" or 0."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0
    return Machine(
        processor=_line("/proc/cpuinfo", r"model name\s*: (.*)") or platform.processor() or "unknown",
        cores=cores,
        memory_gb=round(int(_line("/proc/meminfo", r"MemTotal:\s*(\d+)") or 0) / 2**20, 1),
        python=platform.python_version(),
        system=platform.platform(),
    )


def _line(path: str, pattern: str) -> str:
    try:
        found = re.search(pattern, Path(path).read_text(encoding="utf-8"))
    except OSError:
        return ""
    return found[1].strip() if found else ""
