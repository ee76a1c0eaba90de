"""What trainings start from: Docloop's own base, MiniLM, or any BERT, LayoutLM or LayoutLMv3 checkpoint.

A base is a folder of `config.json`, `model.safetensors` and `tokenizer.json` (or the vocabulary that older checkpoints
have in its place), or the name of one on the Hugging Face hub. Of a foreign checkpoint the encoder is taken; 2-D positions it lacks start as smooth waves.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from tokenizers.models import BPE, WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer, ByteLevel

from models.errors import RegistryError, TrainingFailed
from models.extractors.base_files import FILES, OWN_BASE
from models.extractors.layoutlm.model import OUTSIDE, WordTagger, open_network
from models.extractors.layoutlm.windows import WINDOW, open_tokenizer
from models.weights import MODEL_TYPES, check_header, read_config, refuse_code

SPARE_POSITIONS = 2  # some models count from behind their padding's number
WORD_PIECES, BYTE_PAIRS = ("vocab.txt",), ("vocab.json", "merges.txt")
VOCABULARIES = (WORD_PIECES, BYTE_PAIRS)  # of checkpoints from before there was a tokenizer.json
OLDER = (*WORD_PIECES, *BYTE_PAIRS, "tokenizer_config.json")
POSITIONS = (
    "x_position_embeddings",
    "y_position_embeddings",
    "h_position_embeddings",
    "w_position_embeddings",
)


def base_folder(named: str) -> Path:
    """The folder of the base `named`: a folder, a name on the hub, or "" for the one that comes with Docloop.

    Raises `TrainingFailed` naming what is missing; a base that was asked for is never replaced by another.
    """
    folder = Path(named) if named else OWN_BASE
    if named and not folder.is_dir() and named.count("/") == 1 and not named.startswith((".", "/")):
        folder = _from_hub(named)
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing == ["tokenizer.json"] and any(_whole(folder, names) for names in VOCABULARIES):
        missing = []
    if missing:
        raise TrainingFailed(
            f"base model {named or folder}: no {', '.join(missing)} there; give a folder with {', '.join(FILES)}, "
            "or leave 'base' empty for the one that comes with Docloop"
        )
    return folder


def open_base(named: str) -> tuple[WordTagger, Tokenizer]:
    """The network and tokenizer of the base `named` (see `base_folder`); raises `TrainingFailed`.

    Uses torch's random generator for what a foreign checkpoint lacks: seed it first.
    """
    folder = base_folder(named)
    try:
        refuse_code(folder)
        config = read_config(folder / "config.json")
        check_header(folder / "model.safetensors")
        network = open_network(folder) if "head" in config else _foreign(folder, config)
    except KeyError as error:
        raise TrainingFailed(f"base model {folder}: its config.json doesn't say {error}") from error
    except (RegistryError, SafetensorError, ValueError) as error:
        raise TrainingFailed(
            f"base model {folder} can't be opened: {error}; is the checkpoint whole?"
        ) from error
    try:
        there = (folder / "tokenizer.json").is_file()
        return network, open_tokenizer(folder) if there else _from_vocabulary(folder)
    except Exception as error:  # the tokenizers library raises nothing more special
        raise TrainingFailed(
            f"base model {folder}: its {'tokenizer.json' if there else 'vocabulary'} can't be opened: {error}; is the checkpoint whole?"
        ) from error


def _whole(folder: Path, names: Sequence[str]) -> bool:
    return all((folder / name).is_file() for name in names)


def _from_vocabulary(folder: Path) -> Tokenizer:
    """The tokenizer that a checkpoint without `tokenizer.json` means: BERT's word pieces, or byte pairs as RoBERTa's."""
    if _whole(folder, BYTE_PAIRS):
        tokenizer = Tokenizer(BPE.from_file(*(str(folder / name) for name in BYTE_PAIRS)))
        tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
        return tokenizer
    tokenizer = Tokenizer(WordPiece.from_file(str(folder / WORD_PIECES[0]), unk_token="[UNK]"))  # noqa: S106  # a piece of text
    settings = folder / "tokenizer_config.json"
    told = json.loads(settings.read_text(encoding="utf-8")) if settings.is_file() else {}
    tokenizer.normalizer = BertNormalizer(lowercase=bool(told.get("do_lower_case", True)))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    return tokenizer


def _from_hub(name: str) -> Path:
    """The hub's checkpoint, fetched or from the cache of an earlier time."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return Path(snapshot_download(name, allow_patterns=[*FILES, *OLDER]))
    # the hub's client raises its own, the HTTP library's and the system's errors alike
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise TrainingFailed(
            f"base model {name} can't be fetched from the Hugging Face hub ({type(error).__name__}): no network, "
            f"DOCLOOP_HUB is not set, or no such model. Put {', '.join(FILES)} into a folder and name that"
        ) from error


def _foreign(folder: Path, config: dict[str, Any]) -> WordTagger:
    """A checkpoint's encoder, with everything else fresh."""
    kind = config["model_type"]
    positions = int(config["max_position_embeddings"]) - SPARE_POSITIONS
    if positions < WINDOW:
        raise TrainingFailed(
            f"base model {folder} has {positions} positions, and windows have {WINDOW} words"
        )
    network = WordTagger({**config, "model_type": "layoutlm" if kind == "bert" else kind}, [OUTSIDE])
    wanted = network.encoder.state_dict()
    stored = {}
    for name, tensor in load_file(folder / "model.safetensors").items():
        for prefix in MODEL_TYPES:
            name = name.removeprefix(f"{prefix}.")
        if name in wanted and wanted[name].shape == tensor.shape:
            stored[name] = tensor.float()
    own = (*POSITIONS, "pooler") if kind == "bert" else ("pooler",)  # the pooler is never asked
    absent = [name for name in wanted if name not in stored and not any(each in name for each in own)]
    if absent:
        raise TrainingFailed(
            f"base model {folder} lacks weights that its config.json promises: {absent[0]}, …"
        )
    network.encoder.load_state_dict(stored, strict=False)
    if kind == "bert":
        _smooth_positions(network)
    return network


def _smooth_positions(network: WordTagger, size: float = 0.02) -> None:
    """Starts the 2-D embeddings as small waves along the coordinate.

    Random rows would be unrelated: what is learned at height 431 would say nothing about 432. As waves, neighbours
    begin alike and a few dozen documents teach the whole page. `size` is small beside a word's 0.056, so that
    the text weights still see what they were trained on.
    """
    embeddings = network.encoder.embeddings
    with torch.no_grad():
        for name in POSITIONS:
            table = getattr(embeddings, name).weight  # (1024, hidden)
            rows, hidden = table.shape
            position = torch.arange(rows, dtype=torch.float32)[:, None]
            # from waves of 40 thousandths (a printed line) to half a wave over the whole page
            lengths = torch.logspace(torch.tensor(40.0).log10(), torch.tensor(2000.0).log10(), hidden)
            phases = torch.rand(hidden) * 2 * torch.pi
            table.copy_(size * torch.sin(2 * torch.pi * position / lengths + phases) * 2**0.5)
