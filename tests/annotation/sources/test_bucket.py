"""A bucket as a source, against a real S3 server."""

from __future__ import annotations

import logging

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT

from annotation.errors import Refused, Unreachable
from annotation.models import Document, Source
from annotation.sources import kinds, looking, taking
from tests.annotation.sources.conftest import SECRET, free_port, look, run, states

pytestmark = pytest.mark.django_db


def put(s3, bucket: Source, key: str, content: bytes) -> None:
    s3.put_object(Bucket=bucket.settings["bucket"], Key=key, Body=content)


def keys(s3, bucket: Source) -> list[str]:
    listed = s3.list_objects_v2(Bucket=bucket.settings["bucket"])
    return [each["Key"] for each in listed.get("Contents", [])]


def test_every_object_becomes_a_document_once(bucket, s3, pdf):
    put(s3, bucket, "2026/a.pdf", pdf("a"))
    put(s3, bucket, "b.pdf", pdf("b"))
    put(s3, bucket, "2026/", b"")
    run(bucket)
    run(bucket)
    assert states(bucket) == {"2026/a.pdf": "taken", "b.pdf": "taken"}
    assert {each.filename: each.file.read() for each in Document.objects.all()} == {"a.pdf": pdf("a"), "b.pdf": pdf("b")}  # fmt: skip
    assert keys(s3, bucket) == ["2026/", "2026/a.pdf", "b.pdf"]


def test_more_objects_than_a_list_has_at_once_are_all_found(bucket):
    # into the server's own shelves, which are of this process: by requests it would take several seconds
    shelves = get_backend("s3")[ACCOUNT]["aws"]
    for number in range(1003):
        shelves.put_object(bucket.settings["bucket"], f"{number:04}.pdf", b"x")
    looking.look_at(bucket.pk)
    assert bucket.arrivals.count() == 1003


def test_an_object_that_is_written_anew_is_a_new_file(bucket, s3, pdf):
    put(s3, bucket, "a.pdf", pdf("a"))
    run(bucket)
    put(s3, bucket, "a.pdf", pdf("another"))
    run(bucket)
    assert [*bucket.arrivals.values_list("name", "state")] == [("a.pdf", "taken")] * 2
    assert Document.objects.count() == 2


def test_an_object_that_is_written_anew_before_it_is_taken_is_taken_as_what_it_is(bucket, s3, pdf):
    put(s3, bucket, "a.pdf", pdf("a"))
    look(bucket)
    put(s3, bucket, "a.pdf", pdf("another"))
    taking.take_arrivals(bucket.pk)
    run(bucket)
    assert states(bucket) == {"a.pdf": "taken"}
    assert Document.objects.get().file.read() == pdf("another")


def test_only_keys_with_the_prefix_are_looked_at(bucket, s3, pdf):
    bucket.settings |= {"prefix": "inbox/"}
    bucket.save()
    put(s3, bucket, "a.pdf", pdf("a"))
    put(s3, bucket, "inbox/b.pdf", pdf("b"))
    run(bucket)
    assert states(bucket) == {"inbox/b.pdf": "taken"}


def test_an_object_that_was_taken_is_tagged_and_keeps_its_other_tags(bucket, s3, pdf):
    bucket.settings |= {"after": "tag"}
    bucket.save()
    at = {"Bucket": bucket.settings["bucket"], "Key": "a.pdf"}
    s3.put_object(**at, Body=pdf("a"), Tagging="team=purchase")
    run(bucket)
    tags = {each["Key"]: each["Value"] for each in s3.get_object_tagging(**at)["TagSet"]}
    assert tags == {"team": "purchase", "docloop": "taken"}


def test_an_object_that_was_taken_is_moved_and_one_that_was_not_stays(bucket, s3, pdf):
    bucket.settings |= {"after": "move"}
    bucket.save()
    put(s3, bucket, "a.pdf", pdf("a"))
    put(s3, bucket, "b.pdf", b"no PDF")
    run(bucket)
    run(bucket)
    assert keys(s3, bucket) == ["b.pdf", "taken/a.pdf"]
    assert states(bucket) == {"a.pdf": "taken", "b.pdf": "failed"}


def test_an_object_that_is_too_large_is_not_fetched(bucket, s3, allowed):
    allowed(max_upload_mb=1)
    put(s3, bucket, "a.pdf", b"%PDF-1.4" + b" " * 2_000_000)
    run(bucket)
    assert "1 MB" in bucket.arrivals.get(state="failed").problem


def test_an_object_that_is_deleted_before_it_is_taken_is_forgotten(bucket, s3, pdf):
    put(s3, bucket, "a.pdf", pdf("a"))
    look(bucket)
    s3.delete_object(Bucket=bucket.settings["bucket"], Key="a.pdf")
    taking.take_arrivals(bucket.pk)
    look(bucket)
    assert states(bucket) == {}


def test_a_bucket_that_is_away_makes_no_dead_letters(bucket, s3, pdf):
    put(s3, bucket, "a.pdf", pdf("a"))
    look(bucket)
    name = bucket.settings["bucket"]
    s3.delete_object(Bucket=name, Key="a.pdf")
    s3.delete_bucket(Bucket=name)
    with pytest.raises(Refused, match="no such bucket"):
        taking.take_arrivals(bucket.pk)
    assert states(bucket) == {"a.pdf": "waiting"}


def test_a_bucket_that_is_not_there_is_told(bucket):
    bucket.settings |= {"bucket": "nowhere-at-all"}
    bucket.save()
    with pytest.raises(Refused, match="no such bucket"):
        looking.look_at(bucket.pk)
    bucket.refresh_from_db()
    assert "no such bucket" in bucket.problem


def test_a_storage_that_does_not_answer_is_tried_again(bucket):
    bucket.settings |= {"endpoint": f"http://127.0.0.1:{free_port()}"}
    bucket.save()
    with pytest.raises(Unreachable, match="does not answer"):
        looking.look_at(bucket.pk)


def test_the_secret_is_in_no_line_of_the_log_and_no_row(bucket, s3, pdf, caplog):
    caplog.set_level(logging.DEBUG)
    put(s3, bucket, "a.pdf", pdf("a"))
    run(bucket)
    assert states(bucket) == {"a.pdf": "taken"}
    assert SECRET not in caplog.text
    assert SECRET not in str(Source.objects.values()) + str(bucket.arrivals.values())


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ("https://s3.example.org", "DOCLOOP_SOURCE_HOSTS"),
        ("http://169.254.169.254", "DOCLOOP_SOURCE_HOSTS"),
        ("file:///etc", "begins with https"),
        ("https://user:password@127.0.0.1", "no user and password"),
        ("http://127.0.0.1/somewhere", "address alone"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused(allowed, endpoint, reason):
    given = {"endpoint": endpoint, "bucket": "inbox", "access_key": "docloop", "secret": "storage"}
    with pytest.raises(Refused, match=reason):
        kinds.checked("bucket", given)


def test_whoever_runs_the_server_may_allow_one_port_alone(allowed):
    given = {"bucket": "inbox", "access_key": "docloop", "secret": "storage"}
    allowed(source_hosts="minio.example.org:9000")
    kinds.checked("bucket", given | {"endpoint": "http://minio.example.org:9000"})
    with pytest.raises(Refused):
        kinds.checked("bucket", given | {"endpoint": "http://minio.example.org:9001"})
