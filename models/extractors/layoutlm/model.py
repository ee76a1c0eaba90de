"""The network: a LayoutLM (Xu et al. 2020) over words, with a head of labels; from its base or from a saved folder.

Its words are sums of their pieces' embeddings and of what they look like. The head knows the base's concepts
(`models.concepts`); a field that means one starts with what the base knows of it, any other starts fresh. Whatever
the schema doesn't ask for counts as outside. Nothing is unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedModel

from models.concepts import head_labels
from models.errors import RegistryError
from models.extractors.layoutlm.windows import COUNT_NUMBERS, PIECES, RANK_NUMBERS, SHAPES
from models.schema import Schema
from models.weights import check_header, read_config

OUTSIDE = "O"
# what a network's form depends on; the rest of a config.json is other people's business
CONFIG = (
    "model_type",
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
    "coordinate_size",
    "shape_size",
    "has_relative_attention_bias",
    "has_spatial_attention_bias",
    "rel_pos_bins",
    "max_rel_pos",
    "rel_2d_pos_bins",
    "max_rel_2d_pos",
)
SHY = -3.0  # where the bias of a fresh label starts: most words are not it


class WordTagger(nn.Module):
    """An encoder over words, with a score for each label of its head. B windows of T words, H labels in the head."""

    def __init__(self, config: dict[str, Any], head: Sequence[str]) -> None:
        super().__init__()
        self.config = {key: config[key] for key in CONFIG if key in config}
        self.head = tuple(head)
        self.encoder = _encoder(self.config)
        hidden = int(self.config["hidden_size"])
        # a word's first piece says more than its fourth
        self.weight_of_piece = nn.Parameter(torch.ones(PIECES, hidden))
        self.shapes = nn.Embedding(SHAPES, hidden)
        self.ranks = nn.Embedding(RANK_NUMBERS, hidden)
        self.counts = nn.Embedding(COUNT_NUMBERS, hidden)
        for table in (self.shapes, self.ranks, self.counts):
            nn.init.normal_(table.weight, 0, 0.01)
        self.dropout = nn.Dropout(0.1)
        self.classifier = nn.Linear(hidden, len(self.head))

    def forward(
        self,
        pieces: torch.Tensor,
        boxes: torch.Tensor,
        looks: torch.Tensor,
        mask: torch.Tensor,
        kinds: torch.Tensor,
    ) -> torch.Tensor:
        """(B, T, H) scores of (B, T, PIECES) pieces, (B, T, 4) boxes, (B, T, 3) looks and (B, T) mask and kinds."""
        return self.classifier(self.dropout(self.states(pieces, boxes, looks, mask, kinds)))

    def states(
        self,
        pieces: torch.Tensor,
        boxes: torch.Tensor,
        looks: torch.Tensor,
        mask: torch.Tensor,
        kinds: torch.Tensor,
    ) -> torch.Tensor:
        """The encoder's last hidden states (B, T, hidden)."""
        # the sum of n unrelated vectors is as long as one after division by √n
        words = self._summed(pieces) / (pieces > 0).sum(2, keepdim=True).clamp(min=1).sqrt()
        words = words + self.shapes(looks[..., 0]) + self.ranks(looks[..., 1]) + self.counts(looks[..., 2])
        # LayoutLMv3 counts positions by the ids, though it takes the embeddings; the others refuse both
        ids = {"input_ids": pieces[..., 0]} if self.config["model_type"] == "layoutlmv3" else {}
        found: torch.Tensor = self.encoder(
            inputs_embeds=words,
            bbox=boxes,
            attention_mask=mask,
            token_type_ids=kinds.clamp(max=int(self.config.get("type_vocab_size", 1)) - 1),
            **ids,
        ).last_hidden_state
        return found

    def _summed(self, pieces: torch.Tensor) -> torch.Tensor:
        """(B, T, hidden) sums of the words' weighted pieces."""
        embeddings = self.encoder.get_input_embeddings()
        there = pieces > 0  # (B, T, PIECES)
        if torch.onnx.is_in_onnx_export():
            # of the way below the export makes a graph that forgets all but one piece of each word
            return (embeddings(pieces) * self.weight_of_piece * there.unsqueeze(-1)).sum(2)
        # only the pieces there are: most words have one or two, and eight times the memory would be moved for them
        word, place = there.flatten(0, 1).nonzero(as_tuple=True)  # (N,), (N,)
        # looked up and not indexed: gradients of indexed rows are added in the order in which threads come
        embedded = embeddings(pieces[there]) * nn.functional.embedding(place, self.weight_of_piece)
        words = torch.zeros_like(embedded[:1]).repeat(pieces.shape[0] * pieces.shape[1], 1)
        return words.index_add(0, word, embedded).unflatten(0, pieces.shape[:2])


