"""The life of a model version, and the champion that follows from it."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import IntegrityError, transaction

from annotation.errors import IllegalMove, Refused
from annotation.models import TrailEntry
from learner import promotion
from learner.models import ModelVersion, VersionMove
from tests.factories import make_type, make_version

pytestmark = pytest.mark.django_db

State = ModelVersion.State


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_a_version_moves_as_the_table_says_and_no_other_way(before, after):
    version = make_version(state=before)
    if before == after:
        promotion.move(version, after, by="otto", reason="same")
        assert not VersionMove.objects.exists()
    elif after in promotion.MAY_FOLLOW[before]:
        promotion.move(version, after, by="otto", reason="a reason")
        version.refresh_from_db()
        assert version.state == after
        assert list(VersionMove.objects.values_list("before", "after", "by", "reason")) == [
            (before, after, "otto", "a reason")
        ]
    else:
        with pytest.raises(IllegalMove, match=f"is {before}, it can't become {after}"):
            promotion.move(version, after, by="otto", reason="a reason")
        version.refresh_from_db()
        assert version.state == before


def test_a_promotion_changes_everything_at_once(rung):
    document_type = make_type()
    old = make_version(document_type, state=State.CHALLENGER)
    promotion.promote(old, by="the gate", reason="the first")
    new = make_version(document_type, state=State.CHALLENGER)
    promotion.promote(new, by="the gate", reason="better")
    old.refresh_from_db()
    document_type.refresh_from_db()
    assert (old.state, new.state) == (State.RETIRED, State.CHAMPION)
    assert (document_type.champion, document_type.champion_uri, document_type.champion_sha256) == (
        new.name,
        new.uri,
        new.sha256,
    )
    assert ("annotation.extract_pool", document_type.pk) in rung
    assert ("learner.mirror_aliases", document_type.pk) in rung
    assert old.moves.last().reason == f"followed by {new.name}"


def test_promoting_the_champion_again_changes_nothing(rung):
    version = make_version(state=State.CHAMPION)
    promotion.promote(version, by="otto", reason="again")
    assert not VersionMove.objects.exists()
    assert rung.all() == set()


def test_a_version_for_other_fields_is_not_promoted():
    version = make_version(state=State.CHALLENGER, schema_hash="0" * 64)
    with pytest.raises(Refused, match="other fields"):
        promotion.promote(version, by="otto", reason="please")
    version.refresh_from_db()
    assert version.state == State.CHALLENGER


def test_the_database_itself_allows_one_champion_only():
    document_type = make_type()
    make_version(document_type, state=State.CHAMPION)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_version(document_type, state=State.CHAMPION)


def test_a_challenger_that_was_never_decided_on_gives_way_to_the_next():
    document_type = make_type()
    left = make_version(document_type)
    promotion.challenge(left, by="run 1", reason="trained")
    following = make_version(document_type)
    promotion.challenge(following, by="run 2", reason="trained")
    left.refresh_from_db()
    assert (left.state, following.state) == (State.RETIRED, State.CHALLENGER)


def test_a_refused_challenger_is_retired_and_the_champion_stays(rung):
    document_type = make_type()
    champion = make_version(document_type, state=State.CHALLENGER)
    promotion.promote(champion, by="the gate", reason="the first")
    challenger = make_version(document_type, state=State.CHALLENGER)
    promotion.refuse(challenger, by="the gate", reason="worse")
    document_type.refresh_from_db()
    challenger.refresh_from_db()
    assert challenger.state == State.RETIRED
    assert document_type.champion == champion.name


def champions(n: int):
    document_type = make_type()
    versions = [make_version(document_type, state=State.CHALLENGER) for _ in range(n)]
    for version in versions:
        promotion.promote(version, by="the gate", reason="better")
    return document_type, versions


def test_rolling_back_goes_one_champion_back_each_time_and_ends_at_the_first():
    document_type, (first, second, third) = champions(3)
    make_version(document_type, state=State.RETIRED)  # was refused: never a place to go back to
    assert promotion.roll_back(document_type, by="otto") == second
    assert promotion.roll_back(document_type, by="otto") == first
    with pytest.raises(Refused, match="no earlier champion"):
        promotion.roll_back(document_type, by="otto")
    document_type.refresh_from_db()
    assert document_type.champion == first.name
    assert first.moves.last().reason == "rolled back by otto"
    promotion.promote(third, by="otto", reason="forward again")
    assert promotion.previous_champion(document_type) == second


def test_a_type_without_champion_cannot_be_rolled_back():
    with pytest.raises(Refused):
        promotion.roll_back(make_type(), by="otto")


def test_a_rolled_back_promotion_rings_nothing(rung):
    version = make_version(state=State.CHALLENGER)
    with pytest.raises(RuntimeError), transaction.atomic():
        promotion.promote(version, by="the gate", reason="better")
        raise RuntimeError
    version.refresh_from_db()
    assert version.state == State.CHALLENGER
    assert rung.all() == set()


def test_every_move_is_on_the_trail_with_who_and_why():
    document_type, (first, second) = champions(2)
    promotion.roll_back(document_type, by="otto")
    entries = TrailEntry.objects.values_list("by", "action", "subject", "why")
    assert list(entries) == [
        ("the gate", "made champion", first.name, "better"),
        ("the gate", "retired", first.name, f"followed by {second.name}"),
        ("the gate", "made champion", second.name, "better"),
        ("otto", "retired", second.name, f"followed by {first.name}"),
        ("otto", "made champion", first.name, "rolled back by otto"),
    ]
