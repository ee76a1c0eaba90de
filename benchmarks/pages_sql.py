"""SQL that `benchmarks.pages_loader` is made of: rows for a whole table, and JSON for the fields of each type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import Model
from django.db.models.fields import NOT_PROVIDED

from annotation.models import DocumentType

# name → share of all documents, pages of one, fields with their kinds
TYPES: dict[str, tuple[float, int, dict[str, str]]] = {
    "receipts": (0.50, 1, {"company": "text", "date": "date", "total": "money", "tax": "money"}),
    "invoices": (
        0.30,
        1,
        {
            "supplier": "text",
            "number": "text",
            "date": "date",
            "due": "date",
            "net": "money",
            "tax": "money",
            "total": "money",
            "currency": "text",
        },
    ),
    "ad-orders": (
        0.15,
        2,
        {
            "advertiser": "text",
            "agency": "text",
            "start": "date",
            "end": "date",
            "gross": "money",
            "number": "text",
        },
    ),
    "agreements": (
        0.05,
        6,
        {"party": "text", "effective": "date", "term": "text", "law": "text", "signed": "date"},
    ),
}

COMMA = " || ', ' || "


def run(statement: str, *parameters: Any) -> None:  # whatever a column takes
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)


def insert(model: type[Model], columns: Mapping[str, str], rows: str) -> None:
    """Rows from `FROM …`; columns that aren't named get what Django would give them."""
    defaults = {
        field.column: field.get_db_prep_save(field.get_default(), connection)
        for field in model._meta.concrete_fields
        if field.column not in columns
        and not field.primary_key
        and (field.has_default() or (not field.null and field.db_default is NOT_PROVIDED))
    }
    names = ", ".join(f'"{name}"' for name in [*columns, *defaults])
    values = ", ".join([each.replace("%", "%%") for each in columns.values()] + ["%s"] * len(defaults))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({names}) SELECT {values} {rows.replace('%', '%%')}",
            list(defaults.values()),
        )


def case(value: str, chosen: Mapping[str, str]) -> str:
    """An SQL CASE: by `value` one of `chosen`."""
    whens = " ".join(f"WHEN {key} THEN {then}" for key, then in chosen.items())
    return f"CASE {value} {whens} END"


def each_field(kind: DocumentType, made: str, *, apart: str) -> str:
    """An SQL list of what `made` is for every field, @NAME and @N standing for its name and number."""
    names = list(TYPES[kind.name][2])
    return apart.join(made.replace("@NAME", name).replace("@N", str(n)) for n, name in enumerate(names))


def by_type(types: Mapping[str, DocumentType], made: str, opened: str, closed: str) -> str:
    """JSON for each type's fields."""
    return case(
        "kind",
        {
            str(kind.pk): f"('{opened}' || {each_field(kind, made, apart=COMMA)} || '{closed}')::jsonb"
            for kind in types.values()
        },
    )
