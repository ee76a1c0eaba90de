"""Words and numbers that mean nothing but look as if they did, and Faker's lists of people and places."""

from __future__ import annotations

import random
from functools import lru_cache
from importlib import import_module

SYLLABLES = [
    "ba",
    "be",
    "bi",
    "bo",
    "bu",
    "ca",
    "ce",
    "co",
    "da",
    "de",
    "di",
    "do",
    "el",
    "en",
    "er",
    "fa",
    "fi",
    "ga",
    "go",
    "ha",
    "hi",
    "ho",
    "in",
    "is",
    "ja",
    "jo",
    "ka",
    "ke",
    "ki",
    "ko",
    "ku",
    "la",
    "le",
    "li",
    "lo",
    "lu",
    "ma",
    "me",
    "mi",
    "mo",
    "mu",
    "na",
    "ne",
    "ni",
    "no",
    "nu",
    "or",
    "pa",
    "pe",
    "pi",
    "po",
    "ra",
    "re",
    "ri",
    "ro",
    "ru",
    "sa",
    "se",
    "si",
    "so",
    "su",
    "ta",
    "te",
    "ti",
    "to",
    "tu",
    "un",
    "va",
    "ve",
    "vi",
    "vo",
    "wa",
    "wi",
    "ya",
    "yo",
    "za",
    "zen",
]


ENDS = ("", "", "n", "r", "s", "x", "l", "ng", "tech", "mart", "co", "via", "land", "tek", "lux", "ia", "nex")


CHINESE = [
    "AH",
    "BAN",
    "BOON",
    "CHAI",
    "CHEE",
    "CHENG",
    "CHIN",
    "CHONG",
    "CHUAN",
    "ENG",
    "FATT",
    "FOO",
    "GUAN",
    "HENG",
    "HIN",
    "HO",
    "HOCK",
    "HONG",
    "HUA",
    "HUAT",
    "HUP",
    "KEAT",
    "KEE",
    "KIM",
    "KOK",
    "KWANG",
    "LAI",
    "LEE",
    "LEONG",
    "LIAN",
    "LIM",
    "LOONG",
    "MEI",
    "MING",
    "ONN",
    "PENG",
    "POH",
    "SANG",
    "SENG",
    "SHENG",
    "SIANG",
    "SIN",
    "SOON",
    "SWEE",
    "TAI",
    "TAN",
    "TECK",
    "THYE",
    "TONG",
    "WAH",
    "WEI",
    "WENG",
    "WING",
    "YEE",
    "YEW",
    "YONG",
]


MALAY = [
    "AMAN",
    "BAHAGIA",
    "BARU",
    "BERKAT",
    "BINTANG",
    "BUDI",
    "CAHAYA",
    "CEMERLANG",
    "DAMAI",
    "GEMILANG",
    "HIJAU",
    "INDAH",
    "IMPIAN",
    "JAYA",
    "KENARI",
    "KENCANA",
    "MAJU",
    "MAKMUR",
    "MAWAR",
    "MELATI",
    "MESRA",
    "MURNI",
    "MUTIARA",
    "PERDANA",
    "PERMAI",
    "PERKASA",
    "PUTRA",
    "RAYA",
    "RIA",
    "SEJATI",
    "SENTOSA",
    "SERI",
    "SINAR",
    "SURIA",
    "TEGUH",
    "UTAMA",
    "WARISAN",
    "WAWASAN",
    "ALAM",
    "ANGGERIK",
    "ASIA",
    "CENDANA",
    "DELIMA",
    "IDAMAN",
    "KASIH",
]


@lru_cache(maxsize=64)
def people(locale: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    provider = import_module(f"faker.providers.person.{locale}").Provider
    first = getattr(provider, "first_names", None) or provider.first_names_male
    return tuple(first), tuple(provider.last_names)


@lru_cache(maxsize=1)
def estates() -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    provider = import_module("faker.providers.address.en_MS").Provider
    return tuple(provider.city_prefixes), tuple(provider.city_suffixes), tuple(provider.street_suffixes)


def invented(rng: random.Random) -> str:
    """A word that means nothing, such as firms like to be called."""
    if rng.random() < 0.12:
        return "".join(rng.choice("ABCDEFGHKLMNPRSTVWXZ") for _ in range(rng.randint(2, 4)))
    return ("".join(rng.choice(SYLLABLES) for _ in range(rng.randint(2, 3))) + rng.choice(ENDS)).capitalize()


def digits(pattern: str, rng: random.Random) -> str:
    """`pattern` with each # a digit and each @ a capital letter."""
    return "".join(
        rng.choice("0123456789") if c == "#" else rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") if c == "@" else c
        for c in pattern
    )
