"""The goals we set ourselves, beside what was reached and what the peers reach; a goal that is missed stays in the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.contenders import CONVERGED, DEFAULT, TRIVIAL
from benchmarks.goal_tables import ANNOTATING, CHOOSING, READING, SEEN, STREAM
from benchmarks.memory import MOST_GB, PAGES
from benchmarks.packs import ALL, PACKS
from models.judging import FEWEST

Row = dict[str, Any]  # see `benchmarks.extraction`
Rows = Mapping[str, Row]

EAGER = "PyTorch eager"  # the name of its row in `benchmarks.inference`, which imports torch
PUBLISHED = "published, official split: BERT-base 0.910, LayoutLM-base 0.944, LayoutLMv2-large 0.966"


@dataclass(frozen=True, slots=True)
class Goal:
    """A line of the table. `reached` is None where nothing was measured."""

    figure: str
    goal: str
    measured: str
    reached: bool | None
    peers: str = ""
    note: str = ""

    @property
    def cells(self) -> list[str]:
        verdict = {None: "not measured", True: "yes", False: "**no**"}[self.reached]
        return [self.figure, self.goal, self.measured, verdict, self.peers, self.note]


HEADER = ["figure", "goal", "measured", "reached", "peers, same documents", "note"]


def goals(
    extraction: Rows,
    image: Rows,
    speed: Rows,
    reading: Rows,
    *,
    inference: Rows | None = None,
    rotated: Rows | None = None,
    memory: Rows | None = None,
) -> Iterator[Goal]:
    """Every goal, in the order in which they were set."""
    for size, least, what in (
        (ALL, 0.95, f"all {_learned(extraction, 'sroie', DEFAULT, ALL)}training documents, given words"),
        ("100", 0.90, "100 documents"),
        ("25", 0.80, "25 documents"),
    ):
        yield _at_least(extraction, "sroie", size, least, f"receipts, {what}: field F1")
    yield _at_least(
        extraction, "sroie", "0", 0.55, "receipts, no document at all: field F1", extractor="base"
    )
    yield _from_image(extraction, image)
    for pack in ("adbuy", "nda"):
        for size in PACKS[pack].sizes:
            yield _beats(extraction, pack, size)
    for pack in PACKS:
        yield _calibrated(extraction, pack)
    for pack in PACKS:
        if pack == "sroie" or of(rotated or {}, pack, DEFAULT, "100"):
            yield _calibrated(rotated or {}, pack, of_all=True)
    yield _fast(speed, inference or {})
    yield from _told(READING, [reading])
    yield _retraining(extraction)
    yield _held(memory or {})


def choosing(sections: Sequence[Rows]) -> Iterator[Goal]:
    """The goals of choosing and labelling, from the rows of the sections `CHOOSING_IN`."""
    yield from _told(list(CHOOSING.values()), sections)


def annotating(rows: Rows) -> Iterator[Goal]:
    """The goals of labelling, from the rows of the section `annotator`."""
    yield from _told(list(ANNOTATING.values()), [rows])


def seen(sections: Sequence[Rows]) -> Iterator[Goal]:
    """The goals of pages, from the rows of the sections `SEEN_IN`."""
    yield from _told(list(SEEN.values()), sections)


def stream(sections: Sequence[Rows]) -> Iterator[Goal]:
    """The goals of a mixed stream, from the rows of the sections `STREAM_IN`."""
    yield from _told(list(STREAM.values()), sections)


def _told(wanted: Sequence[tuple[str, str]], sections: Sequence[Rows]) -> Iterator[Goal]:
    """What rows bring along themselves of these (figure, goal)."""
    told = {
        each["figure"]: Goal(**each)
        for rows in sections
        for row in rows.values()
        for each in row.get("goals", ())
    }
    yield from (told.get(figure, Goal(figure, goal, "", None)) for figure, goal in wanted)


def of(rows: Rows, pack: str, extractor: str, size: str) -> list[Row]:
    """The rows of one contender at one size, one for each seed, that were measured without a problem."""
    return [
        row
        for row in rows.values()
        if (row["pack"], row["extractor"], row["size"]) == (pack, extractor, size) and "figures" in row
    ]


def f1(rows: Sequence[Row], field: str | None = None) -> float:
    """Mean F1 over seeds, of one field or of all values."""
    return float(np.mean([_own(row, field)["f1"]["value"] for row in rows]))


def shown_f1(rows: Sequence[Row]) -> str:
    """`0.953 (0.93–0.97)`: with the 95 % interval of one seed, or `0.953 (3 seeds, 0.948–0.957)`."""
    if len(rows) == 1:
        interval = rows[0]["figures"]["overall"]["f1"]
        return f"{interval['value']:.3f} ({interval['low']:.2f}–{interval['high']:.2f})"
    each = [f1([row]) for row in rows]
    return f"{np.mean(each):.3f} ({len(each)} seeds, {min(each):.3f}–{max(each):.3f})"


def _own(row: Row, field: str | None) -> Row:
    own: Row = row["figures"]["overall"] if field is None else row["figures"]["fields"][field]
    return own


def _learned(rows: Rows, pack: str, extractor: str, size: str) -> str:
    found = of(rows, pack, extractor, size)
    return f"{found[0]['learned'] + found[0]['validated']} " if found else ""


def _peers(rows: Rows, pack: str, size: str, but: str) -> str:
    """What everybody else reached with as many documents, or without any."""
    names = dict.fromkeys(row["extractor"] for row in rows.values() if row["pack"] == pack)
    found = {
        name: of(rows, pack, name, size) or of(rows, pack, name, "0")
        for name in names
        if name not in (but, CONVERGED)
    }
    return ", ".join(f"{name} {f1(peers):.3f}" for name, peers in found.items() if peers)


def _at_least(
    rows: Rows, pack: str, size: str, least: float, figure: str, *, extractor: str = DEFAULT
) -> Goal:
    found = of(rows, pack, extractor, size)
    if not found:
        return Goal(figure, f"≥ {least:.2f}", "", None)
    note = PUBLISHED if size == ALL else ""
    peers = _peers(rows, pack, size, extractor)
    return Goal(figure, f"≥ {least:.2f}", shown_f1(found), f1(found) >= least, peers, note)


def _from_image(extraction: Rows, image: Rows) -> Goal:
    figure, goal = (
        "receipts from the image (own OCR), all training documents: field F1",
        "within 0.04 of given words",
    )
    own, given = of(image, "sroie", DEFAULT, ALL), of(extraction, "sroie", DEFAULT, ALL)
    if not own or not given:
        return Goal(figure, goal, "", None)
    lost = f1(given) - f1(own)
    peers = f"given words {f1(given):.3f}"
    if crf := of(image, "sroie", "crf", ALL):
        peers += f", crf of the same words {f1(crf):.3f}"
    return Goal(figure, goal, shown_f1(own), lost <= 0.04, peers, f"{lost:+.3f} lost")


def _beats(rows: Rows, pack: str, size: str) -> Goal:
    documents = "all" if size == ALL else size
    figure = f"{PACKS[pack].title}, {documents} documents: field F1"
    goal = "above the CRF alone and the trivial baselines"
    found = of(rows, pack, DEFAULT, size)
    crf, trivial = of(rows, pack, "crf", size), of(rows, pack, TRIVIAL, "0")
    if not found:
        return Goal(figure, goal, "", None)
    beaten = [
        *(f1(found) > f1(peer) for peer in (crf, trivial) if peer),
        *(
            f1(found, field) > f1(trivial, field)
            for field in (_found_trivially(trivial[0]) if trivial else ())
        ),
    ]
    note = "" if crf else "the CRF was not measured"
    if trivial and (
        lost := [each for each in _found_trivially(trivial[0]) if f1(found, each) <= f1(trivial, each)]
    ):
        note = f"not above the baseline: {', '.join(lost)}"
    reached = all(beaten) if crf else None
    return Goal(figure, goal, shown_f1(found), reached, _peers(rows, pack, size, DEFAULT), note)


def _found_trivially(row: Row) -> list[str]:
    return [name for name, own in row["figures"]["fields"].items() if own["predicted"]]


def _calibrated(rows: Rows, pack: str, *, of_all: bool = False) -> Goal:
    """The worst field's error; `of_all`: of tests that hold each document once, see `benchmarks.rotated`."""
    size = "100" if of(rows, pack, DEFAULT, "100") or not of(rows, pack, DEFAULT, ALL) else ALL
    documents = "100" if size == "100" else "all"
    figure = (
        f"{PACKS[pack].title}, after {documents} documents: expected calibration error, the worst field's"
    )
    if of_all:
        figure += ", over tests of all documents"
    found = of(rows, pack, DEFAULT, size)
    if not found:
        return Goal(figure, "≤ 0.05", "", None)
    errors = {
        (name, what): float(np.mean([_own(row, name)["calibration"][what]["error"] for row in found]))
        for name in found[0]["figures"]["fields"]
        for what in ("values", "absences")
        if all(_own(row, name)["calibration"][what]["count"] >= FEWEST for row in found)
    }
    if not errors:
        return Goal(figure, "≤ 0.05", "", None, note=f"no field has {FEWEST} values")
    (field, what), worst = max(errors.items(), key=lambda each: each[1])
    note = f"{field}, {what}; counted are values, and absences, of which there are {FEWEST} or more"
    chance = [row["figures"].get("worst_error_by_chance") for row in found]
    if None not in chance:
        note += f"; by chance the worst field of a perfectly calibrated model shows up to {np.mean(chance):.3f} (95 %)"
    return Goal(
        figure,
        "≤ 0.05",
        f"{worst:.3f}",
        worst <= 0.05,
        _calibrated_peers(rows, pack, size, field, what),
        note,
    )


