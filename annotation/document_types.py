"""A document type's specification in (a mapping, or YAML text), a DocumentType made or changed out.

A change never loses what people said: while a type has corrections, its fields may grow but not shrink.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string

from annotation import audit_trail, doorbell
from annotation.canary_model import Canary
from annotation.errors import Refused
from annotation.models import Correction, DocumentType
from annotation.routing_model import UNKNOWN
from models.errors import BadSchema, DocloopError
from models.extractors import EXTRACTORS
from models.schema import Field, Schema

Specification = Mapping[str, Any]  # what YAML or JSON can hold

PROBE_PREFIX = "docloop-probe-"  # of the types that the doctor makes, and takes away with all that is of them
NAME = re.compile(rf"(?!{PROBE_PREFIX}|{UNKNOWN}$)[a-z][a-z0-9_-]{{0,39}}")
STRATEGY = re.compile(r"[a-z][a-z0-9_-]{0,39}")

# whose change gives the pool another order
RANKED_BY = {
    "strategy",
    "strategy_parameters",
    "audit_share",
    "assume_above",
    "whole_share",
}

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
}


def create(specification: Specification, *, by: str | None = None) -> DocumentType:
    """Make a type; its Label Studio project follows. Raises `Refused` with what is wrong and where."""
    wanted = _checked(specification)
    if missing := {"name", "fields"} - wanted.keys():
        raise Refused(f"a document type needs {' and '.join(map(repr, sorted(missing)))}")
    name = wanted["name"]
    wanted.setdefault("title", name.replace("_", " ").replace("-", " ").capitalize())
    _check_strategy(DocumentType(**wanted))
    _check_targets(DocumentType(**wanted))
    try:
        with transaction.atomic():
            made = DocumentType.objects.create(**wanted)
            _ring_for_all()  # every project's choice of types has one more now
            if by is not None:
                audit_trail.record(by=by, action="made a document type", subject=f"document type {made.name}")
    except IntegrityError:
        raise Refused(f"there is a document type {name!r} already: change it, or take another name") from None
    return made


@transaction.atomic
def change(
    document_type: DocumentType, specification: Specification, *, by: str | None = None
) -> DocumentType:
    """Set what `specification` holds and leave the rest; raises `Refused` if that would lose annotations.

    `by` is who wants it; whoever leaves it out writes on the trail what they did in words of their own.
    """
    wanted = _checked(specification)
    present = DocumentType.objects.select_for_update().get(pk=document_type.pk)
    if wanted.pop("name", present.name) != present.name:
        raise Refused(f"document type {present.name!r} can't be renamed: addresses and models carry its name")
    if "fields" in wanted:
        _refuse_loss(present, Schema.from_json(wanted["fields"]))
    if wanted.get("strategy", present.strategy) != present.strategy:
        wanted.setdefault("strategy_parameters", {})  # the old ones were another strategy's
    changed = {setting for setting, value in wanted.items() if getattr(present, setting) != value}
    for setting, value in wanted.items():
        setattr(present, setting, value)
    if changed & {"strategy", "strategy_parameters"}:
        _check_strategy(present)
    if changed & {"fields", "field_targets", "field_budgets"}:
        _check_targets(present)
    present.save(update_fields=list(wanted))
    if "title" in changed:
        _ring_for_all()
    else:
        doorbell.ring("document type changed", present.pk)
    if changed & {"target_error", "field_targets"}:
        doorbell.ring("targets changed", present.pk)
    if changed & RANKED_BY:
        doorbell.ring("pool changed", present.pk)
    elif "queue_depth" in changed:
        doorbell.ring("ranking changed", present.pk)
    if by is not None and changed:
        audit_trail.record(
            by=by,
            action="changed a document type",
            subject=f"document type {present.name}",
            why=", ".join(sorted(changed)),
        )
    return present


def from_yaml(path: Path, *, by: str) -> DocumentType:
    """Make the type that a file describes, or change the one of that name; `Refused` names the file."""
    try:
        specification = specification_of(path.read_text(encoding="utf-8"))
        existing = DocumentType.objects.filter(name=str(specification.get("name"))).first()
        return change(existing, specification, by=by) if existing else create(specification, by=by)
    except UnicodeDecodeError:
        raise Refused(f"{path.name}: this is no text in UTF-8") from None
    except Refused as problem:
        raise Refused(f"{path.name}: {problem}") from None


class _Plain(yaml.SafeLoader):
    """Without aliases: a kilobyte of them stands for gigabytes as soon as somebody looks at it."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="write it out instead of an alias, *", problem_mark=mark)
        return super().compose_node(parent, index)


