"""A document type made or changed: by its form, or by the text of a YAML file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from annotation import document_types
from annotation.errors import Refused
from annotation.models import DocumentType
from models.errors import BadSchema
from webapp.dashboard.type_form import FieldForms, TypeForm, field_rows, specification
from webapp.roles import Role, requires

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
    if request.method == "POST" and "yaml" in request.POST:
        return _save_yaml(request, document_type)
    initial = TypeForm.initial_of(document_type) if document_type else None
    filled = request.POST if request.method == "POST" else None
    form = TypeForm(filled, initial=initial, existing=document_type is not None)
    fields = FieldForms(filled, initial=field_rows(document_type), prefix="fields")
    problem = ""
    if filled is not None and form.is_valid() and fields.is_valid():
        try:
            return _save(request, document_type, specification(form, fields))
        except (Refused, BadSchema) as reason:
            problem = str(reason)
    return _page(request, document_type, form=form, fields=fields, problem=problem)


def _save_yaml(request: HttpRequest, document_type: DocumentType | None) -> HttpResponse:
    text = request.POST["yaml"]
    try:
        return _save(request, document_type, document_types.specification_of(text))
    except (Refused, BadSchema) as reason:
        return _page(request, document_type, yaml=text, yaml_problem=str(reason))


def _save(request: HttpRequest, document_type: DocumentType | None, wanted: dict[str, Any]) -> HttpResponse:
    if document_type is None:
        saved = document_types.create(wanted)
        messages.success(request, f"{saved.title} was created; its Label Studio project is being set up.")
    else:
        saved = document_types.change(document_type, wanted)
        messages.success(request, f"{saved.title} was saved.")
    return redirect("type", saved.name)


def _page(request: HttpRequest, document_type: DocumentType | None, **given: Any) -> HttpResponse:
    existing = document_type is not None
    form = given.get("form") or TypeForm(
        initial=TypeForm.initial_of(document_type) if document_type else None, existing=existing
    )
    fields = given.get("fields") or FieldForms(initial=field_rows(document_type), prefix="fields")
    shown = {
        "document_type": document_type,
        "main": [form[name] for name in ABOUT_NAME],
        "rules": [bound for bound in form if bound.name not in ABOUT_NAME],
        "fields": fields,
        "yaml": given.get("yaml") or (document_types.to_yaml(document_type) if document_type else EXAMPLE),
        "yaml_problem": given.get("yaml_problem", ""),
        "problem": given.get("problem", ""),
    }
    return render(request, "edit_type.html", shown)
