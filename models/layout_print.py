"""A document's first page in; a row of numbers out that is nearly the same for documents of one template: pure geometry.

Where words begin and end, how tall letters and lines are, how lines are filled, which signs stand between: what a
template fixes and the values printed into it hardly move. No number tells a word.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.pages import Page

Floats = NDArray[np.float64]

EDGES = 12  # bins of where words begin, and end, across the page
LINES = 8  # bins of where lines begin, and end, and of how text is spread down the page
MOST_WORDS = 6  # of a line: longer ones count as so long
HEAD, FOOT = 3, 2  # lines whose places are taken one by one
SIGNS = ":.,-*/#()%"
DEPTH = (
    3 + 4 + 1 + 2 * EDGES + LINES + 4 + 4 + 4 + MOST_WORDS + 2 * LINES + 1 + 3 * HEAD + 2 * FOOT + len(SIGNS)
)
SMALL = 1e-3  # of the page's width: what is smaller is nothing


def layout_print(pages: Sequence[Page]) -> NDArray[np.float32]:
    """(DEPTH,): heights and gaps as logarithms of shares of the page's width, shares of words as their square roots.

    Of a document without words all are 0.
    """
    if not pages or not pages[0].words:
        return np.zeros(DEPTH, dtype=np.float32)
    page = pages[0]
    tall = page.height / page.width
    boxes = np.array([[word.box.x0, word.box.y0, word.box.x1, word.box.y1] for word in page.words])  # (W, 4)
    texts = [word.text for word in page.words]
    heights = (boxes[:, 3] - boxes[:, 1]) * tall
    letters = np.array([max(1, len(text)) for text in texts])
    parts = [
        [np.log(tall), np.log(len(boxes)), np.log(len(pages))],
        np.log(np.quantile(heights, [0.1, 0.5, 0.9, 1]) + SMALL),
        [np.log(np.median((boxes[:, 2] - boxes[:, 0]) / letters) + SMALL)],
        _shares(boxes[:, 0], EDGES),
        _shares(boxes[:, 2], EDGES),
        _shares(boxes[:, 1::2].mean(axis=1), LINES),
        [boxes[:, 0].min(), boxes[:, 2].max(), boxes[:, 1].min(), boxes[:, 3].max()],
        _writing(texts),
        _of_lines(boxes, tall),
        _signs("".join(texts)),
    ]
    return np.concatenate(parts).astype(np.float32)


def _writing(texts: Sequence[str]) -> Floats:
    """Capitals, digits and signs among all letters, and how long words are: (4,)."""
    told = "".join(texts)
    n = max(1, len(told))
    kinds = (str.isupper, str.isdigit, lambda sign: not sign.isalnum())
    return np.array([sum(map(kind, told)) / n for kind in kinds] + [np.log(n / len(texts))])


def _of_lines(boxes: Floats, tall: float) -> Floats:
    """Gaps between lines, how many words they have, where they begin and end, and where the first and last stand."""
    lines = _lines(boxes)
    begin = np.array([boxes[line, 0].min() for line in lines])  # (L,)
    end = np.array([boxes[line, 2].max() for line in lines])
    middle = np.array([boxes[line][:, 1::2].mean() for line in lines]) * tall
    gaps = np.diff(middle) if len(lines) > 1 else np.zeros(1)
    words = np.array([min(len(line), MOST_WORDS) for line in lines])
    centred = np.abs((begin + end) / 2 - 0.5) < 0.02
    first = np.zeros((HEAD, 3))
    first[: len(lines)] = np.stack([begin, end, middle], axis=1)[:HEAD]
    last = np.zeros((FOOT, 2))
    last[: len(lines)] = np.stack([begin, end], axis=1)[::-1][:FOOT]
    return np.concatenate(
        [
            np.log(np.quantile(np.maximum(gaps, 0), [0.1, 0.5, 0.9, 1]) + SMALL),
            np.sqrt(np.bincount(words, minlength=MOST_WORDS + 1)[1:] / len(lines)),
            _shares(begin, LINES),
            _shares(end, LINES),
            [np.sqrt(centred.mean())],
            first.ravel(),
            last.ravel(),
        ]
    )


def _lines(boxes: Floats) -> list[list[int]]:
    """Words by lines from the top: a word more than half a letter's height below a line's first begins another."""
    middle = boxes[:, 1::2].mean(axis=1)
    apart = 0.5 * float(np.median(boxes[:, 3] - boxes[:, 1]))
    order = np.argsort(middle, kind="stable").tolist()
    lines = [[order[0]]]
    for word in order[1:]:
        if middle[word] - middle[lines[-1][0]] < apart:
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _shares(places: Floats, bins: int) -> Floats:
    return np.asarray(np.sqrt(np.histogram(places, bins, (0, 1))[0] / len(places)))


def _signs(told: str) -> Floats:
    return np.sqrt([told.count(sign) / max(1, len(told)) for sign in SIGNS])
