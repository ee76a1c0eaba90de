"""What the combined extractor does beyond what every extractor does: the base alone, folds, time and checkpoints."""

from __future__ import annotations

import pytest

from models.errors import TrainingFailed, TrainingStopped
from models.extractors.combined import CombinedExtractor
from models.extractors.combined.known import Known
from models.extractors.combined.recipe import Recipe

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


def test_with_too_little_time_fewer_folds_are_made(schema, receipts):
    rounds = set()
    extractor = fit(schema, receipts[:10], on_progress=lambda each: rounds.add(each.epoch), max_minutes=0.001)
    assert max(rounds) == 2  # one fold, since nobody knew how long it takes, and the last round
    assert extractor.extract([receipts[10].pages])[0].values


def test_confidences_are_calibrated_for_every_field(schema, receipts):
    extractor = fit(schema, receipts[:10])
    assert set(extractor.reading.found) == set(extractor.reading.absent) == set(schema.names)


@pytest.mark.parametrize("wrong", [{"folds": 1}, {"rounds": 0}, {"speed": 3}, {"threads": "two"}])
def test_a_recipe_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(TrainingFailed, match=next(iter(wrong))):
        Recipe.from_json(wrong)
