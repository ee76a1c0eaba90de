"""Pages → windows of words as the network takes them: one position a word, with pieces, box, shape and amounts.

A word is read whole: its pieces, the shape of its letters and digits, where it stands, and, if it is an amount, its
rank among the document's amounts. Half as many positions as word pieces means half the time, on real documents.
Every word of every page is owned by exactly one window: the one in which it stands farthest from a cut.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.errors import TrainingFailed
from models.pages import Page

if TYPE_CHECKING:
    import torch

WINDOW = 480  # words; bases have positions for 512 and some need a few for themselves
OVERLAP = 96  # words that neighbouring windows share: some ten printed lines
PIECES = 8  # kept of one word; more is a barcode or noise
SHAPES = 2048  # numbers that shapes are hashed to; 0 is none
LONGEST_SHAPE = 16
IGNORED = -100  # the label that the loss passes over
AMOUNT = re.compile(r"(?<![\d.,])\d{1,3}(?:[.,' ]?\d{3})*[.,]\d{2}(?!\d)")  # with cents
# the first five ranks of amounts count one by one, then by and by less: the total is among the largest few
RANKS = (5, 8, 15)
RANK_NUMBERS = RANKS[0] + len(RANKS) + 1
COUNT_NUMBERS = 5  # 0: no amount; an amount that stands 1, 2, 3, 4 or more times

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of one page as the network sees it: T words, of which n are owned."""

    page: int
    pieces: Ints  # (T, PIECES) word pieces, 0 where a word has fewer
    boxes: Ints  # (T, 4) thousandths of the page
    looks: Ints  # (T, 3) shape, rank and count of each word
    first: int  # the page's word at position 0
    owned: tuple[int, int]  # first owned word of the page, and the one after the last

    def __len__(self) -> int:
        return len(self.pieces)

    @property
    def at(self) -> slice:
        """The positions of the owned words."""
        return slice(self.owned[0] - self.first, self.owned[1] - self.first)


def open_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer in `folder`, without its own cutting and padding: both happen here."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def special(tokenizer: Tokenizer, *names: str) -> int:
    """The number of the first of these special pieces that there is; raises `TrainingFailed` if there is none."""
    for name in names:
        number = tokenizer.token_to_id(name)
        if number is not None:
            return int(number)
    raise TrainingFailed(f"the base's tokenizer.json has none of {', '.join(names)}; is it whole?")


def windows_of(pages: Sequence[Page], tokenizer: Tokenizer, *, size: int = WINDOW) -> list[Window]:
    """All windows of a document, page by page; a page without words has none."""
    looks = looks_of(pages)
    unknown = special(tokenizer, "[UNK]", "<unk>")
    windows: list[Window] = []
    for number, page in enumerate(pages):
        if not page.words:
            continue
        pieces = np.asarray(
            [_pieces_of(tokenizer, word.text, unknown) for word in page.words], dtype=np.int64
        )
        boxes = np.asarray([word.box.to_thousandths() for word in page.words], dtype=np.int64)
        for first, last, owned in _cuts(len(page.words), size):
            shown = slice(first, last)
            windows.append(Window(number, pieces[shown], boxes[shown], looks[number][shown], first, owned))
    return windows


# most words of a document have stood in another one: this is ten times as fast as asking the tokenizer
@lru_cache(maxsize=50_000)
def _pieces_of(tokenizer: Tokenizer, text: str, unknown: int) -> tuple[int, ...]:
    """The word's first pieces, and 0 up to `PIECES`."""
    # a blank before it: byte-level tokenizers tell a word's beginning by it, others drop it
    ids = tokenizer.encode(f" {text}", add_special_tokens=False).ids[:PIECES]
    ids = ids or [unknown]  # a word of dropped characters still stands somewhere
    return (*ids, *[0] * (PIECES - len(ids)))


