"""What fields of documents mean, whatever a schema calls them: about fifty concepts that the base model knows.

Practice documents are marked with these names, and `concept_of` finds the concept that a schema's field stands for,
so that a field can be extracted before anybody has corrected a document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from models.schema import Field, Kind, Schema


@dataclass(frozen=True, slots=True)
class Concept:
    """A sort of value with a meaning; `words` are the phrases by which a schema's name or label says it."""

    name: str
    kind: Kind
    words: tuple[str, ...]


def _concepts(kind: Kind, table: dict[str, str]) -> Iterator[Concept]:
    for name, phrases in table.items():
        yield Concept(name, kind, tuple(phrase.strip() for phrase in phrases.split(",")))


CONCEPTS: tuple[Concept, ...] = (
    *_concepts(
        Kind.TEXT,
        {
            "company": "company, vendor, supplier, seller, issuer, merchant, shop, store, retailer, provider, biller, "
            "payee, creditor, restaurant, sender, from, issued by, sold by, service provider",
            "trade_name": "trade name, trading name, brand, brand name, trading as, doing business as",
            "company_address": "address, company address, vendor address, supplier address, seller address, "
            "merchant address, store address, shop address, issuer address, location, branch address",
            "company_number": "company number, registration number, company registration, registration id, "
            "business number, register number, company id, roc number",
            "company_tax_id": "tax id, vat id, gst id, vat number, gst number, tax number, ein, abn, tin, ust id, "
            "vat registration, gst registration, tax registration, siret, company tax id, vendor tax id",
            "phone": "phone, telephone, tel, mobile, contact number, telephone number",
            "fax": "fax, facsimile, fax number",
            "email": "email, e mail, mail address, email address",
            "website": "website, web, url, homepage, web site, internet",
            "time": "time, hour, transaction time, purchase time, time of day",
            "document_number": "document number, invoice number, receipt number, bill number, number, invoice id, "
            "invoice, receipt id, bill id, document id, transaction number, transaction id, slip number, "
            "reference number, ticket number, invoice reference, doc number, statement number",
            "order_number": "order number, purchase order, po number, po, order id, order, order reference, "
            "purchase order number, customer order",
            "customer": "customer, client, buyer, bill to, billed to, recipient, purchaser, debtor, payer, sold to, "
            "customer name, invoice to",
            "customer_address": "customer address, client address, buyer address, billing address, bill to address, "
            "recipient address, delivery address, shipping address, ship to",
            "customer_number": "customer number, client number, customer id, client id, account number, account id, "
            "account, member number, membership number",
            "currency": "currency, currency code, currency sign, currency symbol",
            "payment_method": "payment method, payment type, paid by, payment mode, means of payment, card type, "
            "mode of payment, method of payment",
            "cashier": "cashier, operator, clerk, served by, server, waiter, staff",
            "salesperson": "salesperson, account executive, sales representative, sales rep, seller name, sales person",
            "item_name": "item, item name, description, item description, product description, goods, article, "
            "line item, item text, position",
            "bank_account": "iban, bank account, bank account number, account iban",
            "contract_number": "contract number, contract, contract id, contract reference, agreement number",
            "advertiser": "advertiser, advertiser name, sponsor, candidate",
            "agency": "agency, agency name, advertising agency, buying agency",
            "station": "station, property, channel, broadcaster, call letters, station name, call sign",
            "product": "product, campaign, brand product, product name, campaign name",
            "party": "party, contracting party, counterparty, signing party, party name, contractor",
            "jurisdiction": "jurisdiction, governing law, applicable law, law, governing state, choice of law",
            "term": "term, duration, contract term, period of validity, validity, term of agreement, length, "
            "confidentiality period, survival period",
            "signatory": "signatory, signed by, signer, signature name, undersigned",
            "title": "title, document title, document type, heading, kind of document",
        },
    ),
    *_concepts(
        Kind.DATE,
        {
            "date": "date, invoice date, receipt date, document date, issue date, transaction date, purchase date, "
            "bill date, date of issue, issued on, date issued, date of purchase, day, date of invoice, paid date",
            "due_date": "due date, payment due, pay by, date due, due, payment date, payable by, due on, deadline",
            "order_date": "order date, date of order, ordered on, date ordered, purchase order date",
            "delivery_date": "delivery date, date of delivery, delivered on, shipping date, ship date, date of supply, "
            "service date, date shipped",
            "period_from": "period from, period start, start date, from date, flight from, flight start, begin date, "
            "start, valid from, from, date from, schedule start, service from, starts on, begins on, first day",
            "period_to": "period to, period end, end date, to date, flight to, flight end, finish date, end, "
            "valid to, valid until, to, until, date to, schedule end, service to, expiry date, expiration date, "
            "ends on, expires on, last day",
            "item_from": "item from, line start, item start, line start date, item start date, line from",
            "item_to": "item to, line end, item end, line end date, item end date, line to",
            "effective_date": "effective date, agreement date, contract date, date of agreement, effective, "
            "commencement date, signing date, date of contract, in force from",
        },
    ),
    *_concepts(
        Kind.MONEY,
        {
            "total": "total, amount, total amount, grand total, amount due, total due, sum, balance due, "
            "invoice total, amount payable, total payable, total price, total to pay, final amount, price, "
            "total including tax, total including vat, total including gst, amount to pay, balance, gross total, gross, total gross, invoice amount, total cost",
            "subtotal": "subtotal, sub total, net, net total, total net, total before tax, amount before tax, "
            "total excluding tax, total excluding vat, total excluding gst, taxable amount, net value, net sum, total before rounding, excluding tax, untaxed amount",
            "tax": "tax, vat, gst, sales tax, tax amount, vat amount, gst amount, total tax, service tax, tax total, "
            "mwst, tva, iva",
            "rounding": "rounding, rounding adjustment, rounded",
            "discount": "discount, rebate, saving, total discount, reduction, discount amount, voucher",
            "cash": "cash, paid, amount paid, tendered, cash paid, payment, amount tendered, cash received, received",
            "change": "change, change due, change given",
            "service_charge": "service charge, tip, gratuity, service, svc charge",
            "shipping": "shipping, freight, delivery charge, postage, shipping cost, delivery fee, handling",
            "item_price": "item price, unit price, price each, price per unit, unit cost, rate",
            "item_amount": "item amount, line total, line amount, item total, amount per item, extended price",
            "gross_amount": "gross amount, order total, contract total, contract amount, gross order amount, "
            "total gross amount, contract value, order amount, gross cost, campaign total",
            "net_amount": "net amount, net due, amount net, net cost, net order amount, total net amount",
            "commission": "commission, agency commission, commission amount, agency fee",
        },
    ),
    *_concepts(
        Kind.NUMBER,
        {
            "tax_rate": "tax rate, vat rate, gst rate, tax percent, vat percent, tax percentage, rate",
            "item_quantity": "item quantity, quantity, pieces, units, count, item count",
        },
    ),
)
BY_NAME = {concept.name: concept for concept in CONCEPTS}

