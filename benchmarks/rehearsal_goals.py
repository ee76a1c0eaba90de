"""The lines of the goals' table that rehearsals tell, from the rows that were kept; the table says which rows are which."""

from __future__ import annotations

from math import isfinite
from statistics import median
from typing import Any

from benchmarks.goal_tables import CHOOSING
from benchmarks.rehearsal import (
    BY_HAND,
    CONFIRMED,
    CONFIRMED_LONG,
    LONG,
    MODAL,
    OLD_RULE,
    OTHERS,
    OURS,
    PEERS,
    RANDOM,
    SELECTIVE,
    SHIPPED,
    TOLD,
)
from learner.rehearsal_curves import RULE

Row = dict[str, Any]  # JSON: names, counts, figures

WHERE = (
    "The lines of the goals' table are told from these rows, as far as they are by the rule of the newest."
)


def goals(rows: dict[str, Row]) -> list[Row]:
    """The lines of the goals' table, from all rows that were kept; those by another rule than the first's don't count."""
    row = rows.get(TOLD)
    if row is None:
        return []
    rows = {key: each for key, each in rows.items() if _rule(each) == _rule(row)}
    long = rows.get(LONG, row)  # random order goes on where this one's budget ends
    if long["part"]["seeds"] != row["part"]["seeds"]:  # medians are over the same splits
        long = row
    told = f"{_which(row, long)}; {_confirmed(rows)}{_outdated(row)}"
    lines = [
        _line(
            "person-seconds",
            *_compared(row, long, BY_HAND, "seconds", 0.1),
            note=f"{_further(row, long, BY_HAND, 'seconds')}; {_ungated(row, long, BY_HAND, 'seconds')}; "
            f"{_as_shipped(rows)}; {told}",
        ),
        _line(
            "documents",
            *_compared(row, long, RANDOM, "documents", 0.5),
            note=f"{_further(row, long, RANDOM, 'documents')}; {_ungated(row, long, RANDOM, 'documents')}; the next "
            f"training there still: {_held(_ways(row), OURS)} against {_held(_ways(long), RANDOM)}; {told}",
        ),
    ]
    if selective := rows.get(SELECTIVE):
        # medians are over the same splits
        by_hand = long if long["part"]["seeds"] == selective["part"]["seeds"] else selective
        lines.append(
            _line(
                "person-seconds, selective",
                *_compared(selective, by_hand, BY_HAND, "seconds", 0.1),
                note=f"rows `{SELECTIVE}` and `{SELECTIVE if by_hand is selective else _key(long, row)}`, "
                f"{selective['part']['seeds']} seeds; random order by hand answers every field; "
                f"{_unseen(selective)}; {_ungated(selective, by_hand, BY_HAND, 'seconds')}",
            )
        )
    if others := rows.get(OTHERS):
        lines.append(_others(others, told))
    return lines


def best_two(row: Row) -> list[str]:
    """The strategies with the highest mean F1 along their curves, random order aside."""
    chosen = {way: f1 for way, f1 in row["mean_f1"].items() if way not in (RANDOM, BY_HAND)}
    return sorted(chosen, key=lambda way: -chosen[way])[:2]


def _others(row: Row, told: str) -> Row:
    ways, budget = _ways(row), row["part"]["budget"]
    took = {
        way: {unit: _or_never(own[unit]["median"]) for unit in ("documents", "seconds")}
        for way, own in ways.items()
    }
    others = [name for name in (*MODAL, *PEERS) if name in ways]

    def shown(way: str) -> str:
        if not isfinite(took[way]["documents"]):
            return f"more than {budget}"
        return f"{took[way]['documents']:.0f} documents and {took[way]['seconds']:.0f} person-seconds"

    ours = (OURS, *others)
    held = ", ".join(f"{name} {_held(ways, name)}" for name in ours)
    means = ", ".join(f"{name} {row['mean_f1'][name]:.3f}" for name in ours)
    return _line(
        "other libraries",
        shown(OURS),
        all(took[OURS][unit] < took[name][unit] for name in others for unit in ("documents", "seconds")),
        peers=", ".join(f"{name} {shown(name)}" for name in others),
        note=f"the next training there still: {held}; mean F1 to the budget: {means}; row `{OTHERS}`, {told}",
    )


def _rule(row: Row) -> str:
    return str(row.get("rule", OLD_RULE))


def _outdated(row: Row) -> str:
    """Says so, if rehearsals have another rule by now than the row's."""
    return "" if _rule(row) == RULE else f"; by rule {_rule(row)} of rehearsals, which have {RULE} since"


def _ways(row: Row) -> Row:
    """What each way took to the first of the goals."""
    ways: Row = row["took"][0]["ways"]
    return ways


def _key(long: Row, row: Row) -> str:
    return TOLD if long is row else LONG


