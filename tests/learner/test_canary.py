"""A challenger that the gate let through is tried out on what people correct, and ends promoted or stopped."""

from __future__ import annotations

import pytest

from annotation import extraction
from annotation.errors import Refused
from annotation.models import TrailEntry
from learner import canary, decision, promotion, triggers
from learner.gate import Verdict
from learner.models import Canary, CanaryDocument, ModelVersion, Run
from models.extractors.base import Extracted, Value
from tests.factories import make_document, make_extraction, make_truth, make_type, make_version

pytestmark = pytest.mark.django_db

State = ModelVersion.State
PASSED = Verdict(True, ("Promoted: F1 0.80 → 0.90.", "No field lost anything."), {"documents": 12})
RIGHT = {"company": "ACME LTD", "date": "01/02/2024", "total": "12.90"}
ENDED = dict.fromkeys(RIGHT, "accepted")


class Says:
    """A model that says the same of every document."""

    def __init__(self, values):
        self.values = values

    def extract(self, documents):
        return [
            Extracted(
                tuple(Value(name, text, text.lower(), 0.9, None) for name, text in self.values.items()), {}
            )
            for _ in documents
        ]


@pytest.fixture
def kind(rung):
    kind = make_type(canary="share", canary_share=0.2)
    promotion.promote(make_version(kind, state=State.CHALLENGER), by="the gate", reason="the first")
    kind.refresh_from_db()
    return kind


@pytest.fixture
def models(monkeypatch):
    """What champion and challenger say; both right, until a test changes that."""
    said = {"champion": Says(RIGHT), "challenger": Says(RIGHT)}
    monkeypatch.setattr(extraction, "champion", lambda _: said["champion"])
    monkeypatch.setattr(extraction, "challenger", lambda _: said["challenger"])
    return said


def tried(kind) -> ModelVersion:
    """A challenger that has just been let through."""
    version = make_version(kind, state=State.CHALLENGER)
    decision.settle(version, None, PASSED)
    kind.refresh_from_db()
    version.refresh_from_db()
    return version


def corrected(kind, version: str = "", *, outcomes=ENDED, **more):
    """A document that a person has just answered, having seen what `version` said."""
    document = make_document(kind)
    make_extraction(document, version=version or kind.champion)
    return make_truth(document, RIGHT, outcomes, lead_time=20.0, **more).document


def test_a_challenger_that_the_gate_lets_through_is_tried_out_before_it_takes_over(kind, rung):
    version = tried(kind)
    trial = canary.running(kind)
    assert (version.state, trial.version, trial.share) == (State.CHALLENGER, version, 0.2)
    assert (kind.challenger, kind.challenger_share) == (version.name, 0.2)
    assert kind.champion == trial.champion != version.name
    assert version.decision.promote and version.decision.reasons[0].startswith(
        "Let through, to be tried out: F1"
    )
    assert ("annotation.extract_pool", kind.pk) in rung
    assert TrailEntry.objects.filter(subject=version.name, action="is trying out").exists()


@pytest.mark.parametrize("mode", ["none", "shadow"])
def test_without_a_canary_it_takes_over_at_once_and_in_the_shadow_it_fills_in_nothing(kind, mode):
    kind.canary = mode
    kind.save()
    version = tried(kind)
    if mode == "none":
        assert (version.state, kind.champion, canary.running(kind)) == (State.CHAMPION, version.name, None)
    else:
        assert (version.state, kind.challenger, kind.challenger_share) == (
            State.CHALLENGER,
            version.name,
            0.0,
        )
        assert canary.running(kind).shadow


def test_a_type_without_a_champion_has_nothing_to_compare_its_first_version_with(rung):
    kind = make_type(canary="share")
    assert tried(kind).state == State.CHAMPION


def test_both_models_read_what_people_correct_whoever_had_filled_it_in(kind, models):
    version = tried(kind)
    models["challenger"] = Says(RIGHT | {"total": "9.99"})
    first = corrected(kind)
    second = corrected(kind, version.name, outcomes=ENDED | {"total": "edited"})
    for document in (first, second):
        canary.compare(document.pk)
    rows = CanaryDocument.objects.values_list(
        "filled", "fields", "wrong_before", "wrong", "edited", "seconds"
    )
    assert list(rows) == [(False, 3, 0, 1, 0, 20.0), (True, 3, 0, 1, 1, 20.0)]
    assert {each.model_version for each in first.extractions.all()} == {kind.champion, version.name}
    assert "Of 6 fields of 2 corrected documents" in canary.running(kind).why


