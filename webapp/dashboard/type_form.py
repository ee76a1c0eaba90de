"""The form of a document type: its settings, and a row for each field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from annotation.canary_model import Canary
from annotation.models import DocumentType
from annotation.service_model import Priority
from learner.strategies import STRATEGIES
from models.schema import Kind


def _in_words(parameters: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={value:g}" for name, value in parameters.items())


PARAMETERS = "; ".join(
    f"{strategy.name}: {_in_words(strategy.parameters)}"
    for strategy in STRATEGIES.values()
    if strategy.parameters
)


class NumbersField(forms.CharField):
    """A few numbers with names, written `apart=2, candidates=1000`."""

    def prepare_value(self, value: Any) -> Any:
        return _in_words(value) if isinstance(value, Mapping) else value

    def to_python(self, value: Any) -> Any:
        numbers: dict[str, float] = {}
        for part in (super().to_python(value) or "").replace(",", " ").split():
            name, _, number = part.partition("=")
            try:
                numbers[name] = int(number) if number.isdecimal() else float(number)
            except ValueError:
                raise forms.ValidationError("Names and numbers, such as apart=2, candidates=1000.") from None
        return numbers


def _plain(widget: type[forms.Widget] = forms.TextInput, **attributes: Any) -> forms.Widget:
    return widget(attrs={"class": "form-control"} | attributes)


class TypeForm(forms.Form):
    """A document type's settings. What they mean stands beside them."""

    name = forms.SlugField(
        max_length=40,
        widget=_plain(),
        help_text="For addresses, commands and the API: small letters, digits and -. It can't be changed later.",
    )
    title = forms.CharField(
        max_length=80, widget=_plain(), help_text="What people see, such as “Supplier invoices”."
    )
    retrain_after = forms.IntegerField(
        min_value=1,
        initial=25,
        widget=_plain(forms.NumberInput),
        label="Train after",
        help_text="As many new corrections start a training.",
    )
    least_new = forms.IntegerField(
        min_value=0,
        initial=5,
        widget=_plain(forms.NumberInput),
        label="New corrections for a champion",
        help_text="A model learned from so many that the champion had not, before it may take over.",
    )
    most_of_one = forms.FloatField(
        min_value=0,
        max_value=1,
        initial=0.9,
        widget=_plain(forms.NumberInput, step="0.05"),
        label="Most by one person",
        help_text="Share of these that one person may give (0…1), where several label the type. Who works alone is "
        "not held to it.",
    )
    field_budgets = NumbersField(
        max_length=400,
        required=False,
        empty_value="",
        widget=_plain(placeholder="total=0.02"),
        label="What fields may lose",
        help_text="F1 that a new champion may cost a field, where that isn't 0.05.",
    )
    canary = forms.ChoiceField(
        choices=[
            (Canary.NONE, "It takes over at once"),
            (Canary.SHADOW, "It reads what people correct, unseen"),
            (Canary.SHARE, "It fills in a share of the documents"),
        ],
        initial=Canary.NONE,
        widget=forms.Select(attrs={"class": "form-select"}),
        label="A model that is better on paper",
        help_text="Before it takes over it can prove itself on the documents that people correct, against the champion.",
    )
    canary_share = forms.FloatField(
        min_value=0.01,
        max_value=0.5,
        initial=0.1,
        widget=_plain(forms.NumberInput, step="0.01"),
        label="Share of its trial",
        help_text="Of the documents, which it fills in meanwhile (0.01…0.5). Nobody sees which.",
    )
    priority = forms.TypedChoiceField(
        choices=Priority.choices,
        coerce=int,
        initial=Priority.NORMAL,
        widget=forms.Select(attrs={"class": "form-select"}),
        help_text="Annotators of several types find those of high priority first.",
    )
    within_hours = forms.FloatField(
        min_value=0.01,
        required=False,
        widget=_plain(forms.NumberInput, step="0.5"),
        label="Answered within, hours",
        help_text="The service goal, from receiving a document to its answer. Empty: none.",
    )
    hour_costs = forms.FloatField(
        min_value=0.01,
        required=False,
        widget=_plain(forms.NumberInput, step="0.5"),
        label="An annotator's hour costs",
        help_text="So that the overview tells what answering has cost. Empty: it isn't told.",
    )
    currency = forms.RegexField(
        r"^[A-Z]{3}$", initial="EUR", widget=_plain(maxlength="3"), help_text="Three capital letters."
    )
    queue_depth = forms.IntegerField(
        min_value=1,
        max_value=100,
        initial=5,
        widget=_plain(forms.NumberInput),
        label="Queue depth",
        help_text="Documents kept ready in Label Studio for each annotator.",
    )
    strategy = forms.ChoiceField(
        choices=[(strategy.name, strategy.title) for strategy in STRATEGIES.values()],
        initial="mixed",
        widget=forms.Select(attrs={"class": "form-select"}),
        help_text="Which documents are worth a person's time next.",
    )
    strategy_parameters = NumbersField(
        max_length=200,
        required=False,
        empty_value="",
        widget=_plain(placeholder="apart=2"),
        label="Parameters of the strategy",
        help_text=f"Only those that are not as usual. As usual they are: {PARAMETERS}.",
    )
    audit_share = forms.FloatField(
        min_value=0,
        max_value=1,
        initial=0.1,
        widget=_plain(forms.NumberInput, step="0.01"),
        label="Audit share",
        help_text="Share of the queue picked at random (0…1): the only unbiased measure of quality.",
    )
    assume_above = forms.FloatField(
        min_value=0.5,
        max_value=1,
        required=False,
        widget=_plain(forms.NumberInput, step="0.001"),
        label="Don't ask for fields above",
        help_text="Fields surer than this are shown, taken as read unless somebody changes them, and never learned "
        "from (0.5…1). Empty: every field is asked for.",
    )
    whole_share = forms.FloatField(
        min_value=0,
        max_value=1,
        initial=0.2,
        widget=_plain(forms.NumberInput, step="0.01"),
        label="Ask for all fields of",
        help_text="Share of documents of which every field is asked for all the same (0…1): models are judged by them.",
    )

    overlap_share = forms.FloatField(
        min_value=0,
        max_value=1,
        initial=0.0,
        widget=_plain(forms.NumberInput, step="0.01"),
        label="Overlap",
        help_text="Share of documents, picked by lot, that several people answer (0…1): do they agree?",
    )
    overlap_annotators = forms.IntegerField(
        min_value=2,
        max_value=10,
        initial=2,
        widget=_plain(forms.NumberInput),
        label="People for each of those",
        help_text="How many people answer a document of the overlap.",
    )
    second_opinions = forms.FloatField(
        min_value=0,
        max_value=1,
        initial=0.05,
        widget=_plain(forms.NumberInput, step="0.01"),
        help_text="Answers in doubt go to another person by themselves: documents at most, as a share of the "
        "confirmed ones (0…1).",
    )
    probes = forms.FloatField(
        min_value=0,
        max_value=1,
        initial=0.0,
        widget=_plain(forms.NumberInput, step="0.01"),
        help_text="Share of tasks that are known documents shown with one wrong value (0…1): who accepts without "
        "looking? Tell your people that there are some.",
    )

    def __init__(self, *args: Any, existing: bool = False, **more: Any) -> None:
        super().__init__(*args, **more)
        if existing:
            self.fields["name"].disabled = True

    @staticmethod
    def initial_of(document_type: DocumentType) -> dict[str, Any]:
        return {name: getattr(document_type, name) for name in TypeForm.base_fields}


