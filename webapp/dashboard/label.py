"""The way into Label Studio: one click, no second password."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotation import label_studio_people, people, task_pages
from annotation.errors import LabelStudioUnreachable
from annotation.label_studio import labelling_url, task_url
from annotation.models import Document, DocumentType, LabelTask, Recheck
from webapp.roles import Role, requires, role_of


@requires(Role.ANNOTATOR)
@require_safe
def label_type(request: HttpRequest, name: str) -> HttpResponse:
    """The page where the person is given one document of the type after the other."""
    document_type = get_object_or_404(DocumentType, name=name)
    if not _theirs(request, document_type):
        messages.info(request, f"{document_type.title} is labelled by others. Here is what waits for you.")
        return redirect("today")
    if document_type.project_id is None:
        messages.info(
            request, f"The queue of {document_type.title} is just being made. Try again in a moment."
        )
        return redirect("today")
    return _into_label_studio(request, labelling_url(document_type.project_id))


@requires(Role.ANNOTATOR)
@require_safe
def label_document(request: HttpRequest, document_id: int) -> HttpResponse:
    """The task of one document; the one that asks about its answer, if that looks wrong."""
    document = get_object_or_404(Document.objects.select_related("document_type"), pk=document_id)
    tasks = document.tasks.exclude(state=LabelTask.State.WITHDRAWN).filter(task_id__isnull=False)
    doubts = document.rechecks.filter(purpose=Recheck.Purpose.DOUBT, state=Recheck.State.OPEN)
    task = doubts.filter(task_id__isnull=False).first() or tasks.first()
    if task is None or task.task_id is None or not _theirs(request, document.document_type):
        messages.info(request, "This document does not wait in Label Studio for you just now.")
        return redirect("today")
    task_pages.show_again(task)
    return _into_label_studio(request, task_url(task.project_id, task.task_id))


def _theirs(request: HttpRequest, document_type: DocumentType) -> bool:
    """Leads and operators may open every type."""
    if role_of(request.user).may(Role.LEAD):
        return True
    return people.types_of(request.user).filter(pk=document_type.pk).exists()


@never_cache
def _into_label_studio(request: HttpRequest, address: str) -> HttpResponse:
    """A page that posts a signed token to Label Studio and so comes to `address`; decision 0024 has why it is a POST.

    Where Label Studio takes no tokens, the address itself, at which it asks for its own password.
    """
    try:
        taken = label_studio_people.takes_links()
    except LabelStudioUnreachable:
        return render(request, "label.html", {"unreachable": True}, status=503)
    email = getattr(request.user, "email", "")
    if not taken or not email:
        return HttpResponseRedirect(address)
    ours = urlsplit(settings.CONFIG.url)
    origins = [f"{ours.scheme}://{ours.netloc}", f"{request.scheme}://{request.get_host()}"]
    token = label_studio_people.sign_in_token(email, address, origins)
    answer = render(request, "label.html", {"action": label_studio_people.sign_in_url(), "token": token})
    # Label Studio wants to see that the token comes from a page of ours; Django's own policy would hide it
    answer["Referrer-Policy"] = "strict-origin"
    return answer
