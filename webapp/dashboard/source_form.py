"""The form of a source: what its kind wants to know, as `annotation.sources` has it, with the same words."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from django import forms
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from annotation.models import DocumentType, Source
from annotation.sources.kinds import KINDS

SAID = {
    "leave": "leave it as it is",
    "move": "move it",
    "seen": "mark it as seen",
    "tag": "tag it",
    "tls": "TLS",
    "starttls": "STARTTLS",
    "none": "none",
}
LABELS = {
    "after": "After a file was taken",
    "move_to": "Move it to",
    "access_key": "Key id",
    "path": "Folder",
    "subfolders": "Folders in it too",
}


class SourceForm(forms.Form):
    """What every source has, and a field for each setting of its kind."""

    name = forms.SlugField(
        max_length=40,
        widget=forms.TextInput(attrs={"class": "form-control"}),
        help_text="For addresses, the API and as who brought its documents: small letters, digits and -. It stays.",
    )
    document_type = forms.ModelChoiceField(
        DocumentType.objects.none(),
        required=False,
        empty_label="Not known: Docloop finds out, or asks",
        to_field_name="name",
        widget=forms.Select(attrs={"class": "form-select"}),
        help_text="Of every file that comes from it",
    )

    def __init__(self, kind: Source.Kind, *args: Any, named: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["document_type"].queryset = DocumentType.objects.all()  # type: ignore[attr-defined]
        if named:
            del self.fields["name"]
        self.of_kind = [name for name in KINDS[kind].settings.model_fields if name != "kind"]
        for name in self.of_kind:
            self.fields[name] = _field(name, KINDS[kind].settings.model_fields[name])

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if name != name.lower() or "_" in name:
            raise forms.ValidationError("Small letters, digits and - only.")
        return name

    @property
    def settings(self) -> dict[str, Any]:
        """What was typed for the kind's settings, once the form is valid."""
        return {name: self.cleaned_data[name] for name in self.of_kind}


def _field(name: str, asked: FieldInfo) -> forms.Field:
    """A setting as a field of a form; whether its value can be is for the setting to say."""
    about: dict[str, Any] = {
        "label": LABELS.get(name, name.replace("_", " ").capitalize()),
        "help_text": asked.description or "",
        "required": asked.is_required(),
        "initial": None if asked.default is PydanticUndefined else asked.default,
    }
    if get_origin(asked.annotation) is Literal:
        choices = [(each, SAID[each]) for each in get_args(asked.annotation)]
        return forms.ChoiceField(
            choices=choices, widget=forms.Select(attrs={"class": "form-select"}), **about
        )
    if asked.annotation is bool:
        box = forms.CheckboxInput(attrs={"class": "form-check-input d-block"})
        return forms.BooleanField(widget=box, **about)
    if asked.annotation is int:
        return forms.IntegerField(widget=forms.NumberInput(attrs={"class": "form-control"}), **about)
    return forms.CharField(
        max_length=250,
        widget=forms.TextInput(attrs={"class": "form-control", "spellcheck": "false"}),
        **about,
    )
