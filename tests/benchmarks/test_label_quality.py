"""The benchmark of label quality: what it spoils, and what it counts."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import goal_tables, label_quality
from benchmarks.label_quality import WAYS, spoil
from models.alignment import labels_to_learn
from models.extractors.base import Answer, Example
from models.extractors.fields import labels_of
from models.schema import Schema
from tests.factories import FIELDS, make_page
from tests.generated_pack import write_pack

SCHEMA = Schema.from_json(FIELDS)
PAGE = make_page("ACME LTD SHOP\nDate 01/02/2024\nDue 08/02/2024\nNet 10.00\nTotal 12.90")
TRUTH = (Answer("company", "ACME LTD"), Answer("date", "01/02/2024"), Answer("total", "12.90"))
EXAMPLES = [Example(str(number), (PAGE,), TRUTH) for number in range(20)]


def test_so_many_answers_are_wrong_afterwards_in_each_way_and_all_others_as_they_were():
    changed, spoilt = spoil(SCHEMA, EXAMPLES, 0.2, np.random.default_rng(1))
    assert len(spoilt) == 12
    assert set(spoilt.values()) == set(WAYS)
    for at, example in enumerate(changed):
        for field in SCHEMA:
            said = [answer.text for answer in example.answers if answer.field == field.name]
            right = [answer.text for answer in TRUTH if answer.field == field.name]
            same = len(said) == 1 and field.same(said[0], right[0])
            assert same == ((at, field.name) not in spoilt)


def test_the_goal_is_told_from_the_rows_and_is_one_of_the_tables():
    rows = list(label_quality.people(annotators=300))
    (goal,) = label_quality.goals(rows)
    assert goal["reached"]
    assert (goal["figure"], goal["goal"]) in goal_tables.CHOOSING.values()
    by_sort = {row.sort: row for row in rows}
    assert by_sort["accepts blindly"].most <= 10
    assert by_sort["honest, misses 10 %"].found < 0.05
    assert "accepts blindly" in label_quality.told_of_people(rows)


def test_an_alarm_for_honest_people_or_a_blind_one_who_stays_hidden_misses_the_goal():
    rows = list(label_quality.people(annotators=50))
    for sort, found in (("honest, misses 10 %", 0.06), ("accepts blindly", 0.9)):
        worse = [
            label_quality.PeopleRow(**(row.to_json() | {"found": found})) if row.sort == sort else row
            for row in rows
        ]
        assert not label_quality.goals(worse)[0]["reached"]


def test_a_fields_worst_word_is_its_score_also_one_that_was_left_out_of_it():
    labels = labels_of(SCHEMA)
    (given,) = labels_to_learn(EXAMPLES[0], SCHEMA)
    probs = []
    for _ in range(3):
        page = np.full((len(given), len(labels)), 0.01)
        for word, label in enumerate(given):
            page[word, labels.index(label or "O")] = 0.94
        probs.append([page])
    texts = [word.text for word in PAGE.words]
    probs[1][0][texts.index("01/02/2024"), labels.index("B-date")] = 0.2
    probs[2][0][texts.index("10.00")] = [
        0.25,
        0.01,
        0.01,
        0.01,
        0.01,
        0.70,
        0.01,
    ]  # says total, labelled as none
    found = label_quality.word_scores(SCHEMA, EXAMPLES[:3], probs)
    assert [(each.document, each.field, each.likelihood) for each in found[:2]] == [
        (1, "date", 0.2),
        (2, "total", 0.25),
    ]
    assert len(found) == 9 and {each.likelihood for each in found[2:]} == {0.94}


@pytest.mark.slow
def test_each_pack_is_ranked_in_a_process_of_its_own_and_told_in_order(tmp_path: Path):
    for pack in ("sroie", "adbuy"):
        write_pack(tmp_path / pack / "train", 24)
    found = list(label_quality.labels(tmp_path, ["sroie", "adbuy"], threads=2))
    assert [{row.pack for row in rows} for rows in found] == [{"sroie"}, {"adbuy"}]
    assert all(rows[0].wrong > 0 and len({row.ranking for row in rows}) == 3 for rows in found)
