"""Label errors: what counts as a doubt, and that planted errors are found by cross-validation."""

from dataclasses import replace

from models.extractors.base import Answer, Example, Extracted, Value
from models.label_errors import doubts, find
from models.schema import Schema
from tests.factories import FIELDS, make_page

SCHEMA = Schema.from_json(FIELDS)
PAGE = make_page("ACME LTD\nTotal 12.90")


def example(key, total="12.90", **more):
    answers = (Answer("total", total),) if total else ()
    return Example(str(key), (PAGE,), answers, **more)


def extracted(total="12.90", confidence=0.9):
    absent = {"company": 0.9, "date": 0.9} | ({} if total else {"total": confidence})
    value = Value("total", total, SCHEMA["total"].normalise(total), confidence) if total else None
    return Extracted((value,) if value else (), absent)


AGREE = [(example(n), extracted(confidence=0.8 + 0.01 * n)) for n in range(15)]


def doubted(*more):
    pairs = [*AGREE, *more]
    found = doubts(SCHEMA, [one for one, _ in pairs], [other for _, other in pairs])
    return [(doubt.document - len(AGREE), doubt.field, doubt.says) for doubt in found]


def test_a_sure_disagreement_is_a_doubt_and_an_unsure_one_is_none():
    assert doubted((example("x", "99.00"), extracted(confidence=0.97))) == [(0, "total", "12.90")]
    assert doubted((example("x", "99.00"), extracted(confidence=0.2))) == []


def test_the_same_value_in_another_writing_is_no_disagreement():
    assert doubted((example("x", "RM 12.90"), extracted(confidence=0.99))) == []


def test_a_value_that_was_left_out_is_a_doubt():
    assert doubted((example("x", None), extracted(confidence=0.97))) == [(0, "total", "12.90")]


def test_nothing_is_doubted_that_nobody_confirmed():
    unseen = example("x", None, unconfirmed=frozenset({"total"}))
    assert doubted((unseen, extracted(confidence=0.99))) == []


def test_the_least_likely_answer_comes_first():
    sure, less = extracted(confidence=0.99), extracted(confidence=0.95)
    assert doubted((example("x", "99.00"), less), (example("y", "98.00"), sure)) == [
        (1, "total", "12.90"),
        (0, "total", "12.90"),
    ]


SHOPS = ["ACME", "Bolt", "Corner", "Delta", "Elm", "Fox", "Grand", "Hill"]
WORDS = [
    "milk",
    "bread",
    "salt",
    "soap",
    "rice",
    "tea",
    "oil",
    "flour",
    "nuts",
    "wine",
    "corn",
    "beans",
    "peas",
    "fish",
    "lamb",
    "plum",
]


def receipt(n):
    items = "\n".join(f"{WORDS[(n * 7 + at) % 16]}{n} {n % 5 + at}.{n % 9}0" for at in range(4))
    total = f"{20 + n}.{n % 10}5"
    page = make_page(
        f"{SHOPS[n % 8]} {WORDS[n % 16]}{n}\nDate {n % 28 + 1:02}/03/2024\n{items}\nTotal {total}"
    )
    return Example(str(n), (page,), (Answer("date", f"{n % 28 + 1:02}/03/2024"), Answer("total", total)))


def test_wrong_totals_are_found_by_a_model_that_learned_from_the_other_documents():
    examples = [receipt(n) for n in range(40)]
    for at in (3, 17):
        wrong = examples[at].pages[0].words[-3].text  # an item's price
        examples[at] = replace(examples[at], answers=(examples[at].answers[0], Answer("total", wrong)))
    found = find(SCHEMA, examples)
    assert {(doubt.document, doubt.field) for doubt in found[:2]} == {(3, "total"), (17, "total")}
    assert {doubt.says for doubt in found[:2]} == {"23.35", "37.75"}
    assert found == find(SCHEMA, examples)


def test_too_few_documents_tell_nothing():
    assert find(SCHEMA, [receipt(1), receipt(2)]) == []
