"""Making people's accounts, changing what they may do, and shutting them out."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import TrailEntry
from annotation.people import chosen_for
from tests.conftest import person
from tests.factories import make_document, make_truth, make_type
from webapp import people
from webapp.models import ApiToken
from webapp.people import Change
from webapp.roles import Role, role_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client, ada):
    client.force_login(ada)
    return client


@pytest.fixture
def lead(client, lea):
    client.force_login(lea)
    return client


def anew(user: User) -> User:
    return User.objects.get(pk=user.pk)


def filled(role: Role, *types, **more) -> dict[str, object]:
    chosen = {"all_types": "no", "types": [each.pk for each in types]} if types else {"all_types": "yes"}
    return {"role": role.value} | chosen | more


def problem(answer) -> str:
    """What a form that was refused says."""
    assert answer.status_code == 200
    return " ".join(re.findall(r'(?:role="alert">|errorlist[^>]*><li>)([^<]*)<', answer.content.decode()))


# making an account


def test_an_admin_makes_a_person_who_sets_a_password_by_a_link_and_signs_in(admin):
    receipts = make_type(title="Receipts")
    make_type()
    answer = admin.post(
        reverse("new-person"), filled(Role.ANNOTATOR, receipts, email="Bea@Example.org", name="Bea")
    )
    assert answer["Cache-Control"].startswith("max-age=0")
    link = re.search(r'value="(http://testserver/set-password/[^"]+)"', answer.content.decode()).group(1)
    bea = User.objects.get(username="bea@example.org")
    assert (role_of(bea), bea.first_name, bea.has_usable_password()) == (Role.ANNOTATOR, "Bea", False)
    assert list(chosen_for(bea)) == [receipts]

    browser = Client()
    form = browser.get(link, follow=True)
    assert "bea@example.org" in form.content.decode()
    new = {"new_password1": "short", "new_password2": "short"}
    page = form.redirect_chain[-1][0]
    assert "too short" in browser.post(page, new).content.decode()
    new = dict.fromkeys(new, "correct horse battery")
    assert browser.post(page, new)["Location"] == reverse("sign-in")
    assert browser.login(username="bea@example.org", password="correct horse battery")
    assert "has been used" in Client().get(link, follow=True).content.decode()


def test_a_person_without_a_password_cannot_sign_in(admin):
    admin.post(reverse("new-person"), filled(Role.ANNOTATOR, email="bea@example.org"))
    for password in ("", "!", "None"):
        assert not Client().login(username="bea@example.org", password=password)


@pytest.mark.parametrize("email", ["ANN@example.org", "service@docloop.example", "not an address"])
def test_addresses_that_are_taken_or_none_are_refused(admin, ann, email):
    before = User.objects.count()
    assert problem(admin.post(reverse("new-person"), filled(Role.ANNOTATOR, email=email)))
    assert User.objects.count() == before


def test_only_these_types_means_at_least_one(admin):
    make_type()
    answer = admin.post(
        reverse("new-person"), {"email": "bea@example.org", "role": Role.ANNOTATOR.value, "all_types": "no"}
    )
    assert "at least one type" in problem(answer)


@pytest.mark.parametrize("who", ["lea", "otto"])
def test_leads_and_operators_make_annotators_and_nobody_else(client, who, lea, otto):
    client.force_login(User.objects.get(username=who))
    for role in people.ROLES[1:]:
        answer = client.post(reverse("new-person"), filled(role, email="eve2@example.org"))
        assert "Select a valid choice" in problem(answer)
    client.post(reverse("new-person"), filled(Role.ANNOTATOR, email="bea@example.org"))
    assert role_of(User.objects.get(email="bea@example.org")) == Role.ANNOTATOR


# changing one


def test_role_and_types_are_changed_the_queues_follow_and_the_trail_has_it(admin, ann, rung):
    receipts, memos = make_type(), make_type()
    admin.post(reverse("person", args=[ann.pk]), filled(Role.LEAD, receipts))
    assert role_of(anew(ann)) == Role.LEAD
    assert list(chosen_for(ann)) == [receipts]
    assert {("annotation.fill_queue", each.pk) for each in (receipts, memos)} <= rung.all()
    entry = TrailEntry.objects.latest("pk")
    assert (entry.by, entry.subject, entry.why) == ("ada", f"user {ann.pk}", "lead, may sign in")


def test_a_lead_gives_annotators_their_types_but_nobody_a_higher_role(lead, lea, ann, otto):
    receipts = make_type()
    lead.post(reverse("person", args=[ann.pk]), filled(Role.ANNOTATOR, receipts))
    assert list(chosen_for(ann)) == [receipts]
    assert problem(lead.post(reverse("person", args=[ann.pk]), filled(Role.OPERATOR)))
    for user in (otto, lea):
        assert lead.post(reverse("person", args=[user.pk]), filled(Role.ANNOTATOR)).status_code == 403
        lead.post(reverse("person-door", args=[user.pk]), {"open": "no"})
        assert "set-password" not in lead.post(reverse("person-link", args=[otto.pk])).content.decode()
    assert [role_of(anew(user)) for user in (ann, lea, otto)] == [Role.ANNOTATOR, Role.LEAD, Role.OPERATOR]
    assert anew(otto).is_active and anew(lea).is_active


def test_the_last_admin_stays_one(admin, ada):
    page, door = reverse("person", args=[ada.pk]), reverse("person-door", args=[ada.pk])
    assert "last admin" in problem(admin.post(page, filled(Role.LEAD)))
    admin.post(door, {"open": "no"})
    assert anew(ada).is_active and role_of(anew(ada)) == Role.ADMIN
    gone = person("olga", "admin")
    people.change(gone, Change(Role.ADMIN, active=False), by=ada)
    assert "last admin" in problem(admin.post(page, filled(Role.LEAD)))


def test_nobody_takes_their_own_rights_away_and_another_admin_may(admin, ada):
    olga = person("olga", "admin")
    answer = admin.post(reverse("person", args=[ada.pk]), filled(Role.LEAD))
    assert "Somebody else" in problem(answer)
    people.change(ada, Change(Role.LEAD), by=olga)
    assert role_of(anew(ada)) == Role.LEAD


def test_a_superuser_who_is_demoted_is_none_any_more(ada):
    root = User.objects.create_superuser("root", "root@example.org", "a-long-password")
    people.change(root, Change(Role.ANNOTATOR), by=ada)
    assert role_of(anew(root)) == Role.ANNOTATOR


def test_a_viewer_is_given_no_way_into_label_studio(admin, monkeypatch):
    monkeypatch.setattr(people.label_studio_people, "invitation", lambda: "https://labels.example.org/invite")
    monkeypatch.setattr(people.label_studio_people, "links_are_wanted", lambda: False)
    for role, invited in ((Role.VIEWER, False), (Role.ANNOTATOR, True)):
        answer = admin.post(reverse("new-person"), filled(role, email=f"{role.name}@example.org"))
        assert ("https://labels.example.org/invite" in answer.content.decode()) is invited


# the door


def test_whoever_is_shut_out_is_signed_out_at_once_and_keeps_what_they_answered(admin, ann, rung):
    hers, token = Client(), ApiToken.issue(ann)
    hers.force_login(ann)
    correction = make_truth(make_document(), annotator=ann.email)
    admin.post(reverse("person-door", args=[ann.pk]), {"open": "no"})
    assert hers.get(reverse("today")).status_code == 302
    assert not Client().login(username="ann", password="a-long-password")
    assert ApiToken.find(token) is None
    correction.refresh_from_db()
    assert correction.annotator == ann.email
    assert ("webapp.follow_account", ann.pk) in rung
    admin.post(reverse("person-door", args=[ann.pk]), {"open": "yes"})
    assert Client().login(username="ann", password="a-long-password")
    assert role_of(anew(ann)) == Role.ANNOTATOR


def test_whoever_has_no_role_has_none_when_they_are_let_in_again(admin, eve):
    for opened in ("no", "yes"):
        admin.post(reverse("person-door", args=[eve.pk]), {"open": opened})
        assert anew(eve).is_active == (opened == "yes")
    assert role_of(anew(eve)) == Role.NONE


def test_no_link_is_made_for_who_is_shut_out(admin, ann):
    admin.post(reverse("person-door", args=[ann.pk]), {"open": "no"})
    answer = admin.post(reverse("person-link", args=[ann.pk]))
    assert answer["Location"] == reverse("person", args=[ann.pk])


def test_label_studio_shuts_out_whoever_may_not_label_here(ann, eve, vera, monkeypatch):
    told = []
    monkeypatch.setattr(people.label_studio_people, "shut_out", told.append)
    people.follow_account(ann.pk)
    assert told == []
    User.objects.filter(pk=ann.pk).update(is_active=False)
    for user in (ann, eve, vera):
        people.follow_account(user.pk)
    assert told == ["ann@example.org", "eve@example.org", "vera@example.org"]


# the list


def test_the_list_says_who_labels_what_and_what_they_answered_lately(lead, ann, otto, monkeypatch):
    wednesday = timezone.now().replace(year=2026, month=3, day=4, hour=12)
    monkeypatch.setattr(timezone, "now", lambda: wednesday)
    receipts = make_type(title="Receipts")
    ann.only_types.set([receipts])
    once = make_document(receipts)
    for before in (timedelta(0), timedelta(hours=1), timedelta(days=1), timedelta(days=3)):
        at = wednesday - before
        document = once if before < timedelta(days=1) else make_document(receipts)
        make_truth(document, annotator="Ann@Example.org", submitted_at=at, recorded_at=at)
    gone = person("gone", "annotator")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    answer = lead.get(reverse("people"))
    row = next(row for row in answer.context["active"] if row.user == ann)
    assert (row.types, row.today, row.week) == (["Receipts"], 1, 2)
    assert row.last_active == wednesday
    assert [row.user for row in answer.context["gone"]] == [gone]
    assert "Receipts" in answer.content.decode() and "all types" not in answer.content.decode()


def test_the_list_asks_the_database_as_often_for_many_people_as_for_few(lead, django_assert_max_num_queries):
    for number in range(20):
        user = person(f"a{number}", "annotator")
        user.only_types.set([make_type()])
        make_truth(make_document(), annotator=user.email)
    with django_assert_max_num_queries(10):
        assert len(lead.get(reverse("people")).context["active"]) == 21


def test_a_person_without_a_role_is_told_so(lead, eve):
    assert "no role yet" in lead.get(reverse("people")).content.decode()