def test_values_that_are_missing_or_too_many_are_wrong(kind, models):
    tried(kind)
    models["champion"] = Says({"company": "ACME LTD"})
    document = make_document(kind)
    make_extraction(document, version=kind.champion)
    make_truth(document, {"company": "ACME LTD", "date": "01/02/2024"}, ENDED)
    canary.compare(document.pk)
    row = CanaryDocument.objects.get()
    assert (row.wrong_before, row.wrong) == (1, 1)  # the date is missing; there is no total


def test_fields_that_nobody_looked_at_and_answers_in_doubt_say_nothing(kind, models):
    tried(kind)
    canary.compare(corrected(kind, outcomes=ENDED | {"date": "assumed"}).pk)
    canary.compare(corrected(kind, unsettled=True).pk)
    canary.compare(corrected(kind, outcomes=ENDED | {"document type": "invoices"}).pk)
    canary.compare(corrected(kind, source="imported").pk)
    assert list(CanaryDocument.objects.values_list("fields", flat=True)) == [2]


def test_an_answer_counts_once_and_as_it_is_now(kind, models):
    tried(kind)
    document = corrected(kind)
    canary.compare(document.pk)
    canary.compare(document.pk)
    make_truth(document, RIGHT | {"total": "Total"}, ENDED | {"total": "edited"})
    canary.compare(document.pk)
    assert list(CanaryDocument.objects.values_list("wrong", "edited")) == [(1, 1)]


def test_what_was_answered_before_the_trial_began_does_not_count(kind, models):
    document = corrected(kind)
    tried(kind)
    canary.compare(document.pk)
    assert not CanaryDocument.objects.exists()


def test_a_better_challenger_takes_over_by_itself_and_a_worse_one_is_stopped(kind, models):
    for wrong, state in (("champion", State.CHAMPION), ("challenger", State.RETIRED)):
        version = tried(kind)
        models |= {"champion": Says(RIGHT), "challenger": Says(RIGHT), wrong: Says(RIGHT | {"total": "9.99"})}
        for n in range(60):
            if not canary.running(kind):
                break
            canary.compare(corrected(kind, version.name if n % 2 else "").pk)
        version.refresh_from_db()
        kind.refresh_from_db()
        assert version.state == state
        trial = Canary.objects.get(version=version)
        assert trial.outcome == ("promoted" if state == State.CHAMPION else "stopped") and trial.ended_at
        assert trial.why == version.moves.last().reason
        assert (kind.challenger, kind.challenger_share) == ("", 0.0)
        assert (kind.champion == version.name) == (state == State.CHAMPION)


def test_a_trial_ends_with_whatever_ends_its_challenger(kind):
    first = tried(kind)
    second = make_version(kind, state=State.CANDIDATE)
    promotion.challenge(second, by="run 2", reason="trained")  # by hand, as no training starts by itself
    assert Canary.objects.get(version=first).outcome == "stopped"
    decision.settle(second, None, PASSED)
    promotion.promote(second, by="otto", reason="by hand: sure of it")
    assert Canary.objects.get(version=second).outcome == "promoted"


def test_a_champion_that_goes_takes_the_trial_against_it_along(kind):
    version = tried(kind)
    other = make_version(kind, state=State.RETIRED)
    promotion.promote(other, by="otto", reason="by hand: an emergency")
    version.refresh_from_db()
    kind.refresh_from_db()
    assert (version.state, kind.challenger, kind.champion) == (State.RETIRED, "", other.name)
    assert "gave way" in Canary.objects.get().why


def test_a_person_stops_a_trial(kind):
    version = tried(kind)
    assert canary.stop(kind, by="lea", why="complaints") == version
    version.refresh_from_db()
    kind.refresh_from_db()
    assert (version.state, kind.challenger) == (State.RETIRED, "")
    with pytest.raises(Refused, match="no challenger on trial"):
        canary.stop(kind, by="lea", why="again")


def test_no_training_starts_by_itself_while_a_challenger_is_tried_out(kind):
    kind.retrain_after = 1
    kind.save()
    tried(kind)
    runs = Run.objects.count()
    for _ in range(12):
        document = corrected(kind)
        triggers.learn_from_correction(document.pk)
    assert Run.objects.count() == runs
    canary.stop(kind, by="lea", why="done")
    triggers.learn_from_correction(document.pk)
    assert Run.objects.count() == runs + 1
