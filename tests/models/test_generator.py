"""Generated documents are what they say they are."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from models.generator import KINDS, GeneratedDocument, facts, generate, layouts
from models.generator.__main__ import main
from models.generator.regions import REGIONS
from models.schema import Schema
from models.values import normalise_money

DEMO = Path(__file__).parents[2] / "webapp" / "demo"


def schema(kind: str) -> Schema:
    return Schema.from_json(yaml.safe_load((DEMO / f"{kind}.yaml").read_text())["fields"])


@pytest.fixture(scope="module")
def documents() -> list[GeneratedDocument]:
    """One of every layout, as a PDF."""
    return [generate(kind, index, 5, scan=False) for kind in KINDS for index in range(len(layouts(kind)))]


def test_there_are_a_dozen_layouts_of_each_kind_with_names_of_their_own() -> None:
    for kind in KINDS:
        assert len(set(layouts(kind))) == len(layouts(kind)) >= 12


@pytest.mark.slow
def test_the_same_index_and_seed_give_the_same_bytes() -> None:
    assert generate("receipt", 3, 7, scan=True) == generate("receipt", 3, 7, scan=True)
    assert generate("invoice", 7, 7) == generate("invoice", 7, 7)
    assert generate("receipt", 3, 7).content != generate("receipt", 3, 8).content


def test_an_answers_words_are_its_text_and_lie_in_its_box(documents: list[GeneratedDocument]) -> None:
    scans = [generate(kind, 2, 9, scan=True) for kind in KINDS]
    for document in documents + scans:
        assert document.answers
        for answer in document.answers:
            assert answer.place is not None
            words = [document.pages[answer.place.page].words[number] for number in answer.place.words]
            assert " ".join(word.text for word in words) == answer.text
            for word in words:
                assert word.box.intersection(answer.place.box) == pytest.approx(word.box.area)


def test_every_document_has_the_required_fields_and_no_others(documents: list[GeneratedDocument]) -> None:
    for document in documents:
        fields = schema(document.kind)
        names = [answer.field for answer in document.answers]
        assert len(set(names)) == len(names) and set(names) <= set(fields.names), document.layout
        assert {field.name for field in fields if field.required} <= set(names), document.layout
        for answer in document.answers:
            assert fields[answer.field].normalise(answer.text), (document.layout, answer.field)


def test_optional_fields_are_sometimes_absent(documents: list[GeneratedDocument]) -> None:
    invoices = [d for d in documents if d.kind == "invoice"]
    for field in ("due_date", "iban"):
        having = [d for d in invoices if any(answer.field == field for answer in d.answers)]
        assert 0 < len(having) < len(invoices)


def test_an_invoices_net_and_tax_add_up_to_its_total(documents: list[GeneratedDocument]) -> None:
    for document in documents:
        if document.kind == "invoice":
            raw = {answer.field: answer.text.replace("'", "") for answer in document.answers}
            net, tax, total = (
                float(normalise_money(raw[name]) or "nan") for name in ("net_amount", "tax", "total")
            )
            assert net + tax == pytest.approx(total, abs=0.001), document.layout


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(sorted(REGIONS)))
def test_a_receipts_sums_add_up(seed: int, region: str) -> None:
    made = facts.receipt(REGIONS[region], random.Random(seed), most_items=9)
    assert made.net + made.tax == made.total
    assert made.tendered - made.change == made.total and made.change >= 0
    assert sum(item.amount for item in made.items) - made.discount == made.goods
    assert 1 <= len(made.items) <= 9


def test_there_are_traps_beside_the_answers(documents: list[GeneratedDocument]) -> None:
    """Most documents print more amounts than the fields, so that picking any amount is no way to score."""
    trapped = 0
    for document in documents:
        amounts = [
            word.text for page in document.pages for word in page.words
            if any(char.isdigit() for char in word.text) and any(mark in word.text for mark in ",.")
        ]  # fmt: skip
        trapped += len(set(amounts)) > 4
    assert trapped > 0.8 * len(documents)


@pytest.mark.slow
def test_a_long_invoice_has_several_pages_and_its_scan_is_a_pdf_of_pictures() -> None:
    long = next(
        document for seed in range(20) if len((document := generate("invoice", 7, seed, scan=True)).pages) > 1
    )
    assert long.name.endswith(".pdf") and long.content.startswith(b"%PDF")
    total = next(answer for answer in long.answers if answer.field == "total")
    assert total.place is not None and total.place.page == len(long.pages) - 1


def test_the_command_writes_files_and_their_answers(tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path), "--seed", "3", "--count", "4", "--scans", "none"]) == 0
    lines = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert [line["type"] for line in lines] == ["receipt", "invoice"] * 2
    for line in lines:
        assert (tmp_path / line["file"]).read_bytes().startswith(b"%PDF")
        assert {answer["field"] for answer in line["answers"]} <= set(schema(line["type"]).names)
        assert len(line["words"]) == len(line["pages"])


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no kind of document 'menu'; there are: receipt, invoice"):
        generate("menu", 0, 1)
