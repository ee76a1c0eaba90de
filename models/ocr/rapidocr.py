"""RapidOCR: PaddleOCR's PP-OCR models on ONNX Runtime. Its models are in its wheel, so it works offline.

The one recognition model of the wheel (PP-OCRv6 small) reads all Latin letters with their accents, and keeps the
blanks between words. RapidOCR's own word boxes are left aside: as of 3.10.0 they carry the confidences of the line's
first characters instead of the words' own, and cost a fifth of the time.

Each line is read by itself, and as many at once as there are threads: a network that runs on one thread wastes
nothing on waiting, and a line that is not padded to the width of its neighbours takes half the time and is read
better (with 40 real receipts: 1.3 s of CPU a page instead of RapidOCR's own 2.3, 95.4 % of the words instead of 93.7).
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rapidocr import RapidOCR
from rapidocr.ch_ppocr_det.utils import DetPreProcess
from rapidocr.main import RapidOCRError

from models.errors import ReadingFailed
from models.ocr.lines import Corners, Span, reading_order, spans, words_in
from models.pages import Box, Word

Pixels = NDArray[np.uint8]

# Pixels of the page in which lines are looked for (A4 with a long side of 1280); they are read at full size. The area
# counts and not the long side, so that a long till receipt keeps its width: of two that were 3,200 and 3,600 pixels
# long, 98 % of the words were found instead of 95.
DETECTION_PIXELS = 1280 * 905
# Lines are padded to at least this width (pixels at height 48) before they are read; RapidOCR's own 320 spends a
# third of the time on padding behind short words, and reads no better (measured on 40 real receipts, as is 48, which
# saves nothing more and reads worse).
READING_WIDTH = 96
# Raise it with every change here or in `models.ocr.lines` that changes what is read: stored readings of another
# version are not taken for this one's.
REVISION = 2
LEAST_CONFIDENCE = 0.4  # of a line; below it stand specks and folds that were taken for text
# the blank after a colon is the one that gets lost (`Date:25/12/2018`); times and addresses (`8:13`, `http://`) stay
LABEL_END = re.compile(r"(?<=[^\W\d]:)(?=\w)|(?<=^:)(?=\w)")
DOUBTFUL = 0.75  # mean confidence of a page below which it may be upside down


class _ByArea(DetPreProcess):
    """The page for the network that finds lines: sides of whole 32 pixels, and no more pixels than needed."""

    def resize(self, img: Pixels) -> Any:  # cv2's own sort of array
        height, width = img.shape[:2]
        scale = min(1.0, (DETECTION_PIXELS / (width * height)) ** 0.5)
        size = [max(32, round(side * scale / 32) * 32) for side in (width, height)]
        return cv2.resize(img, size)


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was read: corners in pixels (start top, end top, end bottom, start bottom), and its words."""

    corners: Corners
    parts: Sequence[Span]
    confidence: float
    upright: bool  # whether it runs across the page, not up or down

    @property
    def letters(self) -> int:
        return sum(len(text) for text, *_ in self.parts)


