import random

from hypothesis import given
from hypothesis import strategies as st

from models.similarity import THRESHOLD, distance, fingerprint, group
from tests.factories import make_page


def receipt(seed: int, *, misread: int = 0) -> str:
    rng = random.Random(seed)
    words = [
        f"{rng.choice('KLMNPRST')}{rng.choice('aeiou')}{rng.choice('bdfgklm')}{rng.randrange(100)}"
        for _ in range(80)
    ]
    for position in random.Random(seed + 1).sample(range(80), misread):
        words[position] = "l" + words[position]
    return "\n".join(" ".join(words[i : i + 4]) for i in range(0, 80, 4))


def test_a_document_read_twice_is_a_near_copy_and_another_one_is_not():
    first, again, other = (
        fingerprint([make_page(text)]) for text in (receipt(1), receipt(1, misread=3), receipt(9))
    )
    assert distance(first, again) <= THRESHOLD < distance(first, other)
    assert group([first, other, again]) == [0, 1, 0]


def test_fingerprints_are_the_same_on_every_machine():
    assert fingerprint([make_page("Total 12.90\nThank you")]) == fingerprint(
        [make_page("TOTAL: 12.90\nthank YOU!")]
    )


def test_documents_without_words_are_alone():
    assert fingerprint([]) == 0
    assert group([0, 0, 5, 0]) == [0, 1, 2, 3]


def test_groups_grow_by_way_of_others():
    one, between, other = 0b1, 0b1 | 0xFF << 8, 0b1 | 0xFFFF << 8
    assert group([one, other], threshold=8) == [0, 1]
    assert group([one, other, between], threshold=8) == [0, 0, 0]


@given(st.lists(st.integers(0, 2**64 - 1), max_size=12), st.integers(0, 20))
def test_neighbours_share_a_group_and_a_group_is_named_by_its_first(prints, threshold):
    groups = group(prints, threshold=threshold)
    for i, one in enumerate(prints):
        assert groups[i] <= i and groups[groups[i]] == groups[i]
        for j, other in enumerate(prints):
            if one and other and distance(one, other) <= threshold:
                assert groups[i] == groups[j]
