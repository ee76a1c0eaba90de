"""What each setting of a document type may be: a specification in, checked values by their columns' names out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from annotation.canary_model import Canary
from annotation.errors import Refused
from annotation.routing_model import UNKNOWN
from annotation.service_model import Priority
from models.errors import BadSchema
from models.extractors import EXTRACTORS
from models.schema import Schema

Specification = Mapping[str, Any]  # what YAML or JSON can hold

PROBE_PREFIX = "docloop-probe-"  # of the types that the doctor makes, and takes away with all that is of them
NAME = re.compile(rf"(?!{PROBE_PREFIX}|{UNKNOWN}$)[a-z][a-z0-9_-]{{0,39}}")
STRATEGY = re.compile(r"[a-z][a-z0-9_-]{0,39}")

# settings that stand in a group of their own in YAML files: (group, name there) → ours
GROUPED = {
    ("auto_accept", "target_error"): "target_error",
    ("auto_accept", "fields"): "field_targets",
    ("thresholds", "assume_above"): "assume_above",
    ("retraining", "after"): "retrain_after",
    ("overlap", "share"): "overlap_share",
    ("overlap", "annotators"): "overlap_annotators",
    ("gate", "least_new"): "least_new",
    ("gate", "most_of_one"): "most_of_one",
    ("gate", "fields"): "field_budgets",
    ("gate", "canary"): "canary",
    ("gate", "canary_share"): "canary_share",
    ("service", "priority"): "priority",
    ("service", "within_hours"): "within_hours",
    ("cost", "hour"): "hour_costs",
    ("cost", "currency"): "currency",
}


def checked(specification: Specification) -> dict[str, Any]:
    """The settings by their names in the database, every value checked; raises `Refused` with what is wrong."""
    flat = _ungrouped(specification)
    if unknown := sorted(flat.keys() - CHECKS.keys()):
        groups = {group for group, _ in GROUPED}
        raise Refused(f"unknown setting {unknown[0]!r}; there are: {', '.join([*CHECKS, *sorted(groups)])}")
    checked = {}
    for setting, value in flat.items():
        takes, may_be = CHECKS[setting]
        try:
            checked[setting] = takes(value)
        except BadSchema as problem:
            raise Refused(str(problem)) from None
        except (TypeError, ValueError):
            raise Refused(f"{setting!r} is {may_be}") from None
    return checked


def _ungrouped(specification: Specification) -> dict[str, Any]:
    flat = dict(specification)
    for group in {group: None for group, _ in GROUPED}:
        known = " and ".join(repr(name) for each, name in GROUPED if each == group)
        inner = flat.pop(group, None) or {}
        if not isinstance(inner, Mapping):
            raise Refused(f"{group!r} is a mapping with {known}")
        for name, value in inner.items():
            if (group, name) not in GROUPED:
                raise Refused(f"unknown setting {name!r} in {group!r}; there is {known}")
            flat[GROUPED[group, name]] = value
    return flat


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], str]:
    def take(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError
        return value

    return take


def _title(value: Any) -> str:
    title = " ".join(str(value).split()) if isinstance(value, str) else ""
    if not 0 < len(title) <= 80:
        raise ValueError
    return title


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def take(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError
        return value

    return take


def _share(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise ValueError
    return float(value)


def _bound(value: Any) -> float | None:
    """A confidence under a half would mean that the model itself thinks it is wrong."""
    if value is not None and _share(value) < 0.5:
        raise ValueError
    return value if value is None else _share(value)


def _priority(value: Any) -> int:
    named = {str(each.label): each for each in Priority}
    if value in named:
        return named[value]
    return Priority(value) if type(value) is int else Priority(int(str(value)))


def _above_nothing(value: Any) -> float | None:
    if value is not None and (type(value) not in (int, float) or not 0 < value < 1e6):
        raise ValueError
    return value if value is None else float(value)


def _canary_share(value: Any) -> float:
    """Of more than a half the champion would hold the challenger's place."""
    if not 0.01 <= _share(value) <= 0.5:
        raise ValueError
    return float(value)


def _target(value: Any) -> float:
    """An error rate that somebody may want to keep: none at all can't be promised."""
    if not 0 < _share(value) <= 0.5:
        raise ValueError
    return float(value)


def _targets(value: Any) -> dict[str, float]:
    return {name: _target(share) for name, share in _numbers(value).items()}


def _budgets(value: Any) -> dict[str, float]:
    return {name: _share(share) for name, share in _numbers(value).items()}


def _numbers(value: Any) -> dict[str, float]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(
        isinstance(name, str) and type(number) in (int, float) for name, number in value.items()
    ):
        raise ValueError
    return dict(value)


def _recipe(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError
    return dict(value)


def _extractor(value: Any) -> str:
    if value not in EXTRACTORS:
        raise ValueError
    return str(value)


# setting → what takes a value or raises, and what it may be, for people
CHECKS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "name": (_matching(NAME), "a small letter, then small letters, digits, - and _ (40 at most)"),
    "title": (_title, "a text of 1 to 80 characters"),
    "fields": (lambda value: Schema.from_json(value).to_json(), "a list of fields"),
    "target_error": (
        lambda value: None if value is None else _target(value),
        "a number above 0 and up to 0.5, or null",
    ),
    "field_targets": (_targets, "a mapping of fields to numbers above 0 and up to 0.5"),
    "assume_above": (_bound, "a number from 0.5 to 1, or null"),
    "retrain_after": (_whole(1, 1_000_000), "a whole number of corrections, 1 or more"),
    "least_new": (_whole(0, 1_000_000), "a whole number of corrections, 0 or more"),
    "most_of_one": (_share, "a number from 0 to 1"),
    "field_budgets": (_budgets, "a mapping of fields to numbers from 0 to 1"),
    "canary": (lambda value: Canary(value).value, f"one of: {', '.join(Canary.values)}"),
    "canary_share": (_canary_share, "a number from 0.01 to 0.5"),
    "priority": (_priority, f"one of: {', '.join(map(str, Priority.labels))}"),
    "within_hours": (_above_nothing, "a number of hours above 0, or null"),
    "hour_costs": (_above_nothing, "a number above 0, or null"),
    "currency": (_matching(re.compile(r"[A-Z]{3}")), "three capital letters, such as EUR"),
    "strategy": (_matching(STRATEGY), "the name of a strategy, such as mixed"),
    "strategy_parameters": (_numbers, "a mapping of the strategy's parameters to numbers"),
    "audit_share": (_share, "a number from 0 to 1"),
    "whole_share": (_share, "a number from 0 to 1"),
    "queue_depth": (_whole(1, 100), "a whole number from 1 to 100"),
    "overlap_share": (_share, "a number from 0 to 1"),
    "overlap_annotators": (_whole(2, 10), "a whole number from 2 to 10"),
    "second_opinions": (_share, "a number from 0 to 1"),
    "probes": (_share, "a number from 0 to 1"),
    "extractor": (_extractor, f"one of: {', '.join(EXTRACTORS)}"),
    "recipe": (_recipe, "a mapping of the extractor's training settings"),
}
