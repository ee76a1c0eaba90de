"""A stream that changes is noticed soon, one that doesn't never; what moved, and which documents, is told."""

import json

import numpy as np
import pytest

from models.drift import Part, Watch, Yardstick, examples, moved
from tests.streams import NEW, arrays, mixed

REFERENCE = 120


def watched(order, seed=0):
    """A watch over a stream of these layouts, with a reference of the old ones before it; and the stream."""
    found = arrays([*mixed(REFERENCE, 0, seed), *order])
    return Watch(Yardstick(found.only(np.arange(REFERENCE)))), found.only(np.arange(REFERENCE, len(found)))


@pytest.mark.parametrize("seed", range(3))
def test_a_new_template_in_a_fifth_of_the_documents_is_found_within_a_hundred(seed):
    watch, stream = watched(mixed(100, 0.2, seed), seed)
    told = watch.look(stream)
    assert told
    assert told[0].score == "layout"
    assert told[0].since >= REFERENCE - 20  # nearly when it came, or after


def test_three_alike_that_are_like_nothing_else_are_noticed_before_the_others_count():
    watch, stream = watched([*mixed(30, 0, 1), NEW, *mixed(4, 0, 2), NEW, *mixed(4, 0, 3), NEW])
    [found] = watch.look(stream)
    assert found.new_layout
    assert set(found.part.seeds) == {REFERENCE + place for place in (31, 36, 41)}


def test_a_stream_that_stays_as_it_was_raises_no_alarm():
    watch, stream = watched(mixed(400, 0, 5))
    assert watch.look(stream) == []


def test_it_is_all_the_same_in_how_many_pieces_a_stream_is_looked_at():
    whole, stream = watched(mixed(90, 0.2, 7))
    pieces = Watch(whole.yardstick)
    told = whole.look(stream)
    found = []
    for start in range(0, 90, 30):
        found += pieces.look(stream.only(np.arange(max(0, start - 50), start + 30)))
        pieces = Watch(whole.yardstick, json.loads(json.dumps(pieces.to_json())))
    assert [(each.score, each.new_layout, each.since) for each in found] == [
        (each.score, each.new_layout, each.since) for each in told
    ]


def test_a_known_part_is_no_new_layout_once_more():
    watch, stream = watched([*mixed(20, 0, 1), NEW, NEW, NEW])
    known = {REFERENCE + 21, REFERENCE + 22, REFERENCE + 23}
    assert not [each for each in watch.look(stream, known) if each.new_layout]


def test_the_drifted_part_is_told_from_the_documents_as_they_were():
    order = mixed(60, 0.3, 2)
    watch, stream = watched(order)
    part = watch.look(stream)[0].part
    seeds = stream.only(np.isin(stream.ids, part.seeds))
    mine = Part.from_json(json.loads(json.dumps(part.to_json()))).members(watch.yardstick, stream, seeds)
    assert mine.tolist() == [layout == NEW for layout in order]


def test_a_signal_that_falls_is_found_by_its_name_with_what_it_was_and_is():
    stream = arrays(mixed(REFERENCE + 150, 0, 4))
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.8, 1.0, len(stream))
    sure[REFERENCE + 50 :] -= 0.1
    numbers = np.column_stack([stream.numbers, sure])
    named = type(stream)(stream.ids, (*stream.names, "confidence.total"), numbers, stream.layouts)
    before, after = named.only(np.arange(REFERENCE)), named.only(np.arange(REFERENCE, len(named)))
    watch = Watch(Yardstick(before))
    [found] = watch.look(after)
    assert (found.score, found.new_layout) == ("confidence.total", False)
    assert found.chance <= 0.01
    assert found.part.below is not None
    name, was, now = moved(before, after.only(after.ids >= found.since))[0]
    assert name == "confidence.total"
    assert was == pytest.approx(0.9, abs=0.02)
    assert now < 0.84


def test_examples_are_few_and_unlike_each_other():
    stream = arrays([0] * 10 + [2] * 10 + [NEW])
    yardstick = Yardstick(arrays(mixed(60, 0, 1)))
    chosen = examples(yardstick, stream, 3)
    assert len(chosen) == 3
    assert {0 if row < 10 else 2 if row < 20 else NEW for row in chosen} == {0, 2, NEW}
    assert examples(yardstick, stream.only(np.arange(0))) == []


def test_documents_without_words_are_no_reason_to_stop():
    stream = arrays(mixed(80, 0, 1))
    layouts = np.where(np.arange(80)[:, None] % 7 == 0, 0, stream.layouts)
    some = type(stream)(stream.ids, stream.names, stream.numbers, layouts)
    watch = Watch(Yardstick(some.only(np.arange(60))))
    assert watch.look(some.only(np.arange(60, 80))) == []
    assert np.isfinite(watch.table.wealth).all()
