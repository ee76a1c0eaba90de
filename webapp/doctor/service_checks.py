"""The services that Docloop leans on, asked as it asks them: database, broker, workers, timetable, MLflow."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import redis
from celery import current_app
from django.conf import settings
from django.db import connection
from django.utils import timezone

from annotation import antivirus, webhooks
from annotation import notices as heard
from annotation.models import DocumentType, Job, Schedule
from annotation.type_settings import PROBE_PREFIX
from models.registry import Registry
from webapp import broker as rabbitmq
from webapp import people, services
from webapp.backup import trying
from webapp.config import Config
from webapp.doctor.findings import Finding, Grade, asked, failed, skipped, warning, well
from webapp.doctor.settings_checks import numbers

LEAST_POSTGRES = 14_00_00
# rows that nobody may change: (table, the trigger that sees to it)
TRIGGERS = {
    ("annotation_correction", "ledger_is_append_only"),
    ("annotation_correction", "ledger_is_not_emptied"),
    ("annotation_trailentry", "trail_goes_on"),
    ("annotation_trailentry", "trail_is_append_only"),
    ("annotation_trailentry", "trail_is_not_emptied"),
}
QUEUES = ("light", "reading", "training")
# the first releases of Redis without CVE-2025-49844 (a script runs code on the server), by their series
REDIS_FLOORS = {(6, 2): 20, (7, 2): 11, (7, 4): 6, (8, 0): 4, (8, 2): 2}
SWEEP = "annotation.sweep_all"
HOUR = timedelta(hours=1)
MOST_UNANNOUNCED = 0.2  # of an hour's changes may be found by the sweep alone
FEWEST_CHANGES = 5  # of which a share says anything
START_BEAT = (
    "start beat: celery -A webapp.celery beat (its log under `make up` is logs/beat.log in the data folder)"
)
MOST_DAYS_UNTRIED = 30
TRY = "manage.py backup FILE.tar, then manage.py restore --test FILE.tar"
PING = 3  # seconds that workers get to answer


def look(config: Config) -> Iterator[Finding]:
    """All of them, in the order in which they are shown."""
    yield asked("database", database, "start PostgreSQL, and see that DOCLOOP_DATABASE_URL names it")
    answers = connection.connection is not None
    if answers:
        yield asked("tables", tables, "manage.py migrate")
        yield asked("ledger", ledger, "restore the database from a backup")
    found = asked("broker", lambda: broker(config), _restart_broker(config))
    yield found
    if found.grade == Grade.FAILED:
        yield from (skipped(f"worker {queue}", "can't be asked without the broker") for queue in QUEUES)
    else:
        yield from workers()
    if answers:
        yield asked("timetable", timetable, START_BEAT)
        yield asked("jobs", jobs, "see the page Health, and the workers' logs")
        yield asked("notices", lambda: notices(config), "manage.py migrate")
        yield asked("backup", backup, TRY)
        yield asked("admins", admins, "manage.py migrate")
    if config.clamd:
        yield virus_scanner(config)
    yield asked("MLflow", lambda: mlflow(config), f"start MLflow at {_shown(config.mlflow_url)}")


def database() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        version = int(cursor.fetchone()[0])
        cursor.execute("SHOW fsync")
        safe = cursor.fetchone()[0] == "on"
        cursor.execute("SHOW full_page_writes")
        safe &= cursor.fetchone()[0] == "on"
    if version < LEAST_POSTGRES:
        return failed("database", f"PostgreSQL {version // 10_000}", "move to PostgreSQL 14 or later")
    if not safe:
        return failed(
            "database",
            "PostgreSQL keeps nothing safe: a power failure loses or spoils what was written",
            "set fsync = on and full_page_writes = on in postgresql.conf, and restart PostgreSQL",
        )
    return well("database", f"PostgreSQL {version // 10_000} answers, and writes to disk before it says so")


def tables() -> Finding:
    missing = services.missing_migrations()
    if missing:
        return failed(
            "tables",
            f"{len(missing)} migrations are missing, the first {missing[0]}",
            "manage.py migrate, then restart every process",
        )
    return well("tables", "as this release wants them")


def ledger() -> Finding:
    """The database itself refuses to change or delete what people said, and who did what."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON tgrelid = pg_class.oid"
            " WHERE NOT tgisinternal AND tgenabled <> 'D'"
        )
        guarded = set(cursor.fetchall())
    if missing := sorted({table for table, _ in TRIGGERS - guarded}):
        names = " and ".join(missing)
        return failed(
            "ledger",
            f"the triggers that keep {names} from being changed are off",
            "; ".join(f"psql: ALTER TABLE {name} ENABLE TRIGGER ALL" for name in missing)
            + "; if there is none, restore from a backup. Then: manage.py verify_audit_trail",
        )
    return well("ledger", "nobody can change or delete corrections or the audit trail")