def _calibrated_peers(rows: Rows, pack: str, size: str, field: str, what: str) -> str:
    told = []
    for name in dict.fromkeys(row["extractor"] for row in rows.values() if row["pack"] == pack):
        found = of(rows, pack, name, size)
        errors = [_own(row, field)["calibration"][what]["error"] for row in found]
        if name not in (DEFAULT, CONVERGED) and errors and None not in errors:
            told.append(f"{name} {np.mean(errors):.3f}")
    return ", ".join(told)


def _fast(speed: Rows, inference: Rows) -> Goal:
    figure, goal = "extraction on 2 cores, words given", "≥ 60 pages/s"
    found = speed.get(f"sroie/{DEFAULT}")
    if found is None:
        return Goal(figure, goal, "", None)
    peers = ", ".join(
        f"{row['extractor']} {row['pages_per_second']:.1f}"
        for row in speed.values()
        if row["pack"] == "sroie" and row is not found
    )
    for way in inference.get("sroie", {}).get("rows", ()):
        if way["way"] == EAGER:
            peers += f", {EAGER}, the network alone {way['pages_per_second']:.1f}"
    rate = found["pages_per_second"]
    others = ", ".join(
        f"{row['pack']} {row['pages_per_second']:.1f}"
        for row in speed.values()
        if row["extractor"] == DEFAULT and row is not found
    )
    return Goal(figure, goal, f"{rate:.1f} pages/s (receipts)", rate >= 60, peers, others)


