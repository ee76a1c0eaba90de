"""The list of documents: narrowed, ordered, counted, and read page by page."""

import pytest
from django.urls import reverse

from annotation import filenames
from tests.factories import make_document, make_extraction, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client, lea):
    client.force_login(lea)
    return client


def listed(lead, **asked):
    return lead.get(reverse("documents"), asked).context["listed"]


def ids(found):
    return [each.pk for each in found.documents]


def test_the_list_costs_the_same_queries_for_three_documents_and_for_thirty(
    lead, django_assert_max_num_queries
):
    document_type = make_type()
    for _ in range(3):
        make_extraction(make_document(document_type))
    # session, user, groups twice (guard and bar), documents, types for the filter, counts
    with django_assert_max_num_queries(7):
        lead.get(reverse("documents"))
    for _ in range(27):
        make_extraction(make_document(document_type))
    with django_assert_max_num_queries(7):
        assert lead.get(reverse("documents")).content.count(b'scope="row"') == 30


def test_older_documents_are_a_page_further(lead):
    document_type = make_type()
    rows = [make_document(document_type) for _ in range(55)]
    first = listed(lead)
    assert (len(first.documents), first.count, first.first) == (50, 55, None)
    second = lead.get(f"{reverse('documents')}?{first.next}").context["listed"]
    assert ids(second) == [row.pk for row in rows[4::-1]]
    assert (second.next, second.first) == ("", "")


def test_the_oldest_come_first_if_that_is_asked(lead):
    document_type = make_type()
    rows = [make_document(document_type) for _ in range(55)]
    first = listed(lead, order="oldest")
    assert ids(first) == [row.pk for row in rows[:50]]
    assert ids(lead.get(f"{reverse('documents')}?{first.next}").context["listed"]) == [
        row.pk for row in rows[50:]
    ]


# looked through, named by the index, and named too many by the index
@pytest.mark.parametrize(("few", "most"), [(10_000, 2000), (0, 2000), (0, 0)])
def test_the_list_is_narrowed_by_type_state_and_name(lead, monkeypatch, few, most):
    monkeypatch.setattr(filenames, "FEW", few)
    monkeypatch.setattr(filenames, "MOST", most)
    receipts = make_type(name="receipts")
    wanted = make_document(receipts, filename="Total 100%.pdf", state="extracted")
    make_document(receipts, filename="total 100x.pdf", state="extracted")
    make_document(receipts, filename="TOTAL 100%.pdf", state="read")
    make_document(filename="total 100%.pdf", state="extracted")
    found = listed(lead, type="receipts", state="extracted", search="AL 100%")
    assert ids(found) == [wanted.pk]
    assert found.count == (None if (few, most) == (0, 0) else 1)
    assert ids(listed(lead, search="nothing is called so")) == []


def test_two_letters_are_too_few_among_very_many_documents(lead, monkeypatch):
    document = make_document(filename="total.pdf")
    assert ids(listed(lead, search="to")) == [document.pk]
    monkeypatch.setattr(filenames, "FEW", 0)
    answer = lead.get(reverse("documents"), {"search": "to"})
    assert answer.context["listed"].refused and b"at least three letters" in answer.content


@pytest.mark.parametrize("asked", [{"type": "no-such"}, {"state": "no-such"}])
def test_what_there_is_not_is_an_empty_list(lead, asked):
    make_document()
    assert ids(listed(lead, **asked)) == []


@pytest.mark.parametrize("beyond", ["x", "-1", "9" * 40, "²"])
def test_a_mangled_page_address_shows_the_newest(lead, beyond):
    document = make_document()
    assert ids(listed(lead, beyond=beyond)) == [document.pk]
