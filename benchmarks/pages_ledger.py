"""What people did, for `benchmarks.pages_loader`: the ledger with its figures, tasks, history, doubts and jobs."""

from __future__ import annotations

from collections.abc import Mapping

from annotation.models import (
    Correction,
    CurrentAnnotation,
    DocumentType,
    Job,
    LabelTask,
    Move,
    Outcome,
    Recheck,
)
from benchmarks.pages_sql import by_type, insert
from benchmarks.pages_versions import PEOPLE
from learner.models import Suspect

DAYS = 90  # of corrections

ANSWER = (
    """'{"field": "@NAME", "text": "' || id % 9973 || '.' || 10 + id % 89 ||"""
    """ '", "place": {"page": 0, "box": [0.1, 0.@N1, 0.3, 0.@N5], "words": [@N]}}'"""
)
OUTCOME = (
    """'"@NAME": "' || CASE WHEN random() < 0.88 THEN 'accepted' WHEN random() < 0.6 THEN 'edited'"""
    """ WHEN random() < 0.4 THEN 'moved' WHEN random() < 0.5 THEN 'added' ELSE 'removed' END || '"'"""
)


def corrections(types: Mapping[str, DocumentType]) -> None:
    """In the order of documents; people differ in how much they do."""
    total = "(SELECT count(*) FROM plan WHERE nth IS NOT NULL)"
    person = f"'person' || lpad((1 + floor({PEOPLE} * luck * luck))::text, 2, '0') || '@docloop.example'"
    at = f"now() - interval '{DAYS} days' * (1 - nth::float / {total})"
    insert(
        Correction,
        {
            "id": "nth",
            "document_id": "id",
            "source": "'label studio'",
            "annotation_id": "nth",
            "content_hash": "md5('c' || id) || md5('d' || id)",
            "answers": by_type(types, ANSWER, "[", "]"),
            "outcomes": by_type(types, OUTCOME, "{", "}"),
            "extraction_id": "id",
            "annotator": person,
            "noticed_by": "CASE WHEN random() < 0.98 THEN 'webhook' ELSE 'sweep' END",
            "lead_time": "8 + 90 * random() * random()",
            "submitted_at": at,
            "recorded_at": at,
        },
        "FROM plan WHERE nth IS NOT NULL ORDER BY nth",
    )
    skipped = "(SELECT max(nth) FROM plan) + row_number() OVER (ORDER BY id)"
    insert(
        Correction,
        {
            "id": skipped,
            "document_id": "id",
            "source": "'label studio'",
            "annotation_id": skipped,
            "content_hash": "md5('c' || id) || md5('d' || id)",
            "skipped": "true",
            "answers": "'[]'::jsonb",
            "outcomes": "'{}'::jsonb",
            "annotator": person,
            "submitted_at": "now() - interval '2 days' * luck",
            "recorded_at": "now() - interval '2 days' * luck",
        },
        "FROM plan WHERE state = 'skipped'",
    )


FIGURE = (
    """'"@NAME": ["' || coalesce(outcomes ->> '@NAME', 'accepted') || '", "' || CASE outcomes ->> '@NAME'"""
    """ WHEN 'edited' THEN 'misread' WHEN 'moved' THEN 'wrong place' WHEN 'added' THEN 'missed'"""
    """ WHEN 'removed' THEN 'spurious' ELSE '' END || '", ' || round((1 - luck * luck * 0.@N3)::numeric, 3) || ']'"""
)


def outcomes(types: Mapping[str, DocumentType]) -> None:
    """What `annotation.outcomes` works out of each correction."""
    said = "(SELECT * FROM annotation_correction WHERE NOT skipped) AS said"
    insert(
        Outcome,
        {
            "correction_id": "said.id",
            "document_id": "plan.id",
            "document_type_id": "kind",
            "annotator": "annotator",
            "seconds": "lead_time",
            "model_version": "annotation_extraction.model_version",
            "audited": "turn % 10 = 0",
            "fields": by_type(types, FIGURE, "{", "}"),
            "at": "submitted_at",
        },
        f"FROM {said} JOIN plan ON plan.id = said.document_id"
        " JOIN annotation_extraction ON annotation_extraction.id = said.extraction_id",
    )


