"""The base model's training: short runs of the real one."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from models import pretraining
from models.extractors.base_files import OWN_BASE
from models.generator.practice import KINDS, practice
from models.pretraining import HEAD, OUTSIDE, Settings, labels_of

SHORT = Settings(documents=24, batch_size=8, threads=1)


@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_of_a_practice_document_is_labelled(kind):
    example = practice(kind, 3, 7)
    labels = labels_of(example)
    assert [len(page) for page in labels] == [len(page.words) for page in example.pages]
    for answer in example.answers:
        said = [labels[answer.place.page][word] for word in answer.place.words]
        # None: a word with two values teaches neither
        assert said[0] in (f"B-{answer.field}", None)
        assert all(label in (f"I-{answer.field}", None) for label in said[1:])


def test_the_head_has_a_beginning_and_an_inside_for_every_concept_and_nothing_twice():
    assert HEAD[0] == OUTSIDE
    assert len(set(HEAD)) == len(HEAD)
    assert {label[2:] for label in HEAD[1:] if label.startswith("B-")} == {
        label[2:] for label in HEAD[1:] if label.startswith("I-")
    }


def test_the_committed_base_names_the_settings_it_was_made_with():
    facts = json.loads((OWN_BASE / "training.json").read_text())
    assert Settings(**facts["settings"]) == Settings()  # so `make base-model` makes the same one
    assert facts["shares"] == pretraining.SHARES


@pytest.mark.slow
def test_the_same_settings_give_the_same_weights():
    once, again = (pretraining.pretrain(SHORT)[0].state_dict() for _ in range(2))
    assert once.keys() == again.keys()
    assert all(torch.equal(once[name], again[name]) for name in once)
    other = pretraining.pretrain(Settings(documents=24, batch_size=8, threads=1, seed=2))[0].state_dict()
    assert not torch.equal(once["classifier.weight"], other["classifier.weight"])


@pytest.mark.slow
def test_a_base_is_written_with_its_figures_and_can_be_opened(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(pretraining, "JUDGES", 3)
    assert pretraining.main(["--out", str(tmp_path / "base"), "--documents", "16", "--threads", "1"]) == 0
    assert "on practice documents it has not seen" in capsys.readouterr().out
    facts = json.loads((tmp_path / "base/training.json").read_text())
    assert facts["settings"]["documents"] == 16 and facts["steps"] in (1, 2)
    assert set(facts["f1_on_unseen_practice_documents"]) >= {"all", "total", "date"}
    weights = load_file(tmp_path / "base/model.safetensors")
    assert {each.dtype for each in weights.values()} == {torch.float16}
    assert all(np.isfinite(each.float().numpy()).all() for each in weights.values())
