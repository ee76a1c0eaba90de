import pytest
from django.urls import reverse

from annotation.models import DocumentType, Extraction, TrailEntry, json_of
from learner.models import Decision, Run, Snapshot, VersionMove
from models.extractors.base import Value
from tests.factories import make_document, make_truth, make_type, make_version, place_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client, lea):
    client.force_login(lea)
    return client


@pytest.fixture
def receipts():
    return make_type(name="receipts", title="Receipts")


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def trained(document_type, number, *, promote=True, reasons=("Promoted: it is better.",), **more):
    snapshot = Snapshot.objects.create(
        document_type=document_type, hash=f"{number:064x}", items=[], fields=document_type.fields
    )
    run = Run.objects.create(
        document_type=document_type, state="finished", snapshot=snapshot, mlflow_run_id=f"{number:032x}"
    )
    score = {"f1": 0.9, "low": 0.8, "high": 0.95}
    version = make_version(
        document_type,
        **{
            "number": number,
            "name": f"receipts-v{number}",
            "run": run,
            "state": "retired",
            "figures": {"documents": 20, "overall": score, "fields": {"total": score}},
            "made_with": {"documents": {"train": 30, "validation": 5, "gold": 20}},
        }
        | more,
    )
    Decision.objects.create(
        version=version, promote=promote, reasons=list(reasons), figures={"documents": 20}
    )
    return version


def at_work(document_type, version):
    version.state = "champion"
    version.save()
    DocumentType.objects.filter(pk=document_type.pk).update(champion=version.name)


def promoted(lead, number, **given):
    given = {
        "champion": DocumentType.objects.get().champion,
        "why": "it reads our phone bills better",
    } | given
    return lead.post(reverse("promote", args=["receipts", number]), given, follow=True)


# --- the list


def test_a_type_without_versions_says_when_the_first_one_comes(lead, receipts):
    page = text_of(lead.get(reverse("versions", args=["receipts"])))
    assert "There is no version yet" in page and "after 25 corrections" in page
    assert "Compare two" not in page


def test_every_version_tells_its_score_what_it_learned_from_and_why_it_was_refused(lead, receipts):
    trained(
        receipts, 1, promote=False, reasons=["Refused: F1 0.80 → 0.79.", "It is no better than the champion."]
    )
    page = text_of(lead.get(reverse("versions", args=["receipts"])))
    assert "<strong>0.900</strong>" in page and "0.800–0.950" in page
    assert "35 documents" in page and "judged on 20" in page
    assert "Refused: F1 0.80 → 0.79." in page and "It is no better than the champion." in page
    assert reverse("version", args=["receipts", 1]) in page


def test_what_people_did_against_the_gate_stands_beside_what_it_said(lead, receipts):
    trained(receipts, 1, promote=False, reasons=["Refused: worse."])
    promoted(lead, 1)
    page = text_of(lead.get(reverse("versions", args=["receipts"])))
    assert "Refused: worse." in page and "by hand: it reads our phone bills better (lea)" in page


def test_a_running_training_shows_its_stage_and_time_left_and_can_be_stopped(lead, receipts):
    Run.objects.create(
        document_type=receipts, state="running", stage="fine-tuning", share=0.4, epoch=2, epochs=5
    )
    whole = text_of(lead.get(reverse("versions", args=["receipts"])))
    part = text_of(lead.get(reverse("versions-live", args=["receipts"])))
    assert "Training: fine-tuning" in part and "epoch 2 of 5" in part and 'data-opens="stop"' in part
    assert part in whole and "<html" not in part
    assert "Retrain now" not in whole


def test_fifty_versions_cost_the_same_queries_as_one(lead, receipts, django_assert_max_num_queries):
    for number in range(1, 51):
        version = trained(receipts, number)
        for state in ("challenger", "champion", "retired"):
            VersionMove.objects.create(
                version=version, before="candidate", after=state, reason="r", by="the gate"
            )
    with django_assert_max_num_queries(15):
        assert text_of(lead.get(reverse("versions", args=["receipts"]))).count("receipts/versions/") >= 50


# --- one version


def row(what, *numbers):
    """The end of a table's row."""
    return f">{what}</th>" + "".join(f'<td class="number">{each}</td>' for each in numbers)


def honest(by_chance, count):
    """A calibration as `models.judging` tells it."""
    figures = {"error": 0.031, "mean_confidence": 0.87, "share_right": 0.84}
    return figures | {"by_chance": by_chance, "count": count}


def test_a_version_tells_what_it_was_made_of(lead, receipts):
    made_with = {
        "extractor": "combined",
        "recipe": {"epochs": 12},
        "documents": {"train": 30, "validation": 5, "gold": 20},
        "read_by": {"rapidocr 3.4": 55},
        "code": "a1b2c3d4e5f6",
        "thresholds": {"assume_above": 0.97, "target_error": 0.005},
        "calibration": {
            "values": honest(0.05, count=68),
            "fields": {"total": {"values": honest(0.06, count=20), "absences": honest(0.07, count=3)}},
        },
    }
    version = trained(receipts, 1, made_with=made_with)
    page = text_of(lead.get(reverse("version", args=["receipts", 1])))
    for told in (
        f"{1:064x}",
        version.schema_hash,
        "rapidocr 3.4: 55 pages",
        "a1b2c3d4e5f6",
        "epochs: 12",
        "Not asked for above: 97 %",
        "at most this share of errors: 0.50 %",
        "30 documents; 5 more told when to stop, and 20 were held back",
        "By chance up to",
        row("A value of any field", "68", "87 %", "84 %", "3 %", "5 %"),
        row("total", "20", "87 %", "84 %", "3 %", "6 %"),
        row("That total is absent", "3", "87 %", "84 %", "3 %", "7 %"),
        f"/#/runs/{1:032x}",
    ):
        assert told in page, told


