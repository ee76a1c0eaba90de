"""An export of a Label Studio project (its JSON form) in, what each task says of a document type's fields out.

The other project need not be one of ours: regions are told by what they are (a rectangle with a label, with a text or
without), and labels are fields by their name or title. Plain data in, plain data out; what is wrong is `Refused` task by
task.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from annotation.bands import field_of
from annotation.errors import Refused
from annotation.labelling import DOCUMENT_TYPE, FIELD, TEXT
from models.schema import Schema

Json = dict[str, Any]

PICTURE = re.compile(r"\.(jpe?g|png|tiff?|pdf)$", re.IGNORECASE)
UPLOADED = re.compile(
    r"^[0-9a-f]{8}-"
)  # what Label Studio puts before the name of a file that was uploaded to it
# the keys of a region's value under which the labels stand
LABELS = ("rectanglelabels", "labels")


@dataclass(frozen=True, slots=True)
class Labelled:
    """What one task says: the files of its pages in order, its regions in our form, and values without a place."""

    pictures: tuple[str, ...]  # addresses as they stand in the task
    items: tuple[Json, ...]
    values: tuple[tuple[str, str], ...]
    by: str


def tasks_of(content: Any) -> list[Json]:  # whatever JSON the file holds
    """The export's tasks; raises `Refused` if it is none."""
    if not isinstance(content, list) or not all(isinstance(task, dict) for task in content):
        raise Refused("this is no export of Label Studio: in its JSON form it is a list of tasks")
    if content and not any("annotations" in task for task in content):
        raise Refused(
            "there are no annotations in it: export the project in the form JSON, not JSON-MIN or another"
        )
    return content


def name_of(task: Json, number: int) -> str:
    """What a task is called in messages; `number` is its place in the file, from 1."""
    return f"task {task['id']}" if isinstance(task.get("id"), int) else f"the {number}. task"


def labelled(task: Json, schema: Schema) -> Labelled:
    """What a task says. Raises `Refused`, also if nobody has annotated it."""
    annotation = _newest(task)
    result = annotation.get("result")
    if not isinstance(result, list):
        raise Refused("its annotation has no result")
    fields = _fields(schema)
    rectangles: dict[str, Json] = {}
    texts: dict[str, Json] = {}
    values: list[tuple[str, str]] = []
    for item in result:
        value = item.get("value") if isinstance(item, dict) else None
        if not isinstance(value, dict):
            continue  # a relation between regions
        region = str(item.get("id"))
        if label := _label(value):
            rectangles[region] = _rectangle(item, value, _field(label, fields))
        elif "text" in value or "choices" in value:
            texts[region] = item
    for region, item in texts.items():
        if region not in rectangles:
            values += _placeless(item, fields)
    items = [*rectangles.values(), *(_text(each) for region, each in texts.items() if region in rectangles)]
    return Labelled(tuple(_pictures(task.get("data"))), tuple(items), tuple(values), _annotator(annotation))


def _newest(task: Json) -> Json:
    """The annotation that counts: a person's, not skipped, marked as the truth or else the newest."""
    found = [
        each
        for each in _list(task.get("annotations"))
        if isinstance(each, dict) and not each.get("was_cancelled")
    ]
    if not found:
        raise Refused("nobody has annotated it, or it was skipped")
    return max(found, key=lambda each: (bool(each.get("ground_truth")), str(each.get("updated_at") or "")))


def _fields(schema: Schema) -> dict[str, str]:
    """By name and by title, in small letters → the field's name."""
    by_title = {field.title.casefold(): field.name for field in schema}
    return by_title | {field.name.casefold(): field.name for field in schema}


def _field(label: str, fields: Mapping[str, str]) -> str:
    name = fields.get(field_of(label).strip().casefold())
    if name is None:
        known = ", ".join(dict.fromkeys(fields.values()))
        raise Refused(f"label {label!r} is no field of the document type; its fields are: {known}")
    return name


def _label(value: Json) -> str:
    labels = [label for key in LABELS for label in _list(value.get(key))]
    if len(labels) > 1:
        raise Refused(f"a region has {len(labels)} labels; a value belongs to one field")
    return str(labels[0]) if labels else ""


def _rectangle(item: Json, value: Json, field: str) -> Json:
    if "x" not in value or "width" not in value:
        raise Refused(
            f"a region of field {field!r} is no rectangle (but {item.get('type') or 'something else'})"
        )
    geometry = {key: value[key] for key in ("x", "y", "width", "height", "rotation") if key in value}
    kept = {key: item[key] for key in ("item_index", "image_rotation") if item.get(key) is not None}
    return {
        "id": str(item.get("id")),
        "from_name": FIELD,
        "value": geometry | {"rectanglelabels": [field]},
        **kept,
    }


def _text(item: Json) -> Json:
    return {"id": str(item.get("id")), "from_name": TEXT, "value": {"text": item["value"].get("text")}}


def _placeless(item: Json, fields: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The values of a text or choice that stands for the whole task, called as a field is."""
    called = str(item.get("from_name") or "")
    name = fields.get(called.casefold())
    if name is None:
        if called == DOCUMENT_TYPE or "choices" in item["value"]:
            return  # what a task says besides its fields
        raise Refused(f"text {called!r} belongs to no region and is called like no field")
    given = item["value"].get("text") or item["value"].get("choices") or []
    for each in _list(given):
        if text := str(each).strip():
            yield name, text


def _list(value: Any) -> list[Any]:
    """What may stand as a list, as one thing or not at all."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _annotator(annotation: Json) -> str:
    who = annotation.get("completed_by")
    if isinstance(who, dict):
        return str(who.get("email") or who.get("id") or "")
    return f"annotator {who}" if isinstance(who, int) else str(who or "")


def _pictures(data: Any) -> list[str]:  # whatever the task's data holds
    """The addresses of the pages' files: the first value in the task's data that names files."""
    for value in data.values() if isinstance(data, dict) else ():
        addresses = _list(value)
        names = [
            each.get("page") or each.get("url") if isinstance(each, dict) else each for each in addresses
        ]
        if names and all(isinstance(each, str) and PICTURE.search(path_of(each)) for each in names):
            return [str(each) for each in names]
    raise Refused("its data names no file that is a PDF, PNG, JPEG or TIFF")


def path_of(address: str) -> str:
    """The path of a file in an address: of an upload, of Label Studio's local files (`?d=…`), or anywhere."""
    parts = urlsplit(address)
    local = parse_qs(parts.query).get("d")
    return unquote(local[0] if local else parts.path).lstrip("/")


def plain_name(address: str) -> str:
    """The file's name as it was before Label Studio took it."""
    return UPLOADED.sub("", PurePosixPath(path_of(address)).name)
