"""What the table of goals says of rows that were measured."""

from typing import Any

from benchmarks.contenders import CONVERGED, DEFAULT
from benchmarks.goal_tables import CHOOSING, CHOOSING_IN
from benchmarks.goals import FEWEST, Goal, choosing, goals


def part(f1: float, error: float = 0.01, count: int = 100) -> dict[str, Any]:
    interval = {"value": f1, "low": f1 - 0.02, "high": f1 + 0.02}
    told = {"error": error, "count": count, "mean_confidence": 0.9, "share_right": 0.9}
    silent = {"error": 0.9, "count": FEWEST - 1, "mean_confidence": 0.9, "share_right": 0.0}
    return {"f1": interval, "predicted": 9 if f1 else 0, "calibration": {"values": told, "absences": silent}}


def row(extractor: str, size: str, f1: float, *, pack: str = "sroie", **more: Any) -> dict[str, Any]:
    fields = more.pop("fields", {"total": part(f1)})
    figures = {"overall": part(f1), "fields": fields}
    return {
        "pack": pack, "extractor": extractor, "size": size, "seed": 1, "figures": figures,
        "learned": 300, "validated": 50, "train_seconds": 100.0, "seconds": 20.0,
    } | more  # fmt: skip


def told(
    *rows: dict[str, Any], image: Any = (), speed: Any = (), reading: Any = (), **more: Any
) -> dict[str, Goal]:
    keyed = [{str(number): each for number, each in enumerate(some)} for some in (rows, image)]
    by_key = {f"{each['pack']}/{each['extractor']}": each for each in speed}
    return {goal.figure: goal for goal in goals(*keyed, by_key, {"reading": {"goals": reading}}, **more)}


def find(found: dict[str, Goal], words: str) -> Goal:
    return next(goal for figure, goal in found.items() if words in figure)


def test_without_rows_nothing_is_reached_and_nothing_missed() -> None:
    assert {goal.reached for goal in told().values()} == {None}


def test_a_missed_goal_stays_with_the_figure_that_was_reached() -> None:
    found = told(row(DEFAULT, "25", 0.79), row("crf", "25", 0.6), row("trivial", "0", 0.64))
    goal = find(found, "25 documents")
    assert (goal.measured, goal.reached) == ("0.790 (0.77–0.81)", False)
    assert goal.peers == "crf 0.600, trivial 0.640"
    assert goal.cells[3] == "**no**"
    assert find(found, "100 documents: field F1").reached is None


def test_several_seeds_are_averaged_and_say_how_far_they_lie_apart() -> None:
    goal = find(told(row(DEFAULT, "25", 0.78), row(DEFAULT, "25", 0.84, seed=2)), "25 documents")
    assert (goal.measured, goal.reached) == ("0.810 (2 seeds, 0.780–0.840)", True)


def test_reading_ones_own_images_may_cost_so_much_and_no_more() -> None:
    given = row(DEFAULT, "all", 0.95)
    assert find(told(given, image=[row(DEFAULT, "all", 0.92)]), "from the image").reached
    assert find(told(given, image=[row(DEFAULT, "all", 0.90)]), "from the image").reached is False


def test_the_crf_is_told_beside_own_reading_where_it_was_measured() -> None:
    given, own = row(DEFAULT, "all", 0.95), row(DEFAULT, "all", 0.92)
    assert find(told(given, image=[own]), "from the image").peers == "given words 0.950"
    found = find(told(given, image=[own, row("crf", "all", 0.9)]), "from the image")
    assert found.peers == "given words 0.950, crf of the same words 0.900"


def test_calibration_over_all_documents_stands_beside_that_of_the_test() -> None:
    fields = {"total": part(0.9, error=0.04, count=480)}
    found = told(rotated={"a": row(DEFAULT, "100", 0.9, fields=fields)})
    goal = find(found, "over tests of all documents")
    assert (goal.measured, goal.reached) == ("0.040", True)
    assert find(found, "the worst field's").reached is None
    assert find(told(), "over tests of all documents").reached is None


def test_the_extractor_that_takes_most_memory_counts() -> None:
    rows = {
        name: {"extractor": name, "gigabytes": gigabytes, "pages": 502}
        for name, gigabytes in (("combined", 3.1), ("layoutlm", 4.2))
    }
    goal = find(told(memory=rows), "memory")
    assert (goal.measured, goal.reached) == ("4.20 GB", False)
    assert goal.peers == "combined 3.10, layoutlm 4.20"
    assert find(told(), "memory").reached is None


