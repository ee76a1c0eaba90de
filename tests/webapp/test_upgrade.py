"""A database of an earlier state, with rows in every table, is brought to head: nothing is lost or changed, and twice is once (T27)."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from tests.factories import FIELDS
from webapp.backup import dumps, places

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

APPS = ("annotation", "learner", "webapp")
# how far each app's migrations had come
STATES = {
    "the first": ("0002_ledger_is_append_only", "0001_initial", "0001_initial"),
    "a million documents": ("0013_erasure_and_trail", "0005_headlines", "0002_tokens_and_webhooks"),
    "imports": ("0019_label_imports", "0008_held_against", "0002_tokens_and_webhooks"),
    "how far jobs are": ("0022_job_rung_at", "0009_run_in_doubt", "0003_examination"),
}
KEPT_BY_TRIGGERS = {"tally", "filename"}
# what migrations took away, and what became of it
REMOVED = {
    ("annotation_documenttype", "accept_above"): "target_error",
    ("annotation_labeltask", "prediction_id"): "nothing: it was Label Studio's",
}
JSON = {"fields": FIELDS, "values": [], "answers": [], "items": [], "findings": [], "counts": {"read": 1}}


def value(field: models.Field, n: int) -> Any:
    """Something for a column, another for each row."""
    if field.name == "fields" and field.model._meta.model_name == "outcome":
        return {"total": ["accepted", "", 0.9]}
    if isinstance(field, models.JSONField):
        return JSON.get(field.name, field.get_default() if field.has_default() else {"n": n})
    if field.choices:
        return field.choices[n % len(field.choices)][0]
    if isinstance(field, models.CharField | models.TextField | models.FileField):
        return f"{field.name} {n} ä"[: field.max_length or 100].replace(" ", "-" if field.unique else " ")
    if isinstance(field, models.BooleanField):
        return n % 2 == 0
    if isinstance(field, models.DateTimeField):
        return datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC) + timedelta(hours=n)
    if isinstance(field, models.DateField):
        return datetime(2026, 3, 4 + n, tzinfo=UTC).date()
    if isinstance(field, models.FloatField):
        return 0.6 + n / 10
    if isinstance(field, models.IntegerField):
        return n + 1
    if isinstance(field, models.UUIDField):
        return uuid.UUID(int=n)
    if isinstance(field, models.BinaryField):
        return bytes([n] * 4)
    raise NotImplementedError(f"{field}: say in `value` what it holds")


def fill(apps: Any) -> int:
    """Two rows in every table of these (historical) models; answers how many tables."""
    users = apps.get_model("auth", "User")
    made: dict[str, list[Any]] = {
        "auth.user": [users.objects.create(username=f"user{n}", password="x") for n in range(2)]
    }
    left = [
        model
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        if model._meta.model_name not in KEPT_BY_TRIGGERS
    ]
    while left:
        ready = [each for each in left if all(to in made for to in needed(each))]
        assert ready, f"these need each other: {left}"
        for model in ready:
            made[model._meta.label_lower] = [model.objects.create(**row(model, n, made)) for n in range(2)]
            left.remove(model)
    return len(made)


def needed(model: Any) -> set[str]:
    keys = [field for field in model._meta.concrete_fields if field.is_relation and not field.null]
    return {field.related_model._meta.label_lower for field in keys}


def row(model: Any, n: int, made: dict[str, list[Any]]) -> dict[str, Any]:
    chosen = {}
    for field in model._meta.concrete_fields:
        if isinstance(field, models.AutoField | models.BigAutoField):
            continue
        if field.is_relation:
            there = made.get(field.related_model._meta.label_lower)
            chosen[field.name] = there[n] if there else None
        else:
            chosen[field.name] = value(field, n)
    if model._meta.model_name == "trailentry":  # a trigger wants them in a chain
        chosen |= {"previous": "h0" if n else "", "hash": f"h{n}"}
    return chosen


def rows() -> dict[str, dict[str, dict[str, Any]]]:
    """Table → primary key → column → value, of our apps' tables."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if not table.startswith((*(f"{app}_" for app in APPS), "auth_user")):
                continue
            [key] = connection.introspection.get_primary_key_columns(cursor, table)
            cursor.execute(f'SELECT "{key}"::text, to_jsonb(each)::text FROM "{table}" AS each')
            found[table] = {pk: json.loads(stored) for pk, stored in cursor.fetchall()}
    return found


@pytest.fixture
def database():
    """A database of its own, empty."""
    known = connection.settings_dict
    server = f"postgresql://{known['USER']}:{known['PASSWORD']}@{known['HOST']}:{known['PORT']}"
    run(f"{server}/postgres", "CREATE DATABASE upgraded")
    yield f"{server}/upgraded"
    run(f"{server}/postgres", "DROP DATABASE upgraded WITH (FORCE)")


def run(url: str, statement: str) -> None:
    link = psycopg2.connect(url)
    link.autocommit = True
    link.cursor().execute(statement)
    link.close()


@pytest.mark.parametrize("state", STATES)
def test_an_earlier_database_comes_to_head_with_every_row_as_it_was(state, database):
    with places.connected(database):
        executor = MigrationExecutor(connection)
        others = [node for node in executor.loader.graph.leaf_nodes() if node[0] not in APPS]
        executor.migrate([*others, *zip(APPS, STATES[state], strict=True)])
        executor.loader.build_graph()
        apps = executor.loader.project_state(list(zip(APPS, STATES[state], strict=True))).apps
        assert fill(apps) > 10
        before = rows()
        call_command("migrate", verbosity=0)
        after = rows()
        lost = []
        for table, known in before.items():
            for key, columns in known.items():
                now = after[table].get(key, {})
                lost += [
                    (table, column, held, now.get(column))
                    for column, held in columns.items()
                    if (table, column) not in REMOVED and (column not in now or now[column] != held)
                ]
        assert lost == []
        for key, columns in before["annotation_documenttype"].items():
            if "accept_above" in columns:  # 0.6: 40 in 100 may be wrong
                target = after["annotation_documenttype"][key]["target_error"]
                assert target == pytest.approx(1 - columns["accept_above"])
        assert {
            len(after[table]) - len(known) for table, known in before.items() if "tally" not in table
        } == {0}
        with dumps.connected(database) as there:
            once = dumps.prints(there)
        call_command("migrate", verbosity=0)
        with dumps.connected(database) as there:
            assert dumps.prints(there) == once


def test_the_states_are_in_the_order_of_the_migrations_and_there_is_one_head():
    loader = MigrationLoader(None)
    for app in APPS:
        assert len(loader.graph.leaf_nodes(app)) == 1
        names = [name for _, name in loader.graph.forwards_plan(loader.graph.leaf_nodes(app)[0]) if _ == app]
        at = [names.index(states[APPS.index(app)]) for states in STATES.values()]
        assert at == sorted(at)
