"""What speaks against a candidate besides how it compares: whom it learned from, what of that seems wrong, what it knows.

Pure: evidence in, sentences out. They name the person, the batch, the field or the document. The rules, and how often
each finds what it should: docs/decisions/0006-gate.md.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from models import similarity
from models.errors import TrainingFailed
from models.extractors.base import Example, Extracted
from models.schema import Schema
from models.values import normalise_text

LEAST_DOCUMENTS = 3  # of fewer that judge, nothing can be told
# That chance alone makes a group's answers about a field look worse than all others'. Of a whole team of three with four
# fields that is one refusal in 30 (200 documents) to 80 (60 documents), since answers in doubt are few
RISK = 0.01
LEAST_DOUBTS = 3  # answers in doubt: two may be two bad scans
# The same where the figures have refused the candidate already: nobody is held up by it, and whoever looks for the cause
# is told where to begin
RISK_OF_THE_REFUSED, LEAST_OF_THE_REFUSED = 0.2, 2
UNLIKELY = 0.2  # what a recorded answer's likelihood (0…1) is at most, to be counted here: near an even chance it is no reproach
PART = 0.1  # of all corrections, from which somebody is one of those who label, and not a visitor
SHOWN = 3  # documents named in a sentence


@dataclass(frozen=True, slots=True)
class Source:
    """A correction that the candidate learned from, or was tuned on.

    `doubts` are the fields of which a model that had not seen the document is nearly sure of something else
    (`UNLIKELY`), and which nobody has settled since; `confirmed` the fields that a person answered for.
    """

    annotator: str  # empty: unknown
    imported: bool  # labels made elsewhere, by the person who brought them
    new: bool  # not among what the champion learned from; True for all where there is none
    confirmed: frozenset[str]
    doubts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a type asks of its promotions (see `annotation.gate_model`)."""

    least_new: int = 5
    most_of_one: float = 0.9  # 0…1


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of how a candidate came to be.

    `champion` is the name of what reads now, empty where there is none. `as_before`: it was trained in the same way, so
    that only other corrections can have made it better. `known` are documents that judge (their keys) although the
    candidate learned from them or from near copies; `constant`: it says the same of all of them.
    """

    sources: Sequence[Source] = ()
    champion: str = ""
    as_before: bool = False
    known: Sequence[str] = ()
    constant: bool = False
    limits: Limits = field(default_factory=Limits)


def objections(schema: Schema, judged: int, evidence: Evidence | None, *, refused: bool = False) -> list[str]:
    """Why a candidate that was judged on so many documents may not take over, whatever its figures; mostly there is nothing.

    Of one that is `refused` by its figures, less is enough to say whose answers look wrong.
    """
    found = []
    if judged < LEAST_DOCUMENTS:
        found.append(f"{judged} documents to judge it on are too few: {LEAST_DOCUMENTS} at least.")
    if evidence is None:
        return found
    if evidence.known:
        found.append(
            f"It knows {len(evidence.known)} of the documents it is judged on, or near copies of them, by heart "
            f"(document {', '.join(evidence.known[:SHOWN])}): its figures say nothing."
        )
    if evidence.constant:
        found.append(f"It says the same of all {judged} documents, whatever stands in them.")
    return [
        *found,
        *_too_little_new(evidence),
        *_one_person(evidence),
        *_poison(schema, evidence, refused=refused),
    ]


def known_by_heart(learned: Mapping[str, int], judging: Mapping[str, int]) -> list[str]:
    """The judging documents that were learned from, or are in one group of near copies with one that was.

    Documents are keys with their fingerprints (`models.similarity`).
    """
    groups = similarity.group([*learned.values(), *judging.values()])
    taught = set(groups[: len(learned)])
    return [
        key
        for key, group in zip(judging, groups[len(learned) :], strict=True)
        if key in learned or group in taught
    ]


def check_numbers(said: Sequence[Extracted]) -> None:
    """Raise `TrainingFailed` if a model's confidences are no shares: it has learned nothing that could be judged."""
    sure = [
        number for each in said for number in (*(v.confidence for v in each.values), *each.absent.values())
    ]
    if strange := sum(not 0 <= number <= 1 for number in sure):  # NaN is not between either
        raise TrainingFailed(
            f"the training went astray: {strange} of {len(sure)} confidences on gold documents are no numbers from 0 to 1"
        )