def broker(config: Config) -> Finding:
    with current_app.connection_for_write(connect_timeout=PING) as link:
        link.ensure_connection(max_retries=1, timeout=PING)
        if rabbitmq.is_rabbitmq(config.broker_url):
            return rabbit(rabbitmq.problems(link, current_app.conf.task_queues))
    if urlsplit(config.broker_url).scheme not in {"redis", "rediss"}:
        return well("broker", "answers; it only rings, jobs are kept in the database")
    client = redis.Redis.from_url(config.broker_url, socket_timeout=PING, socket_connect_timeout=PING)
    told = client.info("server")
    said = f"{'Valkey' if told.get('server_name') == 'valkey' else 'Redis'} {told.get('valkey_version') or told['redis_version']}"
    faults = []
    if client.config_get("maxmemory-policy").get("maxmemory-policy") != "noeviction":
        faults.append(("it may throw messages away", "CONFIG SET maxmemory-policy noeviction"))
    if client.config_get("appendonly").get("appendonly") != "yes":
        faults.append(("a restart forgets all messages", "CONFIG SET appendonly yes"))
    if told.get("server_name") != "valkey" and (floor := safe_redis(str(told["redis_version"]))):
        faults.append(("it has a known weakness (CVE-2025-49844)", f"upgrade to {floor} or later"))
    if faults:
        return warning(
            "broker",
            f"{said}: {'; '.join(what for what, _ in faults)} (jobs are kept in the database, so this costs time only)",
            "; ".join(
                f"redis-cli {remedy}" if remedy.isupper() or "CONFIG" in remedy else remedy
                for _, remedy in faults
            ),
        )
    return well("broker", f"{said} answers, keeps what it was sent, throws nothing away")


def rabbit(faults: list[tuple[str, str]]) -> Finding:
    if faults:
        said, remedy = ("; ".join(each) for each in zip(*faults, strict=True))
        return warning(
            "broker", f"RabbitMQ: {said} (jobs are kept in the database, so this costs time only)", remedy
        )
    return well(
        "broker", "RabbitMQ answers, says when it has taken a message, and keeps what no worker can take"
    )


def workers() -> Iterator[Finding]:
    """Somebody takes the work of each queue."""
    told = current_app.control.inspect(timeout=PING).active_queues() or {}
    taken = {queue["name"] for queues in told.values() for queue in queues}
    for queue in QUEUES:
        if queue in taken:
            yield well(f"worker {queue}", "answers")
        else:
            yield failed(
                f"worker {queue}",
                f"nobody takes work from the queue {queue}",
                f"start one, or restart the one that hangs: celery -A webapp.celery worker --queues {queue}; "
                f"its log under `make up` is logs/worker-{queue}.log in the data folder",
            )


