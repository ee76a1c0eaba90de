"""A database as a company has it after a year, for measuring pages: the same for the same seed, loaded within minutes.

Documents of four types in every state, with pages, words, extractions, looks and history; corrections by a team over the
last 90 days; versions with their runs, snapshots and decisions; tasks, jobs, doubts and rechecks. The big tables are
written by the database itself (`generate_series`), the small ones by `benchmarks.pages_versions`.

What it needs: a database of our own, migrated and empty, and its superuser (foreign keys are not checked while loading).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from django.db import connection

from annotation import state_counts
from annotation.models import (
    Document,
    DocumentType,
    Extraction,
    Page,
)
from benchmarks import pages_ledger, pages_streams, pages_versions
from benchmarks.pages_sql import TYPES, by_type, case, insert, run
from learner.models import Look
from learner.ranking import DEPTH, RULE

LOOKS = 500  # different ones
DATE_FROM = "now() - interval '120 days'"

# share of all documents in each state; what is left is in the pool, and people have confirmed the corrections
STATES = {"accepted": 0.25, "read": 0.02, "unreadable": 0.005, "skipped": 0.003, "received": 0.002}


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to be."""

    documents: int = 1_000_000
    corrections: int = 200_000
    versions: int = 50
    queued: int = 240
    jobs: int = 250_000


def size_of(documents: int) -> Size:
    """As much of everything as goes with so many documents."""
    whole = Size()
    share = documents / whole.documents
    return Size(
        documents, int(whole.corrections * share), whole.versions, whole.queued, int(whole.jobs * share)
    )


def load(size: Size, *, seed: int = 1, say: Callable[[str], None] = lambda _: None) -> None:
    """Fill the empty database."""
    types = _types()
    with _unchecked(seed):
        for title, step in (
            ("people", pages_versions.people),
            ("documents", lambda: _documents(types, size)),
            ("pages and words", lambda: _pages(types)),
            ("extractions", lambda: _extractions(types)),
            ("looks", lambda: _looks(seed)),
            ("signals", pages_streams.signals),
            ("corrections", lambda: pages_ledger.corrections(types)),
            ("figures of corrections", lambda: pages_ledger.outcomes(types)),
            ("tasks", pages_ledger.tasks),
            ("history", pages_ledger.moves),
            ("doubts and rechecks", pages_ledger.doubts),
            ("jobs", lambda: pages_ledger.jobs(size.jobs)),
            ("programs", lambda: pages_versions.connections(types)),
            ("versions", lambda: pages_versions.versions(types, size.versions, seed=seed)),
            ("counts and names", _kept_by_triggers),
        ):
            say(f"loading: {title}")
            step()
    say("loading: windows and alarms")
    pages_streams.windows(types)
    say("loading: counts of the days before")
    state_counts.count_states()
    _tidy(say)


@contextmanager
def _unchecked(seed: int) -> Iterator[None]:
    """Without foreign keys and triggers, on one core, so that `random()` says the same every time.

    Indexes that hold no promise are made afterwards: that takes a quarter of the time.
    """
    run("SET session_replication_role = replica; SET max_parallel_workers_per_gather = 0")
    run("SET work_mem = '128MB'; SET maintenance_work_mem = '256MB'")
    run("SELECT setseed(%s)", 1 / (1 + seed))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND NOT EXISTS"
            " (SELECT 1 FROM pg_constraint WHERE conname = indexname) AND indexdef LIKE 'CREATE INDEX %'"
        )
        indexes = cursor.fetchall()
    for name, _ in indexes:
        run(f'DROP INDEX "{name}"')
    yield
    for _, definition in indexes:
        run(definition)
    run("RESET session_replication_role; RESET max_parallel_workers_per_gather")
    run("RESET work_mem; RESET maintenance_work_mem")


