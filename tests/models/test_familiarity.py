"""What a model has met before, as far as a pack tells."""

from __future__ import annotations

from typing import Any

from models.extractors.base import Answer
from models.familiarity import marks_of, seen
from models.packs import PackDocument


def document(meta: dict[str, Any] | None = None, **answers: str | list[str]) -> PackDocument:
    said = tuple(
        Answer(name, text)
        for name, value in answers.items()
        for text in (value if isinstance(value, list) else [value])
    )
    return PackDocument("x", "order", (), (), said, frozenset(), "x", meta=meta or {})


def test_a_vendor_is_known_again_however_it_is_written() -> None:
    known = marks_of([document(company="MR. D.I.Y. (M) SDN BHD")])
    told = seen([document(company="mr diy (m) sdn. bhd"), document(company="AEON CO."), document()], known)
    assert {name: list(marks) for name, marks in told.items()} == {"vendor": [1, 0, -1]}


def test_layouts_are_told_by_the_pack_and_one_known_party_is_enough() -> None:
    known = marks_of([document({"template_cluster": 0}, party=["Nike Inc.", "Ann Lee"])])
    told = seen(
        [
            document({"template_cluster": 0}, party=["Nike, Inc", "Bob"]),
            document({"template_cluster": 5}, party="Bob"),
        ],
        known,
    )
    assert {name: list(marks) for name, marks in told.items()} == {"party": [1, 0], "template": [1, 0]}


def test_what_the_pack_says_itself_goes_before_what_can_be_worked_out() -> None:
    known = marks_of([document(company="Nike")])
    told = seen([document({"vendor_seen_in_train": False}, company="Nike"), document(company="Nike")], known)
    assert list(told["vendor"]) == [0, 1]
    untrained = seen(
        [document({"vendor_seen_in_train": True}), document({"vendor_seen_in_train": False})], {}
    )
    assert list(untrained["vendor"]) == [1, 0]


def test_without_a_word_of_it_nothing_is_told() -> None:
    assert seen([document(company="Nike")], {}) == {}


def test_marks_hold_no_text_of_the_documents() -> None:
    assert "NIKE" not in str(marks_of([document(company="Nike")])).upper()
