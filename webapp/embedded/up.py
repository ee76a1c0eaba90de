"""`make up`, from the first check to the last stop: a story in one function per chapter."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from webapp.config import CHECKOUT, Config, config
from webapp.embedded import generated, orphans, postgres, preflight, programs, valkey
from webapp.embedded.supervisor import ProgramFailed, Say, StopAsked, Supervisor

FIRST_START = 300  # seconds that Label Studio may take to set up its database


def up(say: Say) -> int:
    """Start everything, stay until asked to stop, stop everything; the exit status."""
    try:
        settings = config()
        preflight.check(settings)
        lock = preflight.lock(settings)
    except preflight.NotPossible as fault:
        say(str(fault))
        return 1
    supervisor = Supervisor(settings.data, say)
    supervisor.obey_signals()
    status = 0
    try:
        tidy_up(settings, say)
        preflight.check_ports(settings)
        settings = make_settings(settings)
        start(settings, supervisor)
        load(settings, supervisor)
        while True:
            supervisor.watch()
            supervisor.pause()
    except StopAsked as asked:
        say(f"stopping ({asked}) …")
    except (preflight.NotPossible, ProgramFailed, postgres.PostgresFailed) as fault:
        say(str(fault))
        status = 1
    finally:
        started = bool(supervisor.running)
        supervisor.stop(*programs.STOP_ORDER)
        lock.close()
    if started:
        say("everything is stopped; `make up` takes up where it was")
    return status


def tidy_up(settings: Config, say: Say) -> None:
    """End what a killed start left running."""
    left = orphans.find(settings.data)
    if left:
        say(f"ending {len(left)} processes that an earlier start left running …")
        orphans.end(left)


def make_settings(settings: Config) -> Config:
    """Write the secrets and addresses that all processes read, and read them back."""
    generated.write(settings)
    config.cache_clear()
    return config()


def start(settings: Config, supervisor: Supervisor) -> None:
    """Databases, then services and Docloop's own processes side by side, until all answer."""
    data, say = settings.data, supervisor.say
    for name in ("store/pages", "label-studio", "mlflow/artifacts", "logs"):
        (data / name).mkdir(parents=True, exist_ok=True)
    shutil.rmtree(data / "beat", ignore_errors=True)
    (data / "beat").mkdir()

    say("PostgreSQL and Valkey: starting …")
    postgres.prepare(data / "postgres", generated.password(settings, postgres.SUPERUSER))
    valkey.prepare(data / "valkey", settings.valkey_port, generated.password(settings, "valkey"))
    supervisor.start(programs.postgres_program(settings))
    supervisor.start(programs.valkey_program(settings))
    supervisor.wait_ready(["postgres", "valkey"], 60)
    for name in programs.DATABASES:
        postgres.create_database(programs.superuser_url(settings), name, generated.password(settings, name))

    first = not (data / "label-studio" / ".env").exists()
    say(
        f"Label Studio: {'first start, setting up its database (about half a minute)' if first else 'starting'} …"
    )
    supervisor.start(programs.label_studio_program(settings))
    say("MLflow: starting …")
    supervisor.start(programs.mlflow_program(settings))
    say("Docloop: bringing its tables up to date …")
    manage(supervisor, "migrate", "--verbosity", "0")
    if static_files_changed():
        manage(supervisor, "collectstatic", "--noinput", "--verbosity", "0")
    say("Docloop: starting the web app, the workers and beat …")
    for program in programs.our_programs(settings):
        supervisor.start(program)
    supervisor.wait_ready(["label-studio"], FIRST_START)
    manage(supervisor, "accounts")
    supervisor.wait_ready(["mlflow", *programs.OURS], FIRST_START)


def static_files_changed() -> bool:
    """Whether our static files, or the packages that bring others, are newer than what was collected from them."""
    collected = CHECKOUT / "staticfiles" / "staticfiles.json"
    if not collected.exists():
        return True
    sources = [CHECKOUT / "requirements.lock", *(CHECKOUT / "webapp" / "static").rglob("*")]
    return max(path.stat().st_mtime for path in sources) > collected.stat().st_mtime


def load(settings: Config, supervisor: Supervisor) -> None:
    """The demo, unless it is not wanted, and where to go from here."""
    if settings.demo:
        try:
            manage(supervisor, "demo")
        except ProgramFailed as fault:
            supervisor.say(f"the demo is not loaded, and everything else is running: {fault}")
    supervisor.say("Docloop is ready. Ctrl-C stops everything; `make up` takes up where it was.")
    for line in where_to_go(settings):
        supervisor.say(line)


def manage(supervisor: Supervisor, *words: str) -> None:
    """Run a management command with the settings of this start."""
    command = [sys.executable, "manage.py", *words]
    supervisor.run_to_end(words[0], command, programs.our_environment())


def where_to_go(settings: Config) -> list[str]:
    """The addresses and sign-ins, one a line."""
    lines = ["", f"  Dashboard     {settings.url}/"]
    lines += [f"  Labelling     {settings.url}/today/"]
    lines += [f"  MLflow        {settings.mlflow_public_url or settings.mlflow_url}/", ""]
    kept = settings.data / "credentials.txt"
    lines += [f"  {line}" for line in _lines(kept)]
    return [
        *lines,
        f"  (the sign-ins are kept in {kept}; from Docloop, one click leads into Label Studio)",
        "",
    ]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


class Progress:
    """Says each line with the seconds since it was made; lines after a blank one stand alone."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def __call__(self, line: str) -> None:
        told = (
            f"[{time.monotonic() - self.began:4.0f} s] {line}" if line and not line.startswith(" ") else line
        )
        try:
            print(told, flush=True)
        except OSError:  # the terminal was closed; stopping in order matters more
            sys.stdout = open("/dev/null", "w")  # noqa: SIM115
