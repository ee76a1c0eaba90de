"""The way into Label Studio, as far as Docloop goes; the whole way is in tests/journeys/test_one_click.py."""

import httpx
import pytest
from django.core import signing
from django.core.cache import cache
from django.urls import reverse
from pydantic import SecretStr

from annotation import label_studio_people
from annotation.errors import LabelStudioUnreachable
from annotation.models import LabelTask
from tests.factories import make_document, make_type

pytestmark = pytest.mark.django_db
SECRET = "only-for-tests-sign-in-secret-0123456789"


@pytest.fixture(autouse=True)
def label_studio(settings, monkeypatch):
    """What Label Studio answers when it is asked whether it takes links; none: it doesn't answer."""
    given = {"status": 200, "asked": 0}

    def answer(method, url, **_):
        given["asked"] += 1
        if given["status"] is None:
            raise httpx.ConnectError("refused")
        return httpx.Response(given["status"], json={"invite_url": "/user/signup/?token=abc"})

    monkeypatch.setattr(httpx, "request", answer)
    cache.clear()
    settings.CONFIG = settings.CONFIG.model_copy(
        update={
            "sign_in_secret": SecretStr(SECRET),
            "label_studio_sign_in": "link",
            "label_studio_public_url": "https://label.example.org",
            "url": "https://docloop.example.org",
        }
    )
    yield given
    cache.clear()


def claims(answer) -> dict[str, object]:
    return signing.loads(
        answer.context["token"], key=SECRET, salt=label_studio_people.SIGN_IN, max_age=60, fallback_keys=[]
    )


def test_one_click_leads_to_the_labelling_page_of_the_type(client, ann):
    make_type(name="receipts", project_id=7)
    client.force_login(ann)
    answer = client.get(reverse("label-type", args=["receipts"]))
    page = answer.content.decode()
    assert 'method="post" action="https://label.example.org/docloop/sign-in/"' in page
    said = claims(answer)
    assert (said["email"], said["next"]) == ("ann@example.org", "/projects/7/data?labeling=1")
    assert said["origins"] == ["http://testserver", "https://docloop.example.org"]
    # no cache and no history keeps the token, and Label Studio sees which site it comes from
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "strict-origin"
    assert answer.context["token"] not in answer.request["PATH_INFO"]


def test_every_click_has_a_token_of_its_own(client, ann):
    make_type(name="receipts")
    client.force_login(ann)
    nonces = {claims(client.get(reverse("label-type", args=["receipts"])))["nonce"] for _ in range(3)}
    assert len(nonces) == 3


def test_a_document_leads_to_its_task(client, ann):
    document = make_document(make_type(project_id=7))
    client.force_login(ann)
    page = reverse("label-document", args=[document.pk])
    assert client.get(page)["Location"] == reverse("today")
    task = LabelTask.objects.create(document=document, project_id=7, task_id=42, state="open")
    assert claims(client.get(page))["next"] == "/projects/7/data?task=42"
    LabelTask.objects.filter(pk=task.pk).update(state="withdrawn")
    assert client.get(page)["Location"] == reverse("today")


def test_types_of_others_are_not_opened_for_an_annotator_but_for_a_lead(client, ann, lea):
    receipts, memos = make_type(name="receipts"), make_type(name="memos")
    ann.only_types.set([memos])
    client.force_login(ann)
    assert client.get(reverse("label-type", args=["receipts"]))["Location"] == reverse("today")
    client.force_login(lea)
    assert client.get(reverse("label-type", args=["receipts"])).status_code == 200
    assert receipts.project_id


def test_a_type_whose_project_is_not_made_yet_says_so(client, ann):
    make_type(name="receipts", project_id=None)
    client.force_login(ann)
    assert (
        "just being made"
        in client.get(reverse("label-type", args=["receipts"]), follow=True).content.decode()
    )


@pytest.mark.parametrize("off", ["own", "no secret", "no module", "no address"])
def test_where_no_link_is_taken_label_studio_asks_for_its_own_password(
    client, ann, settings, label_studio, off
):
    make_type(name="receipts", project_id=7)
    changes = {"own": {"label_studio_sign_in": "own"}, "no secret": {"sign_in_secret": SecretStr("")}}
    settings.CONFIG = settings.CONFIG.model_copy(update=changes.get(off, {}))
    if off == "no module":
        label_studio["status"] = 404
    if off == "no address":
        ann.email = ""
        ann.save()
    client.force_login(ann)
    answer = client.get(reverse("label-type", args=["receipts"]))
    assert answer["Location"] == "https://label.example.org/projects/7/data?labeling=1"


def test_label_studio_that_does_not_answer_is_told_in_plain_words(client, ann, label_studio):
    make_type(name="receipts")
    label_studio["status"] = None
    client.force_login(ann)
    answer = client.get(reverse("label-type", args=["receipts"]))
    assert answer.status_code == 503
    assert "Label Studio does not answer" in answer.content.decode()
    label_studio["status"] = 200  # it is not remembered that it was away
    assert client.get(reverse("label-type", args=["receipts"])).status_code == 200


def test_label_studio_is_asked_once_a_minute_whether_it_takes_links(client, ann, label_studio):
    make_type(name="receipts")
    client.force_login(ann)
    for _ in range(3):
        client.get(reverse("label-type", args=["receipts"]))
    assert label_studio["asked"] == 1


def test_where_label_studio_keeps_its_own_sign_in_a_new_person_gets_an_invitation(
    client, otto, ann, settings, label_studio
):
    client.force_login(otto)
    page = reverse("person-link", args=[ann.pk])
    assert "invitation" not in client.post(page).context
    settings.CONFIG = settings.CONFIG.model_copy(update={"label_studio_sign_in": "own"})
    link = "https://label.example.org/user/signup/?token=abc"
    assert client.post(page).context["invitation"] == link
    label_studio["status"] = None
    assert "does not answer just now" in client.post(page).content.decode()
    assert "goes on working" in client.get(reverse("person", args=[ann.pk])).content.decode()


def test_shutting_out_waits_for_label_studio_and_says_when_the_secrets_differ(label_studio):
    assert label_studio_people.shut_out("ann@example.org")
    label_studio["status"] = 403
    with pytest.raises(label_studio_people.LabelStudioRefused, match="DOCLOOP_SIGN_IN_SECRET"):
        label_studio_people.shut_out("ann@example.org")
    label_studio["status"] = 502
    with pytest.raises(LabelStudioUnreachable):
        label_studio_people.shut_out("ann@example.org")
