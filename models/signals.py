"""A document's pages and what a model says of it in; the numbers out that are watched for drift: pure.

Numbers only: a party is a hash, an amount a magnitude, a date an age, a text its length. A signal that a document does
not have is left out. Their names begin with the group that they belong to: `reading.confidence`, `values.total.size`.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from models.extractors.base import Value
from models.familiarity import MARKING
from models.pages import Page, Word
from models.schema import Field, Kind, Schema
from models.values import decimal_of, normalise_text

RULE = "v1"  # of the numbers and of `models.layout_print`: rows that another rule made are not compared with these
POOR = 0.6  # reading confidence below which a word is poorly read
PARTY = "party"  # the end of a signal that is a hash: a name, not a size

# the commonest small words of languages, unlike those of the others: enough to tell what a page is written in
SMALL_WORDS = {
    "english": "the and of for with this that your you from please thank to in",
    "german": "der die das und für mit bitte vielen dank ist von zum zur ein eine",
    "french": "le les des et pour avec vous merci votre dans est une au aux",
    "spanish": "el los las y para con usted gracias su por una del en",
    "italian": "il gli e per con grazie vostro una del della di che",
    "dutch": "het een en voor met u dank bedankt van uw op wij",
    "polish": "i w na do za dziękujemy oraz z od lub się",
    "swedish": "och för med tack ni er av det att på den",
}
SPOKEN = {word: language for language, words in SMALL_WORDS.items() for word in words.split()}
SCRIPTS = (
    "LATIN",
    "CYRILLIC",
    "GREEK",
    "ARABIC",
    "HEBREW",
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "HANGUL",
    "THAI",
    "DEVANAGARI",
)


def numbers(
    pages: Sequence[Page],
    *,
    quality: float | None,
    schema: Schema,
    values: Sequence[Value],
    confidence: Mapping[str, float],
    today: date,
) -> dict[str, float]:
    """All signals but the layout. `quality` (0…1) is of the images, `confidence` {field: 0…1} of present and absent ones.

    `today` is when the document came: dates are ages by then.
    """
    words = [word for page in pages for word in page.words]
    found = {**_text(pages, words), **_reading(words, quality), **_language(words)}
    found |= {f"confidence.{name}": sure for name, sure in confidence.items()}
    if confidence:
        found["confidence.least"] = min(confidence.values())
        for field in schema.fields:
            found |= _values(field, [value for value in values if value.field == field.name], today)
    return {name: round(float(number), 5) for name, number in found.items()}


def _text(pages: Sequence[Page], words: Sequence[Word]) -> dict[str, float]:
    """Of the layout what people have words for: how much text, how large, how large the pages."""
    if not pages:
        return {}
    found = {
        "text.pages": float(len(pages)),
        "text.words": math.log1p(len(words)),
        "text.page_shape": math.log(pages[0].height / pages[0].width),
    }
    if words:
        boxes = [word.box for word in words]
        found["text.density"] = sum(box.area for box in boxes) / len(pages)
        found["text.height"] = float(np.median([box.y1 - box.y0 for box in boxes]))
        found["text.left"] = min(box.x0 for box in boxes)
        found["text.right"] = max(box.x1 for box in boxes)
    return found


def _reading(words: Sequence[Word], quality: float | None) -> dict[str, float]:
    found = {} if quality is None else {"reading.image": quality}
    if words:
        sure = np.array([word.confidence for word in words])
        found |= {"reading.confidence": float(sure.mean()), "reading.poor": float((sure < POOR).mean())}
    return found


def _language(words: Sequence[Word]) -> dict[str, float]:
    """Shares (0…1): of scripts among the letters other than Latin, of each language's small words, of accented letters."""
    letters = [letter for word in words for letter in word.text if letter.isalpha()]
    if not letters:
        return {}
    scripts = Counter(unicodedata.name(letter, "OTHER").partition(" ")[0] for letter in letters)
    spoken = Counter(SPOKEN.get(word.text.strip(".,:;!?").lower(), "") for word in words)
    told = {f"language.{name}": spoken[name] / len(words) for name in SMALL_WORDS}
    told["language.not_latin"] = 1 - scripts["LATIN"] / len(letters)
    told["language.accents"] = sum(ord(letter) > 127 for letter in letters) / len(letters)
    return told


def _values(field: Field, said: Sequence[Value], today: date) -> dict[str, float]:
    """Of one field: how many values, and of the first its size, as its kind has one."""
    name = f"values.{field.name}"
    found = {f"{name}.there": float(len(said)) if field.repeats else float(bool(said))}
    if not said:
        return found
    text, normalised = said[0].text, said[0].normalised
    if field.kind in (Kind.MONEY, Kind.NUMBER):
        amount = decimal_of(normalised or text)
        if amount is not None:
            found[f"{name}.size"] = math.copysign(math.log10(1 + abs(float(amount))), float(amount))
    elif field.kind is Kind.DATE:
        if normalised and (day := _day(normalised)):
            age = (today - day).days
            found[f"{name}.age"] = math.copysign(math.log1p(abs(age)), age)
    else:
        found[f"{name}.length"] = math.log1p(len(text))
        if field.name in MARKING and (letters := normalise_text(text)):
            found[f"{name}.{PARTY}"] = float(_hash(letters))
    return found


def _day(normalised: str) -> date | None:
    try:
        return date.fromisoformat(normalised)
    except ValueError:
        return None


def _hash(text: str) -> int:
    """24 bits: enough to tell the parties of one type apart, too few to look a name up by."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:3])
