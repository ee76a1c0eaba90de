"""docTR: its real `ocr_predictor`, with weights from a local folder or from its hub.

A folder holds one file for detection and one for recognition, named as docTR's hub names them: the architecture, and
what follows it (`fast_base-688a8b34.pt`, `crnn_vgg16_bn-0417f351.pt`, or the same with `.safetensors`). A `.pt` file is a
pickle, so it must have the beginning of its SHA-256 in its name, as the hub's have, and is read by torch's weights-only
loader, which runs no code from it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import torch
from doctr.models import detection, ocr_predictor, recognition
from doctr.models.detection.fast import reparameterize
from doctr.models.detection.zoo import ARCHS as DETECTION
from doctr.models.recognition.zoo import ARCHS as RECOGNITION
from huggingface_hub.constants import HF_HUB_OFFLINE
from PIL import Image
from safetensors.torch import load_file

from models.errors import ReadingFailed
from models.ocr.lines import reading_order
from models.pages import Box, Word
from models.weights import check_header

HUB_DETECTION, HUB_RECOGNITION = "fast_base", "crnn_vgg16_bn"
SUFFIXES = {".pt", ".safetensors"}
WHAT_TO_DO = (
    "set DOCLOOP_DOCTR_WEIGHTS to a folder with one detection and one recognition file of docTR "
    f"(such as {HUB_DETECTION}-….pt and {HUB_RECOGNITION}-….pt), or DOCLOOP_OCR_ENGINE=rapidocr"
)


class DocTr:
    """See `models.ocr.base.Engine`. `weights` is a folder as described above; None asks docTR's hub."""

    name = "doctr"

    def __init__(self, *, threads: int = 1, weights: Path | None = None) -> None:
        """Raises `ReadingFailed`, saying what to set, where weights can't be had."""
        torch.set_num_threads(threads)
        self._turn = threading.Lock()  # torch uses all its threads for one page already
        if weights is None:
            if HF_HUB_OFFLINE:  # one setting for every hub
                raise ReadingFailed(
                    f"docTR's weights may not be fetched from its hub; set DOCLOOP_HUB=true, or {WHAT_TO_DO}"
                )
            models: tuple[Any, Any] = (HUB_DETECTION, HUB_RECOGNITION)
            source = f"{HUB_DETECTION} {HUB_RECOGNITION}"
        else:
            found = _weight_file(weights, DETECTION), _weight_file(weights, RECOGNITION)
            models = _loaded(detection, *found[0]), _loaded(recognition, *found[1])
            source = " ".join(f"{architecture} {_hash(path)}" for architecture, path in found)
        self.version = f"doctr {importlib.metadata.version('python-doctr')} {source}"
        try:
            # docTR's own words are axis-aligned boxes; pages that are only a little askew read well as straight ones
            self._predictor = ocr_predictor(*models, pretrained=weights is None, pretrained_backbone=False)
        except Exception as error:
            # docTR passes on whatever its download met: URLError, OSError, a wrong hash
            raise ReadingFailed(
                f"docTR's weights can't be had from its hub ({type(error).__name__}); {WHAT_TO_DO}",
                permanent=False,
            ) from error

    def read(self, image: Image.Image) -> list[Word]:
        """Words in reading order."""
        pixels = np.asarray(image.convert("RGB"))
        with self._turn, torch.inference_mode():
            read = self._predictor([pixels])
        words = [
            Word(word.value, box, min(1.0, max(0.0, float(word.confidence))))
            for page in read.pages
            for block in page.blocks
            for line in block.lines
            for word in line.words
            if word.value.strip() and (box := _box(word.geometry)).area > 0
        ]
        return reading_order(words)


def _box(geometry: tuple[tuple[float, float], tuple[float, float]]) -> Box:
    """From docTR's shares of the page: top left, bottom right."""
    (x0, y0), (x1, y1) = geometry
    return Box.from_pixels(x0, y0, x1, y1, 1, 1)


def _weight_file(folder: Path, architectures: list[str]) -> tuple[str, Path]:
    """The architecture and path of the one file in `folder` that is named after one of `architectures`."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [
        (architecture, path)
        for path in files
        for architecture in architectures
        if path.suffix in SUFFIXES and path.stem.split("-")[0] == architecture
    ]
    if len(found) != 1:
        raise ReadingFailed(
            f"{len(found)} weight files in {folder} are named after one of {', '.join(architectures)}, and one is "
            f"needed; {WHAT_TO_DO}"
        )
    return found[0]


def _hash(path: Path) -> str:
    """Of the content: what was read with other weights of the same name was read by another version."""
    return _sha256(path)[:12]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_name(path: Path) -> None:
    """Raises `ReadingFailed` unless the file's name ends with the beginning of its hash."""
    told = path.stem.rpartition("-")[2]
    if not re.fullmatch(r"[0-9a-f]{8,64}", told) or not _sha256(path).startswith(told):
        raise ReadingFailed(
            f"{path} is not called after its SHA-256, as docTR's files are ({path.stem.split('-')[0]}-1a2b3c4d.pt): get it "
            "again from where it came, or use a .safetensors file"
        )


def _loaded(zoo: Any, architecture: str, path: Path) -> torch.nn.Module:  # a module of docTR's
    """The architecture with the file's weights."""
    model: torch.nn.Module = getattr(zoo, architecture)(pretrained=False, pretrained_backbone=False)
    try:
        if path.suffix == ".safetensors":
            check_header(path)
            model.load_state_dict(load_file(path))
        else:
            _check_name(path)
            model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except ReadingFailed:
        raise
    except Exception as error:
        # a cut file, a pickle, another architecture's weights: torch has a type of its own for each
        raise ReadingFailed(
            f"{path} holds no weights of {architecture} ({type(error).__name__}); get the file again"
        ) from error
    model.eval()
    # as docTR does with its own; it halves the time, and works on loaded weights only
    return reparameterize(model) if isinstance(model, detection.FAST) else model
