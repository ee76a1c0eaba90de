"""Trials: a pack of answered documents in; a model trained on it, or a model's figures on it, out.

They stand outside of the loop: neither registry nor champion nor ledger is touched, and neither PostgreSQL nor MLflow is
needed. What was trained lies on a shelf of its own (`models.shelf`). Reports are JSON; what the figures mean stands in
`models.judging`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from annotation.models import DocumentType
from learner import trial_models
from learner.training import base_of, of_machine
from models import extractors, familiarity, grouping, judging, shelf
from models.alignment import learn_day_first
from models.errors import ReadingFailed
from models.extractors.base import OnProgress, Progress
from models.machine import this_machine
from models.pack_schema import inferred, labelled_part
from models.packs import PackDocument, read_pack, split_folder
from models.schema import Schema

Say = Callable[[str], None]
Report = dict[str, Any]  # JSON: names, counts, figures

TALK_EVERY = 10.0  # seconds between two lines of progress, unless something new begins


@dataclass(frozen=True, slots=True)
class Order:
    """The type's name, the pack, and how many of its documents by which lot (None: all)."""

    name: str
    data: Path
    limit: int | None = None
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Material:
    """What a trial works on: the documents in groups of near copies, and the fields they have as far as is known."""

    folder: Path
    groups: grouping.Groups
    schema: Schema
    schema_from: str
    document_type: DocumentType | None

    @property
    def documents(self) -> list[PackDocument]:
        return grouping.flat(self.groups)


def train(
    order: Order, *, extractor: str | None, recipe: dict[str, Any], out: Path | None, say: Say
) -> Report:
    """Train the type's extractor (or `extractor`) on a pack, and put the model on the shelf (or into `out`).

    `recipe` goes before the type's own. Raises `DocloopError`; then no model is written. One that was stopped or killed
    goes on where it was when the same training is begun again.
    """
    own_shelf = trial_models.shelf_folder(order.name)
    shelf.make_room(out or own_shelf, empty=out is not None)
    material = gather(order, "train", say)
    described = material.document_type or DocumentType()  # an unsaved row has the defaults
    base = base_of(described.recipe | recipe)
    kind = extractors.named(extractors.for_base(extractor or described.extractor, base))
    settled = kind.settled(of_machine(kind) | {"seed": order.seed} | described.recipe | recipe)
    schema, notes = labelled_part(material.schema, material.documents, f"the type {order.name!r}")
    rng = np.random.default_rng(order.seed)
    learning, validation = map(grouping.flat, grouping.cut_validation(material.groups, rng))
    schema = learn_day_first(schema, grouping.examples(learning + validation))
    snapshot = grouping.snapshot_hash(schema, train=learning, validation=validation)
    checkpoints = trial_models.checkpoints_folder(order.name, snapshot, kind.name, settled)

    say(f"training {kind.name} on {len(learning)} documents, with {len(validation)} for validation")
    if checkpoints.is_dir():
        say(f"goes on from what an earlier attempt left in {checkpoints}")
    began = time.perf_counter()
    model = kind.fit(
        schema,
        grouping.examples(learning),
        grouping.examples(validation),
        recipe=settled,
        on_progress=told(say, notes),
        checkpoints=checkpoints,
    )
    seconds = time.perf_counter() - began

    say(f"trained in {seconds:.0f} s")
    judges = validation if not kind.learns_from_validation else []
    marks = familiarity.marks_of(learning + validation)
    report = _facts(order, material, schema, notes) | {
        "extractor": kind.name,
        "recipe": settled,
        "documents": {"train": len(learning), "validation": len(validation)},
        "snapshot": snapshot,
        "training_seconds": seconds,
        "validation": judging.judge(model.extract, schema, judges, marks, rng) if judges else None,
    }
    record = report | {
        "seen": {mark: sorted(each) for mark, each in marks.items()},
        "documents_seen": sorted(grouping.digest_of_words(each.pages) for each in learning + validation),
    }
    folder = shelf.place(model, record, own_shelf) if out is None else shelf.place_at(model, record, out)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return report | {"model": {"folder": str(folder), "sha256": shelf.take(folder).sha256}}


