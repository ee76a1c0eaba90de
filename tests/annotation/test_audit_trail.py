from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from annotation import audit_trail
from annotation.models import TrailEntry

pytestmark = pytest.mark.django_db


def three() -> list[TrailEntry]:
    return [
        audit_trail.record(
            by="lea", action="promoted", subject=f"receipts-v{n}", why="better on the phone bills"
        )
        for n in range(3)
    ]


def tampered(sql: str, *values: object) -> None:
    """What somebody could do who owns the database."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE annotation_trailentry DISABLE TRIGGER USER")
        cursor.execute(sql, values)
        cursor.execute("ALTER TABLE annotation_trailentry ENABLE TRIGGER USER")


def test_each_entry_is_sealed_over_the_one_before():
    first, second, third = three()
    assert (first.previous, second.previous, third.previous) == ("", first.hash, second.hash)
    assert audit_trail.verify() == audit_trail.Checked(3, third.hash, None)


def test_an_empty_trail_is_whole():
    assert audit_trail.verify().sound


@pytest.mark.parametrize("column", ["by", "action", "subject", "why", "at", "previous", "hash"])
def test_whoever_changes_an_entry_breaks_the_chain_there(column):
    _, second, _ = three()
    new = "2020-01-01T00:00:00Z" if column == "at" else "eve"
    tampered(f'UPDATE annotation_trailentry SET "{column}" = %s WHERE id = %s', new, second.pk)
    found = audit_trail.verify()
    assert (found.broken, found.entries) == (second.pk, 1)


def test_an_entry_that_is_taken_out_is_missed_by_the_next():
    _, second, third = three()
    tampered("DELETE FROM annotation_trailentry WHERE id = %s", second.pk)
    assert audit_trail.verify().broken == third.pk


def test_what_is_cut_off_from_the_end_is_missed_by_who_noted_it():
    *_, third = three()
    assert audit_trail.verify(holds=third.hash).sound
    tampered("DELETE FROM annotation_trailentry WHERE id = %s", third.pk)
    assert audit_trail.verify().sound
    assert not audit_trail.verify(holds=third.hash).sound


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE annotation_trailentry SET why = ''",
        "DELETE FROM annotation_trailentry",
        "TRUNCATE annotation_trailentry",
    ],
)
def test_the_database_itself_refuses_to_change_or_delete(statement):
    three()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)
    assert audit_trail.verify().entries == 3


def test_the_database_itself_refuses_an_entry_that_does_not_follow_the_last():
    first, *_ = three()
    forged = TrailEntry(
        at=first.at, by="eve", action="promoted", subject="receipts-v9", previous=first.hash, hash="f" * 64
    )
    with pytest.raises(DatabaseError, match="last entry"), transaction.atomic():
        forged.save()


def test_what_is_undone_leaves_no_entry():
    with pytest.raises(RuntimeError), transaction.atomic():
        audit_trail.record(by="lea", action="promoted", subject="receipts-v1")
        raise RuntimeError
    assert audit_trail.verify().entries == 0


@pytest.mark.django_db(transaction=True)
def test_people_who_act_at_the_same_time_go_on_with_one_chain():
    from concurrent.futures import ThreadPoolExecutor

    def act(n: int) -> None:
        try:
            audit_trail.record(by=f"person {n}", action="asked for a training", subject=f"run {n}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as people:
        list(people.map(act, range(40)))
    found = audit_trail.verify()
    assert found.sound and found.entries == 40


def test_the_command_tells_how_the_trail_stands():
    *_, third = three()
    out = StringIO()
    call_command("verify_audit_trail", stdout=out)
    assert out.getvalue() == f"3 entries, all as they were written. Newest: {third.hash}\n"
    with pytest.raises(CommandError, match="cut off"):
        call_command("verify_audit_trail", holds="0" * 64)
    tampered("UPDATE annotation_trailentry SET why = 'eve' WHERE id = %s", third.pk)
    with pytest.raises(CommandError, match=f"broken at entry {third.pk}"):
        call_command("verify_audit_trail")
