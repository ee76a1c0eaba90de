"""Which fields a pack has, told by its labels alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.errors import BadSchema
from models.extractors.base import Answer
from models.pack_schema import inferred, kind_of, labelled_part
from models.packs import PackDocument, read_pack
from models.schema import Field, Kind, Schema


def labelled(*labels: dict[str, object]) -> list[PackDocument]:
    documents = []
    for number, fields in enumerate(labels):
        answers = tuple(
            Answer(name, text)
            for name, value in fields.items()
            for text in (value if isinstance(value, list) else [value])
            if text
        )
        documents.append(
            PackDocument(str(number), "letter", (), (), answers, frozenset(), str(number), labels=fields)
        )
    return documents


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["2018-12-25", "2019-01-02"], Kind.DATE),
        (["25/12/2018", "18-11-18", "25 Dec 2018"], Kind.DATE),
        (["9.00", "1,250.40", "RM 12.90", "-3.20"], Kind.MONEY),
        (["$5,625.00", "12,50 €", "EUR 3.10"], Kind.MONEY),
        # identifiers: as numbers 0042 and 42 would be the same
        (["0042", "42183017"], Kind.TEXT),
        (["950658-1", "14086"], Kind.TEXT),
        (["7 years", "12 months"], Kind.TEXT),
        (["signed on 25/12/2018 in Rome", "2018-12-25"], Kind.TEXT),
        (["Oregon"], Kind.TEXT),
        ([], Kind.TEXT),
    ],
)
def test_a_kind_is_what_nearly_all_values_are_written_like(values: list[str], kind: Kind) -> None:
    assert kind_of(values) is kind


def test_one_mistyped_value_in_ten_changes_no_kind() -> None:
    assert kind_of(["12.90"] * 9 + ["twelve"]) is Kind.MONEY
    assert kind_of(["12.90"] * 8 + ["twelve"] * 2) is Kind.TEXT


def test_a_list_makes_a_field_repeat_and_a_field_without_any_value_is_left_out() -> None:
    schema = inferred(
        labelled(
            {"day": "2018-12-25", "party": ["A", "B"], "term": None},
            {"day": None, "party": [], "term": None},
        )
    )
    assert [(field.name, field.kind, field.repeats) for field in schema] == [
        ("day", Kind.DATE, False),
        ("party", Kind.TEXT, True),
    ]


def test_a_pack_without_any_value_is_refused_and_so_is_a_name_no_field_can_have() -> None:
    with pytest.raises(BadSchema, match="none of the 2 documents has a value"):
        inferred(labelled({"total": None}, {}))
    with pytest.raises(BadSchema, match="'Total amount'"):
        inferred(labelled({"Total amount": "1.00"}))


def test_only_fields_that_somebody_looked_for_are_learned_or_judged_and_the_others_are_told() -> None:
    schema = Schema((Field("total"), Field("tax"), Field("day")))
    part, notes = labelled_part(schema, labelled({"total": "1", "day": None, "shop": "X"}), "the type")
    assert part.names == ("total", "day")
    assert notes == [
        "not labelled in this pack, so left out: tax",
        "labelled in this pack, but no field of the type: shop",
        "without a value in any document: day",
    ]


def test_a_pack_of_another_type_is_refused_with_both_sides_fields() -> None:
    with pytest.raises(BadSchema, match="labels for shop, and the type 'orders' has the fields total"):
        labelled_part(Schema((Field("total"),)), labelled({"shop": "X"}), "the type 'orders'")


REAL = os.environ.get("DOCLOOP_REAL_DOCUMENTS")


@pytest.mark.slow
@pytest.mark.skipif(not REAL, reason="DOCLOOP_REAL_DOCUMENTS names no folder of packs")
def test_the_fields_of_real_packs_are_told_right() -> None:
    kinds = {
        name: {field.name: (field.kind.value, field.repeats) for field in inferred(list(read_pack(folder)))}
        for name in ("sroie", "adbuy", "nda")
        if (folder := Path(REAL or "") / name / "train").is_dir()
    }
    assert kinds["sroie"] == {
        "company": ("text", False),
        "date": ("date", False),
        "address": ("text", False),
        "total": ("money", False),
    }
    assert kinds["adbuy"]["contract_num"] == ("text", False)
    assert kinds["adbuy"]["gross_amount"] == ("money", False)
    assert kinds["adbuy"]["flight_from"] == ("date", False)
    assert kinds["nda"]["party"] == ("text", True)