def constant(gold: Sequence[Example], said: Sequence[Extracted]) -> bool:
    """Whether a model says the same of all gold documents, and people don't."""
    told = {_essence((value.field, value.text) for value in each.values) for each in said}
    true = {_essence((answer.field, answer.text) for answer in each.answers) for each in gold}
    return len(said) >= LEAST_DOCUMENTS and len(told) == 1 and len(true) > 1


def _essence(said: Iterator[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, normalise_text(text)) for name, text in said))


def _too_little_new(evidence: Evidence) -> list[str]:
    """A gate that is asked again and again about the same corrections would let something through by luck."""
    new = sum(source.new for source in evidence.sources)
    least = evidence.limits.least_new
    if not evidence.champion or not evidence.as_before or new >= least:
        return []
    return [
        f"It learned from {new} correction{'' if new == 1 else 's'} that {evidence.champion} had not, fewer than {least}: "
        f"correct {least - new} more."
    ]


def _one_person(evidence: Evidence) -> list[str]:
    """Who works alone is not asked to share: the rule is for teams, and for what people answer here."""
    ours = [each for each in evidence.sources if each.annotator and not each.imported]
    team = [n for n in Counter(each.annotator for each in ours).values() if n >= PART * len(ours)]
    if len(team) < 2 or not evidence.champion:
        return []
    new = Counter(each.annotator for each in ours if each.new)
    most = evidence.limits.most_of_one
    return [
        f"{person} gave {n} of the {new.total()} new corrections ({n / new.total():.0%}), more than the {most:.0%} that "
        f"one of several people may give: have others correct too."
        for person, n in new.most_common(1)
        if n > most * new.total() and n >= evidence.limits.least_new
    ]


@dataclass(frozen=True, slots=True)
class _Group:
    """Corrections that came the same way, and all the others."""

    whose: str
    others: str
    inside: Collection[Source]
    outside: Collection[Source]


def _poison(schema: Schema, evidence: Evidence, *, refused: bool) -> list[str]:
    """Groups of corrections of which more of a field's answers are in doubt than chance makes of the others' rate.

    Who errs here and there is not found by this, and does little harm. What somebody gets wrong again and again, or a
    batch of labels that was shifted, is a pattern that a model would learn.
    """
    groups = [group for group in _groups(evidence) if group.inside and group.outside]
    risk, least = (RISK_OF_THE_REFUSED, LEAST_OF_THE_REFUSED) if refused else (RISK, LEAST_DOUBTS)
    return [
        f"{wrong} of {asked} answers about {schema[name].title} {group.whose} look wrong to models that had not seen them, "
        f"{group.others} {others} of {rest}: see Label quality, put right or confirm what is in doubt there, and train again."
        for group in groups
        for name in schema.names
        for (wrong, asked), (others, rest) in [(_doubts(group.inside, name), _doubts(group.outside, name))]
        if wrong >= least and more_by_chance(wrong, asked, others, rest) <= risk
    ]


def _groups(evidence: Evidence) -> Iterator[_Group]:
    for imported in (False, True):
        for person in sorted({each.annotator for each in evidence.sources if each.imported == imported}):
            inside = [
                each for each in evidence.sources if (each.annotator, each.imported) == (person, imported)
            ]
            outside = [
                each for each in evidence.sources if (each.annotator, each.imported) != (person, imported)
            ]
            if person:
                yield _Group(
                    f"{'imported by' if imported else 'by'} {person}", "of all others", inside, outside
                )
    if evidence.champion:
        yield _Group(
            f"since {evidence.champion}",
            "of those before",
            [each for each in evidence.sources if each.new],
            [each for each in evidence.sources if not each.new],
        )


def _doubts(sources: Collection[Source], name: str) -> tuple[int, int]:
    """(answers about the field that are in doubt, all answers about it)."""
    asked = [each for each in sources if name in each.confirmed]
    return sum(name in each.doubts for each in asked), len(asked)


def more_by_chance(wrong: int, asked: int, others: int, rest: int) -> float:
    """Probability (0…1) that `wrong` or more of `asked` are, if all `wrong + others` fell where chance let them.

    Fisher's exact test, one-sided (Fisher 1935, "The Logic of Inductive Inference").
    """
    every, marked = asked + rest, wrong + others
    ways = sum(
        math.comb(marked, n) * math.comb(every - marked, asked - n)
        for n in range(wrong, min(asked, marked) + 1)
        if asked - n <= every - marked
    )
    return ways / math.comb(every, asked) if every else 1.0