def timetable() -> Finding:
    """Beat rings what is due: sweeps among it, which find what webhooks did not tell. And they come to their end."""
    schedule = Schedule.objects.filter(name=SWEEP).first()
    pause, now = settings.TIMETABLE[SWEEP], timezone.now()
    if schedule is None:
        return failed("timetable", "no sweep was ever due", START_BEAT)
    if now - schedule.next_due > 2 * pause:
        return failed(
            "timetable",
            f"the next sweep is {(now - schedule.next_due).total_seconds():.0f} s overdue",
            START_BEAT,
        )
    types = DocumentType.objects.filter(project_id__isnull=False, created_at__lt=now - 2 * pause).exclude(
        name__startswith=PROBE_PREFIX
    )
    done = Job.objects.filter(
        task="annotation.sweep_project", state=Job.State.DONE, finished_at__gt=now - 2 * pause
    )
    if behind := sorted(types.exclude(pk__in=done.values("subject")).values_list("name", flat=True)):
        return failed(
            "timetable",
            f"no sweep of {', '.join(behind)} came to its end within {2 * pause.total_seconds():.0f} s",
            "see the page Health for why (Label Studio not reached, no light worker), and mend that first",
        )
    return well("timetable", f"sweeps begin every {pause.total_seconds():.0f} s and come to their end")


def notices(config: Config) -> Finding:
    """Label Studio tells of what people do; where it doesn't, only the sweep finds it, later."""
    found = heard.within(HOUR)
    said = f"{found.sweep} of {found.total} changes of the last hour were found by the sweep alone"
    if found.total >= FEWEST_CHANGES and (found.share or 0) > MOST_UNANNOUNCED:
        address = (config.internal_url or config.url).rstrip("/")
        return failed("notices", f"webhooks are broken: {said}", webhooks.unblocking(address))
    return well("notices", said if found.total else "nothing changed in the last hour")


def backup() -> Finding:
    """A backup that was never restored is a hope."""
    tried = trying.last()
    if tried is None:
        return warning("backup", "none was ever tried", TRY)
    days = (timezone.now() - tried).days
    if days > MOST_DAYS_UNTRIED:
        return warning("backup", f"the last one was tried {days} days ago", TRY)
    return well("backup", f"one was restored on trial {days} days ago, and came back the same")


def admins() -> Finding:
    """Somebody can give roles, and end the tokens of whoever left."""
    if not (found := people.admins().count()):
        return warning("admins", "nobody is an admin, so nobody can give roles", "manage.py createsuperuser")
    return well("admins", f"{found} of those who may sign in")


def jobs() -> Finding:
    """Somebody does what is due: a long line that gets shorter is no fault."""
    at_work, said = services.workers()
    if not at_work:
        return failed("jobs", said, "start workers, or see in their logs why they take nothing")
    gone_wrong = Job.objects.filter(state=Job.State.FAILED).count()
    if gone_wrong:
        return warning(
            "jobs", f"{gone_wrong} failed", "see the page Health for why, and try them again there"
        )
    return well("jobs", f"{said}, none has failed")


def virus_scanner(config: Config) -> Finding:
    remedy = f"start clamd, and see that DOCLOOP_CLAMD ({config.clamd}) names it; until then every upload is refused"
    return asked("virus scanner", _scan_something, remedy)


def _scan_something() -> Finding:
    """It finds what every scanner must find, and lets pass what is harmless: else nothing can be taken in, or everything."""
    if not antivirus.tells_apart():
        return failed(
            "virus scanner",
            "does not find the test file that every scanner knows, or finds something in a harmless one",
            "have freshclam fetch its signatures, restart clamd, and see its log",
        )
    return well("virus scanner", "finds the scanners' test file, and nothing in a harmless one")


def mlflow(config: Config) -> Finding:
    """Something is stored there, fetched, compared and deleted again."""
    Registry(config.mlflow_url).probe()
    return well("MLflow", "keeps what it is given, and gives back the same")


def safe_redis(version: str) -> str:
    """The release to upgrade to from this one; "" if it is safe. A series without a mended release needs the next one's."""
    have = numbers(version)
    series, patch = (have[0], have[1] if len(have) > 1 else 0), have[2] if len(have) > 2 else 0
    if series > max(REDIS_FLOORS) or patch >= REDIS_FLOORS.get(series, sys.maxsize):
        return ""
    major, minor = min(each for each in REDIS_FLOORS if each >= series)
    return f"{major}.{minor}.{REDIS_FLOORS[major, minor]}"


def _restart_broker(config: Config) -> str:
    return (
        f"start the broker at {_shown(config.broker_url)}, and see that DOCLOOP_BROKER_URL has its password"
    )


def _shown(url: str) -> str:
    """Without user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
