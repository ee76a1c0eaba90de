"""What the combined extractor does beyond what every extractor does: the base alone, folds, time and checkpoints."""

from __future__ import annotations

import time

import pytest
import xgboost

from models.errors import TrainingFailed, TrainingStopped
from models.extractors import combined, tagger
from models.extractors.combined import GRAPH, CombinedExtractor
from models.extractors.combined import rounds as combined_rounds
from models.extractors.combined.known import Known
from models.extractors.combined.recipe import Recipe
from models.extractors.combined.rounds import PREPARED
from models.extractors.precision import Cost

pytestmark = pytest.mark.slow  # they open the base with torch


def fit(schema, receipts, *, on_progress=lambda _: None, checkpoints=None, **recipe):
    return CombinedExtractor.fit(
        schema, receipts, [], recipe={"rounds": 20} | recipe, on_progress=on_progress, checkpoints=checkpoints
    )


def test_without_any_document_the_base_speaks(schema, receipts, tmp_path):
    extractor = fit(schema, [])
    documents = [receipt.pages for receipt in receipts]
    said = extractor.extract(documents)
    assert sum(len(extracted.values) for extracted in said) > len(receipts)
    extractor.save(tmp_path / "model")
    assert CombinedExtractor.load(tmp_path / "model").extract(documents) == said


def test_how_confirmed_texts_are_spelt_is_kept_with_the_model(schema, receipts, tmp_path):
    extractor = fit(schema, [])
    extractor.known = Known({"company": {"ACME": "Acme"}})
    extractor.save(tmp_path / "model")
    assert CombinedExtractor.load(tmp_path / "model").known == extractor.known


def test_a_killed_training_goes_on_where_it_was_to_the_same_model(schema, receipts, tmp_path):
    whole = fit(schema, receipts[:10])
    rounds = []

    def killed_in_the_third_round(progress):
        if progress.epoch == 3:
            raise TrainingStopped("killed")

    with pytest.raises(TrainingStopped):
        fit(schema, receipts[:10], on_progress=killed_in_the_third_round, checkpoints=tmp_path)
    again = fit(
        schema,
        receipts[:10],
        on_progress=lambda progress: rounds.append(progress.epoch),
        checkpoints=tmp_path,
    )
    assert 1 not in rounds and 2 not in rounds and 3 in rounds
    documents = [receipt.pages for receipt in receipts[10:]]
    assert again.extract(documents) == whole.extract(documents)
    assert (again.weights, again.reading) == (whole.weights, whole.reading)


def test_what_other_documents_left_behind_is_not_taken_up(schema, receipts, tmp_path):
    fit(schema, receipts[:8], checkpoints=tmp_path)
    rounds = []
    fit(schema, receipts[1:9], on_progress=lambda each: rounds.append(each.epoch), checkpoints=tmp_path)
    assert {1, 2, 3, 4, 5} <= set(rounds)


def test_without_any_time_there_are_no_folds_and_the_smallest_of_trees_and_crfs(schema, receipts):
    told = []
    extractor = fit(schema, receipts[:10], on_progress=told.append, max_minutes=1e-4)
    assert {each.epoch for each in told} == {0, 1}
    assert told[-1].note == "shortened to 0 of 4 folds in the time limit of 0.0001 minutes"
    assert extractor.parts[0].trees.num_boosted_rounds() == 1
    assert extractor.extract([receipts[10].pages])[0].values


def test_a_first_fold_that_takes_all_of_its_time_is_the_only_one_and_leaves_the_last_round_its_share(
    schema, receipts, monkeypatch
):
    """A machine on which a round of the trees takes a minute, and everything else no time."""
    minutes, began, update = [0], time.monotonic(), xgboost.Booster.update

    class Clock:
        monotonic = staticmethod(lambda: began + 60 * minutes[0])

    def slowly(trees, *args):
        minutes[0] += 1
        update(trees, *args)

    monkeypatch.setattr(xgboost.Booster, "update", slowly)
    for module in (combined, combined_rounds, tagger):
        monkeypatch.setattr(module, "time", Clock)
    told = []
    extractor = fit(schema, receipts[:10], on_progress=told.append, max_minutes=36.0, rounds=100)
    # of 36 minutes a fold may take 2 in 5, its trees 70 % of that: 11. Of the other 25 the last ones take 18
    assert extractor.parts[0].trees.num_boosted_rounds() == 18 and minutes[0] == 11 + 18
    assert told[-1].note == "shortened to 1 of 4 folds in the time limit of 36 minutes"


@pytest.mark.parametrize(
    ("precision", "too_much", "bits"),
    [("auto", False, 8), ("auto", True, 32), ("int8", True, 8), ("float32", False, 32)],
)
def test_the_base_is_asked_in_8_bits_unless_that_costs_too_much(
    schema, receipts, tmp_path, monkeypatch, precision, too_much, bits
):
    monkeypatch.setattr(Cost, "too_much", too_much)
    told = []
    extractor = fit(schema, receipts[:8], on_progress=told.append, precision=precision, folds=2, rounds=5)
    shares = [each.share for each in told]
    assert shares == sorted(shares)
    assert ("8 bits cost" in " ".join(each.note for each in told)) == (precision == "auto")
    extractor.save(tmp_path / "model")
    small = (tmp_path / "model" / GRAPH).stat().st_size < 75e6
    assert small == (bits == 8)
    documents = [receipt.pages for receipt in receipts[8:12]]
    assert CombinedExtractor.load(tmp_path / "model").extract(documents) == extractor.extract(documents)


def test_of_few_documents_nothing_tells_what_8_bits_cost_so_it_is_32(schema, receipts, tmp_path):
    for count in (0, 4):
        fit(schema, receipts[:count]).save(tmp_path / str(count))
        assert (tmp_path / str(count) / GRAPH).stat().st_size > 75e6


def test_confidences_are_calibrated_for_every_field(schema, receipts):
    extractor = fit(schema, receipts[:10])
    assert set(extractor.reading.found) == set(extractor.reading.absent) == set(schema.names)


@pytest.mark.parametrize("wrong", [{"folds": 1}, {"rounds": 0}, {"speed": 3}, {"threads": "two"}])
def test_a_recipe_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(TrainingFailed, match=next(iter(wrong))):
        Recipe.from_json(wrong)


def test_a_training_can_be_stopped_while_it_looks_at_its_documents(schema, receipts):
    shares = []

    def stop_at_the_third_document(progress):
        shares.append(progress.share)
        if progress.share > 0.4 * PREPARED:
            raise TrainingStopped("asked to")

    with pytest.raises(TrainingStopped):
        fit(schema, receipts[:4], on_progress=stop_at_the_third_document)
    assert shares == sorted(shares) and shares[-1] == PREPARED / 2
