"""The router's trainings from lessons to decision, with the real MLflow."""

from __future__ import annotations

import random

import numpy as np
import pytest

from annotation import extraction, refiling, routing
from annotation.errors import Refused
from annotation.models import Document, DocumentType, Erasure
from learner import aliases, erasing, promotion, routing_training, training, triggers
from learner.models import Decision, ModelVersion, Run
from models.registry import Alias, Registry
from models.routing import UNKNOWN as NO_TYPE
from models.routing.router import Routed
from tests.factories import make_document, make_type

pytestmark = pytest.mark.django_db

TEXTS = {
    "receipts": "Shop {w} cash\nItem qty price {w}\nTotal change tax\nThank you visit again",
    "letters": "Dear sir {w}\nwe regret regarding your enquiry\nplease find enclosed {w}\nYours sincerely",
    "orders": "Station spots {w}\nFlight advertiser gross\nAgency commission contract {w}\nWeek rate daypart",
}
COMMON = ["one", "two", "three", "monday", "friday", "street", "bath", "leeds"]


def text(name, n):
    chance = random.Random(f"{name} {n}")
    return TEXTS[name].replace("{w}", "{}").format(*(" ".join(chance.sample(COMMON, 3)) for _ in range(2)))


def fill(document_type, n, start=0, name=""):
    """So many of the type's; `name`: of what they look like, if that is another's."""
    looks = name or document_type.name
    return [
        make_document(
            document_type,
            text(looks, each),
            fingerprint=f"{random.Random(f'{looks} {each} {start}').getrandbits(64):016x}",
        )
        for each in range(start, start + n)
    ]


@pytest.fixture
def mlflow(settings, tmp_path, mlflow_url):
    settings.CONFIG = settings.CONFIG.model_copy(update={"data": tmp_path, "mlflow_url": mlflow_url})
    return Registry(mlflow_url)


@pytest.fixture
def types():
    return {name: make_type(name=name, title=name.capitalize()) for name in TEXTS}


def trained():
    run = triggers.ask(routing.unknown_type(), trigger="by hand")
    training.train(run.pk)
    run.refresh_from_db()
    return run


def routed(*said):
    return [Routed(each, each or "receipts", 0.9, 0.0) for each in said]


def test_unknown_is_missing_and_another_type_is_wrong():
    scores = routing_training.scores_of(
        ["receipts", "letters", "letters"], routed("receipts", NO_TYPE, "receipts")
    )
    assert (scores.precision(), scores.recall()) == (pytest.approx(1 / 2), pytest.approx(1 / 3))


@pytest.mark.parametrize(("wrong", "promoted"), [(2, True), (3, False)])
def test_the_first_router_is_refused_if_it_gives_too_many_documents_to_a_wrong_type(wrong, promoted):
    said = ["letters"] * wrong + ["receipts"] * (40 - wrong)
    scores = routing_training.scores_of(["receipts"] * 40, routed(*said))
    verdict = routing_training.judge(scores, None, np.random.default_rng(1))
    assert verdict.promote == promoted
    assert promoted or f"{wrong} of 40 documents" in verdict.reasons[-1]


def test_one_that_is_worse_than_the_router_in_use_is_refused():
    types = ["receipts"] * 30 + ["letters"] * 30
    before = routing_training.scores_of(types, routed(*types))
    worse = routing_training.scores_of(types, routed(*types[:-4], *[NO_TYPE] * 4))
    better = routing_training.judge(before, worse, np.random.default_rng(1))
    assert better.promote
    assert not routing_training.judge(worse, before, np.random.default_rng(1)).promote


@pytest.mark.slow
def test_a_router_is_trained_registered_and_put_to_work_and_goes_back(mlflow, types, rung):
    for name in ("receipts", "letters"):
        fill(types[name], 14)
    first = trained()
    assert (first.state, first.problem) == (Run.State.FINISHED, "")
    unknown = routing.unknown_type()
    version = ModelVersion.objects.get()
    assert (version.state, unknown.champion) == ("champion", version.name)
    assert ("annotation.route_waiting", unknown.pk) in rung
    assert ("annotation.extract_pool", unknown.pk) not in rung
    assert ("learner.find_suspects", unknown.pk) not in rung
    aliases.mirror_aliases(unknown.pk)
    assert mlflow.aliased(unknown.name, Alias.CHAMPION).sha256 == version.sha256

    new = fill(unknown, 1, start=100, name="receipts") + fill(unknown, 2, start=100, name="orders")
    routing.route_waiting(unknown.pk)
    assert [Document.objects.get(pk=each.pk).document_type.title for each in new] == [
        "Receipts",
        "Unknown",
        "Unknown",
    ]

    # a type that the first doesn't know: the second is better on its documents, and is asked about what waits
    for each in fill(unknown, 12, start=200, name="orders"):
        refiling.move(each.pk, types["orders"], by="lea")
    trained()
    second = ModelVersion.objects.first()
    assert Decision.objects.get(version=second).promote, Decision.objects.get(version=second).reasons
    routing.route_waiting(unknown.pk)
    assert Document.objects.get(pk=new[1].pk).document_type == types["orders"]

    assert promotion.roll_back(routing.unknown_type(), by="otto") == version
    assert extraction.registered(DocumentType.every.get(pk=unknown.pk)).sha256 == version.sha256

    # erasing a document that both learned from names them, and a training meanwhile is not disturbed
    taught = first.lessons.filter(gold=False).first().document
    run = triggers.ask(routing.unknown_type(), trigger="by hand")
    Run.objects.filter(pk=run.pk).update(state=Run.State.RUNNING)
    routing_training._lessons(run)
    with pytest.raises(Refused, match="uses it"):
        erasing.erase(taught.pk, by="otto")
    Run.objects.filter(pk=run.pk).update(state=Run.State.STOPPED)
    erasing.erase(taught.pk, by="otto")
    assert version.name in Erasure.objects.get().learned_by


@pytest.mark.slow
def test_a_worker_that_takes_over_makes_no_second_version(mlflow, types):
    for name in ("receipts", "letters"):
        fill(types[name], 14)
    run = trained()
    there = mlflow.versions(routing.unknown_type().name)
    Run.objects.filter(pk=run.pk).update(state=Run.State.RUNNING)
    training.train(run.pk)
    assert ModelVersion.objects.count() == 1
    assert mlflow.versions(routing.unknown_type().name) == there
