"""Every OCR engine keeps the same promises; RapidOCR reads what it is given."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from models.errors import ReadingFailed
from models.generator import GeneratedDocument, generate
from models.ocr import ENGINES, engine, read_images
from models.ocr.base import Engine
from models.ocr.rapidocr import LABEL_END
from models.pages import Word
from models.values import normalise_text

DETECTION, RECOGNITION = "db_mobilenet_v3_large", "crnn_mobilenet_v3_small"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """docTR's real networks with weights that never learned; on white they see no text."""
    import torch
    from doctr.models import detection, recognition
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    looks = getattr(detection, DETECTION)(pretrained=False, pretrained_backbone=False)
    state = looks.state_dict()
    last = [name for name in state if name.startswith("prob_head") and name.endswith("bias")][-1]
    state[last] -= 9.0
    torch.save(state, folder / "weights.pt")
    sha256 = hashlib.sha256((folder / "weights.pt").read_bytes()).hexdigest()
    (folder / "weights.pt").rename(folder / f"{DETECTION}-{sha256[:8]}.pt")
    reads = getattr(recognition, RECOGNITION)(pretrained=False, pretrained_backbone=False)
    save_file(reads.state_dict(), folder / f"{RECOGNITION}-test.safetensors")
    return folder


# docTR's libraries take seconds to load
SLOW = {"doctr": [pytest.mark.slow]}


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=SLOW.get(name, ())) for name in sorted(ENGINES)],
)
def any_engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "doctr":
        return engine("doctr", threads=2, weights=request.getfixturevalue("weights"))
    return engine(request.param, threads=2)


def picture(document: GeneratedDocument) -> Image.Image:
    return Image.open(io.BytesIO(document.content))


@pytest.fixture(scope="module")
def receipt() -> GeneratedDocument:
    return generate("receipt", 5, seed=5, scan=True)


@pytest.fixture(scope="module")
def rapidocr() -> Engine:
    return engine("rapidocr", threads=2)


def test_words_lie_on_the_page_with_a_confidence_and_in_reading_order(
    any_engine: Engine, receipt: GeneratedDocument
) -> None:
    words = any_engine.read(picture(receipt))
    for word in words:
        assert 0 <= word.confidence <= 1 and word.box.area > 0 and not word.text.isspace()
    # what stands a line's height lower comes later
    height = max((word.box.y1 - word.box.y0 for word in words), default=0)
    for earlier, later in zip(words, words[1:], strict=False):
        assert later.box.centre[1] > earlier.box.centre[1] - 1.5 * height
    assert any_engine.name in any_engine.version


def test_an_empty_page_has_no_words(any_engine: Engine) -> None:
    assert any_engine.read(Image.new("RGB", (600, 800), "white")) == []


def shares(words: list[Word], document: GeneratedDocument) -> tuple[float, float]:
    """Share of printed words that were read, and of answers that stand in what was read."""
    left = [normalise_text(word.text) for word in words]
    text = "".join(left)
    printed = [normal for word in document.pages[0].words if (normal := normalise_text(word.text))]
    hits = sum(normal in left and not left.remove(normal) for normal in printed)
    answers = [normalise_text(answer.text) in text for answer in document.answers]
    return hits / len(printed), sum(answers) / len(answers)


@pytest.fixture(scope="module")
def read_words(rapidocr: Engine, receipt: GeneratedDocument) -> list[Word]:
    return rapidocr.read(picture(receipt))


def test_a_worn_receipt_is_read(read_words: list[Word], receipt: GeneratedDocument) -> None:
    words, answers = shares(read_words, receipt)
    assert words > 0.9 and answers == 1


def test_words_are_found_where_they_are_printed(read_words: list[Word], receipt: GeneratedDocument) -> None:
    read = {word.text: word.box for word in read_words}
    overlaps = [read[word.text].iou(word.box) for word in receipt.pages[0].words if word.text in read]
    assert sum(overlaps) / len(overlaps) > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_page_on_its_side_or_head_reads_the_same(
    rapidocr: Engine, receipt: GeneratedDocument, turns: int
) -> None:
    upright = picture(receipt).convert("L")
    turned = rapidocr.read(upright.rotate(90 * turns, expand=True))
    words, answers = shares(turned, receipt)
    assert words > 0.9 and answers == 1
    total = next(word for word in rapidocr.read(upright) if word.text == turned[0].text)
    x, y = total.box.centre
    places = {1: (y, 1 - x), 2: (1 - x, 1 - y), 3: (1 - y, x)}
    assert turned[0].box.centre == pytest.approx(places[turns], abs=0.02)


