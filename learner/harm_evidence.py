"""A challenger in; how it came to be, for `learner.harm`, out: whose corrections it learned from, and what is in doubt of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from annotation.models import Correction, Document
from learner import harm, suspects
from learner.models import ModelVersion, Snapshot, Suspect
from learner.snapshots import Split
from models.extractors.base import Example, Extracted

OF_THE_MACHINE = {"threads", "max_minutes"}  # settings that say where it was trained, not how


def gather(
    version: ModelVersion,
    champion: ModelVersion | None,
    learned: Sequence[Example],
    gold: Sequence[Example],
    said: Sequence[Extracted],
) -> harm.Evidence:
    """What is known of a version that learned from these documents, and `said` this of those that judge it.

    Reads each correction that it learned from once, without its words.
    """
    document_type = version.document_type
    return harm.Evidence(
        sources=_sources(version.run.snapshot, champion),
        champion=champion.name if champion else "",
        as_before=champion is not None and _trained_alike(version, champion),
        known=harm.known_by_heart(_fingerprints(learned), _fingerprints(gold)),
        constant=harm.constant(gold, said),
        limits=harm.Limits(document_type.least_new, document_type.most_of_one),
    )


def learned_by(version: ModelVersion | None) -> set[int]:
    """The corrections (ids) that a version learned from, or was tuned on; those that judged it are not among them."""
    snapshot = version.run.snapshot if version else None
    return {pk for pk, split in snapshot.items if split != Split.GOLD} if snapshot else set()


def _sources(snapshot: Snapshot | None, champion: ModelVersion | None) -> list[harm.Source]:
    if snapshot is None:
        return []
    learned = [pk for pk, split in snapshot.items if split != Split.GOLD]
    before = learned_by(champion)
    names = frozenset(field["name"] for field in snapshot.fields)
    doubted: defaultdict[int, set[str]] = defaultdict(set)
    waiting = Suspect.objects.filter(
        correction__in=learned, state__in=suspects.WAITING, likelihood__lte=harm.UNLIKELY
    )
    for pk, name in waiting.values_list("correction", "field"):
        doubted[pk].add(name)
    rows = Correction.objects.filter(pk__in=learned).only("annotator", "source", "outcomes").order_by("pk")
    return [
        harm.Source(
            annotator=row.annotator,
            imported=row.source == Correction.Source.IMPORTED,
            new=row.pk not in before,
            confirmed=names - row.unconfirmed,
            doubts=frozenset(doubted[row.pk]),
        )
        for row in rows.iterator(chunk_size=2000)
    ]


def _fingerprints(examples: Sequence[Example]) -> dict[str, int]:
    """Of the documents, by key: as they were split by."""
    rows = Document.objects.filter(pk__in=[int(example.key) for example in examples])
    return {
        str(pk): int(found or "0", 16) for pk, found in rows.order_by("pk").values_list("pk", "fingerprint")
    }


def _trained_alike(version: ModelVersion, champion: ModelVersion) -> bool:
    """Whether both were trained by the same extractor, settings and code; older versions don't tell."""
    return bool(champion.made_with) and _how(version) == _how(champion)


def _how(version: ModelVersion) -> tuple[object, ...]:
    made = version.made_with
    recipe = {name: value for name, value in made.get("recipe", {}).items() if name not in OF_THE_MACHINE}
    settings = sorted((name, repr(value)) for name, value in recipe.items())
    return made.get("extractor"), made.get("code"), settings
