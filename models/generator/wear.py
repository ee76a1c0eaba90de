"""Clean pages → worn scans: skewed, folded, faint, blurred, speckled, pressed into a JPEG; boxes move along."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.pages import Box, Page, Word

# grey, float32, 0 (ink) … 255 (paper); OpenCV's own types promise less
Pixels = NDArray[Any]
DPI = 170


def worn(
    image: Image.Image, page: Page, rng: np.random.Generator, *, amount: float
) -> tuple[Image.Image, Page]:
    """A scan of a printed page, and the page's words at their new places.

    `image` is the clean page; `amount` tells how badly it was treated, 0 (a good scan) … 1 (hardly legible).
    """
    grey: Pixels = np.asarray(image.convert("L"), dtype=np.float32)
    grey = _faded(grey, rng, amount)
    grey, turn = _skewed(grey, rng, amount)
    grey = _folded(grey, rng, amount)
    grey = _lit(grey, rng, amount)
    if amount > 0.15:
        grey = cv2.GaussianBlur(grey, (0, 0), 0.35 + 0.9 * amount * rng.random())
    grey += rng.normal(0, 2 + 12 * amount * rng.random(), grey.shape).astype(np.float32)
    done = np.clip(grey, 0, 255).astype(np.uint8)
    height, width = done.shape
    words = tuple(Word(word.text, _moved(word.box, turn, image.size, (width, height))) for word in page.words)
    return _pressed(done, rng, amount), Page(width, height, words)


def _faded(grey: Pixels, rng: np.random.Generator, amount: float) -> Pixels:
    """A print head that runs dry: paler ink, in soft bands along the paper."""
    height = grey.shape[0]
    knots = rng.random(max(4, height // 120)).astype(np.float32)
    bands = cv2.resize(knots[:, None], (1, height), interpolation=cv2.INTER_CUBIC)
    fade = amount * (0.25 + 0.5 * np.clip(bands, 0, 1)) * rng.random()
    return 255 - (255 - grey) * (1 - fade)


def _skewed(grey: Pixels, rng: np.random.Generator, amount: float) -> tuple[Pixels, NDArray[Any]]:
    """Laid on the glass askew and not quite flat; a margin around it, so that nothing is cut off."""
    height, width = grey.shape
    angle = np.deg2rad(rng.normal(0, 0.4 + 1.3 * amount))
    margin = 0.02 + 0.03 * rng.random()
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)
    centre = np.array([width / 2, height / 2])
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    bent = rng.normal(0, 0.004 * amount, (4, 2)) * (width, height)
    moved = (corners - centre) @ rotation.T + bent
    moved += -moved.min(axis=0) + np.array([width, height]) * margin
    size = np.ceil(moved.max(axis=0) + np.array([width, height]) * margin).astype(int)
    turn = cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32))
    table = 255.0 if rng.random() < 0.6 else float(rng.uniform(90, 200))
    scanned = cv2.warpPerspective(
        grey, turn, (int(size[0]), int(size[1])), flags=cv2.INTER_LINEAR, borderValue=table
    )
    return scanned, turn


def _folded(grey: Pixels, rng: np.random.Generator, amount: float) -> Pixels:
    """Folds: a pale crack, and the paper falls into shade on one side of it."""
    height, width = grey.shape
    for _ in range(int(rng.integers(0, 1 + round(3 * amount)))):
        down = rng.random() < 0.3
        length = width if down else height
        at = rng.uniform(0.15, 0.85) * length
        slant = rng.normal(0, 0.02)
        ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
        distance = (xs + slant * ys if down else ys + slant * xs) - at
        shade = np.where(distance > 0, np.exp(-distance / (0.06 * length)), 0)
        grey = grey * (1 - 0.22 * amount * shade)
        crack = np.exp(-((distance / 1.3) ** 2)) * (0.35 + 0.4 * amount)
        grey = grey * (1 - crack) + 215 * crack
    return grey.astype(np.float32)


def _lit(grey: Pixels, rng: np.random.Generator, amount: float) -> Pixels:
    """Uneven light, as from a telephone's camera, and paper that isn't white."""
    height, width = grey.shape
    coarse = rng.normal(0, 1, (3, 3)).astype(np.float32)
    light = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    paper = 1 - amount * rng.uniform(0.02, 0.18)
    return (grey * paper * (1 + 0.06 * amount * light)).astype(np.float32)


def _moved(box: Box, turn: NDArray[Any], before: tuple[int, int], after: tuple[int, int]) -> Box:
    xs, ys = np.array([box.x0, box.x1]) * before[0], np.array([box.y0, box.y1]) * before[1]
    corners = np.array([[[x, y] for x in xs for y in ys]], dtype=np.float64)
    points = cv2.perspectiveTransform(corners, turn)[0]
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return Box.from_pixels(float(x0), float(y0), float(x1), float(y1), *after)


def _pressed(grey: NDArray[np.uint8], rng: np.random.Generator, amount: float) -> Image.Image:
    """Through a JPEG and back: what the scanner's small files do to letters."""
    packed = io.BytesIO()
    quality = int(rng.integers(85 - int(50 * amount), 92))
    Image.fromarray(grey).save(packed, "JPEG", quality=quality)
    return Image.open(packed)
