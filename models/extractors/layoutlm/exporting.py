"""The network as an ONNX graph, with which documents are extracted without torch: in 32-bit floats or in 8 bits.

In 8 bits are the encoder's large matrices, column by column with a scale each, and the words they are multiplied with
likewise, word by word. Quantising whole tensors dynamically is no faster, but twice as far from the network, and makes
an answer depend on the documents beside it; blocks of 128 weights (ONNX Runtime's `MatMulNBits`) are half as far again
nearer, and take half as long again.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from tokenizers import Tokenizer
from torch import nn

from models.extractors.base import Example, Extracted
from models.extractors.fields import Reading, labels_of, read_fields
from models.extractors.layoutlm.inference import Session
from models.extractors.layoutlm.model import Asked
from models.extractors.layoutlm.training import Trained
from models.extractors.layoutlm.windows import PIECES
from models.extractors.precision import MOST_F1
from models.metrics import score
from models.schema import Schema

OPSET = 17
# torch.export's exporter takes ten times as long and needs two more packages; the graph is as fast
INPUTS = {"pieces": (PIECES,), "boxes": (4,), "looks": (3,), "mask": (), "kinds": ()}
OUTPUT = "log_probs"
SMALLEST = 256  # rows and columns; smaller matrices cost no time, and the labels' is too precious
# names of what every quantised matrix needs: the step of a word's numbers, where 0 is among them, and what keeps a
# word of nothing but zeros from being divided by zero
STEP, MIDDLE, TINY = "step", "middle", "tiny"
CONSTANTS: dict[str, NDArray[np.generic]] = {
    STEP: np.array(1 / 127, np.float32),
    MIDDLE: np.array(128, np.uint8),
    TINY: np.array(1e-12, np.float32),
}
# what 8 bits may cost on the validation documents besides `MOST_F1`: how far scores may move on average
MOST_MOVED = 0.01


def chosen(
    trained: Trained, schema: Schema, validation: Sequence[Example], precision: str
) -> tuple[Session, list[Extracted], str]:
    """What extracts, what that says of the validation documents, uncalibrated, and its precision.

    `precision` is float32, int8 or auto: int8 where that costs next to nothing, and float32 if nothing can tell.
    """
    labels = len(labels_of(schema))
    graph = to_onnx(Asked(trained.network, schema))
    if precision != "int8" and (precision == "float32" or not validation):
        return Session(graph, labels), trained.validated, "float32"
    session = Session(in_int8(graph), labels)
    said = read(session, trained.tokenizer, schema, validation)
    if precision == "int8" or costs_little(schema, validation, trained.validated, said):
        return session, said, "int8"
    return Session(graph, labels), trained.validated, "float32"


def read(
    session: Session, tokenizer: Tokenizer, schema: Schema, examples: Sequence[Example]
) -> list[Extracted]:
    """What the session says of the examples, uncalibrated."""
    probs = session.log_probs_of(tokenizer, [example.pages for example in examples])
    return [read_fields(e.pages, p, schema, Reading()) for e, p in zip(examples, probs, strict=True)]


def costs_little(
    schema: Schema, examples: Sequence[Example], before: Sequence[Extracted], after: Sequence[Extracted]
) -> bool:
    """Whether the second answers are as right as the first, and as sure."""
    answers = [example.answers for example in examples]
    lost = score(schema, answers, before).f1() - score(schema, answers, after).f1()
    moved = [
        abs(_presence(one, name) - _presence(other, name))
        for one, other in zip(before, after, strict=True)
        for name in schema.names
    ]
    return lost < MOST_F1 and float(np.mean(moved)) <= MOST_MOVED


def _presence(extracted: Extracted, name: str) -> float:
    """How sure it is that the document has the field."""
    if name in extracted.absent:
        return 1 - extracted.absent[name]
    return max(value.confidence for value in extracted.values if value.field == name)


def to_onnx(asked: nn.Module) -> bytes:
    """The network's graph, from the inputs of `windows.arrays_of` to `OUTPUT`; it must be on the CPU."""
    # lengths that occur nowhere else in the network, so that neither is taken for a constant
    example = tuple(torch.ones((2, 19, *last), dtype=torch.int64) for last in INPUTS.values())
    free = {name: {0: "windows", 1: "words"} for name in (*INPUTS, OUTPUT)}
    asked.eval()
    with torch.inference_mode(), warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        written = Path(folder, "network.onnx")
        # of being the older exporter, and of conditions that hold for every input
        warnings.simplefilter("ignore")
        torch.onnx.export(
            asked,
            example,
            written,
            input_names=list(INPUTS),
            output_names=[OUTPUT],
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,
        )
        return written.read_bytes()


def in_int8(graph: bytes) -> bytes:
    """The same graph with its large matrices in 8 bits; embeddings, attention and labels stay as they are."""
    model = onnx.load_from_string(graph)
    stored = {each.name: each for each in model.graph.initializer}
    stored |= {name: numpy_helper.from_array(value, name) for name, value in CONSTANTS.items()}
    nodes: list[onnx.NodeProto] = []
    halved: set[str] = set()
    for node in model.graph.node:
        weights = stored.get(node.input[1]) if node.op_type == "MatMul" else None
        if weights is None or len(weights.dims) != 2 or min(weights.dims) < SMALLEST:
            nodes.append(node)
            continue
        words, (product,) = node.input[0], node.output
        if words not in halved:  # three matrices of the attention take the same words
            halved.add(words)
            nodes += _words_in_8_bits(words)
        whole, scales = _quantised(numpy_helper.to_array(weights))
        names = f"{weights.name}.whole", f"{weights.name}.scales"
        stored[names[0]] = numpy_helper.from_array(whole, names[0])
        stored[names[1]] = numpy_helper.from_array(scales, names[1])
        inputs = [f"{words}.whole", names[0], STEP, names[1], MIDDLE]
        nodes += [
            helper.make_node("MatMulIntegerToFloat", inputs, [f"{product}.share"], domain="com.microsoft"),
            helper.make_node("Mul", [f"{product}.share", f"{words}.largest"], [product]),
        ]
    used = {name for node in nodes for name in node.input}
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(each for name, each in stored.items() if name in used)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return model.SerializeToString()


def _words_in_8_bits(words: str) -> list[onnx.NodeProto]:
    """Nodes that make `.whole` of (…, in) floats, in steps of a 127th of each word's largest, and that `.largest`."""
    sizes, most, largest, share, whole = (
        f"{words}.{each}" for each in ("sizes", "most", "largest", "share", "whole")
    )
    return [
        helper.make_node("Abs", [words], [sizes]),
        helper.make_node("ReduceMax", [sizes], [most], axes=[-1], keepdims=1),
        helper.make_node("Add", [most, TINY], [largest]),
        helper.make_node("Div", [words, largest], [share]),
        helper.make_node("QuantizeLinear", [share, STEP, MIDDLE], [whole]),
    ]


def _quantised(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Whole numbers (in, out) and the (out,) scales that make them the matrix again."""
    scales = np.maximum(np.abs(matrix).max(axis=0), np.finfo(np.float32).tiny) / 127
    return np.rint(matrix / scales).astype(np.int8), scales.astype(np.float32)
