"""A router: which type, how sure, or none that is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from models.errors import RegistryError, TrainingFailed
from models.extractors import manifest
from models.pages import Page
from models.routing import UNKNOWN, files
from models.routing.kinds import kinds
from models.routing.learning import learn
from tests.factories import make_page

WORDS = {
    "receipt": [
        "shop",
        "cash",
        "total",
        "change",
        "tax",
        "thank",
        "you",
        "visit",
        "again",
        "item",
        "qty",
        "price",
    ],
    "letter": [
        "dear",
        "sir",
        "yours",
        "sincerely",
        "regarding",
        "your",
        "enquiry",
        "we",
        "regret",
        "enclosed",
        "please",
        "find",
    ],
    "order": [
        "station",
        "spots",
        "flight",
        "advertiser",
        "gross",
        "agency",
        "commission",
        "contract",
        "week",
        "rate",
        "daypart",
    ],
}
STRANGE = [
    "patient",
    "diagnosis",
    "dose",
    "tablet",
    "ward",
    "nurse",
    "blood",
    "pressure",
    "allergy",
    "admitted",
    "discharge",
]


def documents(words: list[str], n: int, rng: np.random.Generator) -> list[tuple[Page, ...]]:
    """Each of other words of its kind, and some of everybody's."""
    common = ["the", "of", "and", "2024", "page", "12.90"]
    return [
        (make_page("\n".join(" ".join(rng.choice(words + common, 6)) for _ in range(6))),) for _ in range(n)
    ]


@pytest.fixture(scope="module")
def router():
    rng = np.random.default_rng(1)
    pages = [page for words in WORDS.values() for page in documents(words, 10, rng)]
    return learn(pages, [name for name in WORDS for _ in range(10)], range(30), seed=1)


def test_ten_documents_of_a_type_are_enough_for_new_ones(router):
    rng = np.random.default_rng(2)
    for name, words in WORDS.items():
        said = router.route(documents(words, 20, rng))
        assert sum(each.likeliest == name for each in said) >= 19
        assert sum(each.document_type == name for each in said) >= 17
        assert all(0 <= each.confidence <= 1 for each in said)


def test_what_is_like_no_type_is_unknown(router):
    said = router.route(documents(STRANGE, 20, np.random.default_rng(3)))
    assert sum(each.document_type == UNKNOWN for each in said) >= 19


def test_without_words_it_is_unknown(router):
    assert [each.document_type for each in router.route([(), (Page(100, 100, ()),)])] == [UNKNOWN, UNKNOWN]
    assert router.route([]) == []


def test_the_same_documents_and_seed_give_the_same_router_also_from_its_folder(router, tmp_path):
    rng = np.random.default_rng(1)
    pages = [page for words in WORDS.values() for page in documents(words, 10, rng)]
    again = learn(pages, [name for name in WORDS for _ in range(10)], range(30), seed=1)
    files.save(again, tmp_path / "router")
    stored = files.open_router(tmp_path / "router")
    new = documents(WORDS["letter"] + STRANGE, 10, np.random.default_rng(4))
    assert router.route(new) == again.route(new) == stored.route(new)


@pytest.mark.parametrize("types", [["receipt"], ["receipt", "letter"]])
def test_one_type_or_two_will_do(types):
    rng = np.random.default_rng(1)
    pages = [page for name in types for page in documents(WORDS[name], 10, rng)]
    router = learn(pages, [name for name in types for _ in range(10)], range(len(pages)), seed=1)
    for name in types:
        said = router.route(documents(WORDS[name], 10, rng))
        assert sum(each.likeliest == name for each in said) >= 9


def test_near_copies_of_one_document_do_not_make_a_type_narrow():
    rng = np.random.default_rng(1)
    pages = documents(WORDS["letter"], 10, rng)
    router = learn([*pages, *pages], ["letter"] * 20, [*range(10), *range(10)], seed=1)
    said = router.route(documents(WORDS["letter"], 20, rng))
    assert sum(each.document_type == "letter" for each in said) >= 17


@pytest.mark.parametrize("pages", [[], [(Page(100, 100, ()),)]])
def test_nothing_to_learn_from_is_told(pages):
    with pytest.raises(TrainingFailed, match="no document has a word"):
        learn(pages, ["letter"] * len(pages), range(len(pages)), seed=1)


def test_a_folder_that_was_changed_is_refused(router, tmp_path):
    folder = tmp_path / "router"
    with pytest.raises(RegistryError, match="no model folder"):
        files.open_router(folder)
    files.save(router, folder)
    arrays = folder / files.ARRAYS
    whole = arrays.read_bytes()
    arrays.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(RegistryError, match="changed since"):
        files.open_router(folder)
    arrays.write_bytes(whole)
    told = json.loads((folder / manifest.NAME).read_text())
    for wrong in ({"types": ["one"]}, {"calibration": None}, {"columns": [1, 2]}):
        stored = told | {"settings": told["settings"] | wrong}
        (folder / manifest.NAME).write_text(json.dumps(stored))
        with pytest.raises(RegistryError):
            files.open_router(folder)


def test_a_folder_of_another_model_is_no_router(router, tmp_path):
    files.save(router, tmp_path)
    told = json.loads((tmp_path / manifest.NAME).read_text())
    (tmp_path / manifest.NAME).write_text(json.dumps(told | {"extractor": "rules"}))
    with pytest.raises(RegistryError, match="another Docloop"):
        files.open_router(tmp_path)


def test_kinds_are_what_looks_alike_and_strays_are_in_none():
    rng = np.random.default_rng(5)
    pages = [each for name in ("receipt", "letter") for each in documents(WORDS[name], 8, rng)]
    pages += [(), *documents(STRANGE, 2, rng)]
    found = kinds(pages)
    assert sorted(sorted(some) for some in found) == [list(range(8)), list(range(8, 16))]
    assert kinds(pages[:4]) == kinds([]) == []
