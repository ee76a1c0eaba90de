import pytest

from models.extractors.base import Value
from models.extractors.rules import RulesExtractor
from models.schema import Field, Kind, Schema
from tests.factories import make_page


def found(field: Field, text: str) -> Value | None:
    (extracted,) = RulesExtractor(Schema((field,))).extract([[make_page(text)]])
    return extracted.values[0] if extracted.values else None


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (Field("total", Kind.MONEY), "Tea 2.00\nTotal 2 items 12.90\nCash 20.00", "12.90"),
        (Field("total", Kind.MONEY), "Tea 2.00\nTOTAL\nRM12.90\nCash 20.00", "RM12.90"),
        (Field("total", Kind.MONEY), "Total 5.00\nTax 1.00\nTotal 6.00", "6.00"),
        (Field("total", Kind.MONEY), "Tea 2.00\nRice 9.50", "9.50"),
        (Field("total", Kind.MONEY), "Tea\nRice", None),
        (Field("betrag", Kind.MONEY, label="Summe"), "Brot 2,00\nSumme EUR 1.002,00", "1.002,00"),
        (Field("due_date", Kind.DATE), "Date 01/02/2024\nDue date 3 March 2024", "3 March 2024"),
        (Field("issued", Kind.DATE), "No 12345\nPrinted 01/02/2024 10:30", "01/02/2024"),
        (Field("issued", Kind.DATE), "No date at all", None),
        (Field("guests", Kind.NUMBER), "Table 4\nGuests: 3", "3"),
        (Field("guests", Kind.NUMBER), "Table 4", None),
        (Field("currency", Kind.CHOICE, choices=("EUR", "RM")), "Total RM 5.00", "RM"),
        (Field("currency", Kind.CHOICE, choices=("EUR", "USD")), "Total RM 5.00", None),
        (Field("company"), "* * *\nACME TRADING LTD\nHigh Street", "ACME TRADING LTD"),
        (Field("invoice_number"), "ACME\nInvoice No: INV-123", "INV-123"),
        (Field("ref", help="the cashier"), "ACME\nCashier: Manis Tan", "Manis Tan"),
        (Field("address"), "ACME\nHigh Street 5", None),
    ],
)
def test_a_field_is_found_by_its_kind_and_its_words(field, text, value):
    hit = found(field, text)
    assert (hit.text if hit else None) == value


def test_an_announced_value_is_surer_than_a_guess():
    announced = found(Field("total", Kind.MONEY), "Total 12.90")
    guessed = found(Field("total", Kind.MONEY), "Tea 12.90")
    assert guessed.confidence < announced.confidence < 0.9


def test_rules_find_most_values_of_receipts_without_having_seen_any(schema, receipts):
    from models.metrics import score

    extracted = RulesExtractor(schema).extract([receipt.pages for receipt in receipts])
    scores = score(schema, [receipt.answers for receipt in receipts], extracted)
    assert scores.f1("total") > 0.9
    assert scores.f1("date") == 1
    assert scores.f1("company") >= 0.5
