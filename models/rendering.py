"""Files → upright page images, the words a PDF brings along, and how well each page can be read.

`read_file` and `as_one_tiff` are for everybody; they hand the files to a limited child process (`models.sandbox`), in
which `count_pages`, `render` and `join` do the work. Pillow and pdfium are imported for it only.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from models import sandbox
from models.errors import BadPage, ReadingFailed
from models.files import JPEG, PDF, PNG, TIFF, media_type, shown_name
from models.pages import Word
from models.sandbox import Limits

if TYPE_CHECKING:
    import pypdfium2
    from PIL import Image

# A4 at 150 dpi has 2.2 million pixels: 8 point type is then some 16 pixels high, which OCR reads as well as more
# (measured), and a page in the browser stays under half a megabyte. The area counts and not the long side alone,
# so that a long till receipt keeps its resolution.
TARGET_PIXELS = 2_200_000
LONGEST_SIDE = 4000
HIGHEST_DPI = 200
JPEG_QUALITY = 85
JOINED = "pages.tiff"
PILLOW_FORMATS = {PNG: ["PNG"], JPEG: ["JPEG", "MPO"], TIFF: ["TIFF"]}


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """One page as a JPEG: its size in pixels, its quality (0…1), and the PDF's own words or None (then OCR is due)."""

    image: Path
    width: int
    height: int
    words: tuple[Word, ...] | None
    quality: float


def read_file(
    path: Path, out_folder: Path, limits: Limits | None = None, *, name: str | None = None
) -> list[RenderedPage]:
    """Every page of the PDF, PNG, JPEG or TIFF at `path`, as `page-0001.jpg`, … in `out_folder` (made if missing).

    `name` is what the messages call the file. Raises `ReadingFailed`, saying what is wrong and what to do.
    """
    limits = limits or Limits()
    shown = shown_name(name if name is not None else path.name)
    out_folder.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as file:
        kind = media_type(file.read(1024), shown)
    request = {"paths": [str(path.resolve())], "media_type": kind, "out": str(out_folder.resolve())}
    answer = sandbox.run("render", request, name=shown, limits=limits)
    try:
        return [_page(each, out_folder) for each in answer]
    except (BadPage, KeyError, TypeError, ValueError) as error:
        raise ReadingFailed(
            f"{shown!r} gave pages that can't be ({type(error).__name__}); print it to a new PDF and upload that"
        ) from None


def as_one_tiff(pages: Sequence[Path], out_folder: Path, limits: Limits | None = None, *, name: str) -> Path:
    """The images `pages` as the pages of one TIFF in `out_folder` (made if missing): the same bytes each time.

    `name` is what the messages call them. Raises `ReadingFailed` if one of them is no image, or there are too many.
    """
    limits = limits or Limits()
    if len(pages) > limits.pages:
        raise ReadingFailed(f"{name!r} {_too_many(len(pages), limits)}")
    out_folder.mkdir(parents=True, exist_ok=True)
    kinds = []
    for page in pages:
        with page.open("rb") as file:
            kinds.append(media_type(file.read(1024), name))
    if PDF in kinds:
        raise ReadingFailed(
            f"{name!r} has a PDF among its pages; only images can be joined: send it by itself"
        )
    request = {
        "paths": [str(page.resolve()) for page in pages],
        "media_types": kinds,
        "out": str(out_folder.resolve()),
    }
    sandbox.run("join", request, name=name, limits=limits)
    return out_folder / JOINED


def open_page(image: Path | IO[bytes]) -> Image.Image:
    """A page image that `read_file` wrote; as anything but that JPEG it isn't opened.

    Everywhere else Pillow sees no bytes that strangers sent. Raises `OSError`.
    """
    from PIL import Image

    return Image.open(image, formats=["JPEG"])


def _page(stored: dict[str, Any], out_folder: Path) -> RenderedPage:
    words = stored["words"]
    return RenderedPage(
        # the child names no paths: a broken one must not point anywhere else
        image=out_folder / _image_name(int(stored["number"])),
        width=int(stored["width"]),
        height=int(stored["height"]),
        words=None if words is None else tuple(Word.from_json(parts) for parts in words),
        quality=float(stored["quality"]),
    )


def _image_name(number: int) -> str:
    return f"page-{number:04d}.jpg"


# What follows runs in the child only.


