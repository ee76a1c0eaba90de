"""Rules of the house that no linter knows."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

CHECKOUT = Path(__file__).resolve().parent.parent
PARTS = ["webapp", "learner", "annotation", "models"]
OURS = sorted(path for part in PARTS for path in (CHECKOUT / part).rglob("*.py"))


def called(path: Path) -> set[str]:
    """Dotted names of everything that is called in a file."""
    tree = ast.parse(path.read_text())
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def named(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


@pytest.mark.parametrize("path", OURS, ids=named)
def test_no_file_hides_a_second_stage(path):
    assert len(path.read_text().splitlines()) <= 400


def test_only_config_reads_the_environment():
    readers = {named(path) for path in OURS if re.search(r"os\.(environ|getenv)", path.read_text())}
    writers = {
        "webapp/celery.py",  # they name the settings module, as Django wants it
        "webapp/wsgi.py",
        "models/environment.py",  # switches off telemetry, hubs, and loading of code out of models
        "models/pretraining.py",  # has CUDA add up in one order, so that a base can be made again
        "models/registry.py",
    }
    # these start processes with an environment made for them
    starters = {name for name in readers if name.startswith("webapp/embedded/")}
    assert readers - writers - starters <= {"webapp/config.py"}


def test_only_the_lifecycle_writes_a_documents_state():
    writes = re.compile(r"Document\.objects[^\n]*\.update\([^)]*\bstate=|document\.state\s*=[^=]")
    assert {named(path) for path in OURS if writes.search(path.read_text())} <= {"annotation/lifecycle.py"}


# what turns bytes into code or objects of any class, as calls and as imports; every use of a module is forbidden
PICKLES = (
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "joblib",
    "shelve",
    "marshal",
    "skops",
    "jsonpickle",
)
PICKLING_CALLS = re.compile(
    r"(torch|np|numpy)\.load|.*\.load_state_dict_from_url|hub\.load|.*\.(read_pickle|to_pickle|load_learner)|eval|exec"
    r"|yaml\.(load|unsafe_load|full_load)|mlflow\.(pyfunc|sklearn|pytorch|transformers)\..*|.*\.from_pretrained|pipeline"
)
KNOWN_SAFE = {
    ("models/ocr/doctr.py", "torch.load(path, map_location='cpu', weights_only=True)"),
}


def unpickling(tree: ast.AST) -> set[str]:
    """Imports and calls in a syntax tree that could run what a file says."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [each.name for each in node.names]
            )
            found |= {f"import {name}" for name in names if name.split(".")[0] in PICKLES}
        elif isinstance(node, ast.Call):
            called_name, said = ast.unparse(node.func), ast.unparse(node)
            told_to = any(
                each.arg == "allow_pickle" or each.arg == "trust_remote_code" for each in node.keywords
            )
            if PICKLING_CALLS.fullmatch(called_name) or called_name.split(".")[0] in PICKLES or told_to:
                found.add(said)
    return found


@pytest.mark.parametrize("path", OURS, ids=named)
def test_nothing_is_unpickled_and_no_code_comes_with_a_model(path):
    used = {(named(path), each) for each in unpickling(ast.parse(path.read_text()))}
    assert used <= KNOWN_SAFE


@pytest.mark.parametrize(
    "code",
    [
        "import pickle", "from joblib import load", "import cloudpickle as c", "torch.load(path)", "np.load(f, allow_pickle=True)",
        "AutoModel.from_pretrained(x, trust_remote_code=True)", "mlflow.pyfunc.load_model(x)", "frame.read_pickle(p)", "eval(text)",
    ],
)  # fmt: skip
def test_what_unpickles_is_noticed(code):
    assert unpickling(ast.parse(code))


def test_what_strangers_sent_is_opened_in_the_limited_child_only():
    """And every page image through `rendering.open_page`, which opens nothing but what the child wrote."""
    openers = {
        named(path)
        for path in OURS
        if re.search(r"\bImage\.open\(|\bPdfDocument\(", path.read_text())
        and not named(path).startswith("models/generator/")  # it opens what it has just made
    }
    assert openers == {"models/rendering.py"}
    loaded = "import sys, models.files, models.rendering; sys.exit('PIL' in sys.modules or 'pypdfium2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded], cwd=CHECKOUT).returncode == 0


def test_every_wired_or_timed_task_exists_and_every_task_is_wired():
    from webapp.celery import app

    app.loader.import_default_modules()
    registered = {name for name in app.tasks if name.startswith(("annotation.", "learner.", "webapp."))}
    wired = {task for tasks in settings.WIRING.values() for task in tasks}
    timed = set(settings.TIMETABLE)
    assert wired | timed <= registered
    by_beat = {"annotation.tick"}
    assert registered <= wired | timed | by_beat | set(settings.BY_HAND)


def test_every_rung_fact_is_wired():
    rung = {
        fact
        for path in OURS
        for fact in re.findall(r"(?:doorbell\.)?\bring\(\s*\"([^\"]+)\"", path.read_text())
    }
    assert rung == set(settings.WIRING)


def test_every_decision_has_a_date_and_a_status():
    for page in (CHECKOUT / "docs" / "decisions").glob("[0-9]*.md"):
        text = page.read_text()
        assert re.search(r"^Date: \d{4}-\d{2}-\d{2}$", text, re.M), page.name
        assert re.search(r"^Status: (accepted|replaced by \d{4})", text, re.M), page.name


def test_parts_import_only_downwards():
    """import-linter's contracts (pyproject.toml): layers, and who may speak to Label Studio and MLflow."""
    linter = CHECKOUT / ".venv" / "bin" / "lint-imports"
    done = subprocess.run([linter], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
