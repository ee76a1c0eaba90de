"""The form of a type's target errors: in percent, for all fields and for those that have one of their own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from annotation.models import DocumentType

LEAST, MOST = 0.01, 50.0  # percent


def _percent(label: str, *, help_text: str = "") -> forms.FloatField:
    attributes = {"class": "form-control", "step": "any", "inputmode": "decimal"}
    return forms.FloatField(
        min_value=LEAST,
        max_value=MOST,
        required=False,
        label=label,
        help_text=help_text,
        widget=forms.NumberInput(attrs=attributes),
    )


class TargetsForm(forms.Form):
    """Filled in, `most` and `own` are shares (0…1)."""

    all_fields = _percent(
        "Of all fields, %",
        help_text="So many may be wrong in documents that nobody sees, such as 1. Empty: none are accepted unseen.",
    )

    @classmethod
    def of(cls, document_type: DocumentType, filled: QueryDict | None = None) -> TargetsForm:
        shares = {"all_fields": document_type.target_error}
        shares |= {
            _name(field.name): document_type.field_targets.get(field.name) for field in document_type.schema
        }
        known = {name: round(100 * share, 6) for name, share in shares.items() if share is not None}
        form = cls(filled, initial=known)
        for field in document_type.schema:
            form.fields[_name(field.name)] = _percent(f"{field.title[:1].upper()}{field.title[1:]}, %")
        return form

    def clean(self) -> dict[str, Any]:  # percent by input
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("all_fields") is None and self.own and "all_fields" not in self.errors:
            self.add_error("all_fields", "A field's own target needs one for all fields beside it.")
        return cleaned

    @property
    def most(self) -> float | None:
        percent = self.cleaned_data.get("all_fields")
        return None if percent is None else percent / 100

    @property
    def own(self) -> dict[str, float]:
        return {
            name.removeprefix("field-"): percent / 100
            for name, percent in self.cleaned_data.items()
            if name.startswith("field-") and percent is not None
        }

    @property
    def own_inputs(self) -> list[forms.BoundField]:
        """The inputs of single fields, for the page."""
        return [bound for bound in self if bound.name.startswith("field-")]


def _name(field: str) -> str:
    return f"field-{field}"
