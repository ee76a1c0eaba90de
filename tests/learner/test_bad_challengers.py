"""T23: challengers that would do harm, made by the real training, are refused, and the reason names what is wrong.

One of each kind; with --chaos-full twenty, and the poison drill with ten seeds instead of two.
"""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from annotation.models import DocumentType
from learner import decision, evaluation, harm_evidence, snapshots, suspects, training, triggers
from learner.models import ModelVersion, Run
from learner.snapshots import Split
from models.extractors.base import Extracted
from models.registry import Registry
from tests.factories import make_document, make_tiny_base, make_truth, make_type, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SHOPS = ["ACME LTD", "NORTH STAR SDN BHD", "BLUE HARBOUR CO", "GREEN VALLEY MART", "OLD MILL BAKERY"]
TEXT = "{shop}\nReceipt {n}\nDate {date}\nPaper {price}.00\nTotal {total}\nCash {cash}.00\nThank you"
TEAM = ("ann@example.org", "amy@example.org", "bob@example.org")


def pytest_generate_tests(metafunc):
    """Seeds: one in the short form, as many as the test asks for in the long one."""
    if "seed" in metafunc.fixturenames:
        long, short = metafunc.function.seeds
        full = metafunc.config.getoption("--chaos-full", False)
        metafunc.parametrize("seed", range(1, 1 + (long if full else short)))


def seeds(long: int, short: int = 1):
    def mark(test):
        test.seeds = (long, short)
        return test

    return mark


def corrected(
    document_type: DocumentType, n: int, seed: int, *, flipped: tuple[str, float] | None = None
) -> None:
    """n more receipts of a few shops, answered by a team of three.

    `flipped`: the third of them takes the cash that was given for the total, in such a share of all documents.
    """
    chance = random.Random(seed)
    people = [TEAM[at % 3] for at in range(n)]
    chance.shuffle(people)
    theirs = [at for at, person in enumerate(people) if flipped and person == flipped[0]]
    wrong = set(theirs[: round(n * flipped[1])]) if flipped else set()
    for at, person in enumerate(people):
        total = f"{chance.randint(5, 400)}.{chance.randint(10, 99)}"
        told = {
            "shop": chance.choice(SHOPS),
            "date": f"{chance.randint(1, 28):02}/03/2024",
            "price": chance.randint(1, 9),
            "cash": 10 * chance.randint(41, 60),
            "total": total,
            "n": f"{seed}{at}",
        }
        document = make_document(
            document_type, TEXT.format(**told), fingerprint=f"{chance.getrandbits(64):016x}"
        )
        answer = f"{told['cash']}.00" if at in wrong else total
        said = {"company": told["shop"], "date": told["date"], "total": answer}
        make_truth(document, said, annotator=person)


def trained(document_type: DocumentType) -> Run:
    run = triggers.ask(DocumentType.objects.get(pk=document_type.pk), trigger="by hand")
    training.train(run.pk)
    return Run.objects.get(pk=run.pk)


@pytest.fixture
def loop(settings, tmp_path, mlflow_url) -> Registry:
    settings.CONFIG = settings.CONFIG.model_copy(
        update={"data": tmp_path, "mlflow_url": mlflow_url, "training_threads": 2}
    )
    return Registry(mlflow_url)


def with_champion(seed: int) -> DocumentType:
    """A type with a champion of the first receipts, and corrections that call for another training."""
    document_type = make_type(extractor="crf")
    corrected(document_type, 30, seed)
    assert trained(document_type).version.state == "champion"
    corrected(document_type, 15, 100 + seed)
    document_type.refresh_from_db()
    return document_type


def refused(document_type: DocumentType, *because: str) -> None:
    """Another training makes a version that is refused, for one of these reasons."""
    run = trained(document_type)
    assert run.state == Run.State.FINISHED, run.problem
    before = document_type.champion
    document_type.refresh_from_db()
    assert (document_type.champion, run.version.state) == (before, "retired")
    reasons = run.version.decision.reasons
    assert any(each in reason for each in because for reason in reasons), reasons


def failed(document_type: DocumentType, because: str) -> None:
    run = trained(document_type)
    before = document_type.champion
    document_type.refresh_from_db()
    assert (run.state, document_type.champion) == (Run.State.FAILED, before)
    assert because in run.problem
    assert not ModelVersion.objects.filter(run=run).exists()


@seeds(4)
def test_a_model_that_lost_a_field_is_refused_with_the_fields_name(loop, monkeypatch, seed):
    document_type = with_champion(seed)
    lost = ("company", "date", "total")[seed % 3]
    real = snapshots.examples

    def without(*args):
        found = real(*args)
        for split in (Split.TRAIN, Split.VALIDATION):
            found[split] = [
                replace(each, answers=tuple(a for a in each.answers if a.field != lost))
                for each in found[split]
            ]
        return found

    monkeypatch.setattr(snapshots, "examples", without)
    refused(document_type, f"{document_type.schema[lost].title} would lose")


