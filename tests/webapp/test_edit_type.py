import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotation.models import DocumentType
from learner import strategies
from tests.factories import make_document, make_truth, make_type
from webapp.dashboard.edit_type import EXAMPLE
from webapp.dashboard.type_form import TypeForm

pytestmark = pytest.mark.django_db


FIELDS_OF_A_RECEIPT = [
    {"name": "company"},
    {"name": "date", "kind": "date"},
    {"name": "total", "kind": "money"},
]


@pytest.fixture
def lead(client, lea):
    client.force_login(lea)
    return client


def filled(*rows: dict[str, str], **more: str) -> dict[str, str]:
    """What a browser sends for the form, with a row for each field."""
    sent = {
        "name": "receipts",
        "title": "Receipts",
        "retrain_after": "30",
        "least_new": "8",
        "most_of_one": "0.7",
        "field_budgets": "",
        "canary": "none",
        "canary_share": "0.1",
        "priority": "2",
        "within_hours": "24",
        "hour_costs": "",
        "currency": "EUR",
        "queue_depth": "5",
        "strategy": "mixed",
        "audit_share": "0.1",
        "assume_above": "",
        "whole_share": "0.2",
        "overlap_share": "0",
        "overlap_annotators": "2",
        "second_opinions": "0.05",
        "probes": "0",
        "fields-TOTAL_FORMS": str(len(rows)),
        "fields-INITIAL_FORMS": "0",
    } | more
    for number, row in enumerate(rows):
        for name, value in ({"kind": "text"} | row).items():
            sent[f"fields-{number}-{name}"] = value
    return sent


def test_the_form_offers_every_strategy_there_is_in_words():
    offered = dict(TypeForm().fields["strategy"].choices)
    assert offered == {name: strategy.title for name, strategy in strategies.STRATEGIES.items()}


def test_a_type_is_made_by_the_form(lead, rung):
    rows = [
        {"name": "total", "kind": "money", "label": "To pay", "required": "on"},
        {"name": ""},
        {"name": "paid_by", "kind": "choice", "choices": "cash, card , ", "repeats": "on"},
    ]
    answer = lead.post(reverse("new-type"), filled(*rows))
    made = DocumentType.objects.get()
    assert answer["Location"] == reverse("type", args=["receipts"])
    assert (made.title, made.retrain_after) == ("Receipts", 30)
    assert [(field.name, field.required, field.repeats, field.choices) for field in made.schema] == [
        ("total", True, False, ()),
        ("paid_by", False, True, ("cash", "card")),
    ]
    assert ("annotation.sync_project", made.pk) in rung


def test_the_example_can_be_sent_as_it_is(lead):
    lead.post(reverse("new-type"), {"yaml": EXAMPLE})
    assert DocumentType.objects.get().schema.names == ("company", "date", "total")