class FieldForm(forms.Form):
    """One field of the schema. A row without a name is left out."""

    name = forms.CharField(
        max_length=40, required=False, widget=_plain(placeholder="total", pattern="[a-z][a-z0-9_]*")
    )
    kind = forms.ChoiceField(
        choices=[(kind.value, kind.value) for kind in Kind],
        initial="text",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    label = forms.CharField(max_length=80, required=False, widget=_plain(placeholder="Total to pay"))
    help = forms.CharField(
        max_length=300,
        required=False,
        widget=_plain(placeholder="With tax, in the document's currency"),
        label="Help for annotators",
    )
    choices = forms.CharField(
        max_length=1000, required=False, widget=_plain(placeholder="only for kind choice: a, b, c")
    )
    day_first = forms.ChoiceField(
        choices=[("auto", "not said"), ("true", "31/12/2026"), ("false", "12/31/2026")],
        initial="auto",
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
        label="Dates are printed",
    )
    sum_of = forms.CharField(
        max_length=300,
        required=False,
        widget=_plain(placeholder="net + tax - discount"),
        label="Is the sum of",
    )
    required = forms.BooleanField(
        required=False, widget=forms.CheckboxInput(attrs={"class": "form-check-input"})
    )
    repeats = forms.BooleanField(
        required=False, widget=forms.CheckboxInput(attrs={"class": "form-check-input"})
    )


FieldForms = forms.formset_factory(FieldForm, extra=0, max_num=100, validate_max=True)


def field_rows(document_type: DocumentType | None) -> list[dict[str, Any]]:
    """The rows to begin with: the type's own fields, or three empty ones."""
    if document_type is None:
        return [{}, {}, {}]
    said = {True: "true", False: "false", None: "auto"}
    return [
        field.to_json() | {"choices": ", ".join(field.choices), "day_first": said[field.day_first]}
        for field in document_type.schema
    ]


def specification(form: TypeForm, fields: Any) -> dict[str, Any]:  # Any: formset_factory makes the class
    """What was filled in, in the form of a type's YAML file."""
    rows = [row.cleaned_data for row in fields if row.cleaned_data.get("name")]
    return form.cleaned_data | {
        "fields": [
            row
            | {
                "choices": [choice.strip() for choice in row["choices"].split(",") if choice.strip()],
                "day_first": {"true": True, "false": False}.get(row["day_first"]),
            }
            for row in rows
        ]
    }
