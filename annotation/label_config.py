"""A schema in, Label Studio's labelling configuration (XML) out: pages, a box and a text per field, and what can be said
of the whole document. What annotators do with it is in docs/reference/annotating.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from xml.etree import ElementTree as Xml

from annotation import bands
from annotation.labelling import ABSENT, ASKED, DOCUMENT_TYPE, FIELD, PAGES, PROBLEM, TEXT, UNASKED
from models.schema import Field, Schema, sum_in_words

# Label Studio sets choices far apart; the page should need no scrolling
STYLE = ".lsf-choices{margin:2px 0 6px!important}.lsf-choice{line-height:26px!important}"
TO_DO = f"border-left:4px solid {bands.DOUBTFUL.colour};padding:2px 0 2px 10px;margin:6px 0"
LEFT_OUT = "opacity:.65;padding-left:14px"
SMALL = "margin:0;font-weight:400;font-size:14px;line-height:1.4"
REASON = "font-size:15px;font-weight:400;margin:4px 0"
HEADING = "margin:10px 0 0;font-size:15px"

# What Label Studio would take by itself for whatever has no key; "none" would be the key N. No keyboard has F19.
NO_KEY = "f19"
# Not those of Label Studio's tools (r, v, h, m) and of its unselecting (u).
FIELD_KEYS = "1234567890qwetasdfgzxcbyiopjkln"
ABSENT_KEYS = "qwetyuiopasdfghjklvnm"  # with Shift; Shift+R is a tool
TYPE_KEYS = "34567890"  # with Shift; Shift+1 and Shift+2 are zooms
# What can be wrong with a whole document: (name, title, key with Shift).
PROBLEMS = (
    ("unreadable", "Can't be read", "z"),
    ("blank", "Nothing on it", "x"),
    ("not a document", "Not a document", "c"),
    ("other", "Something else", "b"),
)
SHORTCUTS = (
    ("Ctrl+Enter", "all is right: submit, next document"),
    ("Alt+.", "select the next field, the least certain first"),
    ("Enter", "type its value; Esc when done"),
    ("1, 2, 3 …", "draw that field; with a field selected: it is this one, and I have looked"),
    ("Shift+Q, Shift+W …", "that field is not on this document"),
    ("Shift+Z, X, C, B", "set the document aside: it can't be read, …"),
    ("Backspace", "delete the selected box"),
    ("Ctrl+Z", "undo"),
    ("Ctrl+← Ctrl+→", "page back, page on"),
    ("Ctrl++ Ctrl+-", "larger, smaller; Ctrl+wheel does it too"),
    ("Ctrl+Space", "skip: others are asked"),
)


def label_config(schema: Schema, *, document_types: Sequence[tuple[str, str]], this_type: str) -> str:
    """The configuration of a project; `document_types` are (name, title) of all there are, `this_type` a name.

    Regions carry the fields' names, annotators see their titles.
    """
    root = Xml.Element("View", style="display:flex;gap:16px;align-items:flex-start")
    Xml.SubElement(root, "Style").text = STYLE
    main = Xml.SubElement(root, "View", style="flex:1 1 70%;min-width:0")
    Xml.SubElement(
        main,
        "Image",
        name=PAGES,
        valueList=f"${PAGES}",
        zoom="true",
        zoomControl="true",
        rotateControl="true",  # turns the view only: boxes stay in the upright page
    )
    side = Xml.SubElement(root, "View", style="flex:0 0 320px;max-height:100vh;overflow-y:auto")
    Xml.SubElement(side, "Header", value="$title", size="4")
    Xml.SubElement(side, "Header", value="$reason", size="6", style=REASON)
    to_do = Xml.SubElement(side, "View", style=TO_DO)
    Xml.SubElement(to_do, "Header", value=f"${ASKED}", size="5", style="font-size:17px;margin:4px 0")
    left_out = Xml.SubElement(side, "View", style=LEFT_OUT)
    Xml.SubElement(left_out, "Header", value=f"${UNASKED}", size="6", style=SMALL)
    _fields(side, schema)
    _absent(side, schema)
    _problems(side)
    _document_types(side, document_types, this_type)
    _panels(side, schema)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode")


def _fields(side: Xml.Element, schema: Schema) -> None:
    labels = Xml.SubElement(
        side,
        "RectangleLabels",
        name=FIELD,
        toName=PAGES,
        strokeWidth="2",
        fillOpacity="0.15",
        smart="true",  # a box that is drawn is filled in: annotation.fill_in
    )
    # what the model says is drawn with labels that nobody can choose: they would only be in the way
    shown = [(field.name + band.suffix, field, band) for band in bands.ALL for field in schema]
    named = [(field.name, field.title) for field in schema]
    titles = _titles(named + [(name, field.title + band.suffix) for name, field, band in shown])
    for field, key in zip(schema, _keys(FIELD_KEYS), strict=False):
        label = Xml.SubElement(
            labels,
            "Label",
            value=titles[field.name],
            alias=field.name,
            background=bands.OWN_COLOUR,
            hotkey=key,
        )
        if explanation := _explanation(field, schema):
            label.set("hint", explanation)
    for name, _field, band in shown:
        hidden = {"background": band.colour, "visible": "false", "hotkey": NO_KEY}
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
    legend = Xml.SubElement(side, "View", style="display:flex;flex-wrap:wrap;gap:2px 12px;margin:6px 0")
    colours = [(band.colour, band.meaning) for band in bands.ALL] + [(bands.OWN_COLOUR, bands.OWN_MEANING)]
    for colour, meaning in colours:
        patch = Xml.SubElement(legend, "View", style=f"border-left:12px solid {colour};padding-left:5px")
        Xml.SubElement(patch, "Header", value=meaning, size="6", style=SMALL)


def _absent(side: Xml.Element, schema: Schema) -> None:
    Xml.SubElement(side, "Header", value="Not on this document", size="6", style=HEADING)
    choices = Xml.SubElement(side, "Choices", name=ABSENT, toName=PAGES, choice="multiple", showInline="true")
    titles = _titles([(field.name, field.title) for field in schema])
    keys = _keys(f"shift+{letter}" for letter in ABSENT_KEYS)
    for field, key in zip(schema, keys, strict=False):
        Xml.SubElement(choices, "Choice", value=titles[field.name], alias=field.name, hotkey=key)


def _problems(side: Xml.Element) -> None:
    Xml.SubElement(side, "Header", value="Set the document aside", size="6", style=HEADING)
    choices = Xml.SubElement(side, "Choices", name=PROBLEM, toName=PAGES, choice="single", showInline="true")
    for name, title, letter in PROBLEMS:
        Xml.SubElement(choices, "Choice", value=title, alias=name, hotkey=f"shift+{letter}")


def _document_types(side: Xml.Element, document_types: Sequence[tuple[str, str]], this_type: str) -> None:
    Xml.SubElement(side, "Header", value="Document type", size="6", style=HEADING)
    few = len(document_types) <= len(TYPE_KEYS)
    choices = Xml.SubElement(
        side,
        "Choices",
        name=DOCUMENT_TYPE,
        toName=PAGES,
        choice="single-radio",
        layout="vertical" if few else "select",
    )
    titles = _titles(document_types)
    keys = [f"shift+{digit}" for digit in TYPE_KEYS] if few else repeat(NO_KEY)
    for (name, _title), key in zip(document_types, keys, strict=False):
        choice = Xml.SubElement(choices, "Choice", value=titles[name], alias=name, hotkey=key)
        if name == this_type:
            choice.set("selected", "true")


def _panels(side: Xml.Element, schema: Schema) -> None:
    """What each field means, and the keys: folded up."""
    explained = [(field, explanation) for field in schema if (explanation := _explanation(field, schema))]
    folded = Xml.SubElement(side, "Collapse")
    if explained:
        panel = Xml.SubElement(folded, "Panel", value="What the fields mean")
        for field, explanation in explained:
            text = f"{_plain(field.title)}: {explanation}"
            Xml.SubElement(panel, "Header", value=text, size="6", style=SMALL)
    panel = Xml.SubElement(folded, "Panel", value="Shortcuts")
    for keys, does in SHORTCUTS:
        Xml.SubElement(panel, "Header", value=f"{keys}: {does}", size="6", style=SMALL)


def _keys(keys: Iterable[str]) -> Iterable[str]:
    """These, and none once they are used up."""
    return chain(keys, repeat(NO_KEY))


def _explanation(field: Field, schema: Schema) -> str:
    parts = [_plain(field.help)]
    if field.choices:
        parts.append(_plain(f"One of: {', '.join(field.choices)}"))
    if field.day_first is not None:
        parts.append("Printed 31/12/2026." if field.day_first else "Printed 12/31/2026.")
    if field.repeats:
        parts.append("May occur several times.")
    if field.sum_of:
        titles = tuple(
            "-" * part.startswith("-") + schema[part.removeprefix("-")].title for part in field.sum_of
        )
        parts.append(_plain(f"Should be {sum_in_words(titles)}."))
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
