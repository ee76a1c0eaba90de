"""The figures of a type's pages, as programs read them: progress, quality, label quality, comparison."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone
from ninja.schema import NinjaGenerateJsonSchema

from annotation.labelling import CHOSEN_TYPE
from annotation.models import Correction, Document
from learner.models import Suspect
from tests.factories import make_document, make_extraction, make_truth, make_type, make_version
from webapp.api.app import api
from webapp.models import ApiToken

pytestmark = pytest.mark.django_db

URL = "/api/document-types/receipts"
SAID = {"company": "accepted", "date": "added", "total": "edited"}


@pytest.fixture
def lead(lea):
    return Client(headers={"Authorization": f"Bearer {ApiToken.issue(lea)}"})


@pytest.fixture
def kind(db):
    return make_type(name="receipts")


def answered(kind, **more) -> Correction:
    document = make_document(kind)
    make_extraction(document)
    said = {"outcomes": SAID, "annotator": "ann@example.org", "lead_time": 20.0}
    return make_truth(document, **said | more)


def test_progress_tells_who_answered_how_many_and_how_long_it_took(lead, kind):
    for _ in range(3):
        answered(kind)
    said = lead.get(f"{URL}/progress?days=7").json()
    assert (said["documents"], said["median_seconds"], len(said["days"])) == (3, 20.0, 7)
    assert said["days"][-1]["by_person"] == {"ann@example.org": 3}
    assert said["people"][0]["annotator"] == "ann@example.org"
    assert said["states"][-1] == {"day": timezone.now().date().isoformat(), "counts": {"confirmed": 3}}
    assert lead.get(f"{URL}/progress?days=0").status_code == 422
    assert lead.get("/api/document-types/none/progress").status_code == 404


def test_the_forecast_is_told_with_its_curve(lead, kind):
    said = lead.get(f"{URL}/worth").json()
    assert (said["forecast"], said["points"], said["time"]["corrections"]) == (None, [], 0)
    assert said["model"]["error"] > 0


def test_quality_tells_each_field_its_causes_and_the_calibration(lead, kind):
    row = answered(kind)
    said = lead.get(f"{URL}/quality").json()
    assert said["documents"] == 1
    fields = {each["name"]: each for each in said["fields"]}
    assert fields["company"]["right"] == 1.0
    assert fields["total"]["ended"] == {"edited": 1}
    (cause,) = fields["total"]["causes"]
    found = lead.get(f"{URL}/quality/examples", {"field": "total", "cause": cause}).json()
    assert found == [{"id": row.document_id, "filename": row.document.filename}]
    assert lead.get(f"{URL}/quality/examples?field=none&cause={cause}").status_code == 422
    assert lead.get(f"{URL}/quality?of=none").status_code == 422


def test_answers_in_doubt_are_listed_and_dismissed(lead, kind):
    row = answered(kind)
    doubt = Suspect.objects.create(
        correction=row, document=row.document, field="total", likelihood=0.1, says="99"
    )
    (said,) = lead.get(f"{URL}/suspects?state=open").json()["items"]
    assert (said["recorded"], said["says"], said["sure"]) == ("12.90", "99", 0.9)
    assert lead.get(f"{URL}/label-quality").json()["suspects"] == 1
    assert lead.post(f"{URL}/suspects/{doubt.pk}/ask").status_code == 422  # there is nobody else
    answer = lead.post(f"{URL}/suspects/{doubt.pk}/dismiss").json()
    assert (answer["state"], answer["closed_by"]) == ("dismissed", "lea")
    assert lead.post(f"{URL}/suspects/{doubt.pk}/dismiss").status_code == 422
    make_type(name="letters")
    assert lead.post(f"/api/document-types/letters/suspects/{doubt.pk}/dismiss").status_code == 404


def test_agreement_and_people_are_told(lead, kind):
    answered(kind)
    said = lead.get(f"{URL}/label-quality").json()
    (person,) = said["people"]
    assert (person["annotator"], person["documents"], person["untouched"]["share"]) == (
        "ann@example.org", 1, 0.0,
    )  # fmt: skip
    assert said["agreement"] == {}


def test_answers_that_look_wrong_and_those_set_aside_come_piece_by_piece(lead, kind):
    wrong = [answered(kind, unsettled=True, findings=[]) for _ in range(3)]
    aside = answered(kind, set_aside="unreadable", skipped=True)
    Document.objects.filter(pk=aside.document_id).update(state="skipped")
    first = lead.get(f"{URL}/doubts?limit=2").json()
    assert [each["correction_id"] for each in first["items"]] == [wrong[2].pk, wrong[1].pk]
    assert [each["document_id"] for each in first["items"]] == [wrong[2].document_id, wrong[1].document_id]
    rest = lead.get(f"{URL}/doubts?before={first['next']}").json()
    assert [each["correction_id"] for each in rest["items"]] == [wrong[0].pk]
    (said,) = lead.get(f"{URL}/set-aside").json()["items"]
    assert (said["document_id"], said["annotator"]) == (aside.document_id, "ann@example.org")


def test_documents_of_another_type_are_listed_with_the_type_that_was_chosen(lead, kind):
    answered(kind)
    astray = answered(kind, outcomes={"total": "removed", CHOSEN_TYPE: "letters"})
    (said,) = lead.get(f"{URL}/misfiled").json()["items"]
    assert (said["document_id"], said["said"], said["annotator"]) == (
        astray.document_id, "letters", "ann@example.org",
    )  # fmt: skip


def test_two_versions_are_compared_on_documents_that_both_read(lead, kind):
    first, second = make_version(kind), make_version(kind)
    document = make_document(kind)
    make_extraction(document, {"total": ("Total", 0.9)}, version=first.name)
    make_extraction(document, {"total": ("12.90", 0.9)}, version=second.name)
    make_truth(document, {"total": "12.90"})
    said = lead.get(f"/api/versions/{second.name}/against/{first.name}").json()
    assert said["documents"] == 1
    (example,) = said["second_right"]
    assert (example["field"], example["truth"], example["first"]["texts"], example["second"]["texts"]) == (
        "total", ["12.90"], ["Total"], ["12.90"],
    )  # fmt: skip
    assert example["place"]["page"] == 0
    assert {each["field"] for each in said["fields"]} == {"company", "date", "total"}


def test_versions_that_cannot_be_compared_are_refused(lead, kind):
    version, other = make_version(kind), make_version(make_type())
    assert lead.get(f"/api/versions/{version.name}/against/{other.name}").status_code == 422
    assert lead.get(f"/api/versions/{version.name}/against/{version.name}").status_code == 422
    assert lead.get(f"/api/versions/{version.name}/against/none").status_code == 404


def test_no_two_things_are_described_by_one_name():
    """The description has one list of schemas by name: of two that are called the same, one would be told wrongly."""
    told = api.get_openapi_schema()["components"]["schemas"]
    wrong = set()
    for bound in api._get_bound_routers():
        for view in bound.path_operations.values():
            for operation in view.operations:
                for model in operation.response_models.values():
                    if not model:
                        continue
                    own = model.model_json_schema(
                        ref_template="#/components/schemas/{model}",
                        by_alias=operation.by_alias,
                        mode="serialization",
                        schema_generator=NinjaGenerateJsonSchema,
                    )
                    # what has a default is required in one of the two forms only; which fields there are is the same
                    wrong |= {
                        name
                        for name, schema in own.get("$defs", {}).items()
                        if told[name].get("properties") != schema.get("properties")
                    }
    assert wrong == set()
