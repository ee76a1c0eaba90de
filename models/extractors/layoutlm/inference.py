"""Documents → label log-probabilities of their words, in batches of windows of like length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import Tokenizer

from models.extractors.layoutlm.fields import Floats
from models.extractors.layoutlm.model import Asked
from models.extractors.layoutlm.windows import batches_of, collate, windows_of
from models.pages import Page

# windows read at once: larger batches are no faster on a CPU
BATCH = 8


def log_probs_of(
    asked: Asked, tokenizer: Tokenizer, documents: Sequence[Sequence[Page]]
) -> list[list[Floats]]:
    """For each document and page: label log-probabilities (W, L) of its words, in 32-bit floats on any device.

    Windows of all documents share batches of like length, so hand over many documents at once.
    """
    probs: list[list[Floats]] = [
        [np.zeros((len(page.words), asked.labels)) for page in pages] for pages in documents
    ]
    windows = [
        (number, window) for number, pages in enumerate(documents) for window in windows_of(pages, tokenizer)
    ]
    device = next(asked.parameters()).device
    asked.eval()
    for batch in batches_of([len(window) for _, window in windows], BATCH, None):
        inputs = {name: each.to(device) for name, each in collate([windows[i][1] for i in batch]).items()}
        with torch.inference_mode():
            said = asked(**inputs).double().cpu().numpy()  # (B, T, L)
        for row, i in enumerate(batch):
            number, window = windows[i]
            probs[number][window.page][slice(*window.owned)] = said[row, window.at]
    return probs
