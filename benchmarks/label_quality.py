"""Wrong labels put into real packs, and annotators who don't look: how many of each Docloop's checks find.

Labels: of a pack's answers a share is made wrong by lot, in the ways people err: another value of the document in the
field's place, a character changed, left out. `models.label_errors` then ranks all recorded answers. Errors that were in
the pack before count as false alarms here, so the true precision is higher. Peers, with the same models: the plain way,
every disagreement, the most confident first; and the scores of cleanlab's token classification (Wang and Mueller, 2022):
of each word the probability of the label that it was given, of a field the least of its words'. They are written from
the paper, as cleanlab is under the AGPL.

People: annotators of known carelessness answer probes, judged after each by `learner.probes.judge`, the code that the
app runs.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.goal_tables import CHOOSING
from benchmarks.packs import PACKS
from benchmarks.tables import table
from learner import probes
from models.alignment import OUTSIDE, TYPED, labels_to_learn, runs_like, text_of
from models.extractors.base import Answer, Example, Extracted, Extractor
from models.extractors.crf import CrfExtractor
from models.extractors.fields import Floats, labels_of
from models.label_errors import FOLDS, LEARNER, Doubt, doubts, read_by_others
from models.metrics import is_right
from models.pack_schema import inferred
from models.packs import read_pack
from models.pages import Page
from models.schema import Field, Schema

WRONG = 0.05  # share of the answers that is made wrong
WAYS = ("another value", "mistyped", "left out")
OURS, PLAIN, WORDS = "docloop", "plain disagreement", "cleanlab's token scores"
ANNOTATORS = 20_000  # simulated, of each sort
LOOKS = {  # share of probes that are missed by …
    "honest, misses 2 %": 0.02,
    "honest, misses 5 %": 0.05,
    "honest, misses 10 %": 0.10,
    "looks at every second": 0.50,
    "accepts blindly, but for 1 in 10": 0.90,
    "accepts blindly": 1.0,
}
HONEST = ("honest, misses 5 %", "honest, misses 10 %")
BLIND = "accepts blindly"
WITHIN = 40  # probes

Spoilt = dict[tuple[int, str], str]  # (document, field) → way


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One way of ranking on one pack: of the first `k` answers, how many are wrong, and how many of all wrong ones."""

    pack: str
    learner: str
    ranking: str
    seed: int
    documents: int
    wrong: int
    k: int
    precision: float
    recall: float
    by_way: dict[str, float]  # recall

    def to_json(self) -> dict[str, Any]:  # mixed: names, counts, shares
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PeopleRow:
    """One sort of annotator: the share found within `WITHIN` probes, and after how many probes half and 95 % are."""

    sort: str
    misses: float
    annotators: int
    found: float
    median: int | None  # probes; None if fewer are ever found
    most: int | None  # 95 % of all

    def to_json(self) -> dict[str, Any]:  # mixed: names, counts, shares
        return asdict(self)


def labels(
    data: Path, packs: Sequence[str], *, threads: int, seed: int = 1, most: int | None = None
) -> Iterator[list[LabelRow]]:
    """Each pack's rows, for k = as many as were made wrong, and half and twice of it; `most` of its documents, by lot.

    As many packs at a time as there are threads, a process each: a CRF learns on one core.
    """
    with ProcessPoolExecutor(threads, mp_context=get_context("spawn")) as several:
        yield from several.map(partial(_of_pack, data, seed=seed, most=most), packs)


