from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.concepts import BY_NAME
from models.extractors.base import Example
from models.generator.practice import KINDS, practice
from models.pages import Box
from models.schema import Field
from models.values import normalise_text


def documents(kind: str, count: int, seed: int = 3) -> list[Example]:
    return [practice(kind, index, seed) for index in range(count)]


def said(example: Example, name: str) -> list[str]:
    return [answer.text for answer in example.answers if answer.field == name]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 10**6), st.integers(0, 10**6))
def test_every_answer_is_a_value_of_a_concept_at_words_that_are_there(
    kind: str, index: int, seed: int
) -> None:
    example = practice(kind, index, seed)
    assert example.answers
    for answer in example.answers:
        field = Field(answer.field, BY_NAME[answer.field].kind)
        assert answer.text.strip()
        assert field.normalise(answer.text) is not None, answer.field
        assert answer.place is not None
        assert answer.place.words
        words = [example.pages[answer.place.page].words[index] for index in answer.place.words]
        assert answer.place.box == Box.around(word.box for word in words)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 10**6))
def test_a_practice_document_is_the_same_each_time(kind: str, index: int) -> None:
    assert practice(kind, index, 5) == practice(kind, index, 5)
    assert practice(kind, index, 5) != practice(kind, index, 6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_words_of_an_answer_spell_it_but_for_a_readers_faults(kind: str) -> None:
    right = total = 0
    for example in documents(kind, 40):
        for answer in example.answers:
            assert answer.place is not None
            page = example.pages[answer.place.page]
            read = normalise_text("".join(page.words[word].text for word in answer.place.words))
            right += normalise_text(answer.text) in read
            total += 1
    assert right / total > 0.85


@pytest.mark.parametrize("kind", KINDS)
def test_words_stand_line_by_line_from_top_to_bottom(kind: str) -> None:
    for example in documents(kind, 20):
        for page in example.pages:
            backwards = sum(after.box.y1 < before.box.y0 - 0.02 for before, after in pairwise(page.words))
            assert backwards == 0


def test_each_kind_has_the_values_that_it_is_for() -> None:
    wanted = {
        "receipt": ("company", "date", "total", "company_address", "item_amount"),
        "invoice": ("company", "date", "total", "document_number", "customer", "customer_address"),
        "order": ("contract_number", "advertiser", "gross_amount", "period_from", "period_to"),
        "agreement": ("party", "effective_date", "jurisdiction", "title"),
    }
    for kind, names in wanted.items():
        there = Counter(
            name for example in documents(kind, 60) for name in {a.field for a in example.answers}
        )
        for name in names:
            assert there[name] >= 0.5 * 60, f"{name} in {kind}"


def test_a_total_and_a_date_that_are_printed_again_are_marked_again() -> None:
    receipts = documents("receipt", 80)
    assert any(len(said(example, "total")) > 1 for example in receipts)
    assert any(len(said(example, "date")) > 1 for example in receipts)


@pytest.mark.parametrize(
    ("kind", "name"), [("receipt", "total"), ("invoice", "total"), ("order", "gross_amount")]
)
def test_a_document_has_one_total_however_often_it_is_printed(kind: str, name: str) -> None:
    field = Field(name, BY_NAME[name].kind)
    for example in documents(kind, 60):
        assert len({field.normalise(text) for text in said(example, name)}) <= 1


def test_an_address_over_several_lines_is_one_answer() -> None:
    heights = []
    for example in documents("receipt", 60):
        for answer in example.answers:
            if answer.field == "company_address" and answer.place:
                words = example.pages[0].words
                one = max(words[word].box.y1 - words[word].box.y0 for word in answer.place.words)
                heights.append((answer.place.box.y1 - answer.place.box.y0) / one)
    assert sum(height > 1.8 for height in heights) > len(heights) / 2


def test_no_two_practice_documents_look_alike() -> None:
    pairs = [
        {pair for page in example.pages for pair in pairwise(page.text.upper().split())}
        for example in documents("receipt", 30)
    ]
    likeness = [len(one & other) / len(one | other) for at, one in enumerate(pairs) for other in pairs[:at]]
    assert max(likeness) < 0.5


def test_an_unknown_kind_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="receipt, invoice, order, agreement"):
        practice("poem", 0, 0)
