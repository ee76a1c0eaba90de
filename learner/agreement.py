"""What several people said of the same documents in; how far they agree, field by field, out.

Counted are documents picked by lot for several people (`overlap`), who were all shown what the model said: they agree
more than they would on an empty page. Second opinions are asked where something is in doubt, so they tell nothing of
the rest. The first half is pure, the second reads the rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from annotation.models import Correction, DocumentType, Recheck
from learner.audit import wilson
from learner.suspects import answer_key

Said = Mapping[
    str, Hashable
]  # annotator → what they said of one field of one document, equal if it is the same


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far people agree. `share` (0…1, with its 95 % interval) is of pairs of answers that are the same.

    `alpha` is Krippendorff's for names: 1 for full agreement, 0 for as much as by chance; None if everybody always said
    the same, where chance can't be told from agreement.
    """

    documents: int
    share: float
    low: float
    high: float
    alpha: float | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What people said of one document that was picked for several: by annotator, the answer to each field."""

    document: int
    by: Mapping[str, Mapping[str, tuple[str, ...]]]  # fields that nobody confirmed are left out


def agreement(said: Sequence[Said]) -> Agreement | None:
    """Of one field, a mapping per document; None if no document has two people's answers.

    A document counts once, however many people answered it: the interval is of independent documents (Wilson 1927).
    """
    several = [list(each.values()) for each in said if len(each) > 1]
    if not several:
        return None
    shares = [_share(each) for each in several]
    share = sum(shares) / len(shares)
    low, high = wilson(share, len(shares))
    return Agreement(len(several), share, low, high, alpha(several))


def alpha(units: Sequence[Sequence[Hashable]]) -> float | None:
    """Krippendorff's alpha for nominal data (Krippendorff 2011), of units with two values or more each."""
    coincidences: defaultdict[tuple[Hashable, Hashable], float] = defaultdict(float)
    for values in units:
        for one, other in permutations(values, 2):
            coincidences[one, other] += 1 / (len(values) - 1)
    totals: defaultdict[Hashable, float] = defaultdict(float)
    for (one, _), weight in coincidences.items():
        totals[one] += weight
    n = sum(totals.values())
    expected = n * n - sum(each * each for each in totals.values())
    if not expected:
        return None
    observed = sum(weight for (one, other), weight in coincidences.items() if one != other)
    return 1 - (n - 1) * observed / expected


def _share(values: Sequence[Hashable]) -> float:
    pairs = list(combinations(values, 2))
    return sum(one == other for one, other in pairs) / len(pairs)


def by_field(answered: Sequence[Answered], names: Sequence[str]) -> dict[str, Agreement]:
    """For each field that two people answered in some document."""
    found = {
        name: agreement(
            [{who: said[name] for who, said in each.by.items() if name in said} for each in answered]
        )
        for name in names
    }
    return {name: each for name, each in found.items() if each}


def with_others(answered: Sequence[Answered], annotator: str) -> Agreement | None:
    """How far one person agrees with the others, all fields together; the interval is of documents."""
    shares = []
    for each in answered:
        own = each.by.get(annotator, {})
        same = [
            own[name] == said[name]
            for who, said in each.by.items()
            if who != annotator
            for name in own.keys() & said.keys()
        ]
        if same:
            shares.append(sum(same) / len(same))
    if not shares:
        return None
    share = sum(shares) / len(shares)
    return Agreement(len(shares), share, *wilson(share, len(shares)), alpha=None)


def answered(document_type: DocumentType) -> list[Answered]:
    """The documents of the overlap that two people or more have answered: each person's first answer."""
    done = (
        Recheck.objects.filter(
            document__document_type=document_type,
            purpose=Recheck.Purpose.OVERLAP,
            state=Recheck.State.DONE,
        )
        .select_related("first")
        .prefetch_related("corrections")
        .order_by("pk")
    )
    rows: defaultdict[int, dict[str, Correction]] = defaultdict(dict)
    for recheck in done:
        for correction in (recheck.first, *recheck.corrections.all()):
            if not correction.skipped:
                rows[recheck.document_id].setdefault(correction.annotator, correction)
    schema = document_type.schema
    return [
        Answered(
            document,
            {
                who: {
                    field.name: answer_key(correction, field)
                    for field in schema
                    if field.name not in correction.unconfirmed
                }
                for who, correction in by.items()
            },
        )
        for document, by in rows.items()
        if len(by) > 1
    ]
