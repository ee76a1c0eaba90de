"""What can be said of documents before anybody has corrected one, and under which name."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import RegistryError
from models.extractors import EXTRACTORS, untaught
from models.extractors.base_files import FILES
from models.schema import Field, Kind, Schema
from tests.factories import make_page, make_tiny_base

RECEIPT = Schema((Field("company"), Field("date", Kind.DATE), Field("total", Kind.MONEY)))
HOROSCOPE = Field("horoscope")  # no concept stands for it
HEAD = ["O", "B-company", "I-company", "B-date", "I-date", "B-total", "I-total"]


def base_with(folder: Path, head: list[str]) -> Path:
    """A base as far as its files' names and its head go."""
    folder.mkdir()
    for name in FILES:
        (folder / name).write_text(json.dumps({"head": head}))
    return folder


@pytest.fixture
def base(tmp_path: Path) -> str:
    return str(base_with(tmp_path / "base", HEAD))


def test_rules_and_bases_speak_untaught_and_what_needs_examples_does_not():
    speaking = {name for name in EXTRACTORS if untaught.of(name, RECEIPT)}
    assert speaking == {"rules", "combined", "layoutlm"}


def test_what_speaks_is_named_by_its_version():
    assert untaught.of("rules", RECEIPT).version.startswith("rules-")
    own = untaught.of("combined", RECEIPT)
    assert own.version.startswith("base-")
    assert own.version == untaught.of("layoutlm", RECEIPT).version  # it is the same base


def test_a_field_that_no_concept_stands_for_is_left_alone(base):
    found = untaught.of("combined", Schema((*RECEIPT.fields, HOROSCOPE)), base)
    assert found.schema == RECEIPT
    # nothing else is said because of it, so nothing has to be extracted anew
    assert found.version == untaught.of("combined", RECEIPT, base).version


def test_of_two_fields_with_one_meaning_the_first_is_told(base):
    found = untaught.of("combined", Schema((Field("vendor"), Field("supplier"))), base)
    assert found.schema.names == ("vendor",)


def test_a_base_says_nothing_of_fields_that_mean_nothing_to_it(base, tmp_path):
    assert untaught.of("combined", Schema((HOROSCOPE,)), base) is None
    fewer = base_with(tmp_path / "fewer", ["O", "B-total", "I-total"])
    assert untaught.of("combined", RECEIPT, str(fewer)).schema.names == ("total",)


@pytest.mark.parametrize("config", ['{"model_type": "bert"}', "[]", "not JSON"])
def test_a_base_that_knows_no_concepts_says_nothing(tmp_path, config):
    (tmp_path / "config.json").write_text(config)
    assert untaught.of("layoutlm", RECEIPT, str(tmp_path)) is None


def test_a_base_that_is_not_there_says_nothing():
    assert untaught.of("layoutlm", RECEIPT, "microsoft/layoutlmv3-base") is None


def test_a_base_with_a_missing_file_is_named(base):
    (Path(base) / "model.safetensors").unlink()
    with pytest.raises(RegistryError, match="not whole"):
        untaught.of("combined", RECEIPT, base)


def test_another_base_has_another_version(base, tmp_path):
    other = base_with(tmp_path / "other", HEAD)
    (other / "model.safetensors").write_text("other weights")
    assert (
        untaught.of("combined", RECEIPT, base).version != untaught.of("combined", RECEIPT, str(other)).version
    )


def test_a_label_that_means_the_same_makes_no_new_version_and_another_meaning_does(base):
    def version(field: Field) -> str:
        return untaught.of("combined", Schema((*RECEIPT.fields[:2], field)), base).version

    assert version(RECEIPT["total"]) == version(replace(RECEIPT["total"], label="Total to pay"))
    assert version(RECEIPT["total"]) != version(replace(RECEIPT["total"], repeats=True))
    head = [*HEAD, "B-net_amount", "I-net_amount"]
    (Path(base) / "config.json").write_text(json.dumps({"head": head}))
    said, other = (
        untaught.of("combined", Schema((Field("x", Kind.MONEY, label=label),)), base)
        for label in ("Total", "Net due")
    )
    assert said.version != other.version


