"""A type's truths as a COCO data set: page images, a box for each confirmed value, the fields as categories.

https://cocodataset.org/#format-data: `annotations.json` with `images`, `annotations` and `categories`, beside `images/`.
A box's text is in `text`, which readers of COCO leave alone.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator

from annotation.export_rows import Row, Sink, confirmed, picture, truths
from annotation.models import Correction, DocumentType, Page
from models.schema import Schema


def coco(document_type: DocumentType) -> Iterator[bytes]:
    """The bytes of a zip. The truths are gone through three times, so that no list of them is ever in memory."""
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("annotations.json", "w", force_zip64=True) as file:
            for part in _description(document_type):
                file.write(part.encode())
                yield sink.taken()
        for truth in truths(document_type):
            for page in truth.document.pages.all():
                # JPEG is compressed already
                archive.writestr(_file_name(truth, page), picture(page), zipfile.ZIP_STORED)
                yield sink.taken()
    yield sink.taken()


def _description(document_type: DocumentType) -> Iterator[str]:
    schema = document_type.schema
    yield json.dumps({"info": {"description": document_type.title, "document_type": document_type.name}})[:-1]
    yield f', "categories": {json.dumps(_categories(schema))}, "images": ['
    yield from _joined(row for truth in truths(document_type) for row in _images(truth))
    yield '], "annotations": ['
    rows = (row for truth in truths(document_type) for row in _boxes(truth, schema))
    yield from _joined(row | {"id": number} for number, row in enumerate(rows, start=1))
    yield "]}"


def _joined(rows: Iterator[Row]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield (", " if number else "") + json.dumps(row, ensure_ascii=False)


def _categories(schema: Schema) -> list[Row]:
    """Numbered from 1, as COCO's are."""
    return [
        {"id": number, "name": field.name, "supercategory": field.kind.value}
        for number, field in enumerate(schema, start=1)
    ]


def _images(truth: Correction) -> Iterator[Row]:
    for page in truth.document.pages.all():
        yield {
            "id": page.pk,
            "file_name": _file_name(truth, page),
            "width": page.width,
            "height": page.height,
            "document": truth.document_id,
            "page": page.number,
            "unconfirmed": sorted(truth.unconfirmed),
        }


def _boxes(truth: Correction, schema: Schema) -> Iterator[Row]:
    """Values without a place can't be drawn, and are left out."""
    pages = {page.number: page for page in truth.document.pages.all()}
    names = list(schema.names)
    for answer in confirmed(truth):
        if answer.place is None or answer.field not in schema or answer.place.page not in pages:
            continue
        page = pages[answer.place.page]
        x0, y0, x1, y1 = answer.place.box.to_pixels(page.width, page.height)
        yield {
            "image_id": page.pk,
            "category_id": names.index(answer.field) + 1,
            "bbox": [round(each, 2) for each in (x0, y0, x1 - x0, y1 - y0)],
            "area": round((x1 - x0) * (y1 - y0), 2),
            "segmentation": [[round(each, 2) for each in (x0, y0, x1, y0, x1, y1, x0, y1)]],
            "iscrowd": 0,
            "text": answer.text,
        }


def _file_name(truth: Correction, page: Page) -> str:
    return f"images/{truth.document_id}-{page.number}.jpg"
