import itertools
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.label_config import label_config
from annotation.labelling import AS_READ
from models.schema import Schema

TYPES = [("invoice", "Invoices"), ("receipt", "Receipts")]


def config_of(fields, types=TYPES, this_type="receipt"):
    return Xml.fromstring(label_config(Schema.from_json(fields), document_types=types, this_type=this_type))


def visible(config):
    return [label for label in config.iter("Label") if label.get("visible") != "false"]


def labels(config):
    return {label.get("alias"): label.get("value") for label in visible(config)}


def types_of(config):
    (choices,) = [each for each in config.iter("Choices") if each.get("name") == "document_type"]
    return list(choices)


def test_a_region_carries_the_fields_name_and_people_see_its_title():
    config = config_of([{"name": "total", "label": "Total to pay"}, {"name": "issued_on"}])
    assert labels(config) == {"total": "Total to pay", "issued_on": "issued on"}


def test_a_title_that_could_be_taken_for_another_field_is_not_used():
    config = config_of(
        [
            {"name": "total", "label": "date"},
            {"name": "date", "label": "Day"},
            {"name": "net", "label": "Sum"},
            {"name": "gross", "label": "Sum"},
        ]
    )
    assert labels(config) == {"total": "total", "date": "Day", "net": "net", "gross": "gross"}


def test_colours_say_how_sure_the_model_is_and_are_far_apart_in_hue_or_lightness():
    config = config_of([{"name": "total"}, {"name": "date"}])
    by_label = {label.get("alias"): label.get("background") for label in config.iter("Label")}
    assert by_label["total"] == by_label["date"]
    colours = {by_label[f"total{suffix}"] for suffix in ("", " (sure)", " (doubtful)", " (poor)", AS_READ)}
    assert len(colours) == 5
    parts = [[int(each[start : start + 2], 16) for start in (1, 3, 5)] for each in colours]
    for one, other in itertools.combinations(parts, 2):
        assert sum(abs(a - b) for a, b in zip(one, other, strict=True)) > 100


def test_every_colour_is_explained():
    config = config_of([{"name": "total"}])
    headers = [header.get("value") for header in config.iter("Header")]
    assert {"sure", "doubtful", "poor", "taken as read", "yours"} <= set(headers)


def keys_of(config):
    return [
        each.get("hotkey") for each in config.iter() if each.tag in ("Label", "Choice") if each.get("hotkey")
    ]


@pytest.mark.parametrize("fields", [1, 8, 40])
@pytest.mark.parametrize("types", [1, 3, 30])
def test_every_label_and_choice_has_a_key_of_its_own_or_none_that_a_keyboard_has(fields, types):
    config = config_of(
        [{"name": f"field_{n}"} for n in range(fields)], types=[(f"type-{n}", "") for n in range(types)]
    )
    choosable = [each for each in config.iter() if each.tag in ("Label", "Choice")]
    keys = keys_of(config)
    assert len(keys) == len(choosable)  # Label Studio gives a key to whatever has none
    used = [key for key in keys if key != "f19"]
    assert len(used) == len(set(used)) >= min(fields, 10) * 2 + 4
    # the tools': rectangle, pan, move, auto-detect; unselect; zoom to fit and to 100 %
    assert not {"r", "h", "v", "m", "u", "shift+r", "shift+1", "shift+2"} & set(used)
    assert "none" not in keys  # the editor takes it for the key N


def test_the_shortcuts_stand_on_the_page():
    panels = {panel.get("value"): panel for panel in config_of([{"name": "a"}]).iter("Panel")}
    text = " ".join(header.get("value") for header in panels["Shortcuts"])
    assert all(key in text for key in ("Ctrl+Enter", "Alt+.", "Backspace", "Ctrl+Space"))


def test_any_field_can_be_said_to_be_absent_and_any_document_to_be_set_aside():
    config = config_of([{"name": "total", "label": "Total to pay"}, {"name": "date"}])
    choices = {each.get("name"): [choice.get("alias") for choice in each] for each in config.iter("Choices")}
    assert choices["absent"] == ["total", "date"]
    assert choices["problem"] == ["unreadable", "blank", "not a document", "other"]


def test_a_sum_is_explained():
    fields = [
        {"name": "net", "kind": "money"},
        {"name": "less", "kind": "money", "label": "Discount"},
        {"name": "total", "kind": "money", "sum_of": "net - less"},
    ]
    hints = {label.get("alias"): label.get("hint") for label in visible(config_of(fields))}
    assert hints == {"net": None, "less": None, "total": "Should be net - Discount."}


def test_help_and_choices_are_shown_with_the_field():
    config = config_of(
        [{"name": "currency", "kind": "choice", "choices": ["EUR", "USD"], "help": "As printed."}]
    )
    (label,) = visible(config)
    assert label.get("hint") == "As printed. One of: EUR, USD"
    panel = next(config.iter("Panel"))
    assert [header.get("value") for header in panel] == ["currency: As printed. One of: EUR, USD"]


def test_annotators_are_told_in_which_order_dates_are_printed():
    config = config_of([{"name": "date", "kind": "date", "day_first": False}])
    assert next(config.iter("Label")).get("hint") == "Printed 12/31/2026."


def test_this_type_is_chosen_until_somebody_chooses_another():
    choices = {each.get("alias"): each.get("selected") for each in types_of(config_of([{"name": "a"}]))}
    assert choices == {"invoice": None, "receipt": "true"}


def test_all_pages_are_shown():
    (image,) = config_of([{"name": "a"}]).iter("Image")
    assert image.get("valueList") == "$pages"


@given(st.text(min_size=1, max_size=40), st.text(max_size=60), st.text(min_size=1, max_size=40))
def test_any_text_of_peoples_gives_a_configuration_without_variables_of_its_own(label, help_text, title):
    config = config_of(
        [{"name": "a", "label": label, "help": help_text}, {"name": "b"}], types=[("receipt", title)]
    )
    variables = {
        value for element in config.iter() for value in element.attrib.values() if value.startswith("$")
    }
    assert variables == {"$pages", "$title", "$reason", "$asked", "$unasked"}
    assert all("$" not in each for each in labels(config).values())


@pytest.mark.parametrize("title", ["", "  ", "\x00"])
def test_without_a_title_the_name_is_shown(title):
    config = config_of([{"name": "a"}], types=[("receipt", title)])
    assert [each.get("value") for each in types_of(config)] == ["receipt"]


def test_what_is_taken_as_read_has_a_grey_label_that_nobody_can_choose_and_that_takes_no_key():
    config = config_of([{"name": "total", "label": "Total to pay"}, {"name": "date"}])
    hidden = [label for label in config.iter("Label") if label.get("alias", "").endswith(AS_READ)]
    assert [label.get("alias") for label in hidden] == [f"total{AS_READ}", f"date{AS_READ}"]
    assert [label.get("value") for label in hidden] == ["Total to pay (as read)", "date (as read)"]
    assert not set(hidden) & set(visible(config))
    assert {label.get("hotkey") for label in hidden} == {"f19"}
    assert not {label.get("background") for label in hidden} & {
        label.get("background") for label in visible(config)
    }


def test_a_title_that_looks_like_anothers_when_taken_as_read_is_not_used():
    config = config_of([{"name": "total"}, {"name": "sum", "label": "total (as read)"}])
    titles = [label.get("value") for label in config.iter("Label")]
    assert len(titles) == len(set(titles)) == 10
