"""A type's truths as a table of pages for Hugging Face's `datasets`: images, words, boxes, tags and values.

`load_dataset("parquet", data_files=…)` finds the features (an image, class labels) declared in the file, in the form of
`datasets`' own `Features.to_dict()`, under the key `huggingface` of the schema's metadata.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotation.export_rows import Row, Sink, confirmed, picture, truths, word_tags
from annotation.models import Correction, DocumentType
from models.schema import Schema

AT_ONCE = 64  # pages in memory, with their images

TEXT = {"dtype": "string", "_type": "Value"}
NUMBER = {"dtype": "int64", "_type": "Value"}


def parquet(document_type: DocumentType) -> Iterator[bytes]:
    """The bytes of the file, a group of pages after the other."""
    schema = document_type.schema
    tags = _tags(schema)
    table = _schema(schema, tags)
    sink = Sink()
    rows = (row for truth in truths(document_type) for row in _pages(truth, schema, tags))
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), table) as writer:
        while group := list(islice(rows, AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(group, schema=table))
            yield sink.taken()
    yield sink.taken()


def _tags(schema: Schema) -> list[str]:
    """The names of the class labels, by number: O, then B- and I- of each field."""
    return ["O", *(f"{part}-{name}" for name in schema.names for part in "BI")]


def _pages(truth: Correction, schema: Schema, tags: list[str]) -> Iterator[Row]:
    number_of = {tag: number for number, tag in enumerate(tags)}
    said = [answer for answer in confirmed(truth) if answer.field in schema]
    values = {name: [answer.text for answer in said if answer.field == name] for name in schema.names}
    for page, labels in zip(truth.document.pages.all(), word_tags(truth, schema), strict=True):
        words = page.word_page.words
        yield {
            "id": f"{truth.document_id}-{page.number}",
            "document": truth.document_id,
            "page": page.number,
            "image": {"bytes": picture(page), "path": f"{truth.document_id}-{page.number}.jpg"},
            "tokens": [word.text for word in words],
            "bboxes": [list(word.box.to_thousandths()) for word in words],
            "ner_tags": [None if label is None else number_of[label] for label in labels],
            "fields": values,
            "unconfirmed": sorted(truth.unconfirmed),
        }


def _schema(schema: Schema, tags: list[str]) -> pa.Schema:
    """The columns, and what `datasets` makes of them. A tag is null where nobody can learn from the word."""
    texts = pa.list_(pa.string())
    columns = {
        "id": (pa.string(), TEXT),
        "document": (pa.int64(), NUMBER),
        "page": (pa.int64(), NUMBER),
        "image": (pa.struct({"bytes": pa.binary(), "path": pa.string()}), {"_type": "Image"}),
        "tokens": (texts, _list(TEXT)),
        "bboxes": (pa.list_(pa.list_(pa.int64())), _list(_list(NUMBER))),
        "ner_tags": (pa.list_(pa.int64()), _list({"names": tags, "_type": "ClassLabel"})),
        "fields": (
            pa.struct(dict.fromkeys(schema.names, texts)),
            {name: _list(TEXT) for name in schema.names},
        ),
        "unconfirmed": (texts, _list(TEXT)),
    }
    features = {name: feature for name, (_, feature) in columns.items()}
    about = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema({name: kind for name, (kind, _) in columns.items()}, metadata=about)


def _list(feature: Any) -> Row:  # a feature
    """`Sequence`, which both older and newer releases of `datasets` read."""
    return {"feature": feature, "_type": "Sequence"}