def _types() -> dict[str, DocumentType]:
    return {
        name: DocumentType.objects.create(
            name=name,
            title=name.replace("-", " ").capitalize(),
            fields=[{"name": field, "kind": kind} for field, kind in fields.items()],
            project_id=number,
            overlap_share=0.02,
            probes=0.01,
        )
        for number, (name, (_, _, fields)) in enumerate(TYPES.items(), start=1)
    }


def _documents(types: Mapping[str, DocumentType], size: Size) -> None:
    """A plan first, a row a document, which all the other tables follow; `turn` is a fixed shuffle of 0 … n - 1."""
    bounds, at = [], size.corrections
    for state, share in [("queued", size.queued / size.documents), *STATES.items()]:
        at += round(share * size.documents)
        bounds.append(f"WHEN turn < {at} THEN '{state}'")
    shares = np.cumsum([share for share, _, _ in TYPES.values()])
    kinds = " ".join(
        f"WHEN lot < {share} THEN {types[name].pk}" for name, share in zip(TYPES, shares[:-1], strict=False)
    )
    run(
        "CREATE TEMP TABLE plan AS SELECT n AS id, turn,"
        f" CASE {kinds} ELSE {types['agreements'].pk} END AS kind,"
        f" CASE WHEN turn < {size.corrections} THEN 'confirmed' {' '.join(bounds)} ELSE 'extracted' END AS state,"
        f" {DATE_FROM} + interval '120 days' * n / {size.documents} AS received,"
        " random() AS luck, NULL::bigint AS nth"
        " FROM (SELECT n, abs(hashint8(n + 7) / 2147483648.0) AS lot, row_number() OVER (ORDER BY random()) - 1 AS turn"
        f" FROM generate_series(1, {size.documents}) AS n) AS shuffled ORDER BY n"
    )
    run("CREATE UNIQUE INDEX ON plan (id); ANALYZE plan")
    # the ledger in the order in which documents came, people being a month behind
    run(
        "UPDATE plan SET nth = ordered.nth FROM (SELECT id, row_number() OVER (ORDER BY id) AS nth FROM plan"
        " WHERE state = 'confirmed') AS ordered WHERE plan.id = ordered.id"
    )
    run("CREATE INDEX ON plan (nth) WHERE nth IS NOT NULL; CREATE INDEX ON plan (state); ANALYZE plan")
    company = "(ARRAY['acme','northwind','globex','initech','umbrella','stark','wayne','hooli'])[1 + id % 8]"
    insert(
        Document,
        {
            "id": "id",
            "document_type_id": "kind",
            "sha256": "md5(id::text) || md5('b' || id)",
            "filename": f"{company} || '-' || lpad(id::text, 7, '0') || '_scan' || id % 997 || '.pdf'",
            "media_type": "'application/pdf'",
            "size": "20000 + (luck * 400000)::int",
            "file": "'files/' || id || '.pdf'",
            "state": "state",
            "problem": "CASE state WHEN 'unreadable' THEN 'The PDF is encrypted' ELSE '' END",
            "fingerprint": "substr(md5('f' || id), 1, 16)",
            "uploaded_by": "'lea'",
            "received_at": "received",
            "extraction_id": "CASE WHEN state IN ('received', 'unreadable', 'read') THEN NULL ELSE id END",
            "priority": "CASE WHEN state IN ('extracted', 'queued', 'read') THEN random() END",
            "reason": "CASE WHEN state IN ('extracted', 'queued', 'read') THEN 'unsure of the total' ELSE '' END",
            "audit_probability": "CASE WHEN state IN ('confirmed', 'queued') AND turn % 10 = 0 THEN 0.1 END",
            "truth_id": "nth",
        },
        "FROM plan ORDER BY plan.id",
    )


WORDS = "[" + ", ".join(f'["word{n}", [0.1, 0.{n}1, 0.2, 0.{n}2], 0.98]' for n in range(1, 8)) + "]"


