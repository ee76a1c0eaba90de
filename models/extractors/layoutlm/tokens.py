"""Pages → word pieces with boxes, in windows that the network can take, with the way back to words.

Every word of every page is owned by exactly one window: the one in which it stands farthest from a cut. Neighbouring
windows overlap, so that an owned word always sees words on both sides of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.errors import TrainingFailed
from models.pages import Page

WINDOW = 512  # pieces with [CLS] and [SEP]: as many as the base has positions for
OVERLAP = 128  # pieces that neighbouring windows share: a few printed lines
LONGEST_WORD = (
    24  # pieces kept of one word; more is a barcode or noise, and one such word must not fill a window
)
IGNORED = -100  # the label that the loss passes over

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of one page as the network sees it. T pieces, n owned words."""

    page: int
    ids: Ints  # (T,) word pieces, [CLS] first, [SEP] last
    boxes: Ints  # (T, 4) thousandths of the page
    words: Ints  # (n,) indices of the owned words in the page
    at: Ints  # (n,) where each owned word's first piece stands

    def __len__(self) -> int:
        return len(self.ids)


def open_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer in `folder`, without its own cutting and padding: both happen here."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def special(tokenizer: Tokenizer, name: str) -> int:
    """The number of a special piece such as `[CLS]`; raises `TrainingFailed` for a tokenizer that has none."""
    number = tokenizer.token_to_id(name)
    if number is None:
        raise TrainingFailed(f"the base's tokenizer.json has no {name}; it must be one of BERT's kind")
    return int(number)


def windows_of(pages: Sequence[Page], tokenizer: Tokenizer, *, size: int = WINDOW) -> list[Window]:
    """All windows of a document, page by page; a page without words has none."""
    return [window for number, page in enumerate(pages) for window in _of_page(number, page, tokenizer, size)]


def _of_page(number: int, page: Page, tokenizer: Tokenizer, size: int) -> Iterator[Window]:
    if not page.words:
        return
    unknown = special(tokenizer, "[UNK]")
    encoded = tokenizer.encode_batch([word.text for word in page.words], add_special_tokens=False)
    # a word of characters that the tokenizer drops still stands somewhere
    pieces = [each.ids[:LONGEST_WORD] or [unknown] for each in encoded]
    starts = np.concatenate([[0], np.cumsum([len(p) for p in pieces])])  # (W + 1,) first piece of each word
    room = size - 2
    first = 0
    owned_from = 0
    while owned_from < len(pieces):
        last = int(np.searchsorted(starts, starts[first] + room, side="right")) - 1  # exclusive
        following = int(np.searchsorted(starts, starts[last] - min(OVERLAP, room // 2)))
        following = max(following, first + 1)
        # the words that two windows share are split in the middle
        owned_to = len(pieces) if last == len(pieces) else max((following + last) // 2, owned_from + 1)
        yield _window(number, page, tokenizer, pieces, (first, last), (owned_from, owned_to))
        first, owned_from = following, owned_to


def _window(
    number: int,
    page: Page,
    tokenizer: Tokenizer,
    pieces: list[list[int]],
    shown: tuple[int, int],
    owned: tuple[int, int],
) -> Window:
    ids = [special(tokenizer, "[CLS]")]
    boxes = [(0, 0, 0, 0)]
    at = []
    for index in range(*shown):
        if owned[0] <= index < owned[1]:
            at.append(len(ids))
        ids.extend(pieces[index])
        boxes.extend([page.words[index].box.to_thousandths()] * len(pieces[index]))
    ids.append(special(tokenizer, "[SEP]"))
    boxes.append((1000, 1000, 1000, 1000))
    return Window(
        number,
        np.asarray(ids, dtype=np.int64),
        np.asarray(boxes, dtype=np.int64),
        np.arange(*owned, dtype=np.int64),
        np.asarray(at, dtype=np.int64),
    )


def batches_of(lengths: Sequence[int], size: int, rng: np.random.Generator | None) -> list[list[int]]:
    """Window numbers in batches of at most `size` of nearly the same length; in random order if `rng` is given.

    Padding costs as much as reading: short receipts next to each other are three times as fast as mixed with
    full windows.
    """
    noise = np.zeros(len(lengths)) if rng is None else rng.uniform(0.9, 1.1, len(lengths))
    by_length = np.argsort(np.asarray(lengths) * (1 if rng is None else noise), kind="stable")
    batches = [by_length[i : i + size].tolist() for i in range(0, len(by_length), size)]
    if rng is not None:
        rng.shuffle(batches)
    return batches


def collate(windows: Sequence[Window]) -> dict[str, torch.Tensor]:
    """Padded tensors of B windows, the longest of T pieces: what the network takes."""
    longest = max(len(window) for window in windows)
    ids = np.zeros((len(windows), longest), dtype=np.int64)  # (B, T); piece 0 is [PAD]
    boxes = np.zeros((len(windows), longest, 4), dtype=np.int64)  # (B, T, 4)
    mask = np.zeros((len(windows), longest), dtype=np.int64)  # (B, T)
    kind = np.zeros((len(windows), longest), dtype=np.int64)  # (B, T)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = window.ids
        boxes[row, : len(window)] = window.boxes
        mask[row, : len(window)] = 1
        # BERT's second segment tells later pages from the first, where most values stand
        kind[row, : len(window)] = min(window.page, 1)
    return {
        "input_ids": torch.from_numpy(ids),
        "bbox": torch.from_numpy(boxes),
        "attention_mask": torch.from_numpy(mask),
        "token_type_ids": torch.from_numpy(kind),
    }


def targets_of(
    windows: Sequence[Window], labels: Sequence[Sequence[str | None]], number_of: dict[str, int]
) -> list[Ints]:
    """For each window (T,) label numbers: at the first piece of each owned word; `IGNORED` elsewhere and for None."""
    targets: list[Ints] = []
    for window in windows:
        target = np.full(len(window), IGNORED, dtype=np.int64)
        for word, position in zip(window.words, window.at, strict=True):
            label = labels[window.page][word]
            if label is not None:
                target[position] = number_of[label]
        targets.append(target)
    return targets
