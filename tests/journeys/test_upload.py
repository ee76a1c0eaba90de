"""Hundreds of files dropped on the upload page in headless Chromium, some of them of no use."""

from __future__ import annotations

import base64
import io

import pytest
from playwright.sync_api import expect
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen import canvas

from annotation.models import Document
from tests.factories import make_type
from tests.journeys.browser import PATIENCE, browsing, grave, sign_in

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

FILES = 300
BROKEN, LOCKED = {17, 120, 299}, {5, 200}
# the files are made in the page: a drop brings them along, as a file manager's does
DROP = """(zone, files) => {
  const carried = new DataTransfer();
  for (const [name, content] of files) {
    carried.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name));
  }
  for (const kind of ["dragover", "drop"]) {
    zone.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
  }
}"""


def pdf(text: str, **options: object) -> bytes:
    """One page with this text."""
    target = io.BytesIO()
    page = canvas.Canvas(target, pagesize=(200, 100), **options)
    page.drawString(20, 50, text)
    page.save()
    return target.getvalue()


def content(number: int) -> bytes:
    if number in BROKEN:
        return b"%PDF-1.7\n" + bytes([number % 256]) * 300
    if number in LOCKED:
        return pdf(f"file {number}", encrypt=StandardEncryption("secret", "owner"))
    return pdf(f"file {number}")


def test_three_hundred_files_are_dropped_and_those_of_no_use_are_named(live_server, lea):
    make_type(name="receipts")
    files = [(f"scan-{n:03}.pdf", base64.b64encode(content(n)).decode()) for n in range(FILES)]
    with browsing() as browser:
        page = browser.new_page()
        sign_in(page, live_server.url, "lea", "a-long-password")
        page.goto(f"{live_server.url}/upload/?type=receipts")
        page.locator(".drop").evaluate(DROP, files)
        expect(page.get_by_text(f"{FILES} files chosen")).to_be_visible()
        page.get_by_role("button", name="Upload").click()
        # while it goes on: how far, and how long still
        said = page.locator("#upload-said")
        expect(said).to_contain_text("left", timeout=PATIENCE)
        bar = page.get_by_role("progressbar", name="Upload")
        assert int(bar.get_attribute("max") or 0) == FILES
        assert 0 < page.locator("#upload-progress").evaluate("(bar) => bar.value") < FILES
        expect(said).to_have_text(
            f"Done: {FILES} files, of which {len(BROKEN | LOCKED)} refused: they stand first",
            timeout=20 * PATIENCE,
        )
        rows = page.locator("#results tr")
        expect(rows).to_have_count(FILES)
        refused = {rows.nth(n).locator("th").inner_text(): rows.nth(n).inner_text() for n in range(5)}
        assert set(refused) == {f"scan-{n:03}.pdf" for n in BROKEN | LOCKED}
        for number in LOCKED:
            assert "encrypted" in refused[f"scan-{number:03}.pdf"]
        for number in BROKEN:
            assert "broken" in refused[f"scan-{number:03}.pdf"]
        assert grave(page) == []
    assert Document.objects.count() == FILES - len(BROKEN | LOCKED)
