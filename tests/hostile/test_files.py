"""Two hundred and more hostile files through the real upload and the real reading: no server breaks, each is told why (T19).

Bombs cost their whole allowance of computing time each, so the short form allows less of it; `--chaos-full` has the real
limits and every mutation, `--chaos-seed` chooses the mutations.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from django.conf import settings as django_settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotation import intake, reading
from annotation.models import Document
from models import sandbox
from models.files import shown_name
from tests.factories import make_pdf, make_type
from tests.hostile.files import Hostile, files, mutations

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SHORT = 60  # mutations in the short form


def nursery() -> psutil.Process:
    process = sandbox._nursery._process
    assert process is not None
    return psutil.Process(process.pid)


def written(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() or path.is_symlink()}


def plain(reason: str, name: str) -> bool:
    """Whether people can read it: it names the file, says what is wrong, and shows nothing of our inside."""
    inside = ("Traceback", "site-packages", str(django_settings.STORE), tempfile.gettempdir(), "0x")
    shown = shown_name(intake.plain_name(name))
    # of these a header or Django takes a part
    named = shown in reason or not name.isascii() or "\r" in name
    return named and 10 < len(reason.replace(shown, "")) < 300 and not any(part in reason for part in inside)


def test_no_hostile_file_breaks_a_server_and_each_refusal_says_why(
    client, lea, tmp_path, monkeypatch, rung, request
):
    seed = int(request.config.getoption("--chaos-seed", 1))
    full = bool(request.config.getoption("--chaos-full", False))
    sent = [each for each in files(seed) if full or not skipped(each)]
    if not full:
        tight = replace(intake.upload_limits(), opening_seconds=2, page_seconds=1, cpu_seconds=4)
        monkeypatch.setattr(intake, "upload_limits", lambda: tight)
    scratch, elsewhere = tmp_path / "scratch", tmp_path / "elsewhere"
    scratch.mkdir()
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.chdir(elsewhere)
    make_type(name="receipts")
    client.force_login(lea)
    client.raise_request_exception = False

    def upload(name: str, content: bytes, *, by_page: bool = False):
        file = SimpleUploadedFile("it", content)
        file._name = name  # as it stands in the request: the setter would take its folders off
        if by_page:
            return client.post(reverse("upload"), {"type": "receipts", "files": file})
        return client.post("/api/documents", {"document_type": "receipts", "file": file})

    upload("warm.pdf", make_pdf(tmp_path / "warm.pdf").read_bytes())
    at_first, ends, slowest, unplain = nursery(), Counter[str](), (0.0, ""), []
    for number, each in enumerate(sent):
        began = time.monotonic()
        if number % 10 == 9:  # now and then as a browser does
            answer = upload(each.name, each.content, by_page=True)
            assert answer.status_code == 200, each.what
            (result,) = answer.context["results"]
            document, reason = result.document, result.problem
        else:
            answer = upload(each.name, each.content)
            assert answer.status_code in (200, 201, 422), (
                each.what,
                answer.status_code,
                answer.content[:500],
            )
            told = answer.json()
            document = None if answer.status_code == 422 else Document.objects.get(pk=told["document"]["id"])
            reason = told["detail"] if document is None else ""
        if document is None:
            ends["refused"] += 1
        else:
            reading.read_document(document.pk)
            document.refresh_from_db()
            assert document.state in ("read", "unreadable"), each.what
            ends[document.state] += 1
            reason = document.problem
        if reason and not plain(reason, each.name):
            unplain.append((each.what, reason))
        if each.good and reason:
            unplain.append((each.name, f"is good: {reason}"))
        slowest = max(slowest, (time.monotonic() - began, each.what))
    assert upload("a" * 4000 + ".pdf", b"%PDF").status_code == 400, "the headers of a part have their limit"
    assert not unplain
    assert len(sent) >= 200 or not full
    assert nursery() == at_first and at_first.is_running(), "the process that children come from lives on"
    assert not at_first.children()
    assert not written(scratch) and not written(elsewhere) and not os.path.exists("/tmp/pwned")
    store = Path(django_settings.STORE)
    assert {path.relative_to(store).parts[0] for path in written(store)} <= {"files", "pages", "imports"}
    kept = set(Document.objects.values_list("file", flat=True))
    assert {str(path.relative_to(store)) for path in written(store / "files")} >= kept
    after = upload("after.pdf", make_pdf(tmp_path / "after.pdf", "all is well " * 5).read_bytes())
    assert after.status_code == 201
    reading.read_document(after.json()["document"]["id"])
    page = Document.objects.get(pk=after.json()["document"]["id"]).pages.get()
    assert page.word_page.text.startswith("all is well") and default_storage.exists(page.image)
    print(  # noqa: T201
        f"{len(sent)} files, seed {seed}: {dict(ends)}; the slowest took {slowest[0]:.1f} s ({slowest[1]})"
    )


def skipped(each: Hostile) -> bool:
    """Whether the short form leaves it out: mutations beyond the first ones."""
    kind, _, number = each.what.partition(" ")
    return kind == "mutation" and int(number) >= SHORT


def test_there_are_two_hundred_and_more_and_a_seed_makes_the_same_ones():
    assert len(files(1)) >= 300
    one, again, other = (list(mutations(random.Random(seed))) for seed in (1, 1, 2))
    assert one == again and one != other and len(one) == 150
