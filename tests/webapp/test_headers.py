"""What browsers are told to do with every answer."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from webapp import headers

pytestmark = pytest.mark.django_db

HERE = Path(__file__).parents[2]


def directives(answer) -> dict[str, list[str]]:
    split = [part.split() for part in answer[headers.POLICY].split(";")]
    return {name: sources for name, *sources in split}


@pytest.mark.parametrize("path", ["/sign-in/", "/", "/nowhere/", "/healthz", "/api/status", "/api/docs"])
def test_every_answer_has_the_policy_whoever_asks(client, path):
    answer = client.get(path)
    said = directives(answer)
    assert said["default-src"] == said["base-uri"] == said["frame-ancestors"] == ["'none'"]
    assert said["script-src"] == ["'self'"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"


def test_the_page_of_a_server_error_has_the_policy_and_its_style_is_let_in(client, lea, monkeypatch):
    client.force_login(lea)
    client.raise_request_exception = False
    monkeypatch.setattr("webapp.services.check", None)
    answer = client.get(reverse("services"))
    assert answer.status_code == 500
    assert headers.STYLE_OF_500 in directives(answer)["style-src"]


def test_the_hash_in_the_policy_is_that_of_the_style():
    style = re.search(r"<style>(.*?)</style>", render_to_string("500.html"), re.DOTALL)
    digest = hashlib.sha256(style[1].encode()).digest()
    assert f"'sha256-{base64.b64encode(digest).decode()}'" == headers.STYLE_OF_500


@pytest.mark.parametrize(
    ("public", "inside", "origin"),
    [
        ("https://label.example.org/studio", "http://label-studio:8080", "https://label.example.org"),
        ("", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_forms_lead_to_us_and_to_label_studio(client, settings, public, inside, origin):
    settings.CONFIG = settings.CONFIG.model_copy(
        update={"label_studio_public_url": public, "label_studio_url": inside}
    )
    assert directives(client.get("/sign-in/"))["form-action"] == ["'self'", origin]


@pytest.mark.parametrize(
    "template",
    sorted((HERE / "webapp" / "templates").rglob("*.html")),
    ids=lambda path: path.name,
)
def test_no_template_has_scripts_or_styles_in_its_lines(template):
    """Browsers would not run them; the one style is that of 500.html."""
    text = template.read_text()
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|hx-on|\bjs:", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "<style" not in text or template.name == "500.html"