def _pages(types: Mapping[str, DocumentType]) -> None:
    pages = case("kind", {str(types[name].pk): str(n) for name, (_, n, _) in TYPES.items()})
    insert(
        Page,
        {
            "document_id": "id",
            "number": "number",
            "image": "'pages/' || id || '/' || number || '.jpg'",
            "width": "1000",
            "height": "1400",
            "words": f"'{WORDS}'::jsonb",
            "read_by": "'rapidocr 3'",
            "quality": "0.5 + luck / 2",
        },
        f"FROM plan, generate_series(0, {pages} - 1) AS number WHERE state NOT IN ('received', 'unreadable')",
    )


VALUE = (
    """'{"field": "@NAME", "text": "' || id % 9973 || '.' || 10 + id % 89 || '", "normalised": "' || id % 9973 || '.'"""
    """ || 10 + id % 89 || '", "confidence": ' || round((1 - luck * luck * 0.@N3)::numeric, 3) ||"""
    """ ', "place": {"page": 0, "box": [0.1, 0.@N1, 0.3, 0.@N5], "words": [@N]}}'"""
)


def _version_of(types: Mapping[str, DocumentType], share: str) -> str:
    """SQL: the name of the version that was the champion after this `share` (0…1) of the time."""
    return case(
        "kind",
        {
            str(kind.pk): f"'{name}-v' || greatest(1, ceil({share} * {pages_versions.LAST}))::int"
            for name, kind in types.items()
        },
    )


def _extractions(types: Mapping[str, DocumentType]) -> None:
    """Of every document by its champion, or what was that when a person saw it; of half the pool by the one before."""
    corrections = "(SELECT count(*) FROM plan WHERE nth IS NOT NULL)"
    columns = {
        "document_id": "id",
        "values": by_type(types, VALUE, "[", "]"),
        "absent": "'{}'::jsonb",
        "score": "1 - luck * luck * 0.7",
        "created_at": "received",
    }
    now = _version_of(types, f"coalesce(nth::float / {corrections}, 1)")
    where = "FROM plan WHERE state NOT IN ('received', 'unreadable', 'read')"
    insert(Extraction, {"id": "id"} | columns | {"model_version": now}, f"{where} ORDER BY plan.id")
    before = _version_of(types, f"({pages_versions.LAST} - 1.0) / {pages_versions.LAST}")
    after = "(SELECT count(*) FROM plan) + id"
    half = f"{where} AND state = 'extracted' AND id % 2 = 0"
    insert(Extraction, {"id": after} | columns | {"model_version": before}, half)


def _looks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = rng.normal(0, 1 / np.sqrt(DEPTH), (LOOKS, DEPTH)).astype("<f4")
    run("CREATE TEMP TABLE looks (n int PRIMARY KEY, vector bytea)")
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO looks VALUES (%s, %s)", [(n, row.tobytes()) for n, row in enumerate(made)]
        )
    insert(
        Look,
        {"document_id": "id", "rule": f"'{RULE}'", "vector": "vector"},
        f"FROM plan JOIN looks ON looks.n = plan.id % {LOOKS} WHERE state IN ('extracted', 'read', 'queued', 'confirmed')",
    )


def _kept_by_triggers() -> None:
    run("DELETE FROM annotation_tally; DELETE FROM annotation_filename")
    run(
        "INSERT INTO annotation_tally (document_type_id, state, change)"
        " SELECT document_type_id, state, count(*) FROM annotation_document GROUP BY document_type_id, state"
    )
    run(
        "INSERT INTO annotation_filename (document_id, name) SELECT id, lower(filename) FROM annotation_document"
    )


def _tidy(say: Callable[[str], None]) -> None:
    """What a database does by itself in a night: the next ids, dead rows, statistics."""
    say("loading: statistics")
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(
                "SELECT pg_get_serial_sequence(%s, 'id') FROM information_schema.columns"
                " WHERE table_name = %s AND column_name = 'id'",
                [table, table],
            )
            found = cursor.fetchone()
            if found and found[0]:
                cursor.execute(
                    f"SELECT setval('{found[0]}', (SELECT coalesce(max(id), 0) + 1 FROM {table}), false)"
                )
        cursor.execute("VACUUM ANALYZE")
