"""A document type made or changed: by its form, or by the text of a YAML file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from annotation import document_types
from annotation.errors import Refused
from annotation.models import DocumentType
from webapp import uploads
from webapp.dashboard.type_form import FieldForms, TypeForm, field_rows, specification
from webapp.roles import Role, requires

MOST_YAML = 1_000_000  # bytes of a file: what a form may hold otherwise is limited by the settings
ABOUT_NAME = ("name", "title")
EXAMPLE = """\
name: receipts
title: Receipts
retrain_after: 25
fields:
  - name: company
    help: The shop's name as it is printed
    required: true
  - name: date
    kind: date
  - name: total
    kind: money
    label: Total to pay
"""
editing = require_http_methods(["GET", "HEAD", "POST"])


@requires(Role.LEAD)
@editing
def new(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@requires(Role.LEAD)
@editing
def edit(request: HttpRequest, name: str) -> HttpResponse:
    return _edit(request, get_object_or_404(DocumentType, name=name))


def _edit(request: HttpRequest, document_type: DocumentType | None) -> HttpResponse:
    if request.method != "POST":
        return _page(request, document_type)
    if "yaml" in request.POST or "yaml_file" in request.FILES:
        return _save_yaml(request, document_type)
    form, fields = _forms(document_type, request.POST)
    problem = ""
    if form.is_valid() and fields.is_valid():
        try:
            return _save(request, document_type, specification(form, fields))
        except Refused as reason:
            problem = str(reason)
    return _page(request, document_type, forms=(form, fields), problem=problem)


def _save_yaml(request: HttpRequest, document_type: DocumentType | None) -> HttpResponse:
    text = request.POST.get("yaml", "")
    try:
        if file := request.FILES.get("yaml_file"):
            text = uploads.text_of(file, most=MOST_YAML)
        return _save(request, document_type, document_types.specification_of(text))
    except Refused as reason:
        return _page(request, document_type, yaml=text, yaml_problem=str(reason))


def _save(request: HttpRequest, document_type: DocumentType | None, wanted: dict[str, Any]) -> HttpResponse:
    if document_type is None:
        saved = document_types.create(wanted, by=request.user.get_username())
        messages.success(request, f"{saved.title} was created; its Label Studio project is being set up.")
    else:
        saved = document_types.change(document_type, wanted, by=request.user.get_username())
        messages.success(request, f"{saved.title} was saved.")
    return redirect("type", saved.name)


def _forms(document_type: DocumentType | None, filled: QueryDict | None = None) -> tuple[TypeForm, Any]:
    """The two forms (formset_factory makes the second one's class): as they were filled in, or to begin with."""
    initial = TypeForm.initial_of(document_type) if document_type else None
    form = TypeForm(filled, initial=initial, existing=document_type is not None)
    # a formset skips rows that are as they were, so that what was sent is compared with nothing
    rows = None if filled else field_rows(document_type)
    return form, FieldForms(filled, initial=rows, prefix="fields")


def _page(
    request: HttpRequest,
    document_type: DocumentType | None,
    *,
    forms: tuple[TypeForm, Any] | None = None,
    problem: str = "",
    yaml: str = "",
    yaml_problem: str = "",
) -> HttpResponse:
    form, fields = forms or _forms(document_type)
    shown = {
        "document_type": document_type,
        "main": [form[name] for name in ABOUT_NAME],
        "rules": [bound for bound in form if bound.name not in ABOUT_NAME],
        "fields": fields,
        "yaml": yaml or (document_types.to_yaml(document_type) if document_type else EXAMPLE),
        "yaml_problem": yaml_problem,
        "problem": problem,
    }
    return render(request, "edit_type.html", shown)
