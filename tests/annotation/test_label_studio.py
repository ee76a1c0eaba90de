"""What needs no Label Studio; the rest is held against the real one in `tests/journeys/test_label_studio.py`."""

import pytest

from annotation import label_studio
from annotation.errors import LabelStudioRefused, LabelStudioUnreachable
from webapp.embedded.postgres import free_port


@pytest.fixture
def at(settings):
    """Set where Label Studio is thought to be."""

    def change(url, public=""):
        addresses = {"label_studio_url": url, "label_studio_public_url": public}
        settings.CONFIG = settings.CONFIG.model_copy(update=addresses)

    return change


@pytest.mark.slow  # the SDK tries three times
def test_nobody_at_the_address_is_a_reason_to_try_again_and_names_the_setting(at):
    url = f"http://127.0.0.1:{free_port()}"
    at(url)
    with pytest.raises(LabelStudioUnreachable, match=f"{url}.*DOCLOOP_LABEL_STUDIO_URL"):
        label_studio.fetch_task(1)


@pytest.mark.django_db
def test_another_servers_404_does_not_make_tasks_look_deleted(at, live_server):
    at(live_server.url)
    with pytest.raises(LabelStudioUnreachable, match="something else answered"):
        label_studio.fetch_task(1)
    with pytest.raises(LabelStudioUnreachable):
        label_studio.project(1)


@pytest.mark.parametrize("status", [0, 200, 408, 409, 429, 500, 502])  # 200: the answer broke off
def test_what_may_pass_by_itself_is_tried_again(status):
    assert isinstance(label_studio._error("asking", status, None), LabelStudioUnreachable)


def test_label_studios_reason_is_told_without_what_it_quotes():
    body = {"detail": "Validation error", "validation_errors": {"predictions": ["'ACME LTD' is no choice"]}}
    problem = label_studio._error("importing 2 tasks", 400, body)
    assert isinstance(problem, LabelStudioRefused)
    assert (
        str(problem) == "Label Studio refused (importing 2 tasks: HTTP 400): Validation error (predictions)"
    )


def test_people_are_sent_to_the_public_address(at):
    at("http://label-studio:8080", public="https://label.example.org/")
    assert label_studio.task_url(3, 7) == "https://label.example.org/projects/3/data?task=7"
    assert label_studio.labelling_url(3) == "https://label.example.org/projects/3/data?labeling=1"
    at("http://127.0.0.1:8080")
    assert label_studio.task_url(3, 7) == "http://127.0.0.1:8080/projects/3/data?task=7"