def evaluate(order: Order, *, wanted: str | None, say: Say) -> Report:
    """How right and how honest a model is on a pack; raises `DocloopError`.

    `wanted` is a model's name (see `trial_models.find`). Fields are those of the type if Docloop knows it, else
    those that the model was taught, else those of the pack's labels.
    """
    material = gather(order, "heldout", say)
    documents = material.documents
    found = trial_models.find(order.name, wanted, material.document_type, material.schema)
    say(f"{found.origin}: {len(documents)} documents to extract")
    taught = found.model.schema if found.folder and not material.document_type else material.schema
    whose = f"the type {order.name!r}" if material.document_type else "the model"
    schema, notes = labelled_part(taught, documents, whose)
    # 03/04/2020 in a label means what the other labels say, whatever the model takes it for
    schema = learn_day_first(schema, grouping.examples(documents))
    if not material.document_type and found.folder:
        material = replace(material, schema_from="what the model was taught")
    if unknown := [name for name in schema.names if name not in found.model.schema]:
        notes.append(
            f"the model knows nothing of these fields, so their values count as missed: {', '.join(unknown)}"
        )
    met = set(found.record.get("documents_seen", ()))
    again = sum(grouping.digest_of_words(document.pages) in met for document in documents)
    if again:
        notes.append(f"{again} of {len(documents)} documents were in its training: it may know them by heart")
    known = {mark: set(marks) for mark, marks in found.record.get("seen", {}).items()}
    rng = np.random.default_rng(order.seed)
    judged = judging.judge(found.model.extract, schema, documents, known, rng, counted(say, len(documents)))
    return _facts(order, material, schema, notes) | {
        "model": {
            "origin": found.origin,
            "extractor": found.model.name,
            "folder": str(found.folder) if found.folder else None,
            "sha256": found.sha256 or None,
            "trained_on": found.record.get("documents"),
            "snapshot": found.record.get("snapshot"),
        },
        "documents": len(documents),
        "documents_of_its_training": again,
        "snapshot": grouping.snapshot_hash(schema, test=documents),
        **judged,
    }


def gather(order: Order, split: str, say: Say) -> Material:
    """The pack's documents and fields; `split` is taken where the folder holds several. Raises `DocloopError`."""
    if order.limit is not None and order.limit < 1:
        raise ReadingFailed(f"a limit of {order.limit} documents leaves nothing: give 1 or more, or no limit")
    folder = split_folder(order.data, preferred=split)
    say(f"reading {folder}")
    documents = list(read_pack(folder))
    if not documents:
        raise ReadingFailed(f"{folder} has no documents: ocr.jsonl and labels.jsonl are empty")
    document_type, why_none = trial_models.described_type(order.name)
    if document_type is None:
        schema, schema_from = inferred(documents), "the pack's labels"
        kinds = ", ".join(f"{each.name} ({'a list of ' * each.repeats}{each.kind})" for each in schema)
        say(f"{why_none}; fields taken from the pack's labels: {kinds}")
    else:
        schema, schema_from = document_type.schema, f"the document type {order.name!r}"
    groups = grouping.groups_of(documents)
    if order.limit is not None and order.limit < len(documents):
        groups = grouping.pick(groups, order.limit, np.random.default_rng(order.seed))
        say(f"{order.limit} of {len(documents)} documents drawn")
    return Material(folder, groups, schema, schema_from, document_type)


def told(say: Say, notes: list[str]) -> OnProgress:
    """Progress of a training as lines: one for each stage and epoch, else one every few seconds; and its notes."""
    last: tuple[str, int] = ("", 0)
    began = spoke = time.monotonic()

    def on_progress(progress: Progress) -> None:
        nonlocal last, spoke
        now = time.monotonic()
        if progress.note and progress.note not in notes:
            notes.append(progress.note)
        if (progress.stage, progress.epoch) == last and now - spoke < TALK_EVERY and not progress.figures:
            return
        last, spoke = (progress.stage, progress.epoch), now
        epoch = f", epoch {progress.epoch} of {progress.epochs}" if progress.epoch else ""
        figures = "".join(f", {name} {value:.3f}" for name, value in progress.figures.items())
        say(f"{progress.share:4.0%} {progress.stage}{epoch}{figures} ({now - began:.0f} s)")

    return on_progress


def counted(say: Say, n: int) -> Callable[[int], None]:
    """Progress of an extraction of `n` documents as lines, one every few seconds."""
    spoke = time.monotonic()

    def on_done(done: int) -> None:
        nonlocal spoke
        if done == n or time.monotonic() - spoke >= TALK_EVERY:
            spoke = time.monotonic()
            say(f"{done} of {n} documents extracted")

    return on_done


def _facts(order: Order, material: Material, schema: Schema, notes: list[str]) -> Report:
    return {
        "type": order.name,
        "pack": str(material.folder),
        "limit": order.limit,
        "seed": order.seed,
        "schema": schema.to_json(),
        "schema_from": material.schema_from,
        "notes": notes,
        "machine": this_machine().to_json(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
