"""Our words into Label Studio's JSON and back: plain data in, plain data out.

A field's occurrence is a region: a box (`rectanglelabels`) and its text (`textarea`), two items with one id. The ids
that a prediction gives are kept by Label Studio's editor, so that what a person submits can be held against what
they saw. Percent of the page, items that carry the 0-based page: the form of Label Studio 1.23.2.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation import bands
from annotation.bands import AS_READ as AS_READ
from annotation.errors import Refused
from models.alignment import text_of, words_in_box
from models.extractors.base import Answer, Value
from models.pages import Box, Page, Place
from models.schema import Schema

# the names of the tags in the labelling configuration (`annotation.label_config`)
PAGES = "pages"
FIELD = "field"
TEXT = "transcription"
DOCUMENT_TYPE = "document_type"
ABSENT = "absent"
PROBLEM = "problem"

# what a task says of its fields (the names of its data)
ASKED = "asked"
UNASKED = "unasked"

# In outcomes: the document type that the annotator chose, where it isn't the document's. No field has a space.
CHOSEN_TYPE = "document type"
# How a field ended that the task didn't ask for and the person didn't touch: nobody knows whether it is right.
ASSUMED = "assumed"
FOUND_NOTHING = "The model found nothing on this document"

SAME_PLACE = 0.5  # of intersection over union: a box that was only drawn a little differently was not moved

Item = dict[str, Any]  # Label Studio's JSON


@dataclass(frozen=True, slots=True)
class Region:
    """One box that a person submitted, by its id in Label Studio."""

    id: str
    answer: Answer
    as_read: bool = False  # still with the label that says that nobody was asked to check it


def task_data(
    document_id: int,
    page_urls: Sequence[str],
    *,
    reason: str,
    title: str,
    asked: Sequence[str] = (),
    unasked: Sequence[str] = (),
    missing: Sequence[str] = (),
    found_nothing: bool = False,
) -> Item:
    """What a task shows, besides its prediction; `doc_id` is how we find it again.

    `asked` and `unasked` are titles of fields: which to check, and which are assumed to be right unless touched. `missing`
    are titles of those that the model didn't find, `found_nothing` tells that it looked and found none at all.
    """
    check = f"Check: {', '.join(asked)}" if unasked else "Check every field"
    if found_nothing:
        check = f"{FOUND_NOTHING}: draw what is there"
    elif missing:
        check += f". Not found: {', '.join(missing)}"
    return {
        PAGES: list(page_urls),
        "doc_id": str(document_id),
        "title": title,
        "reason": reason or "Next in the queue",
        ASKED: check,
        UNASKED: f"Taken as read unless you change them: {', '.join(unasked)}" if unasked else "",
    }


def unasked(
    values: Sequence[Value], absent: Mapping[str, float], schema: Schema, *, assume_above: float
) -> tuple[str, ...]:
    """The fields that a person needn't be asked for: those surer than `assume_above` (0…1), in the schema's order.

    A field is as sure as its least certain value, or as it is that the field is absent; one of which nothing was said
    is asked for, as is one with a value that can't be shown. If all are sure, the least sure one is asked for.
    """
    visible = [value for _, value in shown(values, schema)]
    sure: dict[str, float] = {}
    for field in schema:
        own = [value for value in values if value.field == field.name]
        if all(value in visible for value in own):
            sure[field.name] = min([value.confidence for value in own] or [absent.get(field.name, 0.0)])
    found = [name for name, confidence in sure.items() if confidence >= assume_above]
    if len(found) == len(schema.fields):
        found.remove(min(found, key=sure.__getitem__))
    return tuple(found)


def confidences(
    schema: Schema, values: Sequence[Mapping[str, Any]], absent: Mapping[str, float]
) -> list[float]:
    """Per field, the confidence of its least certain value, or that it is absent; 0 if nothing was said of it.

    `values` are in their stored form (mixed: text, number, place), which needn't become objects for this.
    """
    lowest: dict[str, float] = {}
    for value in values:
        lowest[value["field"]] = min(value["confidence"], lowest.get(value["field"], 1.0))
    return [lowest.get(name, absent.get(name, 0.0)) for name in schema.names]


def shown(values: Sequence[Value], schema: Schema) -> list[tuple[str, Value]]:
    """The values that a person gets to see, with their regions' ids: those with a place, of fields there are.

    A value without a place can't be drawn: the field looks absent, and who finds it adds it.
    """
    seen: Counter[str] = Counter()
    regions = []
    for value in values:
        if value.place is not None and value.place.box.area > 0 and value.field in schema:
            regions.append((f"{value.field}-{seen[value.field]}", value))
            seen[value.field] += 1
    return regions


def prediction(
    values: Sequence[Value],
    pages: Sequence[Page],
    schema: Schema,
    *,
    document_type: str,
    model_version: str,
    score: float,
    unasked: Collection[str] = (),
) -> Item:
    """What one model version says of one document, as a prediction; `score` (0…1) orders Label Studio's queue.

    `unasked` are the names of the fields that a person needn't check. Regions are listed in the order in which they
    stand here: what is to be checked first, the least certain before the others.
    """
    items: list[Item] = [
        {
            "id": DOCUMENT_TYPE,
            "from_name": DOCUMENT_TYPE,
            "to_name": PAGES,
            "type": "choices",
            "origin": "prediction",
            "value": {"choices": [document_type]},
        }
    ]
    by_doubt = sorted(shown(values, schema), key=lambda each: (each[1].field in unasked, each[1].confidence))
    for region_id, value in by_doubt:
        if value.place is not None:
            label = bands.label(value.field, value.confidence, asked=value.field not in unasked)
            items += _region(region_id, label, value, value.place, pages[value.place.page])
    return {"model_version": model_version, "score": score, "result": items}


def _region(region_id: str, label: str, value: Value, place: Place, page: Page) -> list[Item]:
    common = {
        "id": region_id,
        "to_name": PAGES,
        "origin": "prediction",
        "score": value.confidence,
        "original_width": page.width,
        "original_height": page.height,
        "image_rotation": 0,
        "item_index": place.page,
    }
    box = place.box.to_percent() | {"rotation": 0}
    return [
        common | {"from_name": FIELD, "type": "rectanglelabels", "value": box | {"rectanglelabels": [label]}},
        common | {"from_name": TEXT, "type": "textarea", "value": box | {"text": [value.text]}},
    ]


def read_annotation(
    result: Sequence[Item], pages: Sequence[Page], schema: Schema
) -> tuple[tuple[Region, ...], str | None]:
    """The regions that a person submitted, and the name of the document type they chose (None: none).

    A region without text says what the words under it say. A field that is said to be absent has none of the regions
    that the person was shown. Raises `Refused` for a region that can't be taken.
    """
    absent = absent_in(result)
    boxes: dict[str, Item] = {}
    texts: dict[str, str] = {}
    chosen = None
    for item in result:
        region_id, value = str(item.get("id")), item.get("value")
        if not isinstance(value, dict):  # a relation between regions: not ours
            continue
        if item.get("from_name") == DOCUMENT_TYPE:
            chosen = next((str(name) for name in value.get("choices") or ()), chosen)
        elif item.get("from_name") == FIELD:
            boxes[region_id] = item
        elif item.get("from_name") == TEXT:
            texts[region_id] = _text(value)
    if unlabelled := [region_id for region_id in texts if region_id not in boxes]:
        raise Refused(f"region {unlabelled[0]!r} has no field: choose one, or delete the region")
    regions = [
        _read(region_id, item, texts.get(region_id, ""), pages, schema)
        for region_id, item in boxes.items()
        if not _was_shown(region_id, absent)
    ]
    return tuple(regions), chosen


def absent_in(result: Sequence[Item]) -> frozenset[str]:
    """The fields (names) that a person said are not there."""
    return frozenset(_chosen(result, ABSENT))


def problem_in(result: Sequence[Item]) -> str:
    """What a person said is wrong with the document as a whole; empty: nothing."""
    return next(iter(_chosen(result, PROBLEM)), "")


def _was_shown(region_id: str, fields: Collection[str]) -> bool:
    """Whether a task began with the region, as one of these fields: its id is one that `shown` gives."""
    field, _, number = region_id.rpartition("-")
    return field in fields and number.isdecimal()


def _chosen(result: Sequence[Item], control: str) -> list[str]:
    values = [item.get("value") for item in result if item.get("from_name") == control]
    return [str(name) for value in values if isinstance(value, dict) for name in value.get("choices") or ()]


def _labels(item: Item) -> list[str]:
    return [str(label) for label in item["value"].get("rectanglelabels") or ()]


def _text(value: Item) -> str:
    text = value.get("text") or ""
    parts = text if isinstance(text, list) else [text]
    return " ".join(str(part).strip() for part in parts).strip()


def _read(region_id: str, item: Item, text: str, pages: Sequence[Page], schema: Schema) -> Region:
    labels = _labels(item)
    name = bands.field_of(labels[0]) if len(labels) == 1 else ""
    if name not in schema:
        raise Refused(
            f"region {region_id!r} has the label {', '.join(labels) or 'of no field'}; "
            f"the document type's fields are: {', '.join(schema.names)}"
        )
    number = item.get("item_index", 0)
    if type(number) is not int or not 0 <= number < len(pages):
        raise Refused(f"region {region_id!r} lies on page {number!r} (from 0) of {len(pages)}")
    page = pages[number]
    box = _box(region_id, item, page)
    words = words_in_box(page, box)
    text = text or text_of(page, words)
    if not text:
        raise Refused(f"region {region_id!r} has no text, and no words lie under it: type its text")
    return Region(
        region_id, Answer(name, text, Place(number, box, words)), as_read=labels[0].endswith(AS_READ)
    )


def _box(region_id: str, item: Item, page: Page) -> Box:
    """The upright box around a rectangle that may be turned, clockwise about its top left corner.

    It lies in the upright page whichever way the person had turned the picture (`image_rotation`): Label Studio 1.23.2
    turns the view only.
    """
    numbers = [item["value"].get(name) for name in ("x", "y", "width", "height")]
    numbers.append(item["value"].get("rotation", 0))
    if not all(type(number) in (int, float) and math.isfinite(number) for number in numbers):
        raise Refused(f"region {region_id!r} has no geometry: x, y, width, height and rotation are numbers")
    x, y, width, height, degrees = map(float, numbers)
    # turning is done in pixels: percents of width and of height are of different length
    left, top = x / 100 * page.width, y / 100 * page.height
    across, down = width / 100 * page.width, height / 100 * page.height
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = [(a * cos - b * sin, a * sin + b * cos) for a in (0, across) for b in (0, down)]
    box = Box.from_pixels(
        left + min(a for a, _ in corners),
        top + min(b for _, b in corners),
        left + max(a for a, _ in corners),
        top + max(b for _, b in corners),
        page.width,
        page.height,
    )
    if width <= 0 or height <= 0 or box.area == 0:
        raise Refused(f"region {region_id!r} covers nothing of its page")
    return box


def outcomes(
    seen: Sequence[tuple[str, Value]],
    said: Sequence[Region],
    schema: Schema,
    *,
    unasked: Collection[str] = (),
) -> dict[str, str]:
    """How every field ended: accepted, edited, moved, added or removed, against what the person saw (`shown`).

    A field with several occurrences is told by the gravest of theirs; one that is absent for both is accepted. One
    that was `unasked` for and is as the person saw it, with its label, is assumed: they may not have looked at it.
    """
    looked_at = {region.answer.field for region in said if not region.as_read}
    ended = {
        field.name: _outcome(
            {region_id: value for region_id, value in seen if value.field == field.name},
            {region.id: region.answer for region in said if region.answer.field == field.name},
            schema,
        )
        for field in schema
    }
    return {
        name: ASSUMED if outcome == "accepted" and name in unasked and name not in looked_at else outcome
        for name, outcome in ended.items()
    }


def _outcome(before: Mapping[str, Value], after: Mapping[str, Answer], schema: Schema) -> str:
    pairs = [(before[region_id], after[region_id]) for region_id in before if region_id in after]
    left = [value for region_id, value in before.items() if region_id not in after]
    new = [answer for region_id, answer in after.items() if region_id not in before]
    # a box that was deleted and drawn anew: the one with the same text, else whatever took its place
    for same_text in (True, False):
        for value in list(left):
            for answer in new:
                if not same_text or schema[value.field].same(value.text, answer.text):
                    pairs.append((value, answer))
                    left.remove(value)
                    new.remove(answer)
                    break
    if any(not schema[value.field].same(value.text, answer.text) for value, answer in pairs):
        return "edited"
    if new:
        return "added"
    if left:
        return "removed"
    return "moved" if any(moved(value.place, answer.place) for value, answer in pairs) else "accepted"


def dragged(seen: Sequence[tuple[str, Value]], said: Sequence[Region], schema: Schema) -> tuple[Answer, ...]:
    """The answers whose box the person moved away from what they saw, and whose text is still that of the old place."""
    before = dict(seen)
    return tuple(
        region.answer
        for region in said
        if (value := before.get(region.id))
        and value.field == region.answer.field
        and moved(value.place, region.answer.place)
        and schema[value.field].same(value.text, region.answer.text)
    )


def moved(before: Place | None, after: Place | None) -> bool:
    """Whether `after` is another place: neither the same words nor much the same box."""
    if before is None or after is None:
        return before != after
    if before.page != after.page:
        return True
    same_words = bool(before.words) and before.words == after.words
    return not same_words and before.box.iou(after.box) < SAME_PLACE
