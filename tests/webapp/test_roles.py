"""Every address is tried with the whole cast: strangers, Eve (no role), Ann, Vera, Lea, Otto and Ada."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.factories import make_document, make_source, make_type
from webapp.api.access import Session, Token
from webapp.api.app import api
from webapp.dashboard.urls import PUBLIC
from webapp.roles import ANY, INCLUDED, Role, role_of

pytestmark = pytest.mark.django_db


def patterns(resolver: URLResolver, namespace: str = "") -> list[tuple[str, URLPattern]]:
    found = []
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            found += patterns(each, each.namespace or namespace)
        else:
            found.append((namespace, each))
    return found


EVERY = patterns(get_resolver())
PAGES = [pattern for namespace, pattern in EVERY if namespace != "api"]
OPERATIONS = [
    operation
    for bound in api._get_bound_routers()
    for view in bound.path_operations.values()
    for operation in view.operations
]


def test_every_page_declares_a_role_or_is_listed_as_public():
    undeclared = {pattern.name for pattern in PAGES if not getattr(pattern.callback, "roles", ())}
    assert undeclared == PUBLIC


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.methods[0]} {o.view_func.__module__}")
def test_every_operation_of_the_api_needs_a_role(operation):
    assert [type(callback) for callback in operation.auth_callbacks] == [Token, Session]
    assert all(callback.least and all(callback.least) for callback in operation.auth_callbacks)


# URL name: (method, the least roles that may)
TABLE = {
    "overview": ("get", *ANY),
    "today": ("get", Role.ANNOTATOR),
    "today-live": ("get", Role.ANNOTATOR),
    "my-doubts": ("get", Role.ANNOTATOR),
    "type-doubts": ("get", Role.VIEWER),
    "label-type": ("get", Role.ANNOTATOR),
    "label-document": ("get", Role.ANNOTATOR),
    "people": ("get", Role.LEAD),
    "new-person": ("get", Role.LEAD),
    "person": ("get", Role.LEAD),
    "person-door": ("post", Role.LEAD),
    "person-link": ("post", Role.LEAD),
    "overview-live": ("get", Role.VIEWER),
    "new-type": ("get", Role.LEAD),
    "type": ("get", Role.VIEWER),
    "type-live": ("get", Role.VIEWER),
    "type-worth": ("get", Role.VIEWER),
    "type-progress": ("get", Role.VIEWER),
    "type-progress-live": ("get", Role.VIEWER),
    "type-quality": ("get", Role.VIEWER),
    "type-quality-live": ("get", Role.VIEWER),
    "type-examples": ("get", Role.VIEWER),
    "automation": ("get", Role.VIEWER),
    "automation-live": ("get", Role.VIEWER),
    "automation-outlook": ("get", Role.VIEWER),
    "automation-targets": ("post", Role.LEAD),
    "automation-on": ("post", Role.LEAD),
    "automation-off": ("post", Role.LEAD),
    "automation-again": ("post", Role.LEAD),
    "drift": ("get", Role.VIEWER),
    "drift-live": ("get", Role.VIEWER),
    "drift-report": ("get", Role.VIEWER),
    "close-alarm": ("post", Role.LEAD),
    "label-quality": ("get", Role.VIEWER),
    "dismiss-suspect": ("post", Role.LEAD),
    "ask-other": ("post", Role.LEAD),
    "edit-type": ("get", Role.LEAD),
    "versions": ("get", Role.VIEWER),
    "versions-live": ("get", Role.VIEWER),
    "compare-versions": ("get", Role.VIEWER),
    "version": ("get", Role.VIEWER),
    "promote": ("post", Role.LEAD),
    "stop-trial": ("post", Role.LEAD),
    "retrain": ("post", Role.LEAD),
    "roll-back": ("post", Role.LEAD),
    "stop": ("post", Role.LEAD),
    "documents": ("get", Role.VIEWER),
    "unknown": ("get", Role.VIEWER),
    "new-kinds": ("get", Role.LEAD),
    "type-of-kind": ("post", Role.LEAD),
    "document": ("get", Role.VIEWER),
    "document-file": ("get", Role.VIEWER),
    "page-image": ("get", Role.VIEWER),
    "page-preview": ("get", Role.VIEWER),
    "page-crop": ("get", Role.VIEWER),
    "read-again": ("post", Role.LEAD),
    "document-sheets": ("get", Role.VIEWER),
    "extract-again": ("post", Role.LEAD),
    "send-to-queue": ("post", Role.LEAD),
    "move-document": ("post", Role.LEAD),
    "erase-document": ("post", Role.OPERATOR),
    "upload": ("get", Role.LEAD),
    "sources": ("get", Role.VIEWER),
    "new-source": ("get", Role.OPERATOR),
    "source": ("get", Role.VIEWER),
    "edit-source": ("get", Role.OPERATOR),
    "source-act": ("post", Role.OPERATOR),
    "look-at-source": ("post", Role.LEAD),
    "source-letters": ("post", Role.LEAD),
    "source-letter": ("post", Role.LEAD),
    "import-labels": ("get", Role.LEAD),
    "import": ("get", Role.VIEWER),
    "import-live": ("get", Role.VIEWER),
    "tokens": ("get", *ANY),
    "revoke-token": ("post", *ANY),
    "webhooks": ("get", Role.OPERATOR),
    "webhook": ("get", Role.OPERATOR),
    "webhook-live": ("get", Role.OPERATOR),
    "webhook-act": ("post", Role.OPERATOR),
    "webhook-send-again": ("post", Role.OPERATOR),
    "health": ("get", Role.VIEWER),
    "services": ("get", Role.VIEWER),
    "try-again": ("post", Role.OPERATOR),
    "doctor": ("get", Role.OPERATOR),
    "doctor-live": ("get", Role.OPERATOR),
    "ask-doctor": ("post", Role.OPERATOR),
}


# pages that take forms too; every other one answers the method in the table alone, and those that look also HEAD
FORMS = {
    "new-person",
    "person",
    "new-type",
    "edit-type",
    "upload",
    "import-labels",
    "tokens",
    "webhooks",
    "new-source",
    "edit-source",
}


@pytest.mark.parametrize("name", TABLE)
def test_a_page_answers_no_method_but_those_declared(name, address, otto):
    method = TABLE[name][0]
    answered = {"post"} if method == "post" else {"get", "head"} | ({"post"} if name in FORMS else set())
    client = Client()
    client.force_login(otto)
    refused = {"get", "head", "post", "put", "patch", "delete", "options", "trace"} - answered
    for each in refused:
        assert getattr(client, each)(address(name)).status_code == 405, each


def test_a_form_of_another_site_changes_nothing_with_a_readers_sign_in(address, otto):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(otto)
    for name in [name for name, (method, *_) in TABLE.items() if method == "post" or name in FORMS]:
        assert browser.post(address(name)).status_code == 403, name


# a failed job is deleted once the same work succeeded: who presses its button on an old page is told so on the page
TELLS = {"try-again"}
ABOUT_ONE = [
    pattern.name for pattern in PAGES if pattern.name in set(TABLE) - TELLS and pattern.pattern.converters
]


@pytest.mark.parametrize("name", ABOUT_ONE)
def test_what_is_not_there_is_not_found(name, address, otto):
    """Whatever number or name is asked for: 404, and never another's."""
    client = Client()
    client.force_login(otto)
    wanted = next(pattern for pattern in PAGES if pattern.name == name).pattern.converters
    nothing = {key: "nothing" if key == "name" else 2**31 - 2 for key in wanted}
    answer = getattr(client, TABLE[name][0])(reverse(name, kwargs=nothing))
    assert answer.status_code == 404