def _cuts(words: int, size: int) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """(first word, word after the last, owned words) of each window; words that two share are split in the middle."""
    shared = min(OVERLAP, size // 2)
    first = owned_from = 0
    while owned_from < words:
        last = min(first + size, words)
        owned_to = words if last == words else last - shared // 2
        yield first, last, (owned_from, owned_to)
        first, owned_from = last - shared, owned_to


def looks_of(pages: Sequence[Page]) -> list[Ints]:
    """For each page (W, 3): shape, and of amounts (0 for other words) rank by size and count in the document.

    That the total is the largest amount but one, or stands there twice, is seen here and not by reading digits.
    """
    amounts = [[_amount(word.text) for word in page.words] for page in pages]
    counts = Counter(amount for page in amounts for amount in page if amount is not None)
    rank_of = {amount: rank for rank, amount in enumerate(sorted(counts, reverse=True))}
    looks: list[Ints] = []
    for page, found in zip(pages, amounts, strict=True):
        rows = [
            (
                shape_number(word.text),
                0 if amount is None else _rank_number(rank_of[amount]),
                0 if amount is None else min(counts[amount], COUNT_NUMBERS - 1),
            )
            for word, amount in zip(page.words, found, strict=True)
        ]
        looks.append(np.asarray(rows, dtype=np.int64).reshape(-1, 3))
    return looks


@lru_cache(maxsize=100_000)
def shape_number(text: str) -> int:
    """1…SHAPES - 1 for how a word is written: `Aaa`, `99/99/9999`; long runs count as short ones."""
    kinds = "".join(
        "9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in text[:40]
    )
    kinds = re.sub(r"A{4,}", "AAA", re.sub(r"a{3,}", "aa", re.sub(r"9{6,}", "99999", kinds)))
    return zlib.crc32(kinds[:LONGEST_SHAPE].encode()) % (SHAPES - 1) + 1


@lru_cache(maxsize=100_000)
def _amount(text: str) -> int | None:
    """The amount in a word, in cents; None for a word without."""
    match = AMOUNT.search(text)
    return int(re.sub(r"\D", "", match.group())) if match else None


def _rank_number(rank: int) -> int:
    return rank + 1 if rank < RANKS[0] else RANKS[0] + 1 + sum(rank >= edge for edge in RANKS[1:])


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
    """`arrays_of` as tensors."""
    import torch  # here and not above: extraction goes without it, and a worker starts ten times as fast

    return {name: torch.from_numpy(array) for name, array in arrays_of(windows).items()}


def arrays_of(windows: Sequence[Window]) -> dict[str, Ints]:
    """Padded arrays of B windows, the longest of T words: what the network takes, by the names it takes them."""
    longest = max(len(window) for window in windows)
    shape = (len(windows), longest)
    pieces = np.zeros((*shape, PIECES), dtype=np.int64)
    boxes = np.zeros((*shape, 4), dtype=np.int64)
    looks = np.zeros((*shape, 3), dtype=np.int64)
    mask = np.zeros(shape, dtype=np.int64)
    kinds = np.zeros(shape, dtype=np.int64)
    for row, window in enumerate(windows):
        pieces[row, : len(window)] = window.pieces
        boxes[row, : len(window)] = window.boxes
        looks[row, : len(window)] = window.looks
        mask[row, : len(window)] = 1
        # BERT's second segment tells later pages from the first, where most values stand
        kinds[row, : len(window)] = min(window.page, 1)
    return {"pieces": pieces, "boxes": boxes, "looks": looks, "mask": mask, "kinds": kinds}


def targets_of(
    windows: Sequence[Window], labels: Sequence[Sequence[str | None]], number_of: dict[str, int]
) -> list[Ints]:
    """For each window (T,) label numbers of the owned words; `IGNORED` elsewhere and for None."""
    targets: list[Ints] = []
    for window in windows:
        target = np.full(len(window), IGNORED, dtype=np.int64)
        said = labels[window.page][slice(*window.owned)]
        target[window.at] = [IGNORED if label is None else number_of[label] for label in said]
        targets.append(target)
    return targets


def hide(inputs: dict[str, torch.Tensor], hidden: torch.Tensor, mask_piece: int) -> None:
    """Takes text and looks from the (B, T) `hidden` words, in place."""
    inputs["pieces"][hidden] = 0
    inputs["pieces"][..., 0][hidden] = mask_piece
    inputs["looks"][hidden] = 0


def jittered(boxes: torch.Tensor, most: float, rng: np.random.Generator) -> torch.Tensor:
    """Boxes (B, T, 4) of pages shifted and stretched at random, by up to `most` of the page; still 0…1000."""
    import torch

    stretch = torch.from_numpy(rng.uniform(1 - most, 1 + most, (len(boxes), 1, 2))).repeat(1, 1, 2)
    shift = torch.from_numpy(rng.uniform(-most, most, (len(boxes), 1, 2)) * 1000).repeat(1, 1, 2)
    return (boxes * stretch.to(boxes.device) + shift.to(boxes.device)).round().clamp(0, 1000).long()
