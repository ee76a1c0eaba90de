"""The replays of auto-accept tell rules that keep their promise from those that don't."""

from benchmarks import accept
from benchmarks.goal_tables import CHOOSING


def test_replays_show_what_is_promised_and_kept() -> None:
    promised = list(
        accept.promises(models=["honest", "too sure"], targets=[0.05], answered=[400], replays=12)
    )
    watched = list(accept.watches(targets=[0.05], streams=12))
    kept = {(row.model, row.rule): row for row in promised}
    assert kept["honest", accept.OURS].broken == 0
    assert 0.5 < kept["honest", accept.OURS].share < kept["honest", accept.OURS].best < 1
    assert kept["too sure", accept.EXPECTED].broken == 1
    # what confidences are worth makes no difference to us, as long as their order is the same
    assert kept["too sure", accept.OURS].share == kept["honest", accept.OURS].share
    found = {(row.stream, row.rule): row for row in watched}
    assert found["5 times the target", accept.OURS].gave_up == 1
    assert found["half of the target", accept.OURS].gave_up == 0
    told = accept.report(promised, watched)
    assert told.count("| honest") == 1 and "12 replays a line" in told
    goals = accept.goals(promised, watched)
    assert [goal["figure"] for goal in goals] == [CHOOSING["accept"][0], CHOOSING["accept watch"][0]]
    assert goals[0]["measured"] == "100.0 % at worst" and goals[0]["reached"]