def _of_pack(data: Path, name: str, *, seed: int, most: int | None) -> list[LabelRow]:
    documents = list(read_pack(data / PACKS[name].name / "train"))
    schema = inferred(documents)
    rng = np.random.default_rng((seed, 4))
    if most is not None and most < len(documents):
        documents = [documents[at] for at in sorted(rng.permutation(len(documents))[:most].tolist())]
    examples, spoilt = spoil(schema, [document.example for document in documents], WRONG, rng)
    return [
        _row(name, ranking, seed, examples, spoilt, found[:k], k)
        for ranking, found in _rankings(schema, examples, seed).items()
        for k in (len(spoilt) // 2, len(spoilt), 2 * len(spoilt))
    ]


def _rankings(schema: Schema, examples: Sequence[Example], seed: int) -> dict[str, list[Doubt]]:
    """Every way's list of what is in doubt, by models that learned from other folds."""
    told = read_by_others(
        schema,
        examples,
        lambda model, documents: list(
            zip(model.extract(documents), _word_probs(model, documents), strict=True)
        ),
        learner=LEARNER,
        recipe={},
        folds=FOLDS,
        seed=seed,
        on_progress=lambda _: None,
    )
    said = [extracted for extracted, _ in told]
    return {
        OURS: doubts(schema, examples, said),
        PLAIN: disagreements(schema, examples, said),
        WORDS: word_scores(schema, examples, [probs for _, probs in told]),
    }


def _word_probs(model: Extractor, documents: Sequence[Sequence[Page]]) -> list[list[Floats]]:
    """For each document and page the probabilities of the words' labels, (W, L)."""
    assert isinstance(model, CrfExtractor)
    return [[np.exp(page) for page in pages] for pages in model.log_probs(documents)]


def word_scores(
    schema: Schema, examples: Sequence[Example], probs: Sequence[Sequence[Floats]]
) -> list[Doubt]:
    """Every field of every document, the one with the worst word first, as cleanlab scores sentences (its "min").

    A word outside all fields speaks about the one that it is likeliest of. Words whose label nobody knows are left out.
    """
    labels = labels_of(schema)
    column = {label: at for at, label in enumerate(labels)}
    found = []
    for at, (example, pages) in enumerate(zip(examples, probs, strict=True)):
        worst = dict.fromkeys(schema.names, 1.0)
        for given, page in zip(labels_to_learn(example, schema), pages, strict=True):
            for word, label in enumerate(given):
                if label is None:
                    continue
                likeliest = labels[1 + int(np.argmax(page[word, 1:]))]
                name = (likeliest if label == OUTSIDE else label)[2:]
                worst[name] = min(worst[name], float(page[word, column[label]]))
        found += [Doubt(at, name, score, "") for name, score in worst.items() if score < 1]
    return sorted(found, key=lambda doubt: doubt.likelihood)


def spoil(
    schema: Schema, examples: Sequence[Example], share: float, rng: np.random.Generator
) -> tuple[list[Example], Spoilt]:
    """The examples with `share` of their answered fields made wrong, and which these are."""
    answered = [
        (at, name)
        for at, each in enumerate(examples)
        for name in dict.fromkeys(answer.field for answer in each.answers)
    ]
    lot = rng.permutation(len(answered))[: round(share * len(answered))]
    changed = list(examples)
    spoilt: Spoilt = {}
    for number, position in enumerate(lot.tolist()):
        at, name = answered[position]
        way = WAYS[number % len(WAYS)]
        made = _wrong(schema[name], changed[at], way, rng)
        if made is None:
            way, made = WAYS[1], _wrong(schema[name], changed[at], WAYS[1], rng)
        if made is not None:
            changed[at] = made
            spoilt[at, name] = way
    return changed, spoilt


def _wrong(field: Field, example: Example, way: str, rng: np.random.Generator) -> Example | None:
    own = [answer for answer in example.answers if answer.field == field.name]
    victim = own[int(rng.integers(len(own)))]
    others = tuple(answer for answer in example.answers if answer is not victim)
    if way == "left out":
        return replace(example, answers=others)
    if way == "another value":
        texts = [text for text in _elsewhere(field, example, victim) if not field.same(text, victim.text)]
        text = texts[int(rng.integers(len(texts)))] if texts else None
    else:
        text = _mistyped(victim.text, rng)
        text = None if field.same(text, victim.text) else text
    return replace(example, answers=(*others, Answer(field.name, text))) if text else None


def _elsewhere(field: Field, example: Example, victim: Answer) -> list[str]:
    """Other values of the kind that stand in the document; for texts, runs of as many words."""
    if field.kind in TYPED:
        return [text_of(page, run) for page in example.pages for run in runs_like(page, field)]
    length = max(1, len(victim.text.split()))
    return [
        text_of(page, range(start, start + length))
        for page in example.pages
        for start in range(0, len(page.words) - length, length)
    ]


def _mistyped(text: str, rng: np.random.Generator) -> str:
    """One letter or digit is another."""
    places = [at for at, char in enumerate(text) if char.isalnum()]
    if not places:
        return text
    at = places[int(rng.integers(len(places)))]
    pool = string.digits if text[at].isdigit() else string.ascii_uppercase
    others = [char for char in pool if char != text[at].upper()]
    return text[:at] + others[int(rng.integers(len(others)))] + text[at + 1 :]


def disagreements(schema: Schema, examples: Sequence[Example], said: Sequence[Extracted]) -> list[Doubt]:
    """Every field of which the model says something else, the surest first, as its score came."""
    found = []
    for at, (example, extracted) in enumerate(zip(examples, said, strict=True)):
        for field in schema:
            answers = [answer.text for answer in example.answers if answer.field == field.name]
            values = [value for value in extracted.values if value.field == field.name]
            strange = [v for v in values if not any(is_right(field, v, text) for text in answers)]
            sure = max((v.confidence for v in strange), default=0.0)
            if not values and answers:
                sure = extracted.absent.get(field.name, 0.0)
            if sure:
                found.append(Doubt(at, field.name, 1 - sure, ""))
    return sorted(found, key=lambda doubt: doubt.likelihood)


def _row(
    pack: str,
    ranking: str,
    seed: int,
    examples: Sequence[Example],
    spoilt: Spoilt,
    found: Sequence[Doubt],
    k: int,
) -> LabelRow:
    hits = {(doubt.document, doubt.field) for doubt in found} & spoilt.keys()
    ways = {
        way: sum(spoilt[hit] == way for hit in hits) / max(1, sum(each == way for each in spoilt.values()))
        for way in WAYS
    }
    # a list that ends before k is held against its own length: nobody looks at what isn't there
    precision = len(hits) / max(1, len(found))
    return LabelRow(
        pack,
        LEARNER,
        ranking,
        seed,
        len(examples),
        len(spoilt),
        k,
        precision,
        len(hits) / max(1, len(spoilt)),
        ways,
    )


def people(*, annotators: int = ANNOTATORS, probes_each: int = WITHIN, seed: int = 1) -> Iterator[PeopleRow]:
    """A row for each sort of annotator; who is found stays found, as a lead has been told."""
    for sort, misses in LOOKS.items():
        rng = np.random.default_rng((seed, round(1000 * misses)))
        missed = rng.random((annotators, probes_each)) < misses  # (A, N)
        after = np.array([probes.found_after(row.tolist()) or probes_each + 1 for row in missed])
        told = np.sort(after)
        median, most = (int(told[int(share * (annotators - 1))]) for share in (0.5, 0.95))
        yield PeopleRow(
            sort,
            misses,
            annotators,
            float((after <= probes_each).mean()),
            median if median <= probes_each else None,
            most if most <= probes_each else None,
        )


def told_of_labels(rows: Sequence[LabelRow]) -> str:
    """A table of one pack or several."""
    header = ["pack", "learner", "ranking", "documents", "wrong answers", "k", "precision", "recall", *WAYS]
    body = [
        [
            row.pack,
            row.learner,
            row.ranking,
            str(row.documents),
            str(row.wrong),
            str(row.k),
            *(f"{share:.2f}" for share in (row.precision, row.recall, *row.by_way.values())),
        ]
        for row in rows
    ]
    return f"""Answers made wrong ({WRONG:.0%} of the pack's) and found again among the first k of the ranking; the last columns are
recall by the way in which an answer was made wrong.

{table(header, body)}"""


def told_of_people(rows: Sequence[PeopleRow]) -> str:
    """A table of all sorts of annotators."""
    header = [
        "annotator",
        "probes missed",
        f"found within {WITHIN} probes",
        "half of them after",
        "95 % after",
    ]
    body = [
        [
            row.sort,
            f"{row.misses:.0%}",
            f"{100 * row.found:.2f} %",
            str(row.median or "never"),
            str(row.most or "never"),
        ]
        for row in rows
    ]
    return f"""{rows[0].annotators:,} simulated annotators of each sort, judged after every probe by the code of the app:

{table(header, body)}"""


def goals(people_rows: Sequence[PeopleRow]) -> list[dict[str, Any]]:
    """The line of the table of goals."""
    by_sort = {row.sort: row for row in people_rows}
    alarm = max(by_sort[sort].found for sort in HONEST)
    blind = by_sort[BLIND]
    figure, goal = CHOOSING["blind annotator"]
    return [
        {
            "figure": figure,
            "goal": goal,
            "measured": f"{blind.found:.0%} within {blind.most} probes, false alarm {100 * alarm:.1f} %",
            "reached": blind.found >= 0.99 and alarm < 0.05,
            "note": f"false alarm: of {' and of '.join(HONEST)}, the worse of the two, within {WITHIN} probes",
        }
    ]
