"""The finders without learning: they must be as good as they are simple, or beating them means nothing."""

from benchmarks.baselines import has_finders, trivial
from models.pages import Box, Page, Word
from models.schema import Field, Kind, Schema

RECEIPT = Schema((Field("company"), Field("date", Kind.DATE), Field("total", Kind.MONEY), Field("address")))
ORDER = Schema((Field("contract_num"), Field("gross_amount", Kind.MONEY)))


def page(*lines: str) -> Page:
    words = []
    for row, line in enumerate(lines):
        for column, text in enumerate(line.split()):
            words.append(Word(text, Box(column * 0.1, row * 0.05, column * 0.1 + 0.09, row * 0.05 + 0.03)))
    return Page(800, 1000, tuple(words))


def found(schema: Schema, *lines: str) -> dict[str, str | None]:
    return {value.field: value.normalised for value in trivial(schema, [page(*lines)]).values}


def test_a_receipt_gives_its_first_line_its_first_date_and_its_last_total() -> None:
    said = found(
        RECEIPT, "CORNER SHOP", "Date 04/05/2018 10:12", "Total 12.00", "Total due 12.50", "Cash 20.00"
    )
    assert said == {"company": "CORNERSHOP", "date": "2018-05-04", "total": "12.50"}


def test_an_order_gives_the_number_after_its_name_and_its_largest_dollar_amount() -> None:
    said = found(ORDER, "Contract # 95065-1", "$ 120.00", "Gross $5,625.00", "Net $4,781.25", "99,999.00")
    assert said == {"contract_num": "950651", "gross_amount": "5625.00"}


def test_a_page_without_words_gives_nothing() -> None:
    assert trivial(RECEIPT, [Page(10, 10)]).values == ()


def test_only_types_with_a_field_that_is_easily_found_have_a_baseline() -> None:
    assert has_finders(RECEIPT)
    assert not has_finders(Schema((Field("party"),)))
