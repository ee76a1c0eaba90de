"""`RESULTS.md` from all rows that were ever kept: the goals, then a table for everything that was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import goal_tables, goals, memory, rotated
from benchmarks.contenders import DEFAULT, TRIVIAL
from benchmarks.packs import ALL, PACKS, SPLIT_SEED
from benchmarks.results import INVOCATIONS, Results, origins
from benchmarks.tables import table
from models.grouping import MOST_VALIDATION, VALIDATION_SHARE

FILE = Path(__file__).resolve().parent / "RESULTS.md"
TRIED = FILE.with_name("TRIED.md")  # written by hand

Row = dict[str, Any]
Rows = Mapping[str, Row]

HEAD = f"""# Results of `make bench`

Written by `make bench`; the rows themselves are in `results/`. Every section says when, from which commit, on which machine
and by which command it was measured. A `+` behind a commit: files differed from it.

## How it is measured

- **Packs** of real documents: {", ".join(f"`{pack.name}` ({pack.title})" for pack in PACKS.values())}, only their train part. They
  aren't in the repository; `make bench DATA=FOLDER` takes them from `FOLDER/NAME/train` (the format stands in `models/packs.py`).
- **Split**: near copies (by the pack's own groups, and by `models.similarity`) stay together. The test is drawn by whole
  groups with a fixed seed ({SPLIT_SEED}): {", ".join(f"{pack.held_back} {pack.title}" for pack in PACKS.values())}. It is the same for every
  extractor, size and seed. Training documents are drawn from the rest, the same for every extractor; of them {VALIDATION_SHARE:.0%}, at
  most {MOST_VALIDATION}, are for validation: stopping, choosing, calibrating. "Documents" counts both. `combined` tells by folds
  how good it is, and learns from all. Choice by validation is its choice of weights: what base, trees and CRF count is what makes
  most values right in documents that a fold has not seen, and may be one of them alone. The fine-tuned network is not among
  them (`docs/decisions/0010`); `layoutlm+tagger+crf`, where measured, is a pool that has it in the base's place. So do `crf` and `tagger` alone: those held back calibrate them, then they are trained once
  more on all. Only `layoutlm`, which needs them to stop in time, never learns from its validation documents.
- **Right** is a value that equals the answer after normalisation: dates as ISO dates, amounts with two decimals, texts by letters and
  digits. A field without a predicted value is missing, not wrong. `party`, a list, is compared as a set. F1 is over all values
  (micro) unless a field is named, with its 95 % interval by bootstrap over the test's documents: another draw of training
  documents gives other figures besides. Values that do not stand in the text at all (column "not in text") count as missed.
- **Independence**: who wrote the practice documents that the base is pre-trained on has looked at documents of the packs' train parts,
  those held back here among them, to learn how such documents look. No text, name or layout was taken over; but a test on
  documents that nobody here has seen is worth more than these figures.
- **ECE** is the expected calibration error over ten equally wide bins, of values and of absences apart. Of a hundred values it
  is mostly chance, which is told in the goals' note: what 95 of 100 models stay under that are right exactly as often as they
  say, with the same confidences. That is why it is also told of all documents: the pack is divided anew several times until each
  has been in a test, each time a model learns from 100 of the others, and all that these models said is judged together.
- **Seen** is a test document with something in common with a training document: layout (the pack's `template_cluster`), vendor,
  advertiser, or one of the parties.
"""

UNSEEN = """Another test than above: layouts (`template_cluster`) are drawn by lot until they have a quarter of the documents, and all
documents of theirs are held back. The rest, without near copies of these, is what trainings draw from."""


def written(results: Results) -> str:
    """The whole page."""
    extraction, image, speed = (results.rows(name) for name in ("extraction", "image", "speed"))
    reading = results.rows("reading")
    others = {name: results.rows(name) for name in ("inference", "rotated", "memory")}
    choosing = [results.rows(section) for section in goal_tables.CHOOSING_IN]
    seen = [results.rows(section) for section in goal_tables.SEEN_IN]
    streamed = [results.rows(section) for section in goal_tables.STREAM_IN]
    parts = [
        HEAD,
        "## Goals",
        table(
            goals.HEADER, [each.cells for each in goals.goals(extraction, image, speed, reading, **others)]
        ),
        "Of choosing documents, and of the people who label them:",
        table(goals.HEADER, [each.cells for each in goals.choosing(choosing)]),
        "Of what people see:",
        table(goals.HEADER, [each.cells for each in goals.seen(seen)]),
        "Of a mixed stream that changes:",
        table(goals.HEADER, [each.cells for each in goals.stream(streamed)]),
        "Of labelling, at the page of Label Studio:",
        table(goals.HEADER, [each.cells for each in goals.annotating(results.rows("annotator"))]),
        TRIED.read_text(encoding="utf-8"),
    ]
    for pack in PACKS.values():
        rows = [row for row in extraction.values() if row["pack"] == pack.name]
        if rows:
            parts += [f"## {pack.title.capitalize()} (`{pack.name}`)", *_extraction(rows, pack.name)]
    if layouts := list(results.rows("layouts").values()):
        parts += ["## Ad orders of layouts that no training has seen", UNSEEN, *_extraction(layouts, "adbuy")]
    if told := list(others["rotated"].values()):
        parts += ["## Calibration over all documents", rotated.report(told), _origins(told)]
    if image:
        parts += ["## Receipts from their images, by own OCR", *_extraction(list(image.values()), "sroie")]
    if speed:
        parts += ["## Extraction speed, words given", _speed(list(speed.values()))]
    if told := list(others["memory"].values()):
        parts += ["## Memory of a training", memory.report(told), _origins(told)]
    for section in (
        "inference",
        "reading",
        "alignment",
        "routing",
        "canary",
        "drift",
        *goal_tables.CHOOSING_IN,
        "annotator",
    ):
        if rows := list(results.rows(section).values()):
            parts += [f"## {section.capitalize()}", *(row["report"] for row in rows), _origins(rows)]
    if invocations := list(results.rows(INVOCATIONS).values()):
        parts += ["## How long each invocation took, by the clock", *map(_invocation, invocations)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _extraction(rows: list[Row], pack: str) -> Iterator[str]:
    """All tables of one pack."""
    rows = sorted(rows, key=lambda row: (_size(row), row["seed"]))
    measured = [row for row in rows if "figures" in row]
    fields = list(measured[0]["figures"]["fields"]) if measured else []
    tests = {row["test"] for row in rows}
    if len(tests) > 1:
        yield f"**These rows are of {len(tests)} different tests and can't be compared: measure the older ones again.**"
    yield table(
        [
            "extractor",
            "documents",
            "seed",
            "F1",
            *fields,
            "ECE values",
            "ECE absences",
            "train s",
            "ms a page",
        ],
        [_row(row, fields) for row in measured],
    )
    for row in rows:
        if "problem" in row:
            yield f"{row['extractor']} with {row['size']} documents could not be measured: {row['problem']}"
    if notes := list(_notes(measured)):
        yield "What trainings said of themselves:\n\n" + "\n".join(notes)
    if apart := list(_apart(measured, fields)):
        yield "Seen and unseen apart, Docloop's default:"
        yield table(["documents", "seed", "by", "in training", "test documents", "F1", *fields], apart)
    chosen = [row for row in measured if row["extractor"] == DEFAULT and row["size"] in ("100", ALL)]
    if chosen:
        yield "Every figure of Docloop's default:"
        yield table(
            [
                "documents",
                "seed",
                "field",
                "precision",
                "recall",
                "F1",
                "token F1",
                "true",
                "not in text",
                "ECE values",
                "ECE absences",
            ],
            [cells for row in chosen for cells in _fields(row)],
        )
    yield _origins(rows)


def _notes(rows: list[Row]) -> Iterator[str]:
    """Of weights that folds chose, of early ends and time limits, a line for each training."""
    for row in rows:
        if row.get("notes"):
            seed = f"seed {row['seed']}"
            yield f"- {row['extractor']}, {_documents(row)} documents, {seed}: {'; '.join(row['notes'])}"


def _size(row: Row) -> float:
    return float("inf") if row["size"] == ALL else float(row["size"])


def _documents(row: Row) -> str:
    count = row["learned"] + row["validated"]
    return f"all {count}" if row["size"] == ALL else str(count)


def _row(row: Row, fields: Sequence[str]) -> list[str]:
    figures, own = row["figures"], row["figures"]["overall"]
    # the trivial finders say nothing of how sure they are
    calibration = ["", ""] if row["extractor"] == TRIVIAL else _errors(own)
    return [
        row["extractor"],
        _documents(row),
        str(row["seed"]) if row["seed"] else "",
        _interval(own),
        *(f"{figures['fields'][field]['f1']['value']:.3f}" for field in fields),
        *calibration,
        f"{row['train_seconds']:.0f}" if row["learned"] else "",
        f"{1000 * row['seconds_per_page']:.1f}",
    ]


def _apart(rows: list[Row], fields: Sequence[str]) -> Iterator[list[str]]:
    for row in rows:
        for mark, parts in row["apart"].items() if row["extractor"] == DEFAULT else ():
            for name, part in parts.items():
                yield [
                    _documents(row),
                    str(row["seed"]),
                    mark,
                    name,
                    str(part["documents"]),
                    _interval(part["overall"]),
                    *(f"{part['fields'][field]['f1']['value']:.3f}" for field in fields),
                ]


def _fields(row: Row) -> Iterator[list[str]]:
    for field, own in row["figures"]["fields"].items():
        yield [
            _documents(row),
            str(row["seed"]),
            field,
            f"{own['precision']['value']:.3f}",
            f"{own['recall']['value']:.3f}",
            _interval(own),
            f"{own['token_f1']['value']:.3f}" if "token_f1" in own else "",
            str(own["true"]),
            str(own["unreachable"]) if own["unreachable"] else "",
            *_errors(own),
        ]


def _errors(own: Row) -> list[str]:
    """ECE and of how many, of values and of absences."""
    parts = (own["calibration"][what] for what in ("values", "absences"))
    return [f"{part['error']:.3f} ({part['count']})" if part["count"] else "" for part in parts]


def _interval(own: Row) -> str:
    return f"{own['f1']['value']:.3f} ({own['f1']['low']:.2f}–{own['f1']['high']:.2f})"


def _speed(rows: list[Row]) -> str:
    body = [
        [
            row["pack"],
            row["extractor"],
            f"{row['pages_per_second']:.1f}",
            f"{row['cpu_ms']:.1f}" if "cpu_ms" in row else "",
            f"{row['words'] / row['pages']:.0f}",
        ]
        for row in rows
    ]
    header = ["pack", "extractor", "pages a second", "CPU ms a page", "words a page"]
    return f"{table(header, body)}\n\n{_origins(rows)}"


def _invocation(row: Row) -> str:
    return f"- {row['minutes']:.1f} minutes for {', '.join(row['sections'])}: {_origins([row])}"


def _origins(rows: list[Row]) -> str:
    return "Measured " + "; ".join(origins(rows)) + "."
