"""Rehearsals of generated packs: the loop's own parts, the same result each time, and what was kept is not done again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annotation.models import DocumentType
from learner import ranking, rehearsal
from learner.rehearsal import Asked, BadRehearsal, rehearse
from learner.rehearsal_learners import ExtractorLearner, QuickLearner, named
from learner.rehearsal_person import Seconds
from learner.rehearsal_replay import Plan, replay
from learner.rehearsal_scene import Scene, scene
from learner.rehearsal_training import Reader
from learner.strategies import UnknownStrategy
from learner.strategies import named as strategy
from learner.strategies.base import choosing
from learner.trials import Order
from models import grouping
from models.errors import ReadingFailed, TrainingFailed
from models.extractors import UnknownExtractor
from models.extractors.base import Example, Extracted
from models.pack_schema import inferred
from models.packs import read_pack
from tests.factories import make_type
from tests.generated_pack import write_pack

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pack(tmp_path_factory.mktemp("pack") / "train", 40)


@pytest.fixture(scope="module")
def made(pack: Path) -> Scene:
    documents = list(read_pack(pack))
    return scene(inferred(documents), grouping.groups_of(documents), 10, 1)


def quiet(_: str) -> None:
    pass


RULES = ExtractorLearner("rules", {}, Path("unused"))  # rules keep nothing


def asked(pack: Path, **more: object) -> Asked:
    return Asked(
        Order("slips", pack), **{"strategies": ("mixed",), "plan": Plan(5, 10), "learner": "rules"} | more
    )


def test_near_copies_are_never_on_both_sides(made):
    assert len(made.test) == 10
    assert not {document.group for document in made.test} & {document.group for document in made.pool}
    assert len(made.pool) == len(made.fingerprints) == len(made.looks) == len(made.shas) == 30


def test_a_curve_has_a_point_for_each_training_and_begins_with_none(made):
    run = replay(made, strategy("random"), RULES, Plan(4, 10), quiet)
    assert [point["documents"] for point in run["points"]] == [0, 4, 8, 10]
    spent = [point["seconds"] for point in run["points"]]
    assert spent == sorted(spent)
    assert spent[-1] == sum(pick["seconds"] for pick in run["picks"])
    assert len({pick["document"] for pick in run["picks"]}) == 10


def test_a_budget_beyond_the_pool_ends_with_it(made):
    assert replay(made, strategy("random"), RULES, Plan(20, 99), quiet)["points"][-1]["documents"] == 30


def test_the_same_seed_gives_the_same_picks_for_the_same_reasons(made):
    first, second = (replay(made, strategy("mixed"), RULES, Plan(5, 10), quiet) for _ in range(2))
    assert first == second
    assert all(pick["reason"] for pick in first["picks"])


def test_the_audit_has_its_share_of_the_picks_and_says_so(made):
    run = replay(made, strategy("mixed"), RULES, Plan(10, 20, share=0.4), quiet)
    drawn = {sha for sha in made.shas if ranking.draw(sha) < 0.4}
    assert len(drawn) >= 8
    audited = [pick for pick in run["picks"] if pick["audit"]]
    assert len(audited) == 8
    assert {pick["reason"] for pick in audited} == {"picked at random for the audit (40% of all)"}


def test_the_strategy_gets_what_it_gets_in_the_app(made):
    pools = []

    def looked(pool, n, rng):
        pools.append(pool)
        return np.arange(len(pool))[:n]

    replay(made, choosing("looked", "", looked), RULES, Plan(6, 12, share=0.0, queue=3), quiet)
    assert [(len(pool), len(pool.faults)) for pool in pools] == [(30, 0), (27, 3), (24, 6), (21, 9)]
    assert all(pool.seconds is not None and (pool.seconds > 0).all() for pool in pools)
    assert set(pools[-1].faults.tolist()) <= {0, 1, 2}
    # the seconds that documents are expected to take are learned from those that the person took
    assert pools[0].seconds.mean() != pytest.approx(pools[-1].seconds.mean())


def test_a_learner_that_cannot_be_trained_yet_leaves_the_model_before_it(made, tmp_path):
    class Reluctant(ExtractorLearner):
        def taught(self, schema, train, validation, seed):
            if len(train) + len(validation) < 12:
                raise TrainingFailed("too few")
            return super().taught(schema, train, validation, seed)

    run = replay(made, strategy("random"), Reluctant("rules", {}, tmp_path), Plan(6, 18), quiet)
    assert run["problems"] == [
        {
            "documents": 6,
            "problem": "a training needs at least 10 corrected documents, there are 6: correct 4 more",
        },
        {"documents": 12, "problem": "too few"},
    ]
    assert len(run["points"]) == 4
    assert [training["documents"] for training in run["trainings"]] == [18]


class Watched(QuickLearner):
    """The bare learner; it remembers what it was given, and says nothing any more from the `worse`th training on."""

    def __init__(self, worse: int = 99) -> None:
        super().__init__("bare")
        self.given: list[tuple[list[Example], list[Example]]] = []
        self._worse = worse

    def taught(self, schema, train, validation, seed):
        self.given.append((list(train), list(validation)))
        if len(self.given) >= self._worse:
            return lambda documents: [Extracted(()) for _ in documents]
        return super().taught(schema, train, validation, seed)


def test_what_was_gold_once_teaches_no_later_model(made):
    learner = Watched()
    run = replay(made, strategy("random"), learner, Plan(10, 30), quiet)
    picked = [pick["document"] for pick in run["picks"]]
    once_gold: set[str] = set()
    assert [training["documents"] for training in run["trainings"]] == [10, 20, 30]
    number, whole = 0, set[str]()
    for train, validation in learner.given:
        taught = {example.key for example in (*train, *validation)}
        assert not taught & once_gold
        if (
            not taught < whole
        ):  # else it is one of those that the gate asks about what the others learned from
            number, whole = number + 1, taught
            once_gold |= set(picked[: 10 * number]) - taught
    assert number == 3
    assert len(once_gold) >= 6


def test_a_model_that_the_gate_refuses_does_not_read(made):
    run = replay(made, strategy("random"), Watched(worse=2), Plan(10, 20), quiet)
    assert [training["promoted"] for training in run["trainings"]] == [True, False]
    assert run["trainings"][1]["reasons"][0].startswith("Refused")
    assert run["trainings"][1]["f1"] == 0
    assert run["points"][2]["f1"] == run["points"][1]["f1"] > 0


def test_a_near_copy_of_what_is_picked_waits_until_the_others_are_done(made):
    alike = replace(made, fingerprints=[0xFFFF] * 27 + [0xFFFF << 16, 0xFFFF << 32, 0xFFFF << 48])
    run = replay(alike, strategy("random"), RULES, Plan(4, 4, share=0.0, queue=4), quiet)
    keys = [document.key for document in made.pool]
    rows = [keys.index(pick["document"]) for pick in run["picks"]]
    assert len([row for row in rows if row < 27]) == 1


def test_what_a_type_does_not_ask_for_costs_nothing_and_teaches_nothing(made):
    learner = Watched()
    run = replay(made, strategy("random"), learner, Plan(10, 30, assume_above=0.5, whole_share=0.2), quiet)
    before, after = run["picks"][:10], run["picks"][10:]
    assert not any(pick["unseen"] for pick in before)  # no champion yet
    assert any(pick["unseen"] for pick in after)
    assert not any(pick["unseen"] for pick in after if pick["audit"])
    train, validation = learner.given[-1]
    assert any(example.unconfirmed for example in train)
    assert not any(example.unconfirmed for example in validation)
    whole = replay(made, strategy("random"), learner, Plan(10, 30, assume_above=0.5, whole_share=1.0), quiet)
    assert not any(pick["unseen"] for pick in whole["picks"])
    assert run["points"][-1]["seconds"] < whole["points"][-1]["seconds"]


def test_by_hand_every_field_is_answered_even_if_the_type_asks_for_some_only(pack, tmp_path):
    some = asked(pack, plan=Plan(10, 20, assume_above=0.5), learner="bare")
    report = rehearse(some, tmp_path / "out", quiet)
    in_whole = rehearse(replace(some, plan=Plan(10, 20)), tmp_path / "whole", quiet)
    assert report["curves"]["by-hand"] == in_whole["curves"]["by-hand"]
    assert report["unseen"]["random"]["fields"] > 0
    assert report["unseen"]["by-hand"]["fields"] == 0


def test_an_extractor_that_has_to_see_documents_first_says_nothing_before(made, tmp_path):
    learner = ExtractorLearner("crf", {}, tmp_path)
    assert learner.untaught(made.schema) is None
    assert [len(each.values) for each in Reader(made, learner).says(made.test)] == [0] * 10


def test_the_bare_learner_finds_more_after_more_documents(made, tmp_path):
    learner = named("bare", {}, tmp_path)
    assert isinstance(learner, QuickLearner)
    points = replay(made, strategy("random"), learner, Plan(8, 16), quiet)["points"]
    assert points[0]["f1"] == 0
    assert points[2]["f1"] > 0.6


@pytest.mark.slow
def test_the_quick_learner_knows_what_the_base_knows_and_learns_more(made, tmp_path):
    learner = named("quick", {}, tmp_path)
    untaught, taught = (
        replay(made, strategy("mixed"), learner, Plan(12, 24), quiet)["points"][place]["f1"]
        for place in (0, 2)
    )
    assert untaught > 0.5
    assert taught > untaught - 0.05
    full = named("combined", {"rounds": 20, "threads": 1}, tmp_path)
    assert replay(made, strategy("mixed"), full, Plan(12, 12), quiet)["points"][1]["f1"] > 0.6


def test_an_unknown_learner_lists_those_there_are(tmp_path):
    with pytest.raises(UnknownExtractor, match="there are: rules"):
        named("oracle", {}, tmp_path)


def test_a_rehearsal_writes_curves_summary_and_picture(pack, tmp_path):
    report = rehearse(asked(pack, strategies=("mixed", "least-confident"), seeds=2), tmp_path / "out", quiet)
    assert set(report["curves"]) == {"random", "mixed", "least-confident", "by-hand"}
    assert report["documents"] == {"pool": 30, "test": 10}
    assert [goal["share"] for goal in report["goals"]] == [0.95, 0.98, 0.99]
    assert json.loads((tmp_path / "out/rehearsal.json").read_text())["mean_f1"] == report["mean_f1"]
    picture = (tmp_path / "out/curves.svg").read_text()
    assert "least-confident" in picture
    assert "documents corrected" in picture


def test_a_type_that_docloop_knows_is_rehearsed_with_its_own_settings(pack, tmp_path):
    fields = inferred(list(read_pack(pack))).to_json()
    make_type(
        name="slips", fields=fields, audit_share=0.5, queue_depth=2, strategy_parameters={"candidates": 7}
    )
    report = rehearse(asked(pack), tmp_path / "out", quiet)
    assert (report["plan"]["audit_share"], report["plan"]["queue"]) == (0.5, 2)
    assert report["schema_from"] == "the document type 'slips'"
    lines: list[str] = []
    DocumentType.objects.update(strategy_parameters={"candidates": 8})
    rehearse(asked(pack), tmp_path / "out", lines.append)
    assert "mixed, seed 1: begins" in lines


def test_what_was_kept_is_not_done_again_and_the_result_is_the_same(pack, tmp_path, monkeypatch):
    first = rehearse(asked(pack), tmp_path / "out", quiet)
    lines: list[str] = []
    (next((tmp_path / "out/runs").glob("mixed-1-*"))).write_text("{")  # half a file
    again = rehearse(asked(pack), tmp_path / "out", lines.append)
    assert again["curves"] == first["curves"]
    assert [line for line in lines if line.endswith("begins")] == ["mixed, seed 1: begins"]

    monkeypatch.setattr(rehearsal, "replay", lambda *_: pytest.fail("it was kept"))
    rehearse(asked(pack), tmp_path / "out", quiet)


def test_a_smaller_budget_is_the_beginning_of_a_kept_run(pack, tmp_path):
    rehearse(asked(pack, plan=Plan(5, 15)), tmp_path / "out", quiet)
    lines: list[str] = []
    beginning = rehearse(asked(pack), tmp_path / "out", lines.append)
    assert not [line for line in lines if line.endswith("begins")]
    alone = rehearse(asked(pack), tmp_path / "alone", quiet)
    for told in ("curves", "everything", "gate", "unseen", "goals", "goals_ungated", "mean_f1", "notes"):
        assert beginning[told] == alone[told]
    rehearse(
        asked(pack, plan=Plan(5, 12)), tmp_path / "out", lines.append
    )  # its last training is of two more
    assert "mixed, seed 1: begins" in lines


@pytest.mark.parametrize(
    "more",
    [
        {"plan": Plan(5, 15)},
        {"plan": Plan(5, 10, seconds=Seconds(box=20))},
        {"plan": Plan(5, 10, assume_above=0.9)},
        {"learner": "bare"},
        {"test": 12},
    ],
)
def test_another_rehearsal_in_the_same_folder_does_not_take_what_does_not_fit(pack, tmp_path, more):
    rehearse(asked(pack), tmp_path / "out", quiet)
    lines: list[str] = []
    rehearse(asked(pack, **more), tmp_path / "out", lines.append)
    assert "mixed, seed 1: begins" in lines


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"strategies": ("magic",)}, UnknownStrategy, "no strategy 'magic'; there are: mixed"),
        ({"strategies": ()}, BadRehearsal, "no strategy to rehearse"),
        ({"plan": Plan(0, 10)}, BadRehearsal, "--batch is a number from 1, not 0"),
        ({"plan": Plan(5, 0)}, BadRehearsal, "--budget"),
        ({"plan": Plan(5, 10, assume_above=0.3)}, BadRehearsal, "--assume-above is a number from 0.5 to 1"),
        ({"seeds": 0}, BadRehearsal, "--seeds"),
        ({"test": 39}, BadRehearsal, "39 of 40 documents can't be held back"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(pack, tmp_path, more, error, message):
    with pytest.raises(error, match=message):
        rehearse(asked(pack, **more), tmp_path / "out", quiet)


def test_a_folder_that_is_no_pack_is_refused(tmp_path):
    with pytest.raises(ReadingFailed, match="no folder"):
        rehearse(asked(tmp_path / "nowhere"), tmp_path / "out", quiet)
