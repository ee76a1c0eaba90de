"""A document type's specification in (a mapping, or YAML text), a DocumentType made or changed out.

A change never loses what people said: while a type has corrections, its fields may grow but not shrink.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string

from annotation import audit_trail, doorbell
from annotation.errors import Refused
from annotation.models import Correction, DocumentType
from annotation.service_model import Priority
from annotation.type_settings import Specification, checked
from models.errors import DocloopError
from models.schema import Field, Schema

# whose change gives the pool another order
RANKED_BY = {
    "strategy",
    "strategy_parameters",
    "audit_share",
    "assume_above",
    "whole_share",
}


def create(specification: Specification, *, by: str | None = None) -> DocumentType:
    """Make a type; its Label Studio project follows. Raises `Refused` with what is wrong and where."""
    wanted = checked(specification)
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
    wanted = checked(specification)
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
        "service": {
            "priority": Priority(document_type.priority).label,
            "within_hours": document_type.within_hours,
        },
        "cost": {"hour": document_type.hour_costs, "currency": document_type.currency},
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
