"""Documents and labels of another Label Studio project: uploaded, and taken in while one looks on."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from annotation.errors import Refused
from annotation.models import DocumentType, Job, LabelImport
from learner import ongoing
from webapp import label_imports
from webapp.roles import Role, requires

SHOWN = 10


@requires(Role.LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def import_labels(request: HttpRequest) -> HttpResponse:
    """The form, and the newest imports."""
    chosen = request.POST.get("type") or request.GET.get("type", "")
    problem = ""
    if request.method == "POST":
        document_type = get_object_or_404(DocumentType, name=chosen)
        labels, pictures = request.FILES.get("labels"), request.FILES.get("pictures")
        if labels and pictures:
            try:
                by = request.user.get_username()
                begun = label_imports.begin(labels, pictures, document_type=document_type, by=by)
                return redirect("import", begun.pk)
            except Refused as reason:
                problem = str(reason)
        else:
            problem = "Choose both files: the export, and a zip with the files of its tasks."
    newest = LabelImport.objects.select_related("document_type")[:SHOWN]
    shown = {"types": DocumentType.objects.all(), "chosen": chosen, "problem": problem, "imports": newest}
    return render(request, "import_labels.html", shown)


@requires(Role.VIEWER)
@require_safe
def one(request: HttpRequest, import_id: int) -> HttpResponse:
    """How far an import is, and what was wrong with which task."""
    return render(request, "import.html", _figures(import_id))


@requires(Role.VIEWER)
@require_safe
def live(request: HttpRequest, import_id: int) -> HttpResponse:
    """The same again while it goes on."""
    return render(request, "import/progress.html", _figures(import_id))


def _figures(import_id: int) -> dict[str, Any]:
    found = get_object_or_404(LabelImport.objects.select_related("document_type"), pk=import_id)
    jobs = Job.objects.filter(task="annotation.import_labels", subject=found.pk, state=Job.State.RUNNING)
    left = ongoing.minutes_left(jobs.first(), timezone.now()) if found.live else None
    return {"import": found, "minutes_left": left}
