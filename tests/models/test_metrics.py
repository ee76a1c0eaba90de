import numpy as np
import pytest

from models.extractors.base import Answer, Extracted, Value
from models.metrics import Scores, paired_bootstrap, score
from models.schema import Field, Kind, Schema

SCHEMA = Schema((Field("company"), Field("total", Kind.MONEY), Field("party", repeats=True)))


def said(*pairs: tuple[str, str]) -> Extracted:
    return Extracted(tuple(Value(name, text, SCHEMA[name].normalise(text), 0.5) for name, text in pairs))


def true(*pairs: tuple[str, str]) -> list[Answer]:
    return [Answer(name, text) for name, text in pairs]


def test_values_are_compared_after_normalisation():
    scores = score(
        SCHEMA,
        [true(("company", "A.B. Ltd"), ("total", "12.9"))],
        [said(("company", "ab LTD"), ("total", "RM 12.90"))],
    )
    assert scores.f1() == 1


def test_a_missing_value_costs_recall_and_a_wrong_one_precision_too():
    truth = [true(("total", "1.00")), true(("total", "2.00"))]
    missing = score(SCHEMA, truth, [said(("total", "1.00")), said()])
    wrong = score(SCHEMA, truth, [said(("total", "1.00")), said(("total", "9.00"))])
    assert (missing.precision("total"), missing.recall("total")) == (1, 0.5)
    assert (wrong.precision("total"), wrong.recall("total")) == (0.5, 0.5)
    assert missing.f1("total") == pytest.approx(2 / 3)


def test_a_value_where_there_is_none_costs_precision():
    scores = score(SCHEMA, [true()], [said(("total", "1.00"))])
    assert (scores.precision("total"), scores.recall("total"), scores.f1("total")) == (0, 1, 0)


def test_what_repeats_is_a_set():
    truth = [true(("party", "Ann"), ("party", "Bob"), ("party", "ANN"))]
    scores = score(SCHEMA, truth, [said(("party", "bob"), ("party", "Bob."), ("party", "Eve"))])
    assert scores.per_field()["party"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}


def test_any_of_several_marked_places_will_do():
    scores = score(SCHEMA, [true(("total", "1.00"), ("total", "1.20"))], [said(("total", "1.20"))])
    assert scores.f1("total") == 1


def test_what_is_no_value_of_its_kind_is_compared_as_text():
    assert score(SCHEMA, [true(("total", "none"))], [said(("total", "None!"))]).f1() == 1


def test_scores_survive_storage():
    scores = score(SCHEMA, [true(("total", "1.00"))], [said()])
    stored = Scores.from_json(scores.to_json())
    assert (stored.fields, stored.true.tolist()) == (scores.fields, scores.true.tolist())


def counted(right: list[int]) -> Scores:
    column = np.asarray(right, dtype=np.int64)[:, None]
    return Scores(("total",), column, np.ones_like(column), np.ones_like(column))


def test_the_interval_holds_the_figure_and_narrows_with_more_documents():
    few = counted([1, 0] * 10).interval(np.random.default_rng(1))
    many = counted([1, 0] * 500).interval(np.random.default_rng(1))
    assert few.low < 0.5 < few.high
    assert many.high - many.low < (few.high - few.low) / 3
    assert few == counted([1, 0] * 10).interval(np.random.default_rng(1))


def test_a_clear_gain_is_told_from_a_chance_one():
    champion = counted([1] * 60 + [0] * 40)
    gain = paired_bootstrap(champion, counted([1] * 80 + [0] * 20), np.random.default_rng(1))
    chance = paired_bootstrap(champion, counted([1] * 59 + [0] * 39 + [1] * 2), np.random.default_rng(1))
    assert gain.value == pytest.approx(0.2)
    assert gain.low > 0.1
    assert chance.low < 0 < chance.high


def test_pairing_is_sharper_than_two_intervals():
    rng = np.random.default_rng(1)
    champion, candidate = counted([1, 0] * 50), counted([1, 0] * 48 + [1, 1] * 2)
    paired = paired_bootstrap(champion, candidate, rng)
    alone = candidate.interval(rng)
    assert paired.high - paired.low < (alone.high - alone.low) / 2


def test_scores_of_different_documents_are_not_compared():
    with pytest.raises(ValueError, match="different documents"):
        paired_bootstrap(counted([1]), counted([1, 1]), np.random.default_rng(1))


def test_no_documents_prove_nothing():
    none = score(SCHEMA, [], [])
    assert paired_bootstrap(none, none, np.random.default_rng(1), "total").low == -1
    assert none.interval(np.random.default_rng(1)).low == 0
