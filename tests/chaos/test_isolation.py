"""T3 for uploads: a file that breaks whoever opens it costs a limited child process, and without that the worker."""

from __future__ import annotations

import subprocess
import sys

import pytest

from annotation.models import Document
from tests.factories import make_document, make_type
from tests.hostile.pdfs import bombs
from webapp.config import CHECKOUT

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(300)]

BREAKING = "billion laughs"


@pytest.mark.parametrize("mutant", ["", "isolation"], ids=["isolated", "isolation-off"])
def test_a_file_that_breaks_whoever_opens_it_breaks_no_process_of_ours(install, report, mutant):
    installation = install(MUTANT=mutant)
    files = installation.folder / "store" / "files"
    files.mkdir()
    (files / "1.pdf").write_bytes(dict(bombs())[BREAKING])
    document = make_document(make_type(), state=Document.State.RECEIVED, file="files/1.pdf")
    command = [sys.executable, "-m", "tests.chaos.child", "tests.chaos.reader", str(document.pk)]
    ended = subprocess.run(command, cwd=CHECKOUT, env=installation.environment, capture_output=True)
    document.refresh_from_db()
    report(
        f"{mutant or 'no'} mutant: the reader ended with {ended.returncode}, the document is {document.state}"
    )
    if mutant:
        assert ended.returncode != 0
        assert document.state == Document.State.RECEIVED
    else:
        assert (ended.returncode, document.state) == (0, Document.State.UNREADABLE)