def test_a_type_is_downloaded_as_yaml_and_made_again_from_the_file(lead):
    make_type(name="receipts", title="Receipts of \u00fcbermorgen", retrain_after=33)
    assert (
        reverse("api:as_yaml", args=["receipts"])
        in lead.get(reverse("edit-type", args=["receipts"])).content.decode()
    )
    text = lead.get(reverse("api:as_yaml", args=["receipts"])).content
    DocumentType.objects.all().delete()
    lead.post(reverse("new-type"), {"yaml": EXAMPLE, "yaml_file": SimpleUploadedFile("receipts.yaml", text)})
    made = DocumentType.objects.get()
    assert (made.title, made.retrain_after) == ("Receipts of \u00fcbermorgen", 33)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe\x00", "UTF-8"),
        (b"#" * 1_000_001, "larger than 1 MB"),
        (b"fields: [", "no YAML"),
    ],
)
def test_a_file_that_is_no_yaml_of_a_type_is_refused_by_name_or_line(lead, content, says):
    answer = lead.post(reverse("new-type"), {"yaml_file": SimpleUploadedFile("mine.yaml", content)})
    assert says in answer.content.decode()
    assert not DocumentType.objects.exists()


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (filled({"name": "Total"}), "small letter"),
        (filled({"name": "total"}, {"name": "total"}), "used once"),
        (filled({"name": ""}), "at least one field"),
        (filled({"name": "total", "kind": "choice"}), "choices"),
        (filled({"name": "total"}, name="Über"), "slug"),
        (filled({"name": "total"}, audit_share="7"), "less than or equal to 1"),
        (filled({"name": "total"}, strategy="guess"), "Select a valid choice"),
        ({"yaml": "fields: ["}, "no YAML"),
        ({"yaml": "name: receipts\nfields: [{name: total, size: 3}]"}, "unknown size"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(lead, sent, says):
    answer = lead.post(reverse("new-type"), sent)
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert not DocumentType.objects.exists()
    kept = sent.get("yaml", "").splitlines()[0] if "yaml" in sent else sent["title"]
    assert kept in answer.content.decode()


def test_a_name_is_taken_once(lead):
    make_type(name="receipts")
    assert "already" in lead.post(reverse("new-type"), filled({"name": "total"})).content.decode()


def test_a_type_is_changed_by_the_form_and_keeps_its_name(lead):
    make_type(name="receipts", title="Old", target_error=0.02)
    shown = lead.get(reverse("edit-type", args=["receipts"])).content.decode()
    assert 'value="company"' in shown and "target_error: 0.02" in shown
    rows = [{"name": "company"}, {"name": "date", "kind": "date"}, {"name": "total", "kind": "money"}]
    lead.post(reverse("edit-type", args=["receipts"]), filled(*rows, name="other", title="New"))
    changed = DocumentType.objects.get()
    assert (changed.name, changed.title, changed.target_error) == ("receipts", "New", 0.02)


def test_the_order_in_which_dates_are_printed_is_kept_by_the_form(lead):
    make_type(name="receipts", fields=[{"name": "date", "kind": "date", "day_first": False}])
    shown = lead.get(reverse("edit-type", args=["receipts"])).content.decode()
    assert '<option value="false" selected>' in shown
    for said, kept in (("true", True), ("auto", None), ("false", False)):
        row = {"name": "date", "kind": "date", "day_first": said}
        lead.post(reverse("edit-type", args=["receipts"]), filled(row))
        assert DocumentType.objects.get().schema["date"].day_first is kept


def test_a_field_that_people_have_confirmed_is_not_taken_away(lead):
    receipts = make_type(name="receipts")
    make_truth(make_document(receipts))
    answer = lead.post(reverse("edit-type", args=["receipts"]), filled({"name": "company"}))
    assert "can&#x27;t be removed" in answer.content.decode()
    assert len(DocumentType.objects.get().fields) == 3


def test_a_strategys_parameters_are_chosen_by_the_form_and_shown_again(lead, rung):
    kind = make_type(name="receipts")
    lead.post(
        reverse("edit-type", args=["receipts"]),
        filled(*FIELDS_OF_A_RECEIPT, strategy="mixed", strategy_parameters="apart=2.5, candidates=1000"),
    )
    changed = DocumentType.objects.get()
    assert changed.strategy_parameters == {"apart": 2.5, "candidates": 1000}
    assert ("learner.rank_pool", kind.pk) in rung  # at once, not after the next correction
    shown = lead.get(reverse("edit-type", args=["receipts"])).content.decode()
    assert 'value="apart=2.5, candidates=1000"' in shown


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("apart", "Names and numbers"),
        ("apart=much", "Names and numbers"),
        ("wide=2", "no parameter"),
        ("apart=0", "above 0"),
    ],
)
def test_parameters_that_a_strategy_cannot_take_are_refused(lead, typed, says):
    make_type(name="receipts")
    sent = filled(*FIELDS_OF_A_RECEIPT, strategy_parameters=typed)
    assert says in lead.post(reverse("edit-type", args=["receipts"]), sent).content.decode()
    assert DocumentType.objects.get().strategy_parameters == {}
