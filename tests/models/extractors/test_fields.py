import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.alignment import values_in
from models.calibration import Calibration
from models.extractors.fields import GAP, RESUMING, Reading, decode, labels_of, read_fields
from models.pages import Page
from models.schema import Field, Kind, Schema
from tests.factories import make_page

SCHEMA = Schema((Field("company"), Field("total", Kind.MONEY), Field("party", repeats=True)))
DATED = Schema((Field("date", Kind.DATE),))
LABELS = labels_of(SCHEMA)


def sure_of(page: Page, labels: dict[int, tuple[str, float]], schema: Schema = SCHEMA) -> np.ndarray:
    """(W, L) log-probabilities: each word is O, or the label given for it with the probability given."""
    names = labels_of(schema)
    probs = np.full((len(page.words), len(names)), 1e-6)
    probs[:, 0] = 1.0
    for word, (label, probability) in labels.items():
        probs[word, 0] = 1 - probability
        probs[word, names.index(label)] = probability
    return np.log(probs / probs.sum(axis=1, keepdims=True))


def values(page: Page, labels: dict[int, tuple[str, float]], schema: Schema = SCHEMA) -> dict[str, list[str]]:
    extracted = read_fields([page], [sure_of(page, labels, schema)], schema, Reading())
    found: dict[str, list[str]] = {}
    for value in extracted.values:
        found.setdefault(value.field, []).append(value.text)
    return found


def cost_of(labels: tuple[int, ...], resuming: float) -> float | None:
    """What Viterbi asks for a row of labels; None if it is not allowed. `resuming` is asked for each gap."""
    cost = 0.0
    last: dict[str, int] = {}  # field → the last word of its last value
    for word, (before, label) in enumerate(itertools.pairwise(("O", *(LABELS[each] for each in labels)))):
        kind, _, name = label.partition("-")
        if kind == "I" and before not in (f"B-{name}", f"I-{name}"):
            if (
                SCHEMA[name].kind is not Kind.TEXT
                or SCHEMA[name].repeats
                or name not in last
                or set(labels[last[name] + 1 : word]) != {0}
            ):
                return None
            cost += resuming
        if kind == "B" and before.endswith(f"-{name}") and not SCHEMA[name].repeats:
            return None
        last[name] = word
    return cost


@settings(max_examples=40, deadline=None)  # up to 2,401 rows of labels each
@given(
    arrays.arrays(np.float64, st.tuples(st.integers(0, 4), st.just(len(LABELS))), elements=st.floats(-9, 0))
)
def test_decoding_finds_the_likeliest_allowed_labels(log_probs):
    found = tuple(decode(log_probs, SCHEMA))

    def worth(labels: tuple[int, ...]) -> float:
        cost = cost_of(labels, RESUMING)
        return -np.inf if cost is None else sum(log_probs[range(len(labels)), list(labels)]) - cost

    best = max(map(worth, itertools.product(range(len(LABELS)), repeat=len(log_probs))))
    assert worth(found) == pytest.approx(best)


@given(st.integers(0, 3), st.lists(st.integers(0, GAP), max_size=6))
def test_a_text_that_alignment_labels_between_columns_is_decoded_whole(before, gaps):
    labels = ["O"] * before + ["B-company"]
    for gap in gaps:
        labels += ["O"] * gap + ["I-company"]
    page = make_page(" ".join(f"word{number}" for number in range(len(labels))))
    said = {word: (label, 0.999) for word, label in enumerate(labels) if label != "O"}
    (value,) = read_fields([page], [sure_of(page, said)], SCHEMA, Reading()).values
    assert value.place is not None
    assert [("company", value.place.words)] == values_in(labels)


def test_an_advertiser_goes_on_below_the_words_of_another_column():
    page = make_page("Jane Doe for US Market: Springfield Total 9.00 Senate")
    labels = {word: (f"{'I' if word else 'B'}-company", 0.9) for word in (0, 1, 2, 3, 8)} | {
        7: ("B-total", 0.9)
    }
    assert values(page, labels | {7: ("O", 1.0)}) == {"company": ["Jane Doe for US Senate"]}


def test_a_piece_far_from_its_value_is_none_of_it():
    page = make_page("Acme Ltd " + "word " * (GAP + 1) + "Ltd")
    labels = {0: ("B-company", 0.9), 1: ("I-company", 0.9), GAP + 3: ("I-company", 0.6)}
    assert values(page, labels) == {"company": ["Acme Ltd"]}