def specification_of(text: str) -> dict[str, Any]:
    """The specification that YAML (or JSON, which is YAML) text holds; its values are checked by create and change."""
    try:
        specification = _Plain(text).get_single_data()
    except yaml.MarkedYAMLError as problem:
        line = f"line {problem.problem_mark.line + 1}: " if problem.problem_mark else ""
        raise Refused(f"{line}this is no YAML ({problem.problem})") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Refused("this is no YAML") from None
    if not isinstance(specification, dict) or not all(isinstance(key, str) for key in specification):
        raise Refused("a document type is a mapping with 'name', 'title' and 'fields'")
    return specification


def to_yaml(document_type: DocumentType) -> str:
    """The type as YAML that `specification_of` reads."""
    fields = [
        {key: value for key, value in field.items() if value not in ("", False, [])}
        for field in document_type.fields
    ]
    stored = {
        "name": document_type.name,
        "title": document_type.title,
        "fields": fields,
        "auto_accept": {
            "target_error": document_type.target_error,
            "fields": document_type.field_targets,
        },
        "thresholds": {"assume_above": document_type.assume_above},
        "retraining": {"after": document_type.retrain_after},
        "gate": {
            "least_new": document_type.least_new,
            "most_of_one": document_type.most_of_one,
            "fields": document_type.field_budgets,
            "canary": document_type.canary,
            "canary_share": document_type.canary_share,
        },
        "strategy": document_type.strategy,
        "strategy_parameters": document_type.strategy_parameters,
        "audit_share": document_type.audit_share,
        "whole_share": document_type.whole_share,
        "queue_depth": document_type.queue_depth,
        "overlap": {
            "share": document_type.overlap_share,
            "annotators": document_type.overlap_annotators,
        },
        "second_opinions": document_type.second_opinions,
        "probes": document_type.probes,
        "extractor": document_type.extractor,
        "recipe": document_type.recipe,
    }
    return yaml.safe_dump(stored, sort_keys=False, allow_unicode=True, width=110)


def _check_strategy(document_type: DocumentType) -> None:
    """Raise `Refused` unless there is such a strategy, with such parameters."""
    try:
        # named in the settings: `learner` knows the strategies, and this part can't import it
        import_string(settings.STRATEGY)(document_type.strategy, **document_type.strategy_parameters)
    except DocloopError as problem:
        raise Refused(str(problem)) from None


def _check_targets(document_type: DocumentType) -> None:
    """Raise `Refused` if a field that there is not has a target error or a budget of its own."""
    names = document_type.schema.names
    for own, what in (
        (document_type.field_targets, "a target error in 'auto_accept'"),
        (document_type.field_budgets, "a budget in 'gate'"),
    ):
        if strange := sorted(own.keys() - set(names)):
            raise Refused(f"{strange[0]!r} has {what}, but is no field; there are: {', '.join(names)}")


def _ring_for_all() -> None:
    doorbell.ring("document type changed", *DocumentType.objects.values_list("pk", flat=True))


def _checked(specification: Specification) -> dict[str, Any]:
    """The settings by their names in the database, every value checked."""
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


def _refuse_loss(present: DocumentType, wanted: Schema) -> None:
    """Raise `Refused` if a change of fields would leave corrections without their meaning."""
    losses = [loss for field in present.schema if (loss := _loss(field, wanted))]
    if not losses:
        return
    corrections = Correction.objects.filter(document__document_type=present).count()
    tasks = present.documents.filter(tasks__state="done").exists()  # annotated, and perhaps not yet collected
    if corrections or tasks:
        raise Refused(
            f"{losses[0]} while there are corrections of {present.name!r} ({corrections}): what people said would "
            "be lost. Add a field beside it, or create another document type"
        )


def _loss(field: Field, wanted: Schema) -> str:
    """What a new schema would lose of a field; empty if nothing."""
    if field.name not in wanted:
        return f"field {field.name!r} can't be removed or renamed"
    new = wanted[field.name]
    if new.kind is not field.kind:
        return f"the kind of field {field.name!r} can't be changed"
    if field.repeats and not new.repeats:
        return f"field {field.name!r} must go on to repeat"
    if gone := [choice for choice in field.choices if choice not in new.choices]:
        return f"the choice {gone[0]!r} of field {field.name!r} can't be removed"
    return ""