@pytest.mark.slow
def test_a_long_till_receipt_is_read_as_well_as_its_parts(rapidocr: Engine) -> None:
    parts = [generate("receipt", number, seed=5, scan=True) for number in range(4)]
    pictures = [picture(part).convert("L") for part in parts]
    whole = Image.new("L", (max(each.width for each in pictures), sum(each.height for each in pictures)), 250)
    top = 0
    for each in pictures:
        whole.paste(each, (0, top))
        top += each.height
    assert whole.height > 5 * whole.width
    printed = Counter(normalise_text(word.text) for part in parts for word in part.pages[0].words)
    read = Counter(normalise_text(word.text) for word in rapidocr.read(whole))
    assert (printed & read).total() > 0.93 * printed.total()


def test_pages_read_at_once_are_read_as_one_by_one_and_in_order(rapidocr: Engine, tmp_path: Path) -> None:
    paths = []
    for number in range(4):
        image = Image.new("L", (420, 90), 255)
        ImageDraw.Draw(image).text((20, 20), f"Page number {number}{number}", 0, ImageFont.load_default(40))
        paths.append(tmp_path / f"{number}.jpg")
        image.save(paths[-1])
    alone = [rapidocr.read(Image.open(path)) for path in paths]
    assert list(read_images(rapidocr, paths, at_once=3)) == alone
    assert [f"{number}{number}" in words[-1].text for number, words in enumerate(alone)] == [True] * 4


def test_no_pages_are_read_at_once(rapidocr: Engine) -> None:
    assert list(read_images(rapidocr, [], at_once=3)) == []


def test_a_weak_character_lowers_its_own_words_confidence_only(rapidocr: Engine) -> None:
    image = Image.new("L", (760, 90), 255)
    draw = ImageDraw.Draw(image)
    draw.text((20, 20), "Invoice total 128.45", 0, ImageFont.load_default(40))
    draw.rectangle((290, 38, 330, 54), fill=255)  # a scratch through one word
    words = rapidocr.read(image)
    weakest = min(words, key=lambda word: word.confidence)
    assert weakest.box.x0 * 760 < 330 and weakest.box.x1 * 760 > 290
    assert min(word.confidence for word in words if word is not weakest) > weakest.confidence + 0.01


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Date:25/12/2018", ["Date:", "25/12/2018"]),
        (":C1-0170778", [":", "C1-0170778"]),
        ("10:17:32", ["10:17:32"]),
        ("http://x", ["http://x"]),
        ("Total:", ["Total:"]),
    ],
)
def test_a_lost_blank_after_a_label_is_put_back(text: str, parts: list[str]) -> None:
    assert LABEL_END.split(text) == parts


def test_an_unknown_engine_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ReadingFailed, match="no OCR engine 'tesseract'; there are: rapidocr, doctr"):
        engine("tesseract")


def test_an_engine_is_loaded_once() -> None:
    assert engine("rapidocr", threads=2) is engine("rapidocr", threads=2)


@pytest.mark.slow
def test_doctr_without_weights_says_what_to_set(tmp_path: Path, weights: Path) -> None:
    with pytest.raises(ReadingFailed, match="DOCLOOP_DOCTR_WEIGHTS"):
        engine("doctr", weights=tmp_path)
    (tmp_path / f"{DETECTION}-{hashlib.sha256(b'not weights').hexdigest()[:8]}.pt").write_bytes(
        b"not weights"
    )
    (tmp_path / f"{RECOGNITION}-test.safetensors").symlink_to(weights / f"{RECOGNITION}-test.safetensors")
    with pytest.raises(ReadingFailed, match=f"holds no weights of {DETECTION}"):
        engine("doctr", weights=tmp_path)


@pytest.mark.slow
def test_doctrs_hub_is_not_asked_unless_that_is_allowed() -> None:
    with pytest.raises(ReadingFailed, match="DOCLOOP_HUB"):
        engine("doctr")