def test_the_table_has_every_page():
    assert set(TABLE) == {pattern.name for pattern in PAGES} - PUBLIC


@pytest.fixture
def address(monkeypatch):
    """The address of a page, about a document type and document that exist."""
    monkeypatch.setattr("webapp.services.check", list)  # nothing is asked over the network here
    document = make_document(make_type(name="receipts"))
    source = make_source()
    arguments = {
        "source_id": source.pk,
        "arrival_id": source.arrivals.get().pk,
        "name": "receipts",
        "document_id": document.pk,
        "number": 0,
        "job_id": 1,
        "suspect_id": 1,
        "user_id": 1,
    }

    def make(name: str) -> str:
        pattern = next(pattern for pattern in PAGES if pattern.name == name)
        wanted = pattern.pattern.converters
        return reverse(name, kwargs={key: arguments.get(key, 1) for key in wanted})

    return make


@pytest.fixture
def cast(eve, ann, vera, lea, otto, ada):
    return (eve, ann, vera, lea, otto, ada)


@pytest.mark.parametrize("name", TABLE)
def test_a_page_answers_those_of_its_role_and_nobody_else(name, address, cast):
    method, *least = TABLE[name]
    for user in cast:
        client = Client()
        client.force_login(user)
        answer = getattr(client, method)(address(name))
        if role_of(user).may(*least):
            assert answer.status_code in {200, 302, 404}, f"{name} for {user}"
            assert "sign-in" not in answer.get("Location", "")
        else:
            assert answer.status_code == 403, f"{name} for {user}"


@pytest.mark.parametrize("name", TABLE)
def test_a_stranger_is_sent_to_the_sign_in(name, address, client):
    answer = getattr(client, TABLE[name][0])(address(name))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("sign-in"))


def test_the_live_part_of_a_page_whose_session_is_over_makes_the_whole_page_ask_again(client):
    answer = client.get(reverse("overview-live"), headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"
    assert not answer.content


def test_the_api_page_is_for_people_with_a_role(client, eve, ann, vera):
    assert client.get("/api/docs").status_code == 302
    client.force_login(eve)
    assert client.get("/api/docs").status_code == 403
    for user in (ann, vera):
        client.force_login(user)
        assert client.get("/api/docs").status_code == 200


def test_the_highest_group_counts(lea):
    from django.contrib.auth.models import Group

    lea.groups.add(Group.objects.get_or_create(name="annotator")[0])
    assert role_of(User.objects.get(pk=lea.pk)) == Role.LEAD


def test_a_superuser_is_an_admin(db):
    assert role_of(User.objects.create_superuser("root", "root@example.org", "a-long-password")) is Role.ADMIN


@pytest.mark.parametrize("role", INCLUDED)
def test_each_role_but_the_annotators_may_what_viewers_may_and_no_viewer_may_label(role):
    assert role.may(Role.VIEWER) == (role not in (Role.NONE, Role.ANNOTATOR))
    assert role.may(Role.ANNOTATOR) == (role not in (Role.NONE, Role.VIEWER))


def test_the_lower_of_two_roles_is_neither_where_none_includes_the_other():
    assert Role.LEAD.at_most(Role.VIEWER) is Role.VIEWER.at_most(Role.ADMIN) is Role.VIEWER
    assert Role.VIEWER.at_most(Role.ANNOTATOR) is Role.NONE
