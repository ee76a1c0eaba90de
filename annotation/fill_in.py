"""Boxes that somebody just drew in Label Studio in; the same boxes with the text that stands under them out.

Pure: where the words come from is `annotation.fill_in_views`' business. What is filled in is what an extractor would say
of the same words, so that a person's value and a model's look alike: of "Total RM 12.90" the number for a field of
money, of a date the date, a choice in the schema's spelling, and all words of a text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from annotation.bands import field_of
from annotation.labelling import FIELD, TEXT
from models.alignment import TYPED, runs_like, words_in_box
from models.lines import lines_of
from models.pages import Box, Page
from models.schema import Field, Kind, Schema

DRAWN = "manual"  # Label Studio's word for where a region comes from
Item = dict[str, Any]  # Label Studio's JSON
# page (0-based), box and field → the text there; empty if there is none
Read = Callable[[int, Box, Field], str]


def filled(drawn: Sequence[Item], schema: Schema, read: Read) -> list[Item]:
    """What Label Studio is answered for regions that were drawn: each of them as it is, with its text.

    Label Studio puts what is answered in the place of what was drawn, and deletes what the answer leaves out. So a region
    under which nothing can be read comes back without a text, and one that has a text already keeps it. It sends a
    model's regions of the same field along: those stay as they are.
    """
    drawn = [item for item in drawn if item.get("origin", DRAWN) == DRAWN]
    typed = {item.get("id") for item in drawn if item.get("from_name") == TEXT}
    answer = list(drawn)
    for item in drawn:
        if item.get("from_name") != FIELD or item.get("id") in typed:
            continue
        if text := _text_of(item, schema, read):
            answer.append(_with_text(item, text))
    return answer


def text_in(page: Page, box: Box, field: Field) -> str:
    """The text of the words that `box` covers, as the field's value is stored; empty if it covers none.

    Lines from top to bottom with blanks between them, each from left to right.
    """
    under = Page(page.width, page.height, tuple(page.words[index] for index in words_in_box(page, box)))
    whole = _joined(under, [index for line in lines_of(under) for index in line])
    if field.kind is Kind.CHOICE:
        return field.normalise(whole) or whole
    if field.kind not in TYPED:
        return whole
    # a box that was drawn wider than the value: its label, or the currency, stands in it too
    runs = runs_like(under, field)
    if field.kind is Kind.DATE:
        value = _joined(under, runs[0]) if len(runs) == 1 else ""
    else:
        numbers = sorted(index for run in runs for index in run)
        value = _joined(under, range(numbers[0], numbers[-1] + 1)) if numbers else ""
    return value if value and field.same(value, whole) else whole


def _joined(page: Page, indices: Sequence[int]) -> str:
    return " ".join(page.words[index].text for index in indices)


def _text_of(item: Mapping[str, Any], schema: Schema, read: Read) -> str:
    """Empty for whatever isn't an upright box on a page, with one field of the schema.

    Boxes lie in the upright page whichever way the person has turned the picture.
    """
    value = item.get("value")
    labels = value.get("rectanglelabels") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(labels, list) or len(labels) != 1:
        return ""
    name = field_of(str(labels[0]))  # a model's box that was moved has the label of its confidence
    percent = [value.get(side) for side in ("x", "y", "width", "height")]
    numbers = [float(each) for each in percent if isinstance(each, int | float) and math.isfinite(each)]
    number = item.get("item_index") or 0
    if name not in schema or type(number) is not int or value.get("rotation"):
        return ""
    if len(numbers) != len(percent):
        return ""
    return read(number, Box.from_percent(*numbers), schema[name])


def _with_text(item: Item, text: str) -> Item:
    """The second half of a region: a text with the same id and place."""
    place = {name: part for name, part in item["value"].items() if name != "rectanglelabels"}
    return item | {"from_name": TEXT, "type": "textarea", "value": place | {"text": [text]}}