@seeds(3)
def test_a_model_that_was_taught_what_it_is_judged_on_is_refused_with_the_documents(loop, monkeypatch, seed):
    document_type = with_champion(seed)
    real = snapshots.examples

    def leaking(*args):
        found = real(*args)
        return found | {Split.TRAIN: [*found[Split.TRAIN], *found[Split.GOLD][: 1 + seed]]}

    monkeypatch.setattr(snapshots, "examples", leaking)
    refused(document_type, f"It knows {1 + seed} of the documents it is judged on")


@seeds(4)
def test_a_model_of_which_a_twentieth_of_the_labels_were_flipped_is_refused(loop, seed):
    """With the person, or by its figures: with one seed of four (3) another model is not surer of the true totals than
    it usually is of what was recorded, so that no answer is in doubt. How often the person is found: the drill below.
    """
    document_type = make_type(extractor="crf")
    corrected(document_type, 60, seed)
    trained(document_type)
    document_type.refresh_from_db()
    corrected(document_type, 60, 100 + seed, flipped=(TEAM[2], 0.1))  # a twentieth of all there are
    total = document_type.schema["total"].title
    refused(
        document_type, f"answers about {total} by {TEAM[2]} look wrong", "It is no better than the champion."
    )


@seeds(3)
def test_a_model_with_too_few_new_corrections_is_refused_with_how_many_are_missing(loop, seed):
    document_type = make_type(extractor="crf")
    corrected(document_type, 30, seed)
    trained(document_type)
    document_type.refresh_from_db()
    corrected(document_type, seed - 1, 100 + seed)
    refused(document_type, "that " + document_type.champion + " had not, fewer than 5")


@seeds(3)
def test_a_training_whose_loss_is_no_number_makes_no_model(loop, seed, tmp_path):
    from safetensors.torch import load_file, save_file  # here: torch takes seconds to import

    document_type = with_champion(seed)
    base = make_tiny_base(tmp_path)
    weights = load_file(base / "model.safetensors")
    broken = sorted(name for name in weights if name.startswith("encoder"))[seed]
    save_file(weights | {broken: weights[broken] * math.nan}, base / "model.safetensors")
    recipe = {"base": str(base), "epochs": 3, "seed": seed}
    DocumentType.objects.filter(pk=document_type.pk).update(extractor="layoutlm", recipe=recipe)
    failed(document_type, "the loss is ")


@seeds(3)
def test_a_model_whose_confidences_are_no_numbers_is_none(loop, monkeypatch, seed):
    document_type = with_champion(seed)
    real = evaluation.answers

    def astray(*args):
        return [
            Extracted(tuple(replace(value, confidence=math.nan) for value in each.values), each.absent)
            for each in real(*args)
        ]

    monkeypatch.setattr(evaluation, "answers", astray)
    failed(document_type, "the training went astray")


@seeds(3)
def test_a_model_that_says_the_same_of_all_documents_is_refused_for_it(loop, monkeypatch, seed):
    document_type = with_champion(seed)
    real, calls = evaluation.answers, []

    def constant(*args):
        said = real(*args)
        calls.append(said)
        return said if len(calls) > 1 else [said[seed % len(said)]] * len(said)  # the second is the champion

    monkeypatch.setattr(evaluation, "answers", constant)
    refused(document_type, "It says the same of all")


def judged_by_whom(seed: int, share: float) -> list[str]:
    """What `learner.harm` says of a model that learned from 160 receipts, of which one of three people got some wrong."""
    document_type = make_type(extractor="crf")
    corrected(document_type, 160, seed, flipped=(TEAM[2], share))
    snapshot = snapshots.take(document_type)
    suspects.before_training(snapshot, lambda _: None)
    run = Run.objects.create(document_type=document_type, snapshot=snapshot, state=Run.State.RUNNING)
    version = make_version(document_type, run=run)
    found = snapshots.examples(snapshot)
    evidence = harm_evidence.gather(version, None, found[Split.TRAIN], found[Split.GOLD], [])
    return decision.harm.objections(document_type.schema, len(found[Split.GOLD]), evidence)


@seeds(10, 2)
def test_poison_drill_one_persons_wrong_totals_in_a_twentieth_of_the_documents_are_laid_to_them(
    seed, configured
):
    (said,) = judged_by_whom(seed, 0.05)
    assert f"by {TEAM[2]} look wrong" in said and "Total" in said.title()


@seeds(10, 1)
def test_a_team_without_fault_is_accused_of_nothing(seed, configured):
    assert judged_by_whom(seed, 0.0) == []


@pytest.fixture
def configured(settings, tmp_path):
    settings.CONFIG = settings.CONFIG.model_copy(update={"data": tmp_path})