def test_an_interrupted_value_is_as_sure_as_that_nothing_between_belongs_to_it():
    page = make_page("Jane Doe Market: Senate")
    labels = {0: ("B-company", 0.9), 1: ("I-company", 0.9), 2: ("I-company", 0.15), 3: ("I-company", 0.95)}
    (value,) = read_fields([page], [sure_of(page, labels)], SCHEMA, Reading()).values
    assert (value.text, value.confidence) == ("Jane Doe Senate", pytest.approx(0.85, abs=0.01))


def test_an_address_is_not_cut_where_the_network_would_begin_anew():
    page = make_page("LOT 12 HIGH STREET")
    labels = {0: ("B-company", 0.9), 1: ("B-company", 0.6), 2: ("I-company", 0.9), 3: ("I-company", 0.9)}
    probs = sure_of(page, labels)
    probs[1, LABELS.index("I-company")] = np.log(0.3)
    (value,) = read_fields([page], [probs], SCHEMA, Reading()).values
    assert value.text == "LOT 12 HIGH STREET"


def test_of_several_values_the_best_one_stands():
    page = make_page("Item 9.00\nTotal 12.00")
    assert values(page, {1: ("B-total", 0.6), 3: ("B-total", 0.8)}) == {"total": ["12.00"]}


def test_a_value_that_stands_twice_outdoes_one_that_stands_once():
    page = make_page("Cash 20.00\nTotal 12.00\nPaid 12.00")
    labels = {1: ("B-total", 0.7), 3: ("B-total", 0.6), 5: ("B-total", 0.6)}
    (value,) = read_fields([page], [sure_of(page, labels)], SCHEMA, Reading()).values
    assert (value.text, value.normalised) == ("12.00", "12.00")
    assert value.confidence == pytest.approx(1 - 0.4 * 0.4, abs=0.01)


def test_a_field_that_repeats_gives_each_different_value_once():
    page = make_page("Ann and Bob with ANN")
    labels = {0: ("B-party", 0.7), 2: ("B-party", 0.9), 4: ("B-party", 0.8)}
    assert values(page, labels) == {"party": ["ANN", "Bob"]}


def test_a_date_is_whole_and_nothing_else_is_one():
    page = make_page("7:07:39 16 JUN 2018")
    labels = {0: ("B-date", 0.9), 1: ("B-date", 0.4), 2: ("B-date", 0.5), 3: ("I-date", 0.9)}
    assert values(page, labels, DATED) == {"date": ["16 JUN 2018"]}


def test_an_amount_torn_apart_is_one_amount():
    page = make_page("Total 1 234 .50")
    labels = {1: ("B-total", 0.9), 2: ("I-total", 0.9), 3: ("I-total", 0.9)}
    assert values(page, labels) == {"total": ["1 234 .50"]}


def test_an_undecided_text_is_offered_as_a_guess():
    page = make_page("ACME LTD\nHigh Street")
    assert values(page, {0: ("B-company", 0.4), 1: ("I-company", 0.6)}) == {"company": ["ACME LTD"]}
    assert values(page, {0: ("B-company", 0.05)}) == {}


def test_the_surer_of_an_absence_the_fewer_words_look_like_the_field():
    page = make_page("nothing here")
    nothing = read_fields([page], [sure_of(page, {})], SCHEMA, Reading())
    something = read_fields([page], [sure_of(page, {0: ("B-company", 0.08)})], SCHEMA, Reading())
    assert something.absent["company"] < nothing.absent["company"] <= 1


def test_confidences_are_calibrated():
    page = make_page("Total 12.00")
    probs = sure_of(page, {1: ("B-total", 0.9)})
    humble = Reading(found={"total": Calibration(1.0, -2.0)})
    (plain,) = read_fields([page], [probs], SCHEMA, Reading()).values
    (value,) = read_fields([page], [probs], SCHEMA, humble).values
    assert value.confidence == pytest.approx(Calibration(1.0, -2.0)(plain.confidence))


def test_values_are_found_on_every_page():
    pages = [make_page("Page one"), make_page("Total 5.00")]
    probs = [sure_of(pages[0], {}), sure_of(pages[1], {1: ("B-total", 0.9)})]
    (value,) = read_fields(pages, probs, SCHEMA, Reading()).values
    assert value.place is not None and (value.place.page, value.place.words) == (1, (1,))
