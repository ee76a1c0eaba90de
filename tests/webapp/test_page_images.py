import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image

from tests.factories import make_document

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client, lea):
    client.force_login(lea)
    return client


def test_a_page_image_is_for_the_readers_browser_alone(lead):
    document = make_document()
    default_storage.save(f"pages/{document.pk}/0.jpg", ContentFile(b"\xff\xd8 a picture"))
    answer = lead.get(reverse("page-image", args=[document.pk, 0]))
    assert b"".join(answer.streaming_content) == b"\xff\xd8 a picture"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "image/jpeg"


def test_a_page_image_that_is_gone_is_not_found(lead):
    document = make_document()
    assert lead.get(reverse("page-image", args=[document.pk, 0])).status_code == 404
    assert lead.get(reverse("page-image", args=[document.pk, 5])).status_code == 404


def test_beside_its_values_a_page_is_shown_smaller_than_it_was_read(lead):
    document = make_document()
    noise = Image.effect_noise((1250, 1760), 40).convert("RGB")
    target = io.BytesIO()
    noise.save(target, "JPEG", quality=85)
    default_storage.save(f"pages/{document.pk}/0.jpg", ContentFile(target.getvalue()))
    answer = lead.get(reverse("page-preview", args=[document.pk, 0]))
    with Image.open(io.BytesIO(answer.content)) as shown:
        assert (shown.size, shown.format) == ((1000, 1408), "WEBP")
    assert len(answer.content) < len(target.getvalue()) / 2
    assert (answer["Cache-Control"], answer["Content-Type"]) == ("private, no-store", "image/webp")
    page = lead.get(reverse("document", args=[document.pk])).content.decode()
    assert f'src="{reverse("page-preview", args=[document.pk, 0])}"' in page
    assert f'href="{reverse("page-image", args=[document.pk, 0])}"' in page  # whole, when asked for


def test_the_preview_of_a_page_that_is_gone_is_not_found(lead):
    document = make_document()
    assert lead.get(reverse("page-preview", args=[document.pk, 0])).status_code == 404


def test_a_piece_of_a_page_is_cut_out_of_its_image(lead):
    document = make_document()
    target = io.BytesIO()
    Image.new("RGB", (200, 100), "white").save(target, "JPEG")
    default_storage.save(f"pages/{document.pk}/0.jpg", ContentFile(target.getvalue()))
    address = reverse("page-crop", args=[document.pk, 0])
    answer = lead.get(address, {"box": "0.25,0.5,0.75,1"})
    with Image.open(io.BytesIO(answer.content)) as piece:
        assert piece.size == (100, 50)
    assert answer["Cache-Control"] == "private, no-store"
    for box in (
        "",
        "0,0,0,0",
        "0.9,0,0.1,1",
        "a,b,c,d",
        "0,0,1",
        "inf,0,1,1",
    ):
        assert lead.get(address, {"box": box}).status_code == 404, box
    assert lead.get(address).status_code == 404
    assert lead.get(address, {"box": "-5,-5,9,9"}).status_code == 200  # as much as there is