def test_an_older_version_says_what_is_not_known_of_it(lead, receipts):
    trained(receipts, 1, made_with={})
    page = text_of(lead.get(reverse("version", args=["receipts", 1])))
    assert "not kept for versions as old as this" in page and "before Docloop kept this" in page


def test_a_version_that_is_not_there_is_not_found(lead, receipts):
    assert lead.get(reverse("version", args=["receipts", 9])).status_code == 404


def test_its_page_costs_few_queries(lead, receipts, django_assert_max_num_queries):
    trained(receipts, 1)
    with django_assert_max_num_queries(12):
        lead.get(reverse("version", args=["receipts", 1]))


# --- putting one to work


def test_a_version_is_put_to_work_by_hand_with_who_and_why(lead, receipts, rung):
    old, new = trained(receipts, 1), trained(receipts, 2, promote=False)
    at_work(receipts, old)
    page = text_of(promoted(lead, 2))
    assert "receipts-v2 is the champion now" in page
    assert DocumentType.objects.get().champion == new.name
    move = new.moves.get()
    assert (move.after, move.by, move.reason) == (
        "champion",
        "lea",
        "by hand: it reads our phone bills better",
    )
    assert list(TrailEntry.objects.values_list("by", "action", "subject")) == [
        ("lea", "retired", old.name),
        ("lea", "made champion", new.name),
    ]
    assert ("annotation.extract_pool", receipts.pk) in rung


@pytest.mark.parametrize(
    ("given", "says"),
    [({"why": "  "}, "Say why"), ({"champion": "receipts-v7"}, "has changed in the meantime")],
)
def test_it_is_not_without_a_reason_nor_from_a_page_that_is_out_of_date(lead, receipts, given, says):
    old, _ = trained(receipts, 1), trained(receipts, 2)
    at_work(receipts, old)
    assert says in text_of(promoted(lead, 2, **given))
    assert DocumentType.objects.get().champion == old.name
    assert not TrailEntry.objects.exists()


def test_a_version_for_other_fields_says_so_and_can_not_be_put_to_work(lead, receipts):
    trained(receipts, 1, schema_hash="0" * 64)
    page = text_of(lead.get(reverse("version", args=["receipts", 1])))
    assert "trained for other fields" in page and 'data-opens="promote"' not in page
    assert "other fields" in text_of(promoted(lead, 1))
    assert DocumentType.objects.get().champion == ""


def test_the_champion_is_not_offered_to_be_the_champion(lead, receipts):
    at_work(receipts, trained(receipts, 1))
    assert 'data-opens="promote"' not in text_of(lead.get(reverse("version", args=["receipts", 1])))


# --- two of them side by side


def says(version, document, **texts):
    schema, page = document.document_type.schema, document.word_pages[0]
    values = tuple(
        Value(name, text, schema[name].normalise(text), 0.8, place_of(page, "ACME LTD"))
        for name, text in texts.items()
    )
    Extraction.objects.create(
        document=document, model_version=version.name, values=json_of(values), score=0.5
    )


def test_two_versions_stand_side_by_side_with_examples_and_their_place(lead, receipts):
    first, second = trained(receipts, 1), trained(receipts, 2)
    right = {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}
    for n in range(6):
        document = make_document(receipts, filename=f"bill{n}.pdf")
        make_truth(document)
        says(first, document, **right | {"total": "99.00"})
        says(second, document, **right)
    page = text_of(lead.get(reverse("compare-versions", args=["receipts"]), {"a": "1", "b": "2"}))
    assert "v2 is better than v1: +33.3 points of F1" in page
    assert "on 6 documents that both read" in page
    assert page.count("99.00") == 6 and "bill3.pdf" in page
    assert f"{reverse('page-crop', args=[document.pk, 0])}?box=" in page
    assert "No document is like that" in page  # the other way round


def test_without_a_choice_the_champion_is_compared_with_the_one_before(lead, receipts):
    trained(receipts, 1)
    at_work(receipts, trained(receipts, 2))
    trained(receipts, 3)
    shown = lead.get(reverse("compare-versions", args=["receipts"])).context
    assert (shown["first"].number, shown["second"].number) == (1, 2)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"a": "1", "b": "1"}, "Choose two different versions"),
        ({"a": "1", "b": "2"}, "share no document"),
        ({"a": "x", "b": "99", "field": "no_such"}, "share no document"),
    ],
)
def test_what_can_not_be_compared_is_said(lead, receipts, asked, says):
    trained(receipts, 1)
    at_work(receipts, trained(receipts, 2))
    assert says in text_of(lead.get(reverse("compare-versions", args=["receipts"]), asked))


def test_with_less_than_two_there_is_nothing_to_compare(lead, receipts):
    trained(receipts, 1)
    assert "no two versions to compare yet" in text_of(
        lead.get(reverse("compare-versions", args=["receipts"]))
    )


def test_comparing_costs_few_queries_however_many_versions_and_documents(
    lead, receipts, django_assert_max_num_queries
):
    versions = [trained(receipts, number) for number in range(1, 31)]
    for _ in range(10):
        document = make_document(receipts)
        make_truth(document)
        says(versions[0], document, total="1.00")
        says(versions[1], document, total="12.90")
    with django_assert_max_num_queries(15):
        lead.get(reverse("compare-versions", args=["receipts"]), {"a": "1", "b": "2"})