def begin_page(limits: Limits, done: int | None = None) -> None:
    """From now on `page_seconds` of CPU may be used, within what the whole file may; more ends this process.

    With the number of pages that are `done`, that is what one page may, and `further_seconds` for each of those.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    until = int(used.ru_utime + used.ru_stime) + 1 + limits.page_seconds
    if done is not None:
        until = min(until, 1 + limits.page_seconds + limits.further_seconds * done)
    resource.setrlimit(resource.RLIMIT_CPU, (min(until, hard), hard))


def count_pages(request: dict[str, Any], limits: Limits) -> int:
    """Pages of the file, after its first and last one were opened; raises `ReadingFailed`."""
    if request["media_type"] == PDF:
        document = _open_pdf(request["paths"][0], limits)
        for number in {0, len(document) - 1}:
            _size_of(document[number], number)
        return len(document)
    frames = 0
    for frames, image in enumerate(_frames(request["paths"][0], request["media_type"], limits), start=1):
        if frames == 1:
            _decode(image)
    _decode(image)  # a file that was cut off lacks its end
    return frames


def render(request: dict[str, Any], limits: Limits) -> list[dict[str, Any]]:
    """Writes the page images and answers with the rest; raises `ReadingFailed`."""
    from models.quality import page_quality

    pages = _pdf_pages if request["media_type"] == PDF else _image_pages
    answers = []
    for number, (image, words) in enumerate(pages(request, limits), start=1):
        # a sixth smaller, for 10 ms: nothing beside OCR, a quarter of a page that goes without
        optimize = words is None
        image.save(Path(request["out"]) / _image_name(number), quality=JPEG_QUALITY, optimize=optimize)
        answers.append(
            {
                "number": number,
                "width": image.width,
                "height": image.height,
                "words": None if words is None else [word.to_json() for word in words],
                # what was drawn from characters can be read as well as can be, and needs no look (30 ms)
                "quality": page_quality(image) if words is None else 1.0,
            }
        )
        begin_page(limits, done=number)
    return answers


def join(request: dict[str, Any], limits: Limits) -> int:
    """Writes the first image of each file into one TIFF, and answers how many; raises `ReadingFailed`."""
    from PIL.TiffImagePlugin import AppendingTiffWriter

    with AppendingTiffWriter(str(Path(request["out"]) / JOINED), True) as writer:
        for path, kind in zip(request["paths"], request["media_types"], strict=True):
            image = next(_frames(path, kind, limits))
            _decode(image)
            image.convert("RGB").save(writer, "TIFF", compression="tiff_deflate")
            writer.newFrame()
            begin_page(limits)
    return len(request["paths"])


def _too_many(pages: int, limits: Limits) -> ReadingFailed:
    return ReadingFailed(f"has {pages} pages, and {limits.pages} are allowed; split it")


def _open_pdf(path: str, limits: Limits) -> pypdfium2.PdfDocument:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
        pages = len(document)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise ReadingFailed("is encrypted; save a copy without a password and upload that") from None
        raise ReadingFailed("is a broken PDF; print it to a new PDF and upload that") from None
    if pages > limits.pages:
        raise _too_many(pages, limits)
    if pages < 1:
        raise ReadingFailed("has no pages")
    return document


def _size_of(page: pypdfium2.PdfPage, number: int) -> tuple[float, float]:
    """Width and height in points (1/72 inch)."""
    width, height = page.get_size()
    if not (1 <= width <= 20_000 and 1 <= height <= 20_000):
        raise ReadingFailed(f"has a page {number + 1} of an impossible size; print it to a new PDF")
    return width, height


def _scale(width: float, height: float) -> float:
    """How much to enlarge a page of `width` x `height` so that it has the target's pixels."""
    return min((TARGET_PIXELS / (width * height)) ** 0.5, LONGEST_SIDE / max(width, height))


def _pdf_pages(request: dict[str, Any], limits: Limits) -> Iterator[tuple[Image.Image, list[Word] | None]]:
    from models.ocr.born_digital import text_layer

    document = _open_pdf(request["paths"][0], limits)
    for number in range(len(document)):
        page = document[number]
        scale = min(_scale(*_size_of(page, number)), HIGHEST_DPI / 72)
        # Pillow can use these very bytes; every other order of them is copied (10 ms)
        bitmap = page.render(scale=scale, may_draw_forms=False, rev_byteorder=True, prefer_bgrx=True)
        image = bitmap.to_pil()  # RGBX
        place = bitmap.get_posconv(page)
        yield image, text_layer(page, place.to_bitmap, image.width, image.height)
        bitmap.close()
        page.close()


def _image_pages(request: dict[str, Any], limits: Limits) -> Iterator[tuple[Image.Image, list[Word] | None]]:
    for image in _frames(request["paths"][0], request["media_type"], limits):
        yield _upright(image), None


def _frames(path: str, kind: str, limits: Limits) -> Iterator[Image.Image]:
    """Each image of the file, not yet decoded; its size is checked before."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # checked here, with a message that says what to do
    try:
        image = Image.open(path, formats=PILLOW_FORMATS[kind])
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise _broken() from None
    # a JPEG may carry a preview as a second image (MPO); it is no second page
    number, several = 0, kind == TIFF
    while True:
        try:
            image.seek(number)
        except EOFError:
            return
        except (OSError, SyntaxError, ValueError, KeyError):
            raise _broken() from None
        if number >= limits.pages:
            raise _too_many(getattr(image, "n_frames", number + 1), limits)
        if image.width * image.height > limits.pixels:
            raise ReadingFailed(
                f"has {image.width} x {image.height} pixels on page {number + 1}, and {limits.pixels / 1e6:g} "
                "million are allowed; scan it at 300 dpi"
            )
        yield image
        number += 1
        if not several:
            return


def _broken() -> ReadingFailed:
    return ReadingFailed("is a broken image; scan or export it again")


def _decode(image: Image.Image) -> None:
    try:
        image.load()
    except (OSError, SyntaxError, ValueError, EOFError):
        raise _broken() from None


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF says, grey or RGB on white, and not larger than needed."""
    from PIL import Image, ImageOps

    wanted = _scale(image.width, image.height)
    if wanted < 0.5:  # a JPEG can be decoded at half or a quarter of its size, much faster
        image.draft(None, (int(image.width * wanted), int(image.height * wanted)))
    _decode(image)
    image = ImageOps.exif_transpose(image)
    if image.mode in {"I;16", "I;16B", "I", "F"}:
        image = _eight_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image)
    if image.mode not in {"L", "RGB"}:
        image = image.convert("L" if image.mode == "1" else "RGB")
    wanted = _scale(image.width, image.height)
    if wanted >= 1:
        return image.copy()
    size = (max(1, round(image.width * wanted)), max(1, round(image.height * wanted)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _eight_bits(image: Image.Image) -> Image.Image:
    """A picture of 16 or 32 bits as 8, stretched from its darkest to its lightest point."""
    low, high = cast("tuple[float, float]", image.getextrema())
    step = 255 / max(high - low, 1.0)
    return image.convert("F").point(lambda level: (level - low) * step).convert("L")