def _compared(row: Row, long: Row, other: str, unit: str, share: float) -> tuple[str, bool]:
    ours = _or_never(_ways(row)[OURS][unit]["median"])
    theirs = _or_never(_ways(long)[other][unit]["median"])
    return _against(ours, theirs, share, " s" if unit == "seconds" else "")


def _which(row: Row, long: Row) -> str:
    """The rows that are compared, their learner and how often it was trained."""
    keys = " and ".join(f"`{key}`" for key in dict.fromkeys((TOLD, _key(long, row))))
    batches = [each["part"]["batch"] for each in (row, long)]
    trained = f"after every {batches[0]} corrections on both sides"
    if batches[0] != batches[1]:
        trained = f"after every {batches[0]} corrections, random order after every {batches[1]}"
    seeds = min(each["part"]["seeds"] for each in (row, long))
    return (
        f"rows {keys}, {seeds} seeds: the cheap learner `{row['part']['learner']}` ({row['learner']['is']}), which knows nothing before "
        f"the first correction, trained {trained}"
    )


def _confirmed(rows: dict[str, Row]) -> str:
    """What the extractor that the app trains says of the two best."""
    row = rows.get(CONFIRMED)
    if row is None:
        return "not confirmed with the full extractor by this rule"
    ways, part = _ways(row), row["part"]
    told = [f"{way} {_took(ways[way], part['budget'])}" for way in part["strategies"]]
    long = rows.get(CONFIRMED_LONG, row)
    last, hand = (_took(_ways(long)[way], long["part"]["budget"]) for way in (RANDOM, BY_HAND))
    told += [f"{RANDOM} {last}", f"{BY_HAND} {hand}"]
    seeds = "one seed" if part["seeds"] == 1 else f"{part['seeds']} seeds"
    found = (
        f"confirmed with `{part['learner']}`, {seeds}, trained after every {part['batch']}: {', '.join(told)}"
    )
    if (others := rows.get(OTHERS)) and set(best_two(others)) != set(part["strategies"]):
        found += f" (the two best of the cheap learner are {' and '.join(best_two(others))})"
    return found


def _took(way: Row, budget: int) -> str:
    documents, seconds = way["documents"]["median"], way["seconds"]["median"]
    return f"not within {budget}" if documents is None else f"{documents:.0f} documents / {seconds:.0f} s"


def _unseen(row: Row) -> str:
    own = row["unseen"][OURS]
    return f"fields that nobody looked at: {own['fields']}, of them wrong: {own['wrong']}"


def _ungated(row: Row, long: Row, other: str, unit: str) -> str:
    """The same had every model read that was trained."""
    if "ungated" not in row or "ungated" not in long:
        return "without the gate"
    ours = _or_never(row["ungated"]["ways"][OURS][unit]["median"])
    theirs = _or_never(long["ungated"]["ways"][other][unit]["median"])
    return f"had the gate let every model through: {_against(ours, theirs, 1.0, '')[0]}"


def _against(ours: float, theirs: float, share: float, unit: str) -> tuple[str, bool]:
    """What was measured, in words, and whether it is at most `share` of theirs."""
    if not isfinite(ours):
        return "not reached within the budget", False
    if not isfinite(theirs):
        return f"{ours:.0f}{unit}; random order not within the budget", False
    return f"{ours / theirs:.2f} ({ours:.0f} against {theirs:.0f}{unit})", ours <= share * theirs


def _as_shipped(rows: dict[str, Row]) -> str:
    """What the same costs with Docloop's base, which is what a new type starts with."""
    row = rows.get(SHIPPED)
    if row is None:
        return "as shipped, with the base, not measured by this rule"
    first, second = row["curves"][OURS][:2]
    share = 100 * first[2] / median(row["everything"].values())
    return (
        f"as shipped, with the base (`{SHIPPED}`), F1 is {first[2]:.3f} ({share:.0f} % of all labelled) before any, "
        f"whatever the order, and checking the first {second[0]:.0f} documents takes {second[1]:.0f} s"
    )


def _further(row: Row, long: Row, other: str, unit: str) -> str:
    """The same to the higher shares, which the goals do not name."""
    told = []
    for mine, theirs in zip(row["took"][1:], long["took"][1:], strict=True):
        ours, later = (
            _or_never(ways[way][unit]["median"])
            for ways, way in ((mine["ways"], OURS), (theirs["ways"], other))
        )
        told.append(f"to {100 * mine['share']:.0f} %: {_against(ours, later, 1.0, '')[0]}")
    return ", ".join(told)


def _held(ways: Row, way: str) -> str:
    documents = ways[way]["held"]["median"]
    return "not reached" if documents is None else f"{documents:.0f}"


def _or_never(value: float | None) -> float:
    return float("inf") if value is None else value


def _line(name: str, measured: str, reached: bool, *, peers: str = "", note: str = "") -> Row:
    figure, goal = CHOOSING[name]
    return {
        "figure": figure,
        "goal": goal,
        "measured": measured,
        "reached": reached,
        "peers": peers,
        "note": note,
    }
