"""People: who works here, what they may do, which types they label, and what they did lately."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import AbstractUser, User
from django.contrib.auth.views import PasswordResetConfirmView
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation import audit_trail, label_studio_people
from annotation.errors import LabelStudioError, Refused
from annotation.models import DocumentType
from annotation.people import chosen_for
from webapp import people, sign_in
from webapp.people import Change
from webapp.roles import Role, requires, role_of

MEANING = {
    Role.ANNOTATOR: "Annotator: corrects documents",
    Role.VIEWER: "Viewer: reads documents, progress and quality, and changes nothing",
    Role.LEAD: "Lead: sees progress and quality, uploads, looks after annotators",
    Role.OPERATOR: "Operator: what leads do, and erasing, webhooks, the doctor and failed jobs",
    Role.ADMIN: "Admin: everything; gives every role, and ends anybody's tokens",
}


class PersonForm(forms.Form):
    """What a person may do, and which types they label."""

    role = forms.TypedChoiceField(coerce=lambda value: Role(int(value)), widget=forms.RadioSelect)
    all_types = forms.TypedChoiceField(
        label="Which types they label",
        choices=[("yes", "All, also those that are added later"), ("no", "Only these:")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        initial="yes",
    )
    types = forms.ModelMultipleChoiceField(
        DocumentType.objects.order_by("title"),
        label="Types",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, roles: tuple[Role, ...], **more: Any) -> None:
        super().__init__(*args, **more)
        choice = self.fields["role"]
        assert isinstance(choice, forms.TypedChoiceField)
        choice.choices = [(role.value, MEANING[role]) for role in roles]
        for name in ("role", "all_types", "types"):
            self.fields[name].widget.attrs["class"] = "form-check-input"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("all_types") is False and not cleaned.get("types"):
            self.add_error("types", "Choose at least one type, or all.")
        return cleaned

    def wanted_types(self) -> list[DocumentType]:
        """The chosen types; none means all."""
        return [] if self.cleaned_data["all_types"] else list(self.cleaned_data["types"])


class NewPersonForm(PersonForm):
    """A new person's address too: Label Studio and the ledger know people by it, so it never changes."""

    email = forms.EmailField(
        max_length=150,
        label="E-mail address",
        widget=forms.EmailInput(attrs={"class": "form-control", "autocomplete": "off"}),
        help_text="They sign in with it. It can't be changed later: it says whose answers are whose.",
    )
    name = forms.CharField(
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
        help_text="As they are to be greeted.",
    )


@requires(Role.LEAD)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Everybody."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = people.everybody(midnight)
    active = [row for row in rows if row.user.is_active]
    gone = [row for row in rows if not row.user.is_active]
    return render(request, "people/list.html", {"active": active, "gone": gone, "none": Role.NONE})


@requires(Role.LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make an account; the answer shows the link by which the person sets a password."""
    by = _user(request)
    form = NewPersonForm(
        request.POST or None, roles=people.roles_that_may_be_given(by), initial={"role": Role.ANNOTATOR.value}
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            person = people.add(said["email"], said["name"], said["role"], form.wanted_types(), by=by)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _link_page(request, person, people.password_link(person))
    return render(request, "people/new.html", {"form": form})


@requires(Role.LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, user_id: int) -> HttpResponse:
    """One person: role, types, and the door."""
    by, person = _user(request), get_object_or_404(User, pk=user_id)
    role, types = role_of(person), list(chosen_for(person))
    roles = people.roles_that_may_be_given(by)
    if role and role not in roles:
        roles = (role,)  # seen, not changed
    now = {"role": role.value or None, "all_types": "no" if types else "yes", "types": types}
    form = PersonForm(request.POST or None, roles=roles, initial=now)
    allowed = people.may_change(by, person)
    if request.method == "POST" and not allowed:
        raise PermissionDenied
    if request.method == "POST" and form.is_valid():
        wanted = Change(form.cleaned_data["role"], active=person.is_active, types=tuple(form.wanted_types()))
        try:
            people.change(person, wanted, by=by)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved.")
            return redirect("person", user_id=person.pk)
    context = {
        "person": person,
        "role": role,
        "form": form,
        "allowed": allowed,
        "self": by.pk == person.pk,
        "links": label_studio_people.links_are_wanted(),
    }
    return render(request, "people/one.html", context)


@requires(Role.LEAD)
@require_POST
def door(request: HttpRequest, user_id: int) -> HttpResponse:
    """Shut a person out, or let them in again (`open` in the form)."""
    person = get_object_or_404(User, pk=user_id)
    opened = request.POST.get("open") == "yes"
    wanted = Change(role_of(person), active=opened, types=tuple(chosen_for(person)))
    try:
        people.change(person, wanted, by=_user(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, "They may sign in again." if opened else "They are signed out and shut out."
        )
    return redirect("person", user_id=person.pk)


@requires(Role.LEAD)
@require_POST
def new_link(request: HttpRequest, user_id: int) -> HttpResponse:
    """A link by which somebody sets a new password, for whoever forgot theirs."""
    person = get_object_or_404(User, pk=user_id)
    try:
        link = people.new_link(person, by=_user(request))
    except Refused:
        messages.error(request, "No link is made for this person.")
        return redirect("person", user_id=person.pk)
    return _link_page(request, person, link)


@never_cache
def _link_page(request: HttpRequest, person: User, link: str) -> HttpResponse:
    """The link, shown this once: it isn't kept anywhere."""
    context: dict[str, Any] = {
        "person": person,
        "link": request.build_absolute_uri(link),
    }
    if role_of(person).may(Role.ANNOTATOR) and not label_studio_people.links_are_wanted():
        try:
            context["invitation"] = label_studio_people.invitation()
        except LabelStudioError:
            context["no_invitation"] = True
    return render(request, "people/link.html", context)


def _user(request: HttpRequest) -> AbstractUser:
    assert isinstance(request.user, AbstractUser)  # the role was checked
    return request.user


class SetPassword(PasswordResetConfirmView):
    """By the link that works once; wrong passwords before count no more."""

    template_name = "people/set_password.html"
    success_url = reverse_lazy("sign-in")

    def form_valid(self, form: SetPasswordForm[User]) -> HttpResponse:
        sign_in.unlock(form.user)
        with transaction.atomic():
            name = form.user.get_username()
            audit_trail.record(by=name, action="set a password", subject=f"user {form.user.pk}")
            return super().form_valid(form)