def test_rules_go_by_labels_and_helps_so_another_label_is_another_version():
    other = Schema((*RECEIPT.fields[:2], replace(RECEIPT["total"], label="Sum")))
    assert untaught.of("rules", RECEIPT).version != untaught.of("rules", other).version


@settings(deadline=None)  # the first time it reads the base's files
@given(
    st.lists(st.sampled_from(["total", "vendor", "due_date", "horoscope", "iban"]), min_size=1, unique=True),
    st.sampled_from(sorted(EXTRACTORS)),
)
def test_versions_fit_their_column_and_stay_the_same(names, extractor):
    kinds = {"total": Kind.MONEY, "due_date": Kind.DATE}
    schema = Schema(tuple(Field(name, kinds.get(name, Kind.TEXT)) for name in names))
    found = untaught.of(extractor, schema)
    if found is not None:
        assert 0 < len(found.version) <= 60
        untaught.of.cache_clear()
        assert untaught.of(extractor, schema) == found


def test_rules_are_ready_at_once(tmp_path):
    extractor = untaught.of("rules", RECEIPT).open(tmp_path)
    (said,) = extractor.extract([[make_page("ACME LTD\nDate 01/02/2024\nTotal 12.90")]])
    assert {value.field: value.text for value in said.values}["total"] == "12.90"


@pytest.fixture(scope="module")
def whole_base(tmp_path_factory) -> Path:
    """A base of one layer that knows three concepts, with random weights."""
    import torch

    from models.extractors.layoutlm.bases import open_base
    from models.extractors.layoutlm.model import WordTagger, save_network

    torch.manual_seed(2)
    foreign, _ = open_base(str(make_tiny_base(tmp_path_factory.mktemp("foreign"))))
    folder = tmp_path_factory.mktemp("base")
    save_network(WordTagger(foreign.config, HEAD), folder)
    (folder / "tokenizer.json").write_bytes(
        (tmp_path_factory.getbasetemp() / "foreign0" / "tokenizer.json").read_bytes()
    )
    return folder


SAY = """
import sys
from pathlib import Path
from models.extractors import untaught
from models.pages import Box, Page, Word
from models.schema import Field, Kind, Schema
page = Page(1000, 1400, tuple(Word(text, Box(0.1, 0.1, 0.2, 0.2)) for text in "ACME LTD Total 12.90".split()))
schema = Schema((Field("company"), Field("horoscope"), Field("total", Kind.MONEY)))
extractor = untaught.of("combined", schema, sys.argv[1]).open(Path(sys.argv[2]))
(said,) = extractor.extract([[page]])
assert {value.field for value in said.values} | set(said.absent) == {"company", "total"}
assert "torch" not in sys.modules and "transformers" not in sys.modules
"""


@pytest.mark.slow  # the child that exports imports torch
def test_the_base_speaks_without_torch_and_is_exported_once(whole_base, tmp_path, monkeypatch):
    command = [sys.executable, "-c", SAY, str(whole_base), str(tmp_path)]
    for _ in range(2):
        subprocess.run(command, cwd=Path(__file__).parents[3], check=True)
        (graph,) = tmp_path.glob("*.onnx")
        exported = graph.stat().st_mtime_ns
    assert graph.stat().st_mtime_ns == exported


@pytest.mark.slow
def test_it_says_what_training_from_no_example_says(whole_base, tmp_path):
    from models.extractors.combined import CombinedExtractor

    documents = [[make_page("ACME LTD\nDate 01/02/2024\nTotal 12.90")], [make_page("")]]
    fitted = CombinedExtractor.fit(
        RECEIPT, [], [], recipe={"base": str(whole_base)}, on_progress=lambda _: None
    )
    opened = untaught.of("combined", RECEIPT, str(whole_base)).open(tmp_path)
    assert opened.extract(documents) == fitted.extract(documents)


@pytest.mark.slow
def test_a_base_that_can_not_be_exported_is_named(base, tmp_path):
    with pytest.raises(RegistryError, match=r"can't be exported \(exit code 1\)"):
        untaught.of("combined", RECEIPT, base).open(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".exporting"]
