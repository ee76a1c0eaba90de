"""A router as a model folder (`models.extractors.manifest`): arrays as safetensors, the rest as JSON. Nothing executable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import load, save_file
from scipy import sparse  # type: ignore[import-untyped]

from models.calibration import Calibration
from models.errors import RegistryError
from models.extractors import manifest
from models.routing import SCHEMA
from models.routing.features import LAYOUT, WORDS
from models.routing.router import Router

KIND = "router"  # what the manifest says wrote the folder
ARRAYS = "router.safetensors"


def save(router: Router, folder: Path) -> None:
    """Write it into the folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        "weights": router.weights,
        "bias": router.bias,
        "rarity": router.rarity,
        "kept": router.kept.data,
        "kept_columns": router.kept.indices.astype(np.int32),
        "kept_rows": router.kept.indptr.astype(np.int64),
        "kept_types": router.kept_types,
        "centre": router.centre,
        "spread": router.spread,
    }
    save_file({name: np.ascontiguousarray(each) for name, each in arrays.items()}, folder / ARRAYS)
    told = {
        "types": list(router.types),
        "threshold": router.threshold,
        "calibration": router.calibration.to_json(),
        "columns": [WORDS, LAYOUT],
    }
    manifest.write(folder, KIND, SCHEMA, told)


def open_router(folder: Path) -> Router:
    """Read and verify what `save` wrote; raises `RegistryError` saying what is missing, changed or of another Docloop."""
    sealed = manifest.read(folder)
    told = sealed.settings
    try:
        if sealed.extractor != KIND or told["columns"] != [WORDS, LAYOUT]:
            raise RegistryError(f"{folder} was written by another Docloop: train the router again")
        arrays = load((folder / ARRAYS).read_bytes())
        types = tuple(str(each) for each in told["types"])
        kept = (arrays["kept"], arrays["kept_columns"], arrays["kept_rows"])
        router = Router(
            types=types,
            weights=arrays["weights"],
            bias=arrays["bias"],
            rarity=arrays["rarity"],
            kept=sparse.csr_matrix(kept, shape=(len(arrays["kept_types"]), WORDS)),
            kept_types=arrays["kept_types"],
            centre=arrays["centre"],
            spread=arrays["spread"],
            threshold=float(told["threshold"]),
            calibration=Calibration.from_json(told["calibration"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"{folder} holds no router that Docloop wrote ({type(error).__name__})"
        ) from error
    if router.weights.shape != (len(types), WORDS + LAYOUT):
        raise RegistryError(f"{folder}: the weights don't fit the types; train the router again")
    return router