def _retraining(rows: Rows) -> Goal:
    figure = "retraining on 100 receipts to a finished evaluation, 2 cores"
    goal = "≤ 6 min, less than 0.01 F1 lost against training to convergence"
    found, long = of(rows, "sroie", DEFAULT, "100"), of(rows, "sroie", CONVERGED, "100")
    if not found:
        return Goal(figure, goal, "", None)
    minutes = float(np.mean([row["train_seconds"] + row["seconds"] for row in found])) / 60
    if not long:
        return Goal(figure, goal, f"{minutes:.1f} min", None, note="training to convergence was not measured")
    lost = f1(long) - f1(found)
    long_minutes = float(np.mean([row["train_seconds"] + row["seconds"] for row in long])) / 60
    return Goal(
        figure,
        goal,
        f"{minutes:.1f} min, {lost:+.3f} lost",
        minutes <= 6 and lost < 0.01,
        f"{CONVERGED}: {long_minutes:.1f} min, F1 {f1(long):.3f}",
    )


def _held(memory: Rows) -> Goal:
    """The memory of a training: the extractor that takes most counts."""
    figure, goal = f"memory of a training of {PAGES} pages", f"< {MOST_GB:.0f} GB"
    if not memory:
        return Goal(figure, goal, "", None)
    most = max(memory.values(), key=lambda row: float(row["gigabytes"]))
    peers = ", ".join(f"{row['extractor']} {row['gigabytes']:.2f}" for row in memory.values())
    measured = f"{most['gigabytes']:.2f} GB"
    return Goal(
        figure, goal, measured, most["gigabytes"] < MOST_GB, peers, f"{most['pages']} pages of agreements"
    )
