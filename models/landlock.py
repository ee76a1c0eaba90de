"""Linux's Landlock: from a call on, this process reads and writes only where it was told to, and reaches no network.

Needs no privileges and no packages. Kernels from 5.13 have it (files), from 6.7 on TCP as well; elsewhere nothing
happens, and the resource limits of `models.sandbox` stand alone. Source: linux/landlock.h and the kernel's
userspace-api/landlock document.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
PATH_BENEATH = 1
NO_NEW_PRIVILEGES = 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, MAKE_REG = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 8
TRUNCATE = 1 << 14
# how many of the kernel's rights on files each version of the interface knows
RIGHTS_ON_FILES = {1: 13, 2: 14, 3: 15, 4: 15}
ALL_TCP = 0b11  # bind and connect


def version() -> int:
    """Which version of the interface this kernel has; 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    asked = ctypes.CDLL(None, use_errno=True).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    return max(0, int(asked))


def confine(*, readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Whether it worked: from now on only these files and folders (and what is in them) can be read or written to."""
    known = version()
    if known < 1:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    handled = (1 << RIGHTS_ON_FILES.get(known, 16)) - 1
    attributes = struct.pack("QQ", handled, ALL_TCP) if known >= 4 else struct.pack("Q", handled)
    rules = libc.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if rules < 0:
        return False
    read = EXECUTE | READ_FILE | READ_DIR
    for paths, rights in ((readable, read), (writable, read | WRITE_FILE | MAKE_REG | TRUNCATE)):
        for path in paths:
            _allow(libc, rules, path, rights & handled)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    done = libc.syscall(RESTRICT_SELF, rules, 0) == 0
    os.close(rules)
    return done


def _allow(libc: ctypes.CDLL, rules: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not path.is_dir():
        rights &= EXECUTE | READ_FILE | WRITE_FILE | TRUNCATE
    libc.syscall(ADD_RULE, rules, PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    os.close(place)
