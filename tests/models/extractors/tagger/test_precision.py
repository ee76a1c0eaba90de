"""A tagger whose base is asked in 8 bits or in 32."""

import pytest

from models.extractors.precision import Cost
from models.extractors.tagger import GRAPH, TaggerExtractor


@pytest.mark.slow  # it opens the base with torch
@pytest.mark.parametrize(("too_much", "bits"), [(False, 8), (True, 32)])
def test_the_base_is_asked_in_8_bits_unless_that_costs_too_much(
    schema, receipts, tmp_path, monkeypatch, too_much, bits
):
    monkeypatch.setattr(Cost, "too_much", too_much)
    told = []
    extractor = TaggerExtractor.fit(
        schema, receipts[:6], receipts[6:8], recipe={"rounds": 5}, on_progress=told.append
    )
    shares = [each.share for each in told]
    assert shares == sorted(shares)
    extractor.save(tmp_path / "model")
    small = (tmp_path / "model" / GRAPH).stat().st_size < 75e6
    assert small == (bits == 8)
