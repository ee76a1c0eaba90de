"""A person's own keys to the API: made, told once, revoked; admins see and revoke everybody's."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotation import audit_trail
from webapp.models import ApiToken
from webapp.roles import ANY, Role, requires, role_of
from webapp.templatetags.api_call import command

MOST = 50  # of one person


class TokenForm(forms.Form):
    """What a token is for, and how much it may do."""

    note = forms.CharField(
        label="What it is for",
        max_length=100,
        help_text="So that you know later which one to revoke: nightly import, notebook …",
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    most = forms.TypedChoiceField(
        label="What it may do", coerce=int, widget=forms.Select(attrs={"class": "form-select"})
    )

    def __init__(self, role: Role, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # Django's own
        below = [each for each in Role if each and each is not role and role.may(each)]
        everything = (0, f"Whatever you may ({role.name.lower()})")
        self.fields["most"].choices = [  # type: ignore[attr-defined]
            everything,
            *((each.value, f"Only what {_article(each)} may") for each in reversed(below)),
        ]


@requires(*ANY)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The list and the form. A new token is in the answer to the form itself: it is stored nowhere, and told once."""
    user = request.user
    assert isinstance(user, User)  # for the type checker: `requires` lets nobody else in
    form = TokenForm(role_of(user), request.POST or None)
    fresh = ""
    if request.method == "POST" and form.is_valid():
        if user.api_tokens.count() >= MOST:
            form.add_error(None, f"You have {MOST} tokens already: revoke one that nothing uses.")
        else:
            fresh = make(user, form.cleaned_data["note"], form.cleaned_data["most"])
            form = TokenForm(role_of(user))
    mine = user.api_tokens.order_by("-pk")
    context = {"form": form, "tokens": mine, "fresh": fresh, "try_it": command("me")}
    if role_of(user).may(Role.ADMIN):
        context["others"] = ApiToken.objects.exclude(user=user).select_related("user").order_by("user", "-pk")
    return render(request, "tokens.html", context)


@requires(*ANY)
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End one of one's own tokens; an admin, anybody's."""
    within = ApiToken.objects.select_related("user")
    if not role_of(request.user).may(Role.ADMIN):
        within = within.filter(user=request.user.pk)
    token = get_object_or_404(within, pk=token_id)
    whose = "" if token.user_id == request.user.pk else f" of user {token.user_id}"
    with transaction.atomic():
        token.delete()
        _write_down(request.user.get_username(), f"revoked a token{whose}", token_id, token.note)
    messages.success(request, "The token was revoked: programs that use it are answered 401 from now on.")
    return redirect("tokens")


@transaction.atomic
def make(user: User, note: str, most: int) -> str:
    """A new token for `user`; `most` is the highest role it may act in, 0 for the user's."""
    token = ApiToken.issue(user, note, Role(most) if most else None)
    _write_down(user.get_username(), "made a token", user.api_tokens.latest("pk").pk, note)
    return token


def _write_down(by: str, action: str, token_id: int, note: str) -> None:
    audit_trail.record(by=by, action=action, subject=f"token {token_id}", why=note)


def _article(role: Role) -> str:
    name = role.name.lower()
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
