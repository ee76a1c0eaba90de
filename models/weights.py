"""Whether a file or folder of weights is what it may be, before a library opens it. Nothing here loads anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from models.errors import RegistryError

MOST_HEADER = 4_000_000  # bytes; a hundred bytes a tensor are usual, and no network of ours has ten thousand
MOST_CONFIG = 1_000_000  # bytes
# by these a config.json of the Hugging Face libraries names code that is to be fetched and run
NAMES_CODE = ("auto_map", "trust_remote_code", "custom_pipelines")
MODEL_TYPES = ("bert", "layoutlm", "layoutlmv3")
LARGEST = {
    "hidden_size": 8192, "num_hidden_layers": 96, "num_attention_heads": 128, "intermediate_size": 65_536,
    "vocab_size": 2_000_000, "max_position_embeddings": 32_768, "max_2d_position_embeddings": 32_768,
    "type_vocab_size": 64, "coordinate_size": 8192, "shape_size": 8192, "rel_pos_bins": 4096, "max_rel_pos": 32_768,
    "rel_2d_pos_bins": 4096, "max_rel_2d_pos": 32_768,
}  # fmt: skip


def check_header(path: Path) -> None:
    """Raises `RegistryError` if the safetensors file has a header that is too large to be one, or larger than the file."""
    with path.open("rb") as file:
        told = file.read(8)
    length = int.from_bytes(told, "little")
    if len(told) < 8 or length > path.stat().st_size - 8:
        raise RegistryError(f"{path} is no safetensors file, or was cut off; fetch it again")
    if length > MOST_HEADER:
        raise RegistryError(
            f"{path} has a header of {length / 1e6:.0f} MB, and {MOST_HEADER / 1e6:.0f} are allowed"
        )


def read_config(path: Path) -> dict[str, Any]:  # JSON
    """A network's `config.json`; raises `RegistryError` for one that is none, names code, or asks for an absurd network."""
    try:
        if path.stat().st_size > MOST_CONFIG:
            raise RegistryError(f"{path} has more than {MOST_CONFIG / 1e6:.0f} MB: that is no config")
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RegistryError(f"{path} can't be read: {type(error).__name__}") from error
    if not isinstance(config, dict):
        raise RegistryError(f"{path} holds no settings")
    if code := sorted(config.keys() & set(NAMES_CODE)):
        raise RegistryError(
            f"{path} names code to be run ({', '.join(code)}): no model of Docloop's does, nor may a base"
        )
    kind = config.get("model_type")
    if kind not in MODEL_TYPES:
        raise RegistryError(f"{path} is a {kind!r}; it must be one of {', '.join(MODEL_TYPES)}")
    for name, most in LARGEST.items():
        value = config.get(name, 0)
        if value is not None and not (isinstance(value, int | float) and 0 <= value <= most):
            raise RegistryError(f"{path} says {name} = {str(value)[:20]}, and it may be {most} at most")
    return config


def refuse_code(folder: Path) -> None:
    """Raises `RegistryError` if there is a program in `folder`, which no weights need."""
    found = sorted(path.name for path in folder.rglob("*") if path.suffix in {".py", ".pyc", ".so", ".sh"})
    if found:
        raise RegistryError(
            f"{folder} has programs in it ({', '.join(found[:5])}); weights need none: remove them"
        )
