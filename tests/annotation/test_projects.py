from xml.etree import ElementTree as Xml

import pytest

from annotation import document_types, fill_in_views, projects, webhooks
from annotation.errors import LostClaim
from annotation.models import DocumentType
from annotation.type_settings import PROBE_PREFIX
from tests.annotation.queue_stand_in import LabelStudioInMemory, stand_in
from tests.factories import make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> LabelStudioInMemory:
    return stand_in(monkeypatch)


@pytest.fixture
def receipts(studio):
    return make_type(name="receipt", title="Receipts", project_id=None)


def test_a_new_type_gets_a_project_with_a_webhook_and_its_queue_is_filled(studio, receipts, rung, settings):
    projects.sync_project(receipts.pk)
    receipts.refresh_from_db()
    assert studio.projects[receipts.project_id]["title"] == "Receipts"
    address, secret = studio.webhooks[receipts.project_id]
    assert address == f"{settings.CONFIG.url}/hooks/label-studio/receipt/"
    assert secret == webhooks.secrets("receipt")[0]
    assert ("annotation.fill_queue", receipts.pk) in rung


def test_doing_it_again_changes_nothing(studio, receipts):
    projects.sync_project(receipts.pk)
    studio.changes.clear()
    projects.sync_project(receipts.pk)
    assert len(studio.projects) == 1
    assert studio.changes == []


def test_a_cut_creation_makes_no_second_project(studio, receipts, monkeypatch):
    def lost():
        raise LostClaim("its worker died")

    with monkeypatch.context() as cut:
        cut.setattr(projects.jobs, "assert_held", lost)
        with pytest.raises(LostClaim):
            projects.sync_project(receipts.pk)
    assert DocumentType.objects.get().project_id is None
    projects.sync_project(receipts.pk)
    assert list(studio.projects) == [DocumentType.objects.get().project_id]


def test_the_doctors_probe_changes_no_other_types_project(studio, receipts):
    projects.sync_project(receipts.pk)
    receipts.refresh_from_db()
    probe = make_type(name=f"{PROBE_PREFIX}1", title="A probe", project_id=None)
    projects.sync_project(probe.pk)
    assert not projects.outdated(receipts)


def test_another_installations_project_is_not_taken(studio, receipts, settings):
    projects.sync_project(receipts.pk)
    DocumentType.objects.update(project_id=None)
    settings.CONFIG = settings.CONFIG.model_copy(update={"url": "https://elsewhere.example"})
    projects.sync_project(receipts.pk)
    assert len(studio.projects) == 2


def test_a_project_that_somebody_deleted_is_made_anew(studio, receipts):
    projects.sync_project(receipts.pk)
    studio.projects.clear()
    studio.projects[77] = {"description": "somebody else's", "label_config": "", "model_version": ""}
    projects.sync_project(receipts.pk)
    receipts.refresh_from_db()
    assert receipts.project_id == 78


def test_a_changed_schema_changes_the_configuration(studio, receipts):
    projects.sync_project(receipts.pk)
    document_types.change(receipts, {"fields": [*receipts.fields, {"name": "tax", "kind": "money"}]})
    projects.sync_project(receipts.pk)
    receipts.refresh_from_db()
    config = Xml.fromstring(studio.projects[receipts.project_id]["label_config"])
    to_choose = [label.get("alias") for label in config.iter("Label") if label.get("visible") != "false"]
    assert to_choose == ["company", "date", "total", "tax"]


def test_a_configuration_that_somebody_changed_in_label_studio_is_put_right(studio, receipts):
    projects.sync_project(receipts.pk)
    receipts.refresh_from_db()
    good = studio.projects[receipts.project_id]["label_config"]
    studio.projects[receipts.project_id]["label_config"] = "<View/>"
    projects.sync_project(receipts.pk)
    assert studio.projects[receipts.project_id]["label_config"] == good


@pytest.mark.parametrize(("title", "shown"), [("A", "Documents: A"), ("x" * 80, "x" * 50)])
def test_titles_fit_label_studios_limits(studio, title, shown):
    document_type = make_type(title=title, project_id=None)
    projects.sync_project(document_type.pk)
    assert [each["title"] for each in studio.projects.values()] == [shown]


def test_label_studio_is_told_whom_to_ask_about_drawn_boxes(studio, receipts, settings):
    projects.sync_project(receipts.pk)
    receipts.refresh_from_db()
    address, user, password = studio.backends[receipts.project_id]
    assert address == f"{settings.CONFIG.url}/hooks/label-studio/receipt/ml"
    assert (user, password) == (fill_in_views.USER, fill_in_views.secret())


def test_a_web_process_that_is_still_starting_keeps_no_project_waiting(studio, receipts):
    studio.web_answers = False
    projects.sync_project(receipts.pk)
    receipts.refresh_from_db()
    assert receipts.project_id and not studio.backends
    studio.web_answers = True
    projects.connect_fill_in(receipts, receipts.project_id)
    assert list(studio.backends) == [receipts.project_id]
