"""The doctor's looks, one broken thing at a time: exactly its check fails, and its remedy is in the text."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now
from django.utils import timezone
from pydantic import SecretStr

from annotation import audit_trail, webhooks
from annotation.label_studio import SECRET_HEADER, WEBHOOK_ACTIONS
from annotation.label_studio_about import About
from annotation.models import Correction, Job, Schedule
from annotation.type_settings import PROBE_PREFIX
from models import files
from models.sandbox import Limits
from tests.factories import make_document, make_truth, make_type
from tests.webapp.test_asvs_v5 import clamd
from webapp.backup import trying
from webapp.doctor import label_studio_checks, probe, service_checks, settings_checks
from webapp.doctor.findings import Grade, asked

WELL = About("1.23.2", 0.0, False, False, False, False, 3.0)


@pytest.fixture
def config(settings, tmp_path):
    """An installation whose settings are all as they should be."""
    tmp_path.chmod(0o700)
    return settings.CONFIG.model_copy(
        update={"data": tmp_path, "sign_in_secret": SecretStr("only-for-tests-" * 3)}
    )


def faults(findings):
    """Check → remedy of what failed."""
    return {each.check: each.remedy for each in findings if each.grade == Grade.FAILED}


# what was set


def test_good_settings_fail_nowhere(config):
    assert faults(settings_checks.look(config)) == {}


@pytest.mark.parametrize(
    ("change", "check", "remedy"),
    [
        ({"secret_key": SecretStr("short")}, "secrets", "openssl rand -hex 32"),
        ({"sign_in_secret": SecretStr("")}, "secrets", "openssl rand -hex 32"),
        ({"label_studio_token": SecretStr("")}, "secrets", "openssl rand -hex 32"),
        ({"debug": True}, "debug pages", "remove DOCLOOP_DEBUG"),
        ({"allowed_hosts": "docs.example,*"}, "host names", "set DOCLOOP_ALLOWED_HOSTS="),
        ({"mlflow_url": "http://8.8.8.8:5000"}, "MLflow's address", "basic-auth"),
        ({"mlflow_url": "https://mlflow.example.org"}, "MLflow's address", "basic-auth"),
    ],
)
def test_a_bad_setting_fails_its_own_check_and_no_other(config, change, check, remedy):
    found = faults(settings_checks.look(config.model_copy(update=change)))
    assert list(found) == [check]
    assert remedy in found[check]


def test_a_short_webhook_secret_is_named_and_not_shown(config, settings):
    settings.CONFIG = config.model_copy(update={"webhook_secret": SecretStr("hush-hush")})
    findings = list(settings_checks.look(settings.CONFIG))
    assert list(faults(findings)) == ["secrets"]
    assert any("DOCLOOP_WEBHOOK_SECRET" in each.said for each in findings)
    assert "hush-hush" not in str(findings)


def test_a_data_folder_that_others_may_look_into_is_closed_by_the_remedy(config):
    config.data.chmod(0o755)
    assert faults(settings_checks.look(config)) == {"data folder": f"chmod 700 {config.data}"}


def test_an_old_package_is_named(config, monkeypatch):
    monkeypatch.setitem(settings_checks.FLOORS, "Pillow", (999,))
    found = list(settings_checks.look(config))
    assert faults(found) == {"versions": "make install, then restart every process"}
    assert any("Pillow" in each.said for each in found)


def test_people_who_come_over_a_network_without_https_are_warned_of(config):
    open_to_all = config.model_copy(update={"url": "http://docs.example", "host": "0.0.0.0"})
    graded = {each.check: each.grade for each in settings_checks.look(open_to_all)}
    assert graded["encryption"] == Grade.WARNING


@pytest.mark.parametrize(
    ("version", "upgrade"),
    [
        ("6.2.19", "6.2.20"),
        ("7.0.15", "7.2.11"),
        ("7.2.10", "7.2.11"),
        ("7.2.11", ""),
        ("7.4.0", "7.4.6"),
        ("7.4.5", "7.4.6"),
        ("7.4.6", ""),
        ("8.2.1", "8.2.2"),
        ("8.2.2", ""),
        ("8.4.0", ""),
    ],
)
def test_a_redis_is_held_against_the_first_safe_release_of_its_own_series(version, upgrade):
    assert service_checks.safe_redis(version) == upgrade


# Label Studio


@pytest.mark.parametrize(
    ("change", "check", "remedy"),
    [
        ({"version": "1.23.1"}, "Label Studio's version", "label-studio==1.23.2"),
        ({"version": ""}, "Label Studio's version", "label-studio==1.23.2"),
        ({"reports_errors": True}, "Label Studio's reports", "SENTRY_DSN= and FRONTEND_SENTRY_DSN="),
        ({"reports_use": True}, "Label Studio's reports", "LABEL_STUDIO_COLLECT_ANALYTICS=false"),
        ({"open_to_strangers": True}, "Label Studio's sign-up", "DISABLE_SIGNUP_WITHOUT_LINK=true"),
        ({"answers_other_sites": True}, "Label Studio's CORS", "CORS_ALLOW_ALL_ORIGINS=false"),
        ({"skew": -5.0}, "clocks", "timedatectl set-ntp true"),
    ],
)
def test_a_bad_setting_of_label_studio_fails_its_own_check_and_no_other(change, check, remedy):
    assert faults(label_studio_checks.settings_of(WELL)) == {}
    found = faults(label_studio_checks.settings_of(replace(WELL, **change)))
    assert list(found) == [check]
    assert remedy in found[check]


def hooks_of(kind):
    return [
        {
            "url": webhooks.address(kind),
            "is_active": True,
            "headers": {SECRET_HEADER: webhooks.secrets(kind.name)[0]},
            "actions": list(WEBHOOK_ACTIONS),
        }
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda hooks: hooks.clear(), "missing"),
        (lambda hooks: hooks[0].update(is_active=False), "switched off"),
        (lambda hooks: hooks[0].update(url="http://elsewhere.example/"), "another address"),
        (lambda hooks: hooks[0].update(headers={SECRET_HEADER: "s" * 40}), "another secret"),
        (lambda hooks: hooks[0].update(actions=["TASKS_DELETED"]), "every change"),
        (lambda hooks: hooks.append(dict(hooks[0])), "there are 2"),
    ],
)
def test_every_fault_of_a_webhook_is_told_without_its_secret(spoil, said):
    kind = make_type()
    hooks = hooks_of(kind)
    assert label_studio_checks.webhook("webhook", kind, hooks).grade == Grade.WELL
    spoil(hooks)
    found = label_studio_checks.webhook("webhook", kind, hooks)
    assert (found.grade, said in found.said) == (Grade.FAILED, True)
    assert "manage.py doctor --mend" in found.remedy
    assert not any(secret in str(found) for secret in (*webhooks.secrets(kind.name), "s" * 40))


@pytest.mark.django_db
def test_a_webhook_of_somebody_else_is_warned_of():
    kind = make_type()
    foreign = {"url": "http://elsewhere.example/", "is_active": True, "headers": {}, "actions": []}
    found = label_studio_checks.webhook("webhook", kind, [*hooks_of(kind), foreign])
    assert found.grade == Grade.WARNING


# the database


@pytest.fixture
def swept(db):
    """A type whose last sweep has just ended, and whose next is due."""
    kind = make_type(created_at=Now() - timedelta(days=1))
    Schedule.objects.create(name=service_checks.SWEEP, next_due=Now())
    Job.objects.create(task="annotation.sweep_project", subject=kind.pk, state="done", finished_at=Now())
    return kind


def looks(config):
    return [
        service_checks.tables(),
        service_checks.ledger(),
        service_checks.timetable(),
        service_checks.jobs(),
        service_checks.notices(config),
    ]


def test_a_sound_database_fails_nowhere(swept, config):
    assert faults(looks(config)) == {}
    make_type(name=f"{PROBE_PREFIX}killed", created_at=Now() - timedelta(days=1))
    assert faults(looks(config)) == {}


@pytest.mark.parametrize("table", sorted({table for table, _ in service_checks.TRIGGERS}))
def test_a_trigger_that_was_switched_off_is_switched_on_by_the_remedy(swept, config, table):
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    found = faults(looks(config))
    assert list(found) == ["ledger"]
    assert f"ALTER TABLE {table} ENABLE TRIGGER ALL" in found["ledger"]


@pytest.mark.parametrize(("table", "trigger"), sorted(service_checks.TRIGGERS))
def test_every_single_guard_is_missed(swept, config, table, trigger):
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    assert list(faults(looks(config))) == ["ledger"]


def test_a_missing_migration_is_named(swept, config):
    MigrationRecorder(connection).migration_qs.filter(app="learner").order_by("-name").first().delete()
    found = faults(looks(config))
    assert list(found) == ["tables"]
    assert "manage.py migrate" in found["tables"]


def test_an_overdue_timetable_is_named(swept, config):
    Schedule.objects.update(next_due=Now() - timedelta(hours=1))
    found = faults(looks(config))
    assert list(found) == ["timetable"]
    assert "celery -A webapp.celery beat" in found["timetable"]


def test_a_sweep_that_begins_and_never_ends_is_named(swept, config):
    Job.objects.update(finished_at=Now() - timedelta(hours=1))
    assert list(faults(looks(config))) == ["timetable"]


def test_changes_that_only_the_sweep_finds_mean_that_webhooks_are_broken(swept, config):
    for noticed_by in ("webhook", "webhook", "webhook", "webhook", "sweep"):
        make_truth(make_document(swept), noticed_by=noticed_by)
    assert faults(looks(config)) == {}  # one of five, no more than is allowed
    make_truth(make_document(swept), noticed_by="sweep")
    found = faults(looks(config))
    assert list(found) == ["notices"]
    assert "SSRF_PROTECTION_ENABLED" in found["notices"]
    assert Correction.objects.count() == 6


@pytest.mark.parametrize(
    ("verdicts", "wrong"),
    [
        ([b"stream: Eicar-Signature FOUND\0", b"stream: OK\0"], False),
        ([b"stream: OK\0"], True),
        ([b"stream: Eicar-Signature FOUND\0", b"stream: Eicar-Signature FOUND\0"], True),
    ],
)
def test_a_virus_scanner_that_knows_nothing_or_too_much_is_named(config, settings, verdicts, wrong):
    with clamd(*verdicts) as scanner:
        settings.CONFIG = config = config.model_copy(update={"clamd": scanner.address})
        found = service_checks.virus_scanner(config)
    assert scanner.content.startswith(b"X5O!")
    assert (found.grade == Grade.FAILED) is wrong


def test_a_virus_scanner_that_does_not_answer_is_named(config, settings):
    settings.CONFIG = config = config.model_copy(update={"clamd": "127.0.0.1:9"})
    found = service_checks.virus_scanner(config)
    assert found.grade == Grade.FAILED and "DOCLOOP_CLAMD" in found.remedy


def test_a_backup_that_nobody_tried_for_a_month_is_warned_of(swept):
    assert service_checks.backup().grade == Grade.WARNING
    audit_trail.record(by="the shell", action=trying.TRIED, subject="Docloop")
    assert service_checks.backup().grade == Grade.WELL
    later = timezone.now() + timedelta(days=31, hours=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service_checks.timezone, "now", lambda: later)
        found = service_checks.backup()
    assert (found.grade, "31 days" in found.said) == (Grade.WARNING, True)
    assert "manage.py restore --test" in found.remedy


def test_an_installation_without_an_admin_is_warned_of(ada):
    assert service_checks.admins().grade == Grade.WELL
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert "createsuperuser" in service_checks.admins().remedy


def test_work_that_nobody_takes_is_named(swept, config):
    Job.objects.create(task="annotation.read_document", subject=1, due_at=Now() - timedelta(minutes=3))
    assert list(faults(looks(config))) == ["jobs"]


def test_a_long_line_that_somebody_works_on_is_no_fault(swept, config):
    for subject in (1, 2):
        Job.objects.create(
            task="annotation.read_document", subject=subject, due_at=Now() - timedelta(hours=1)
        )
    Job.objects.filter(subject=1).update(state=Job.State.DONE, finished_at=Now())
    found = service_checks.jobs()
    assert (found.grade, found.said) == (Grade.WELL, "0 jobs running, 1 waiting, none has failed")


def test_what_cannot_be_looked_at_is_a_failure_that_tells_no_message():
    def look():
        raise ValueError("postgresql://docloop:password@host/")

    found = asked("database", look, "start it")
    assert (found.grade, "password" in found.said, found.remedy) == (Grade.FAILED, False, "start it")


# the probe


def test_the_probes_pdf_is_one_that_intake_takes(tmp_path):
    path = tmp_path / "probe.pdf"
    path.write_bytes(probe.pdf("Total 3.50"))
    facts = files.inspect(path, Limits(file_bytes=10_000, pages=1))
    assert facts.media_type == "application/pdf"


@pytest.mark.django_db
def test_nobodys_type_can_have_a_probes_name():
    from annotation import document_types
    from annotation.errors import Refused

    with pytest.raises(Refused, match="'name'"):
        document_types.create({"name": f"{PROBE_PREFIX}1", "fields": [{"name": "total"}]})


@pytest.mark.django_db(transaction=True)
def test_docloop_is_asked_at_the_address_that_label_studio_knows(live_server, config):
    reached = config.model_copy(update={"url": "http://127.0.0.1:9", "internal_url": live_server.url})
    assert label_studio_checks.answer_time(reached).grade != Grade.FAILED  # slow is no failure
    lost = config.model_copy(update={"internal_url": f"{live_server.url}/elsewhere"})
    assert "DOCLOOP_INTERNAL_URL" in label_studio_checks.answer_time(lost).remedy