def test_the_baselines_must_be_beaten_on_each_field_that_they_find() -> None:
    crf = row("crf", "50", 0.5, pack="adbuy")
    trivial = row("trivial", "0", 0.4, pack="adbuy", fields={"amount": part(0.88), "shop": part(0.0)})
    better = row(DEFAULT, "50", 0.7, pack="adbuy", fields={"amount": part(0.9), "shop": part(0.5)})
    worse = row(DEFAULT, "50", 0.7, pack="adbuy", fields={"amount": part(0.8), "shop": part(0.5)})
    assert find(told(better, crf, trivial), "ad orders, 50 documents").reached
    goal = find(told(worse, crf, trivial), "ad orders, 50 documents")
    assert (goal.reached, goal.note) == (False, "not above the baseline: amount")
    assert find(told(better, trivial), "ad orders, 50 documents").reached is None


def test_the_worst_field_is_the_calibration_and_a_handful_of_answers_tells_nothing() -> None:
    fields = {
        "total": part(0.9, error=0.03),
        "shop": part(0.9, error=0.07),
        "rare": part(0.9, error=0.5, count=3),
    }
    goal = find(told(row(DEFAULT, "100", 0.9, fields=fields)), "receipts, after 100 documents")
    assert (goal.measured, goal.reached) == ("0.070", False)
    assert goal.note.startswith("shop, values")


def test_how_wrong_chance_makes_the_worst_field_is_told_beside_it() -> None:
    measured = row(DEFAULT, "100", 0.9)
    assert "chance" not in find(told(measured), "after 100 documents").note
    measured["figures"]["worst_error_by_chance"] = 0.0634
    goal = find(told(measured), "after 100 documents: expected calibration")
    assert goal.note.endswith("perfectly calibrated model shows up to 0.063 (95 %)")


def test_a_training_must_be_quick_and_lose_nothing_by_it() -> None:
    quick, long = row(DEFAULT, "100", 0.9), row(CONVERGED, "100", 0.905)
    goal = find(told(quick, long), "retraining")
    assert (goal.measured, goal.reached) == ("2.0 min, +0.005 lost", True)
    assert find(told(quick, row(CONVERGED, "100", 0.92)), "retraining").reached is False
    assert find(told(row(DEFAULT, "100", 0.9, train_seconds=400.0), long), "retraining").reached is False
    assert find(told(quick), "retraining").reached is None


def test_pages_a_second_stand_beside_their_peers() -> None:
    rates = [
        {"pack": pack, "extractor": name, "pages_per_second": rate}
        for pack, name, rate in (("sroie", DEFAULT, 61.0), ("sroie", "crf", 90.0), ("nda", DEFAULT, 9.0))
    ]
    inference = {"sroie": {"rows": [{"way": "PyTorch eager", "pages_per_second": 23.6}]}}
    goal = find(told(speed=rates, inference=inference), "extraction on 2 cores")
    assert goal.peers == "crf 90.0, PyTorch eager, the network alone 23.6"
    goal = find(told(speed=rates), "extraction on 2 cores")
    assert (goal.measured, goal.reached, goal.peers, goal.note) == (
        "61.0 pages/s (receipts)", True, "crf 90.0", "nda 9.0",
    )  # fmt: skip


def test_what_the_reading_tells_of_its_goals_stands_among_the_others() -> None:
    row = {
        "figure": "born-digital PDF to extraction",
        "goal": "≥ 25 pages/s",
        "measured": "31",
        "reached": True,
    }
    assert find(told(reading=[row]), "born-digital").cells[2:4] == ["31", "yes"]
    assert find(told(), "born-digital").reached is None


def test_what_sections_tell_of_choosing_stands_in_the_order_of_the_goals() -> None:
    figure, goal = CHOOSING["a million"]
    row = {"goals": [{"figure": figure, "goal": goal, "measured": "0.3 s, 2.4 GB", "reached": True}]}
    found = list(choosing([{"selection": row}, *({} for _ in CHOOSING_IN[1:])]))
    assert [each.figure for each in found] == [figure for figure, _ in CHOOSING.values()]
    assert [each.reached for each in found] == [
        True if each == (figure, goal) else None for each in CHOOSING.values()
    ]
