"""What random order would have taught is measured beside what was chosen, or nothing is told."""

from __future__ import annotations

import random

import numpy as np
import pytest

from annotation.models import Document, DocumentType
from learner import random_curve, savings
from learner.random_curve import Equal, RandomCurve, equal, measured
from models.extractors.base import Answer, Example
from models.schema import Schema
from tests.factories import FIELDS, make_document, make_page, make_truth, make_type, make_version

SCHEMA = Schema.from_json(FIELDS)
SHOPS = ["ACME LTD", "NORTH STAR", "BLUE HARBOUR", "GREEN VALLEY", "OLD MILL"]
PLAIN = "{shop}\nDate {date}\nTotal {total}"
# of another layout: who learns from such documents only knows little of the others
OTHER = "Jumlah besar\n{total} RM\nTarikh {date}\nPada {shop} {n}"


def receipt(n: int, text: str = PLAIN) -> tuple[str, dict[str, str]]:
    chance = random.Random(n)
    said = {
        "company": chance.choice(SHOPS),
        "date": f"{chance.randint(1, 28):02}/03/2024",
        "total": f"{chance.randint(5, 400)}.{chance.randint(10, 99)}",
    }
    words = " ".join(chance.sample(["tea", "milk", "rice", "soap", "bread", "eggs", "salt", "oil"], 5))
    filled = text.format(shop=said["company"], date=said["date"], total=said["total"], n=n)
    return f"{filled}\n{words} {n}", said


def examples(count: int, text: str = PLAIN, first: int = 0) -> list[Example]:
    made = [receipt(n, text) for n in range(first, first + count)]
    return [
        Example(str(n), (make_page(page),), tuple(Answer(*each) for each in said.items()))
        for n, (page, said) in enumerate(made, start=first)
    ]


def test_below_twenty_audited_documents_nothing_is_told():
    found = measured(SCHEMA, examples(19), examples(40, first=100))
    assert found == RandomCurve(19)
    assert (found.places, found.equal, found.most) == ((), None, 0)


def test_with_few_chosen_documents_nothing_is_told():
    assert measured(SCHEMA, examples(30), examples(8, first=100)) == RandomCurve(30)


def test_where_the_chosen_documents_are_like_none_that_judge_random_order_is_the_better_one():
    found = measured(SCHEMA, examples(24), examples(12, OTHER, first=100))
    assert [place.documents for place in found.places] == [5, 10]
    for place in found.places:
        for each in (place.random, place.chosen):
            assert 0 <= each.low <= each.value <= each.high <= 1
        assert place.random.value > place.chosen.value + 0.2
    assert found.equal is not None and found.equal.random == 5


def test_copies_of_what_judges_are_not_learned_from():
    audited = examples(24)
    copies = [Example(f"copy of {each.key}", each.pages, each.answers) for each in audited]
    # of each fold's own copies none is left, so the chosen ones are as few as the random ones
    folds = random_curve._folds(audited, copies, np.random.default_rng(0))
    for fold in folds:
        judged = {audited[at].pages for at in fold.judging}
        assert not judged & {each.pages for each in [*fold.random, *fold.chosen]}


def test_both_curves_are_json_and_back_and_the_same_again_with_the_same_seed():
    found, again = (measured(SCHEMA, examples(24), examples(12, first=100), seed=3) for _ in range(2))
    assert found.places and RandomCurve.from_json(found.to_json()) == found == again


@pytest.mark.parametrize(
    ("random_f1", "chosen_f1", "expected"),
    [
        (
            [0.2, 0.4, 0.6, 0.8],
            [0.3, 0.5, 0.8, 0.9],
            40.0,
        ),  # half of the chosen ones as good as all random ones
        ([0.2, 0.4, 0.6, 0.8], [0.2, 0.4, 0.6, 0.8], 20.0),
        ([0.2, 0.4, 0.6, 0.8], [0.3, 0.5, 0.9, 0.9], None),  # random order never got there
        ([0.5, 0.6, 0.7, 0.8], [0.1, 0.2, 0.4, 0.5], 5.0),
    ],
)
def test_so_many_random_documents_would_have_taught_as_much(random_f1, chosen_f1, expected):
    curves = (np.repeat(np.array(each)[:, None], 11, axis=1) for each in (random_f1, chosen_f1))
    found = equal((5, 10, 20, 40), *curves)
    assert (found.chosen, found.random) == (20, pytest.approx(expected) if expected else None)
    assert found.high == found.random


@pytest.mark.django_db
class TestAType:
    def labelled(self, document_type: DocumentType, count: int, first: int, **more) -> list[Document]:
        made = []
        for n in range(first, first + count):
            text, said = receipt(n)
            document = make_document(document_type, text, **more)
            make_truth(document, said)
            made.append(document)
        return made

    def test_keeps_the_curves_of_its_newest_version_and_shows_them(self):
        document_type = make_type()
        version = make_version(document_type)
        self.labelled(document_type, 22, 0, audit_probability=0.1)
        self.labelled(document_type, 12, 100)
        random_curve.compare(document_type.pk)
        found = savings.of(document_type).random
        assert found is not None and found.audited == 22
        assert [place.documents for place in found.places] == [5, 10]
        assert isinstance(found.equal, Equal)
        version.refresh_from_db()
        kept = version.figures["random"]
        self.labelled(document_type, 1, 200)
        random_curve.compare(document_type.pk)  # a job may be done twice
        version.refresh_from_db()
        assert version.figures["random"] == kept

    def test_takes_neither_imported_labels_nor_documents_put_first_by_hand_for_chosen(self):
        document_type = make_type()
        self.labelled(document_type, 2, 0, audit_probability=0.1)
        (chosen,) = self.labelled(document_type, 1, 10)
        self.labelled(document_type, 1, 20, asked_by="lea")
        make_truth(make_document(document_type), source="imported")
        audited, others = random_curve._documents(document_type)
        assert (len(audited), [each.key for each in others]) == (2, [str(chosen.pk)])

    def test_without_a_version_nothing_is_measured(self):
        document_type = make_type()
        random_curve.compare(document_type.pk)
        assert random_curve.newest(document_type) is None
