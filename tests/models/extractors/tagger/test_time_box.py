"""A training of trees that has no time for all of them."""

import pytest

from models.extractors.tagger import TaggerExtractor


@pytest.mark.slow  # it opens the base with torch
def test_one_round_is_grown_at_least_and_whoever_trains_is_told(schema, receipts):
    told = []
    extractor = TaggerExtractor.fit(
        schema, receipts[:6], [], recipe={"max_minutes": 1e-6}, on_progress=told.append
    )
    assert extractor.trees.num_boosted_rounds() == 1
    assert told[-1].note == "shortened to 1 of 100 rounds by the time limit of 1e-06 minutes"