WORD = re.compile(r"[^\W\d_]+")
SHORT = {
    "num": "number", "no": "number", "nr": "number", "nbr": "number", "numbers": "number", "amt": "amount",
    "qty": "quantity", "desc": "description", "addr": "address", "inv": "invoice", "cust": "customer",
    "pct": "percent", "ref": "reference", "incl": "including", "excl": "excluding", "mob": "mobile", "dt": "date",
    "org": "company", "organisation": "company", "organization": "company", "firm": "company", "business": "company",
    "begin": "start", "identifier": "id", "telephon": "telephone", "taxes": "tax", "tot": "total",
}  # fmt: skip
# words that a name may hold beside what it means
NEUTRAL = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "for",
        "in",
        "on",
        "this",
        "that",
        "value",
        "field",
        "text",
        "name",
        "full",
        "document",
        "invoice",
        "receipt",
        "bill",
        "legal",
        "total",
        "final",
        "printed",
        "is",
        "raw",
        "advertising",
        "tv",
        "stated",
        "number",
        "as",
        "by",
        "and",
        "or",
        "it",
        "its",
        "which",
        "when",
        "whom",
        "who",
        "whole",
    ]
)
# one word alone that says little: anything but a neutral word beside it means something else (`birth_date`)
GENERIC = frozenset(
    [
        "date",
        "amount",
        "address",
        "number",
        "from",
        "to",
        "start",
        "end",
        "day",
        "item",
        "price",
        "sum",
        "time",
        "account",
        "order",
        "invoice",
        "rate",
        "term",
        "net",
        "gross",
        "law",
        "length",
        "product",
        "service",
        "position",
        "payment",
        "location",
        "company",
        "contract",
        "due",
        "count",
        "units",
    ]
)


def _tokens(said: str) -> tuple[str, ...]:
    """Lower-case words, abbreviations written out, plurals made singular."""
    found = []
    for word in WORD.findall(said.replace("_", " ").lower()):
        if len(word) > 4 and word.endswith("ies"):
            word = word[:-3] + "y"
        elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
            word = word[:-1]
        found.append(SHORT.get(word, word))
    return tuple(found)


@lru_cache(maxsize=1)
def _phrases() -> tuple[tuple[Concept, tuple[str, ...]], ...]:
    return tuple(
        (concept, _tokens(words)) for concept in CONCEPTS for words in (concept.name, *concept.words)
    )


def _fit(said: tuple[str, ...], phrase: tuple[str, ...]) -> tuple[int, int, int] | None:
    """How well `phrase` names what `said` means, higher is better; None if it doesn't."""
    if not phrase or not set(phrase) <= set(said):
        return None
    left = [word for word in said if word not in phrase]
    strangers = sum(word not in NEUTRAL for word in left)
    if len(phrase) == 1 and phrase[0] in GENERIC and strangers:
        return None
    return len(phrase), -strangers, -len(left)


def _meant(said: str, kind: Kind) -> Concept | None:
    words = _tokens(said)
    best: Concept | None = None
    highest: tuple[int, int, int] | None = None
    for concept, phrase in _phrases():
        if concept.kind is not kind:
            continue
        fit = _fit(words, phrase)
        if fit is not None and (highest is None or fit > highest):
            best, highest = concept, fit
    return best


def concept_of(field: Field) -> Concept | None:
    """The concept that `field` stands for, of the same kind, or None.

    Its name decides; if that says nothing its label does, and at last its help text.
    """
    for said in (field.name, field.label, field.help):
        if said and (concept := _meant(said, field.kind)):
            return concept
    return None


def head_labels(schema: Schema, head: Sequence[str]) -> list[str]:
    """The label of a base's head for each of the schema's labels but `O`, in the order of `fields.labels_of`.

    What no concept of the head stands for has a name that the head hasn't.
    """
    found: list[str] = []
    for field in schema:
        concept = concept_of(field)
        name = concept.name if concept is not None and f"B-{concept.name}" in head else f"field {field.name}"
        if f"B-{name}" in found:  # two fields can't share a concept
            name = f"field {field.name}"
        found += [f"B-{name}", f"I-{name}"]
    return found
