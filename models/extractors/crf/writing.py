"""How a word is written: its kind, its shape, its letters, as features. Depends on nothing but its text."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from models.dates import WRITTEN_DATE
from models.values import currency_of

KEPT = 100_000  # texts whose features are kept: some 100 MB, and a day's documents repeat most of their words
LONGEST = 24  # letters of a word that are told apart; more is a barcode or noise
AMOUNT = re.compile(r"(?<![\d.,])\d{1,3}(?:[.,' ]?\d{3})*[.,]\d{2}(?!\d)")  # with cents
KINDS = (
    ("date", WRITTEN_DATE),
    ("time", re.compile(r"\d{1,2}:\d\d(?::\d\d)?\s?(?:[ap]\.?m)?$", re.IGNORECASE)),
    ("amount", AMOUNT),
    ("percent", re.compile(r"\d\s?%")),
    ("mail", re.compile(r"[^\s@]+@[^\s@]+\.\w")),
    ("web", re.compile(r"www\.|https?:|[a-z]\.(?:com|net|org)\b", re.IGNORECASE)),
    ("phone", re.compile(r"\(?\+?\d{2,4}\)?[- ]\d{3,4}[- ]?\d{3,5}$")),
    ("number", re.compile(r"[^\w]*\d+[^\w]*$")),
    ("figures", re.compile(r"[\d\W]*\d[\d\W]*$")),
    ("code", re.compile(r".*\d")),
    ("word", re.compile(r".*[^\W\d_]")),
)
RUNS = tuple((re.compile(f"{kind}{{{most},}}"), kind * most) for kind, most in (("A", 4), ("a", 3), ("9", 6)))


@lru_cache(maxsize=KEPT)
def kind_of(text: str) -> str:
    """What sort of thing the word is: date, amount, number, code, word, mark, …"""
    return next((kind for kind, form in KINDS if form.search(text)), "mark")


@lru_cache(maxsize=KEPT)
def plain(text: str) -> str:
    """The word in small letters without marks at its ends, every digit a 0."""
    folded = "".join("0" if c.isdigit() else c for c in unicodedata.normalize("NFKC", text).lower()[:LONGEST])
    return folded.strip(".,:;!?()[]{}<>'\"*#-_=/\\|") or folded


@lru_cache(maxsize=KEPT)
def letters_of(text: str) -> str:
    """The word's letters only, small; empty where it has fewer than two or is mostly something else."""
    letters = "".join(c for c in text.lower()[:LONGEST] if c.isalpha())
    return letters if len(letters) > 1 and 2 * len(letters) >= len(text) else ""


@lru_cache(maxsize=KEPT)
def shape_of(text: str) -> str:
    """`Aaa`, `99/99/9999`: capitals, small letters and digits by kind, long runs cut."""
    shape = "".join(
        "9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in text[:LONGEST]
    )
    for run, shorter in RUNS:
        shape = run.sub(shorter, shape)
    return shape


@lru_cache(maxsize=KEPT)
def own(text: str) -> tuple[str, ...]:
    """All features of a word's text."""
    word, kind = plain(text), kind_of(text)
    found = [f"w={word}", f"kind={kind}", f"shape={shape_of(text)}", f"long={min(len(text), 12)}"]
    if kind in ("word", "code"):
        found += [f"starts={word[:n]}" for n in (2, 3, 4) if len(word) > n]
        found += [f"ends={word[-n:]}" for n in (2, 3) if len(word) > n]
    if text.isupper():
        found.append("capitals")
    elif text.istitle():
        found.append("capital")
    if text[-1] in ".,:;)(":
        found.append(f"last={text[-1]}")
    if text[0] in "($#:-":
        found.append(f"first={text[0]}")
    if currency_of(text):
        found.append("currency")
    return tuple(found)


@lru_cache(maxsize=KEPT)
def beside(text: str, where: str) -> tuple[str, ...]:
    """The few features by which a neighbouring word is known; `where` tells which neighbour."""
    return f"{where}w={plain(text)}", f"{where}kind={kind_of(text)}"
