import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.concepts import CONCEPTS, concept_of
from models.schema import NAME, Field, Kind

MEANT = {
    Kind.TEXT: {
        "company": "company", "vendor": "company", "supplier_name": "company", "issuer": "company", "store_name": "company",
        "address": "company_address", "buyer_name": "customer", "customer_address": "customer_address",
        "invoice_number": "document_number", "invoice_no": "document_number", "receipt_nr": "document_number",
        "contract_num": "contract_number", "po_number": "order_number", "vat_id": "company_tax_id", "currency": "currency",
        "advertiser": "advertiser", "party": "party", "parties": "party", "jurisdiction": "jurisdiction",
        "governing_law": "jurisdiction", "term": "term", "tel_no": "phone",
    },
    Kind.DATE: {
        "date": "date", "invoice_date": "date", "due_date": "due_date", "flight_from": "period_from",
        "flight_to": "period_to", "start_date": "period_from", "effective_date": "effective_date",
    },
    Kind.MONEY: {
        "total": "total", "amount": "total", "grand_total": "total", "total_amount_due": "total", "total_incl_vat": "total",
        "gross_amount": "gross_amount", "net_amount": "net_amount", "net_total": "subtotal", "sub_total": "subtotal",
        "vat": "tax", "total_tax": "tax", "tax_amount": "tax", "amount_paid": "cash", "unit_price": "item_price",
    },
    Kind.NUMBER: {"vat_rate": "tax_rate", "qty": "item_quantity"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind", "concept"),
    [(name, kind, concept) for kind, names in MEANT.items() for name, concept in names.items()],
)
def test_a_field_is_understood_by_its_name(name: str, kind: Kind, concept: str) -> None:
    found = concept_of(Field(name, kind))
    assert found is not None
    assert found.name == concept


@pytest.mark.parametrize("name", ["birth_date", "holiday_date"])
def test_a_date_of_something_unknown_is_no_date_of_the_document(name: str) -> None:
    assert concept_of(Field(name, Kind.DATE)) is None


def test_a_label_or_a_help_text_tells_what_a_bare_name_does_not() -> None:
    labelled = concept_of(Field("f1", Kind.MONEY, label="Grand total"))
    helped = concept_of(Field("f2", Kind.TEXT, label="Feld 2", help="Governing law"))
    assert labelled is not None and labelled.name == "total"
    assert helped is not None and helped.name == "jurisdiction"
    assert concept_of(Field("blood_type", Kind.TEXT)) is None


def test_every_concept_has_a_name_of_its_own_and_is_found_by_it() -> None:
    names = [concept.name for concept in CONCEPTS]
    assert len(set(names)) == len(names)
    for concept in CONCEPTS:
        assert concept_of(Field(concept.name, concept.kind)) is concept
        assert concept.words


@given(
    st.from_regex(NAME, fullmatch=True), st.sampled_from([kind for kind in Kind if kind is not Kind.CHOICE])
)
def test_a_field_never_gets_a_concept_of_another_kind(name: str, kind: Kind) -> None:
    found = concept_of(Field(name, kind))
    assert found is None or found.kind is kind
