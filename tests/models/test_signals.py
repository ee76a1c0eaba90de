"""What is watched of a document: numbers that tell what moved, and no text."""

from datetime import date

import numpy as np
import pytest

from models import signals
from models.extractors.base import Value
from models.layout_print import DEPTH, layout_print
from models.pages import Page, Word
from models.schema import Schema
from tests.factories import FIELDS, make_page
from tests.streams import NEW, receipt

SCHEMA = Schema.from_json(FIELDS)


def numbers(text, values=(), confidence=None, quality=None):
    return signals.numbers(
        [make_page(text)],
        quality=quality,
        schema=SCHEMA,
        values=values,
        confidence=confidence or {},
        today=date(2026, 5, 12),
    )


def test_values_are_a_hash_a_magnitude_and_an_age():
    said = (
        Value("company", "ACME Ltd.", "ACMELTD", 0.9),
        Value("date", "02/05/2026", "2026-05-02", 0.8),
        Value("total", "99.00", "99.00", 0.7),
    )
    told = numbers("ACME", said, {"company": 0.9, "date": 0.8, "total": 0.7})
    assert told["values.total.size"] == pytest.approx(2.0)
    assert told["values.date.age"] == pytest.approx(np.log1p(10), abs=1e-4)
    assert told["confidence.least"] == 0.7
    other = (Value("company", "Acme LTD", "ACMELTD", 0.9),)
    party = numbers("x", other, {"company": 0.9})["values.company.party"]
    assert party == told["values.company.party"] < 2**24


def test_a_field_that_is_not_there_has_no_size():
    told = numbers("ACME", (), {"company": 0.5, "date": 0.5, "total": 0.5})
    assert told["values.total.there"] == 0.0
    assert "values.total.size" not in told


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("thank you for shopping with us please come again", "english"),
        ("vielen dank für Ihren Einkauf und bitte zum Kundendienst", "german"),
        ("merci de votre visite avec les meilleures salutations", "french"),
    ],
)
def test_small_words_tell_the_language(text, language):
    told = numbers(text)
    shares = {name: told[f"language.{name}"] for name in signals.SMALL_WORDS}
    assert max(shares, key=shares.get) == language


def test_letters_of_another_script_are_counted():
    assert numbers("Итого 12.90")["language.not_latin"] == 1.0
    assert numbers("Total 12.90")["language.not_latin"] == 0.0


def test_a_document_without_words_has_few_signals_and_an_empty_print():
    empty = [Page(100, 140, ())]
    told = signals.numbers(
        empty, quality=0.5, schema=SCHEMA, values=(), confidence={}, today=date(2026, 1, 1)
    )
    assert told["text.words"] == 0
    assert told["reading.image"] == 0.5
    assert layout_print(empty).tolist() == [0] * DEPTH
    assert layout_print([]).shape == (DEPTH,)


def test_a_print_tells_templates_apart_whatever_is_printed_into_them():
    same = [layout_print(receipt(layout, place).pages) for layout in (0, NEW) for place in range(6)]
    apart = np.linalg.norm(np.array(same)[:, None] - np.array(same)[None], axis=2)
    within = max(apart[:6, :6].max(), apart[6:, 6:].max())
    assert apart[:6, 6:].min() > within


def test_no_word_changes_a_print_but_by_the_room_it_takes():
    page = make_page("Total 12.90\nThank you")
    swapped = Page(page.width, page.height, tuple(Word(each.text[::-1], each.box) for each in page.words))
    assert layout_print([page]).tolist() == pytest.approx(layout_print([swapped]).tolist(), abs=0.5)
    assert np.allclose(layout_print([page])[3:60], layout_print([swapped])[3:60])