class RapidOcr:
    """See `models.ocr.base.Engine`. `weights` is not used; RapidOCR brings its own."""

    name = "rapidocr"
    version = f"rapidocr {importlib.metadata.version('rapidocr')} PP-OCRv6 small r{REVISION}"

    def __init__(self, *, threads: int = 1, weights: Path | None = None) -> None:
        del weights
        # Any: its annotations say that every result may be None
        self._pipeline: Any = RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.use_cls": False,
                "Global.use_vertical_padding": False,
                "Global.return_word_box": True,
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                "Rec.rec_img_shape": [3, 48, READING_WIDTH],
            }
        )
        finder = self._pipeline._load_det_model()
        finder.get_preprocess = partial(_ByArea, mean=finder.mean, std=finder.std)
        self._readers = ThreadPoolExecutor(threads, thread_name_prefix="ocr-line")

    def read(self, image: Image.Image) -> list[Word]:
        """Words in reading order, also of a page that lies on its side or stands on its head."""
        try:
            return self._words(image)
        except MemoryError as error:
            raise ReadingFailed(
                "the OCR engine ran out of memory; run fewer workers", permanent=False
            ) from error

    def _words(self, image: Image.Image) -> list[Word]:
        pixels = np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])
        lines = self._lines(pixels)
        turns = 0
        if other := _other_turns(lines):
            tried = [(0, lines)] + [
                (turn, self._lines(np.ascontiguousarray(np.rot90(pixels, turn)))) for turn in other
            ]
            turns, lines = max(tried, key=lambda each: _success(each[1]))
        height, width = pixels.shape[:2] if turns % 2 == 0 else pixels.shape[1::-1]
        words = [word for line in lines for word in words_in(line.corners, line.parts, width, height)]
        ordered = reading_order(words, _slope(lines, width, height))
        return [Word(word.text, _turn_back(word.box, turns), word.confidence) for word in ordered]

    def _lines(self, pixels: Pixels) -> list[Line]:
        try:
            pictures, found = self._pipeline.detect_and_crop(pixels, {})
        except RapidOCRError:  # there is no text
            return []
        read = self._readers.map(self._line, pictures, found.boxes)
        return [line for line in read if line is not None]

    def _line(self, picture: Pixels, corners: NDArray[np.int32]) -> Line | None:
        """What `picture` says, which was cut out of the page at `corners`; None if that is hardly text."""
        read = self._pipeline.recognize_txt([picture])
        text, score, info = read.txts[0], read.scores[0], read.word_results[0]
        if score < LEAST_CONFIDENCE or not text.strip():
            return None
        upright = _is_upright(corners)
        # RapidOCR turned a line that runs up or down a quarter to the left when it cut it out
        turned = corners if upright else np.roll(corners, -1, axis=0)
        return Line(turned.tolist(), _parts(text, score, info), score, upright)


def _is_upright(corners: NDArray[np.int32]) -> bool:
    across = max(np.linalg.norm(corners[0] - corners[1]), np.linalg.norm(corners[3] - corners[2]))
    down = max(np.linalg.norm(corners[0] - corners[3]), np.linalg.norm(corners[1] - corners[2]))
    return bool(down < 1.5 * across)


def _parts(text: str, score: float, info: Any) -> Sequence[Span]:
    """Words with their place in the line, from the columns of the network's output at which it saw the characters.

    `info` is RapidOCR's `WordInfo`: `words` (lists of characters), `word_cols` (a column for each), `line_txt_len`
    (columns of the line) and `confs` (one for each character of `text`, blanks too).
    """
    sure = [conf for char, conf in zip(text, info.confs, strict=False) if not char.isspace()]
    if not info.line_txt_len or sum(map(len, info.words)) != len(sure):
        return spans(text, score)
    columns = [column for word in info.word_cols for column in word]
    steps = [b - a for word in info.word_cols for a, b in zip(word, word[1:], strict=False)]
    half = (median(steps) if steps else info.line_txt_len / max(1, len(columns))) * 0.6
    whole = ["".join(letters) for letters in info.words]
    found, first = [], 0
    for letters in (part for word in whole for part in LABEL_END.split(word)):
        last = first + len(letters)
        start = max(0.0, (columns[first] + 0.5 - half) / info.line_txt_len)
        end = min(1.0, (columns[last - 1] + 0.5 + half) / info.line_txt_len)
        found.append((letters, start, end, sum(sure[first:last]) / len(letters)))
        first = last
    return found


def _success(lines: Sequence[Line]) -> float:
    """How much was read, and how surely; lines across the page count double."""
    return sum(line.letters * line.confidence**2 * (2 if line.upright else 1) for line in lines)


def _other_turns(lines: Sequence[Line]) -> list[int]:
    """Quarter turns to the left that are worth a try; none for a page that reads well as it is."""
    letters = sum(line.letters for line in lines)
    if letters < 10:
        return []
    if sum(line.letters for line in lines if not line.upright) > letters / 2:
        return [1, 3]
    if sum(line.letters * line.confidence for line in lines) / letters < DOUBTFUL:
        return [2]
    return []


def _turn_back(box: Box, turns: int) -> Box:
    """The place on the page as it was given, of a box on the page after `turns` quarter turns to the left."""
    for _ in range(turns):
        box = Box(1 - box.y1, box.x0, 1 - box.y0, box.x1)
    return box


def _slope(lines: Sequence[Line], width: float, height: float) -> float:
    """How far the lines fall to the right: shares of the height per share of the width; the median of the long ones."""
    falls = []
    for line in lines:
        (x0, y0), (x1, y1) = line.corners[0], line.corners[1]
        if x1 - x0 > 4 * abs(line.corners[3][1] - y0):
            falls.append((y1 - y0) / (x1 - x0))
    return median(falls) * width / height if falls else 0.0
