"""The base as the tagger sees through it: of each word, how likely it is each of the concepts."""

from __future__ import annotations

from functools import lru_cache

from tokenizers import Tokenizer

from models.errors import TrainingFailed
from models.extractors.layoutlm import exporting
from models.extractors.layoutlm.bases import open_base
from models.extractors.layoutlm.inference import Session
from models.extractors.layoutlm.model import Concepts
from models.extractors.precision import INT8


@lru_cache(maxsize=2)
def open_concepts(base: str, threads: int, precision: str) -> tuple[Session, Tokenizer, tuple[str, ...]]:
    """The base's ONNX graph, its tokenizer and its head's labels; raises `TrainingFailed` for one that knows no concepts.

    `precision` is float32 or int8.
    """
    network, tokenizer = open_base(base)
    if len(network.head) < 2:
        raise TrainingFailed(
            f"base model {base!r} knows no concepts, which combined and tagger live on; set the extractor to layoutlm, "
            "or leave 'base' empty"
        )
    graph = exporting.to_onnx(Concepts(network))
    if precision == INT8:
        graph = exporting.in_int8(graph)
    return Session(graph, len(network.head), threads=threads), tokenizer, network.head