def tasks() -> None:
    """Of what people have answered (Label Studio's ids are those of the ledger), what waits for them, and what was withdrawn."""
    project = "(SELECT project_id FROM annotation_documenttype WHERE annotation_documenttype.id = kind)"
    columns = {"document_id": "id", "project_id": project, "extraction_id": "id", "created_at": "received"}
    answered = "FROM annotation_correction JOIN plan ON plan.id = annotation_correction.document_id"
    insert(
        LabelTask,
        {
            "document_id": "plan.id",
            "project_id": project,
            "task_id": "annotation_correction.id",
            "state": "'done'",
            "extraction_id": "plan.id",
            "created_at": "submitted_at - interval '1 hour'",
            "seen": "md5('s' || plan.id)",
        },
        answered,
    )
    insert(
        CurrentAnnotation,
        {
            "source": "'label studio'",
            "annotation_id": "annotation_id",
            "document_id": "document_id",
            "correction_id": "id",
            "task_id": "id",
            "submitted_at": "submitted_at",
        },
        "FROM annotation_correction",
    )
    most = "(SELECT max(id) FROM annotation_correction)"
    waiting = {"task_id": f"{most} + row_number() OVER (ORDER BY id)", "state": "'open'"}
    waiting |= {"reason": "'unsure of the total'"}
    insert(LabelTask, columns | waiting, "FROM plan WHERE state = 'queued'")
    withdrawn = {"task_id": "NULL::int", "state": "'withdrawn'"}
    insert(LabelTask, columns | withdrawn, "FROM plan WHERE state = 'extracted' AND id % 25 = 0")


def moves() -> None:
    """Each with its time; ids in the order of documents, as nearly in a real one."""
    steps = "('received', 'read', 'read', 1), ('read', 'extracted', 'extracted by the champion', 2)"
    ends = [
        ("extracted", "queued", "chosen for labelling", 3, "('queued', 'confirmed', 'skipped')"),
        ("queued", "confirmed", "corrected by a person", 4, "('confirmed')"),
        ("queued", "skipped", "skipped by a person", 4, "('skipped')"),
        (
            "extracted",
            "accepted",
            "the champion is at least 97% sure of every field",
            3,
            "('accepted')",
        ),
    ]
    columns = {
        "document_id": "id",
        "before": "step.before",
        "after": "step.after",
        "reason": "step.reason",
        "at": "received + interval '6 hours' * step.nth",
    }
    insert(
        Move,
        columns,
        f"FROM plan, (VALUES {steps}) AS step (before, after, reason, nth) WHERE state NOT IN ('received', 'unreadable')",
    )
    for before, after, reason, nth, states in ends:
        given = f"(VALUES ('{before}', '{after}', '{reason}', {nth})) AS step (before, after, reason, nth)"
        insert(Move, columns, f"FROM plan, {given} WHERE state IN {states}")


def doubts() -> None:
    """Answers in doubt, probes and overlaps: one of some hundred corrections each."""
    said = "FROM annotation_correction WHERE NOT skipped AND"
    field = "(SELECT min(key) FROM jsonb_object_keys(outcomes) AS key)"
    insert(
        Suspect,
        {
            "correction_id": "id",
            "document_id": "document_id",
            "field": field,
            "source": "'model'",
            "likelihood": "0.05 + random() / 3",
            "says": "'12.90'",
            "state": "CASE WHEN random() < 0.4 THEN 'open' ELSE 'dismissed' END",
            "closed_by": "'lea'",
        },
        f"{said} id % 200 = 0",
    )
    for purpose, rest in (("probe", 3), ("overlap", 7)):
        insert(
            Recheck,
            {
                "document_id": "document_id",
                "purpose": f"'{purpose}'",
                "state": "'done'",
                "first_id": "id",
                "because": f"'{purpose} ' || id",
                "fields": f"jsonb_build_array({field})",
                "shown": "'[]'::jsonb",
                "project_id": "1",
                "annotator": "annotator",
                "lead_time": "lead_time",
                "outcomes": "outcomes",
                "untouched": "random() < 0.1",
                "answered_at": "submitted_at",
            },
            f"{said} id % 100 = {rest}",
        )


def jobs(count: int) -> None:
    """Of the last week, nearly all done."""
    tasks = (
        "(ARRAY['annotation.read_document', 'annotation.extract_document', 'annotation.collect_task',"
        " 'learner.learn_from_correction', 'learner.rank_pool', 'annotation.fill_queue'])[1 + n % 6]"
    )
    at = f"now() - interval '7 days' * n / {count}"
    columns = {"task": tasks, "subject": "n", "due_at": at, "created_at": at}
    done = {"state": "'done'", "attempt": "1", "finished_at": f"{at} + interval '2 seconds'"}
    insert(Job, columns | done, f"FROM generate_series(1, {count}) AS n")
    failed = {"state": "'failed'", "attempt": "5", "problem": "'the file is gone'", "finished_at": at}
    insert(Job, columns | failed, "FROM generate_series(10000000, 10000040) AS n")
    waiting = columns | {"due_at": "now()", "state": "'waiting'"}
    insert(Job, waiting, "FROM generate_series(20000000, 20000200) AS n")
