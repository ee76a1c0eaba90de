"""A type's documents as rows of a table: cells that spreadsheets take for what they are, and the table of all results."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from annotation import finished
from annotation.models import DocumentType
from models.schema import Field, Kind

# what spreadsheets take for a formula at the start of a cell (OWASP, "CSV injection")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def finished_table(document_type: DocumentType) -> Iterator[bytes]:
    """A document that is done a row, a field a column: what people confirmed and what was accepted unseen alike."""
    schema = document_type.schema
    about = ("how", "unconfirmed", "model_version", "finished_at", "from")
    yield csv_row(["id", "filename", *schema.names, *about])
    for each in finished.of_type(document_type):
        cells = [cell(field, _several(each.fields[field.name])) for field in schema]
        document = each.document
        facts = (each.how, " ".join(each.unconfirmed), each.model_version, each.at.isoformat())
        yield csv_row(
            [document.pk, tame(document.filename), *cells, *map(tame, facts), tame(document.uploaded_by)]
        )


def cell(field: Field, values: list[str]) -> str:
    """The values of a field, a line each; figures stay figures."""
    figures = field.kind in (Kind.MONEY, Kind.NUMBER) and all(map(field.normalise, values))
    text = "\n".join(values)
    return text if figures else tame(text)


def tame(fact: Any) -> str:  # whatever a fact is
    """A cell that no spreadsheet takes for a formula."""
    text = "" if fact is None else str(fact)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_row(cells: Iterable[Any]) -> bytes:
    """A line of the table."""
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _several(value: str | list[str] | None) -> list[str]:
    return value if isinstance(value, list) else [] if value is None else [value]
