import io
import json

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Document, DocumentType
from learner.models import Run, VersionMove
from tests.factories import make_document, make_pdf, make_type, make_version
from webapp.models import ApiToken

pytestmark = pytest.mark.django_db


def said(*command: str) -> str:
    out = io.StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def test_status_has_the_numbers_of_the_overview():
    receipts = make_type(name="receipts", title="Receipts")
    make_document(receipts)
    make_document(receipts, state="queued")
    score = {"f1": 0.9, "low": 0.85, "high": 0.95}
    make_version(receipts, name="receipts-v3", state="champion", figures={"overall": score, "documents": 9})
    Run.objects.create(document_type=receipts, state="running", stage="tuning", share=0.5)
    lines = said("status").splitlines()
    assert lines[0] == "Receipts (receipts)"
    assert "documents      2: 1 read, 1 queued" in lines[1]
    assert "0 of 25 towards the next training" in lines[3]
    assert "receipts-v3, F1 0.900 (0.850–0.950)" in lines[4]
    assert "running, tuning, 50%" in lines[5]


def test_status_says_what_reads_a_type_without_a_champion():
    make_type(extractor="rules")
    assert "none yet; documents are read by the rules alone" in said("status")
    DocumentType.objects.update(extractor="crf")
    assert "champion       none yet\n" in said("status")


def test_status_as_json_is_for_programs():
    make_document(make_type(name="receipts"))
    report = json.loads(said("status", "--json"))[0]
    assert (report["name"], report["counts"]["read"], report["goal"]) == ("receipts", 1, 0.95)


def test_status_of_an_empty_docloop_says_how_to_begin():
    assert "manage.py document_type FILE.yaml" in said("status")
    assert json.loads(said("status", "--json")) == []


def test_ingest_takes_whole_folders_and_goes_on_after_a_bad_file(tmp_path, capsys):
    make_type(name="receipts")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    make_pdf(tmp_path / "deep" / "er" / "good.pdf")
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7\nnothing more")
    (tmp_path / ".hidden").write_bytes(b"left out")
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="1 of 3 files were refused"):
        call_command(
            "ingest",
            str(tmp_path),
            str(tmp_path / "deep/er/good.pdf"),
            "--type",
            "receipts",
            stdout=out,
            stderr=err,
        )
    assert "bad.pdf" in err.getvalue()
    assert "received  " in out.getvalue() and "known     " in out.getvalue()
    assert Document.objects.get().uploaded_by == "ingest"


def test_ingest_of_a_file_that_is_not_there_names_it(tmp_path):
    make_type(name="receipts")
    err = io.StringIO()
    with pytest.raises(CommandError):
        call_command(
            "ingest", str(tmp_path / "none.pdf"), "--type", "receipts", stdout=io.StringIO(), stderr=err
        )
    assert "none.pdf" in err.getvalue()


def test_ingest_of_nothing_is_an_error(tmp_path):
    make_type(name="receipts")
    with pytest.raises(CommandError, match="no files"):
        said("ingest", str(tmp_path), "--type", "receipts")


def test_an_unknown_type_is_answered_with_those_there_are(tmp_path):
    make_type(name="receipts")
    for command in (("ingest", str(tmp_path), "--type"), ("retrain",), ("roll_back",)):
        with pytest.raises(CommandError, match="there are: receipts"):
            said(*command, "letters")


def test_a_document_type_is_made_and_changed_from_a_file(tmp_path):
    path = tmp_path / "receipts.yaml"
    path.write_text("name: receipts\nfields: [{name: total, kind: money}]")
    assert "created: total" in said("document_type", str(path))
    path.write_text("name: receipts\nfields: [{name: total, kind: money}, {name: date, kind: date}]")
    assert "changed: total, date" in said("document_type", str(path))
    assert DocumentType.objects.get().schema.names == ("total", "date")


def test_a_file_that_is_no_document_type_is_named_with_the_reason(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("fields: [")
    with pytest.raises(CommandError, match=r"bad\.yaml"):
        said("document_type", str(path))
    with pytest.raises(CommandError, match=r"none\.yaml"):
        said("document_type", str(tmp_path / "none.yaml"))


def test_a_training_that_can_not_be_ends_with_the_reason():
    make_type(name="receipts")
    with pytest.raises(CommandError, match="correct|document"):
        said("retrain", "receipts")


def test_a_roll_back_says_who_is_champion_again():
    receipts = make_type(name="receipts")
    old = make_version(receipts, state="retired")
    VersionMove.objects.create(
        version=old, before="challenger", after="champion", reason="first", by="the gate"
    )
    make_version(receipts, state="champion")
    assert said("roll_back", "receipts") == f"{old.name} is the champion again\n"
    with pytest.raises(CommandError, match="no earlier champion"):
        said("roll_back", "receipts")


def test_an_api_token_is_printed_once_and_can_be_ended(lea):
    token = said("api_token", "lea", "--note", "nightly export").strip()
    assert ApiToken.find(token).user == lea
    assert "1 token ended" in said("api_token", "lea", "--revoke")
    assert ApiToken.find(token) is None
    with pytest.raises(CommandError, match="no user 'bob'"):
        said("api_token", "bob")
