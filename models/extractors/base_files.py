"""A base as files: what it is made of, what its head knows, and the hash by which its answers are known."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from models.errors import RegistryError
from models.extractors.manifest import sha256_of

OWN_BASE = Path(__file__).resolve().parents[1] / "base"  # the one that comes with Docloop
FILES = ("config.json", "model.safetensors", "tokenizer.json")


def head_of(folder: Path) -> tuple[str, ...]:
    """The labels of the head of the base in `folder`; none if it is somebody else's, or no base at all."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return tuple(str(label) for label in config.get("head", ()))
    except (OSError, ValueError, AttributeError):
        return ()


@lru_cache(maxsize=4)
def digest(folder: Path) -> str:
    """SHA-256 in hex of what the base says: of its files. Raises `RegistryError` if one is missing."""
    try:
        return hashlib.sha256("".join(sha256_of(folder / name) for name in FILES).encode()).hexdigest()
    except OSError as error:
        raise RegistryError(
            f"the base in {folder} is not whole: {error.strerror}; install it anew"
        ) from error
