"""Trees and CRF trained round by round, from some of the documents each time, within a time and kept as they are made."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import xgboost
from tokenizers import Tokenizer

from models.errors import RegistryError
from models.extractors.base import Example, OnProgress, Progress
from models.extractors.combined.recipe import Recipe
from models.extractors.crf import CrfExtractor
from models.extractors.crf.recipe import Recipe as CrfRecipe
from models.extractors.fields import Reading
from models.extractors.layoutlm.inference import Session
from models.extractors.tagger import TaggerExtractor
from models.extractors.tagger.features import Looked
from models.extractors.tagger.recipe import Recipe as TreesRecipe
from models.schema import Schema

TREES, CRF, MARKS = "trees.ubj", "model.crf", "marks.json"
TREES_TIME = 0.7  # share of a round's time that the trees take, about
PREPARED = 0.05  # share of the whole that is over when the documents were looked at
OF_ALL = 1.5  # how much longer the last round, from all documents, takes than one of the folds, about

Parts = tuple[TaggerExtractor, CrfExtractor]


class Rounds:
    """Trains both, `rounds` times in all, and says how far that is. What a killed training made is taken up again.

    `began`, of `time.monotonic`, is when the recipe's minutes began. The last round takes all that is left of them, a fold
    at most what leaves the last round its share; where trees and CRF need more, they become smaller.
    """

    def __init__(
        self,
        schema: Schema,
        recipe: Recipe,
        rounds: int,
        on_progress: OnProgress,
        checkpoints: Path | None,
        *,
        began: float,
    ) -> None:
        self._schema = schema
        self._recipe = recipe
        self._rounds = rounds
        self._on_progress = on_progress
        self._checkpoints = checkpoints
        self._round = 0
        self._until = began + 60 * recipe.max_minutes
        self._longest = 0.0

    @property
    def in_time(self) -> bool:
        """Whether one more fold and the last round would end within the recipe's time."""
        return time.monotonic() + (1 + OF_ALL) * self._longest <= self._until

    def looking(self, begun: float, ended: float) -> Callable[[float], None]:
        """Tells how much (0…1) of that part of looking at the documents is done."""

        def on_share(share: float) -> None:
            self._on_progress(Progress("preparing", PREPARED * (begun + (ended - begun) * share)))

        return on_share

    def trained(
        self,
        examples: Sequence[Example],
        looked: Sequence[Looked],
        base: Session,
        tokenizer: Tokenizer,
        *,
        last: bool,
    ) -> Parts:
        """Both, from these examples, which were looked at: those of a fold, or for the last round all."""
        self._round += 1
        began = time.monotonic()
        kept = None
        if self._checkpoints is not None:
            kept = self._checkpoints / f"{self._round}-{_digest(self._schema, self._recipe, examples)}"
        if kept is not None and kept.is_dir():
            return load(kept, self._schema, base, tokenizer, self._recipe.threads)
        recipe = self._recipe
        time_left = max(0.0, self._until - began) / (1 if last else 1 + OF_ALL)
        tagger = TaggerExtractor.learned(
            self._schema,
            examples,
            looked,
            base,
            tokenizer,
            TreesRecipe(seed=recipe.seed, base=recipe.base, rounds=recipe.rounds, threads=recipe.threads),
            self._told(0.0, TREES_TIME),
            until=began + TREES_TIME * time_left,
        )
        crf = CrfExtractor.learned(
            self._schema,
            examples,
            [each.marks for each in looked],
            CrfRecipe(seed=recipe.seed),
            self._told(TREES_TIME, 1 - TREES_TIME),
            until=began + time_left,
        )
        if kept is not None:
            _keep(kept, (tagger, crf))
        self._longest = max(self._longest, time.monotonic() - began)
        return tagger, crf

    def _told(self, begun: float, share: float) -> OnProgress:
        before = self._round - 1

        def on_progress(progress: Progress) -> None:
            done = (before + begun + share * progress.share) / self._rounds
            # each part's own losses, round after round, would make no curve
            far = PREPARED + (0.99 - PREPARED) * min(1.0, done)
            self._on_progress(Progress("training", far, self._round, self._rounds))

        return on_progress


def shortened(recipe: Recipe, parts: Parts) -> bool:
    """Whether time was too short for all of the trees, or of the CRF's iterations."""
    tagger, crf = parts
    return tagger.trees.num_boosted_rounds() < recipe.rounds or crf.iterations < crf.recipe.iterations


def save(folder: Path, parts: Parts) -> None:
    """Writes trees, their marks and the CRF into `folder`, which is there."""
    tagger, crf = parts
    (folder / TREES).write_bytes(tagger.trees.save_raw("ubj"))
    (folder / CRF).write_bytes(crf.tagger.model)
    (folder / MARKS).write_text(json.dumps(list(tagger.marks)), encoding="utf-8")


def load(folder: Path, schema: Schema, base: Session, tokenizer: Tokenizer, threads: int) -> Parts:
    """What `save` wrote; raises `RegistryError` if the folder holds no such thing."""
    trees = xgboost.Booster({"nthread": threads})
    try:
        trees.load_model(bytearray((folder / TREES).read_bytes()))
        marks = json.loads((folder / MARKS).read_text(encoding="utf-8"))
        model = (folder / CRF).read_bytes()
    except (OSError, ValueError, xgboost.core.XGBoostError) as error:
        raise RegistryError(f"{folder} holds no trees and CRF: {type(error).__name__}") from error
    return (
        TaggerExtractor(schema, trees, marks, base, tokenizer, Reading(), TreesRecipe()),
        CrfExtractor(schema, model, Reading(), CrfRecipe()),
    )


def _keep(folder: Path, parts: Parts) -> None:
    """`save`, in one step: a folder that is there is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=folder.parent))
    save(unfinished, parts)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(unfinished, folder)


def _digest(schema: Schema, recipe: Recipe, examples: Sequence[Example]) -> str:
    """Of all that a round's result depends on."""
    stated = json.dumps([schema.to_json(), recipe.to_json()], sort_keys=True)
    digest = hashlib.sha256(stated.encode())
    for example in examples:
        stated = json.dumps(
            [
                example.key,
                [page.to_json() for page in example.pages],
                [answer.to_json() for answer in example.answers],
                sorted(example.unconfirmed),
            ]
        )
        digest.update(stated.encode())
    return digest.hexdigest()[:16]