def widened(base: WordTagger, schema: Schema) -> WordTagger:
    """The base with fresh labels for those of the schema's fields that no concept of its head means.

    Uses torch's random generator: seed it first.
    """
    head = [*base.head, *(label for label in head_labels(schema, base.head) if label not in base.head)]
    network = WordTagger(base.config, head)
    weights = base.state_dict()
    known = len(base.head)
    for name in ("classifier.weight", "classifier.bias"):
        whole = network.state_dict()[name].clone()
        if name.endswith("bias"):
            whole.fill_(SHY)
        whole[:known] = weights[name]
        weights[name] = whole
    network.load_state_dict(weights)
    return network


class Asked(nn.Module):
    """The network with only the schema's labels: log-probabilities (B, T, L), all else summed up as outside."""

    def __init__(self, network: WordTagger, schema: Schema) -> None:
        super().__init__()
        self.network = network
        self.labels = 1 + 2 * len(schema.fields)
        columns = [network.head.index(label) for label in head_labels(schema, network.head)]
        others = [column for column in range(len(network.head)) if column not in columns]
        self.register_buffer("columns", torch.tensor(columns), persistent=False)
        self.register_buffer("others", torch.tensor(others), persistent=False)

    def forward(
        self,
        pieces: torch.Tensor,
        boxes: torch.Tensor,
        looks: torch.Tensor,
        mask: torch.Tensor,
        kinds: torch.Tensor,
    ) -> torch.Tensor:
        said = self.network(pieces, boxes, looks, mask, kinds).float().log_softmax(-1)
        outside = said.index_select(-1, self.others).logsumexp(-1, keepdim=True)
        return torch.cat([outside, said.index_select(-1, self.columns)], dim=-1)


class Concepts(nn.Module):
    """The network with every label of its head: log-probabilities (B, T, H) of what it takes each word for."""

    def __init__(self, network: WordTagger) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        pieces: torch.Tensor,
        boxes: torch.Tensor,
        looks: torch.Tensor,
        mask: torch.Tensor,
        kinds: torch.Tensor,
    ) -> torch.Tensor:
        said: torch.Tensor = self.network(pieces, boxes, looks, mask, kinds)
        return said.float().log_softmax(-1)


def accelerator() -> torch.device:
    """Where networks learn: the GPU, if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def short_floats(device: torch.device) -> torch.dtype:
    """The 16-bit floats that steps are fastest in on that device; float32 where none are.

    bfloat16 halves the time of a step where the CPU computes in it, and triples it elsewhere. GPUs before Ampere only
    emulate it; they have float16, whose gradients must be scaled.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32


def save_network(network: WordTagger, folder: Path, *, half: bool = False) -> None:
    """Writes `config.json` and `model.safetensors`, in half precision if wanted."""
    config = {**network.config, "head": list(network.head)}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    weights = {
        name: (tensor.half() if half else tensor).detach().cpu().contiguous()
        for name, tensor in network.state_dict().items()
    }
    save_file(weights, folder / "model.safetensors")


def open_network(folder: Path) -> WordTagger:
    """The network that `save_network` wrote, in 32-bit floats; raises `RegistryError` if the folder holds none."""
    try:
        config = read_config(folder / "config.json")
        network = WordTagger(config, config["head"])
        check_header(folder / "model.safetensors")
        stored = load_file(folder / "model.safetensors")
        network.load_state_dict({name: tensor.float() for name, tensor in stored.items()})
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise RegistryError(f"{folder} holds no LayoutLM of Docloop's: {type(error).__name__}") from error
    return network.eval()


def _encoder(config: dict[str, Any]) -> PreTrainedModel:
    settings = {
        # dropout on attention doubles the time of a step on a CPU
        "attention_probs_dropout_prob": 0.0,
        "hidden_dropout_prob": 0.1,
        "visual_embed": False,
    }
    known = AutoConfig.for_model(**{**config, **settings})
    # eager: the fused kernels are slower in bfloat16 on CPUs
    encoder: PreTrainedModel = AutoModel.from_config(known, attn_implementation="eager")
    return encoder
