"""A schema in, Label Studio's labelling configuration (XML) out: pages, a box and a text per field, the document type."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from annotation.labelling import AS_READ, ASKED, DOCUMENT_TYPE, FIELD, PAGES, TEXT, UNASKED
from models.schema import Field, Schema

TO_DO = "border-left:4px solid #e8a33d;padding:2px 0 2px 10px;margin:6px 0"
LEFT_OUT = "opacity:.65;padding-left:14px"
GREY = "#9a9a9a"  # of what is taken as read
GOLDEN = 0.618033988749895  # steps of this share of the circle never come near to an earlier hue


def label_config(schema: Schema, *, document_types: Sequence[tuple[str, str]], this_type: str) -> str:
    """The configuration of a project; `document_types` are (name, title) of all there are, `this_type` a name.

    Regions carry the fields' names, annotators see their titles.
    """
    root = Xml.Element("View", style="display:flex;gap:16px;align-items:flex-start")
    main = Xml.SubElement(root, "View", style="flex:1 1 70%;min-width:0")
    # no rotateControl: regions that are drawn on a turned image come without a word of how to turn them back
    Xml.SubElement(main, "Image", name=PAGES, valueList=f"${PAGES}", zoom="true", zoomControl="true")
    side = Xml.SubElement(root, "View", style="flex:0 0 320px;max-height:100vh;overflow-y:auto")
    Xml.SubElement(side, "Header", value="$title", size="4")
    Xml.SubElement(side, "Header", value="$reason", size="6")
    to_do = Xml.SubElement(side, "View", style=TO_DO)
    Xml.SubElement(to_do, "Header", value=f"${ASKED}", size="5")
    left_out = Xml.SubElement(side, "View", style=LEFT_OUT)
    Xml.SubElement(left_out, "Header", value=f"${UNASKED}", size="6", style="margin:0;font-weight:400")
    _fields(side, schema)
    _document_types(side, document_types, this_type)
    _help(side, schema)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode")


def _fields(side: Xml.Element, schema: Schema) -> None:
    labels = Xml.SubElement(
        side, "RectangleLabels", name=FIELD, toName=PAGES, strokeWidth="2", fillOpacity="0.15"
    )
    # what is taken as read is drawn with a label of its own, which nobody can choose: it would only be in the way
    as_read = [(field.name + AS_READ, field.title + AS_READ) for field in schema]
    titles = _titles([(field.name, field.title) for field in schema] + as_read)
    for number, field in enumerate(schema):
        label = Xml.SubElement(
            labels, "Label", value=titles[field.name], alias=field.name, background=_colour(number)
        )
        if explanation := _explanation(field):
            label.set("hint", explanation)
    for name, _ in as_read:
        hidden = {"background": GREY, "visible": "false", "hotkey": "none"}  # hotkeys are for those to choose
        Xml.SubElement(labels, "Label", hidden, value=titles[name], alias=name)
    Xml.SubElement(
        side,
        "TextArea",
        name=TEXT,
        toName=PAGES,
        perRegion="true",
        editable="true",
        maxSubmissions="1",
        rows="1",
        displayMode="region-list",
    )


def _document_types(side: Xml.Element, document_types: Sequence[tuple[str, str]], this_type: str) -> None:
    Xml.SubElement(side, "Header", value="Document type", size="6")
    choices = Xml.SubElement(
        side, "Choices", name=DOCUMENT_TYPE, toName=PAGES, choice="single-radio", showInline="false"
    )
    titles = _titles(document_types)
    for name, _title in document_types:
        choice = Xml.SubElement(choices, "Choice", value=titles[name], alias=name)
        if name == this_type:
            choice.set("selected", "true")


def _help(side: Xml.Element, schema: Schema) -> None:
    """What each field means, folded up."""
    explained = [(field, explanation) for field in schema if (explanation := _explanation(field))]
    if not explained:
        return
    panel = Xml.SubElement(Xml.SubElement(side, "Collapse"), "Panel", value="What the fields mean")
    for field, explanation in explained:
        Xml.SubElement(panel, "Header", value=f"{_plain(field.title)}: {explanation}", size="6")


def _explanation(field: Field) -> str:
    parts = [_plain(field.help)]
    if field.choices:
        parts.append(_plain(f"One of: {', '.join(field.choices)}"))
    if field.day_first is not None:
        parts.append("Printed 31/12/2026." if field.day_first else "Printed 12/31/2026.")
    if field.repeats:
        parts.append("May occur several times.")
    return " ".join(part for part in parts if part)


def _titles(named: Sequence[tuple[str, str]]) -> dict[str, str]:
    """What is shown for each name: its title, unless that could be taken for another's name or title.

    The editor looks a region's label up among names and titles alike, and takes the first that fits.
    """
    titles = [_plain(title) for _, title in named]
    names = {name for name, _ in named}
    return {
        name: name if not title or titles.count(title) > 1 or title in names else title
        for (name, _), title in zip(named, titles, strict=True)
    }


def _plain(text: str) -> str:
    """One line; a dollar sign would make the editor look for a variable of the task, so its wide form stands for it."""
    visible = "".join(char for char in " ".join(text.split()) if char.isprintable())
    return visible.replace("$", "\N{FULLWIDTH DOLLAR SIGN}")


def _colour(number: int) -> str:
    """The same for a field's position always, and apart from those before it."""
    red, green, blue = colorsys.hls_to_rgb(number * GOLDEN % 1, 0.42, 0.75)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
