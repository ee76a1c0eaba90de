"""Documents → label log-probabilities of their words: by the network while it is trained, later by its ONNX graph.

Windows of all documents may share batches of like length, or be read one by one while somebody works with the answers.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.errors import RegistryError
from models.extractors.fields import Floats
from models.extractors.layoutlm.windows import Ints, Window, arrays_of, windows_of
from models.pages import Page

if TYPE_CHECKING:
    from models.extractors.layoutlm.model import Asked

# words read at once, padding included: what a core's cache holds; larger batches are slower on CPUs
AT_ONCE = 512
THREADS = 2
AHEAD = 8  # documents that are being read while somebody works with the answers for those before
# ONNX Runtime's fused kernels for these compute number by number, the single ones several at once
SLOW_FUSIONS = ["SkipLayerNormFusion", "BiasGeluFusion"]

# (B, T, L) log-probabilities of a batch
Run = Callable[[Mapping[str, Ints]], NDArray[np.floating[Any]]]


class Session:
    """An ONNX graph, ready to run; `threads` batches at once, one core each."""

    def __init__(self, graph: bytes | Path, labels: int, *, threads: int = THREADS) -> None:
        """From a graph or its file; raises `RegistryError` if it is none, or not of so many labels."""
        self._graph, self.labels, self._threads = graph, labels, threads
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(
                graph if isinstance(graph, bytes) else str(graph),
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=SLOW_FUSIONS,
            )
            (output,) = self._session.get_outputs()
        except Exception as error:  # ONNX Runtime's own errors have no common class
            raise RegistryError(f"no ONNX graph of Docloop's: {type(error).__name__}") from error
        if output.shape[-1] != labels:
            raise RegistryError(f"the ONNX graph has {output.shape[-1]} labels, but the schema {labels}")

    def log_probs_of(self, tokenizer: Tokenizer, documents: Sequence[Sequence[Page]]) -> list[list[Floats]]:
        """For each document and page: label log-probabilities (W, L) of its words."""
        with ThreadPoolExecutor(self._threads) as pool:
            return _scattered(self._run, self.labels, tokenizer, documents, pool.map)

    def one_by_one(
        self, tokenizer: Tokenizer, documents: Sequence[Sequence[Page]], *, busy: bool = False
    ) -> Iterator[list[Floats]]:
        """The same of each document in turn, while the next few are being read.

        Each window is read alone, so that what is said of it depends on nothing beside it. It needs hardly any Python:
        whoever takes the answers can work meanwhile, and has a core for that if they are `busy`.
        """
        waiting: deque[tuple[Sequence[Page], list[Window], list[Future[NDArray[np.float32]]]]] = deque()
        with ThreadPoolExecutor(max(1, self._threads - busy)) as pool:
            for pages in documents:
                windows = windows_of(pages, tokenizer)
                waiting.append(
                    (pages, windows, [pool.submit(self._run, arrays_of([each])) for each in windows])
                )
                if len(waiting) > AHEAD:
                    yield self._joined(*waiting.popleft())
            while waiting:
                yield self._joined(*waiting.popleft())

    def _joined(
        self,
        pages: Sequence[Page],
        windows: Sequence[Window],
        said: Sequence[Future[NDArray[np.float32]]],
    ) -> list[Floats]:
        """(W, L) of each page, each word's from the window that owns it."""
        found: list[Floats] = [np.zeros((len(page.words), self.labels)) for page in pages]
        for window, each in zip(windows, said, strict=True):
            found[window.page][slice(*window.owned)] = each.result()[0, window.at]
        return found

    def save(self, path: Path) -> None:
        """Writes the graph."""
        if isinstance(self._graph, bytes):
            path.write_bytes(self._graph)
        else:
            shutil.copy(self._graph, path)

    def _run(self, inputs: Mapping[str, Ints]) -> NDArray[np.float32]:
        (said,) = self._session.run(None, dict(inputs))
        return np.asarray(said)


def log_probs_of(
    asked: Asked, tokenizer: Tokenizer, documents: Sequence[Sequence[Page]]
) -> list[list[Floats]]:
    """For each document and page: label log-probabilities (W, L) of its words, by the network, on its device."""
    import torch  # here and not above: extraction goes without it

    device = next(asked.parameters()).device
    asked.eval()

    def run(inputs: Mapping[str, Ints]) -> NDArray[np.floating[Any]]:
        with torch.inference_mode():
            said = asked(**{name: torch.from_numpy(array).to(device) for name, array in inputs.items()})
        return said.double().cpu().numpy()

    return _scattered(run, asked.labels, tokenizer, documents, map)


def batches_of_words(lengths: Sequence[int], most: int = AT_ONCE) -> list[list[int]]:
    """Numbers of windows of like length, the longest first, in batches of at most `most` words, padding included.

    A longer window is a batch of its own.
    """
    batches: list[list[int]] = []
    for number in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= most:
            batches[-1].append(number)
        else:
            batches.append([number])
    return batches


def _scattered(
    run: Run,
    labels: int,
    tokenizer: Tokenizer,
    documents: Sequence[Sequence[Page]],
    mapped: Callable[..., Any],  # as `map`
) -> list[list[Floats]]:
    """The answers for the documents' windows, each word's from the window that owns it."""
    probs: list[list[Floats]] = [
        [np.zeros((len(page.words), labels)) for page in pages] for pages in documents
    ]
    windows = [
        (number, window) for number, pages in enumerate(documents) for window in windows_of(pages, tokenizer)
    ]
    batches = batches_of_words([len(window) for _, window in windows])

    def answered(batch: Sequence[int]) -> NDArray[np.floating[Any]]:
        return run(arrays_of([windows[i][1] for i in batch]))

    for batch, said in zip(batches, mapped(answered, batches), strict=True):
        for row, i in enumerate(batch):
            number, window = windows[i]
            probs[number][window.page][slice(*window.owned)] = said[row, window.at]
    return probs
