"""Whose turn it is: near copies of what somebody may have open come after everything else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from annotation.turns import Ranked, in_turn
from models.similarity import THRESHOLD, distance

SHOP = 0xABCD_0123_4567_89EF
OTHER = ~SHOP & (2**64 - 1)


def ranked(*documents: tuple[int, bool]) -> list[Ranked]:
    return [Ranked(number, fingerprint, queued) for number, (fingerprint, queued) in enumerate(documents)]


def test_a_near_copy_of_a_better_document_waits_behind_the_others():
    assert in_turn(ranked((SHOP, False), (SHOP ^ 0b111, False), (OTHER, False)), 3) == [0, 2, 1]


def test_a_near_copy_of_a_queued_document_waits_even_if_it_is_better():
    assert in_turn(ranked((SHOP, False), (OTHER, False), (SHOP ^ 1, True)), 3) == [1, 2, 0]


def test_queued_documents_keep_their_rank_though_they_are_alike():
    assert in_turn(ranked((SHOP, True), (SHOP, True), (OTHER, False)), 3) == [0, 1, 2]


def test_documents_without_words_are_like_nothing():
    assert in_turn(ranked((0, False), (0, False), (0, True)), 3) == [0, 1, 2]


@given(
    st.lists(
        st.tuples(st.sampled_from([0, SHOP, SHOP ^ 1, SHOP ^ 0xFFFF, OTHER]), st.booleans()), max_size=12
    ),
    st.integers(0, 14),
)
def test_nobody_is_lost_and_none_of_the_first_is_a_copy_while_there_is_another(documents, wanted):
    listed = ranked(*documents)
    order = in_turn(listed, wanted)
    assert len(order) == min(wanted, len(listed)) == len(set(order))
    taken = [listed[number] for number in order if listed[number].queued]
    taken += [each for each in listed if each.queued and each not in taken]
    behind = False
    for number in order:
        document = listed[number]
        if document.queued:
            assert not behind
            continue
        copy = document.fingerprint != 0 and any(
            each.fingerprint and distance(each.fingerprint, document.fingerprint) <= THRESHOLD
            for each in taken
        )
        assert copy or not behind  # once a copy has its turn, only copies follow
        behind |= copy
        taken.append(document)
