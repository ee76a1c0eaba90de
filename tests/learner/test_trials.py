"""Trials on a small generated pack: what is trained and judged, on which fields, and what a report tells."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from django.conf import settings

from learner import decision, trials
from learner.trials import Order, evaluate, train
from models import shelf
from models.errors import BadSchema, ReadingFailed, RegistryError, TrainingFailed
from models.extractors.rules import RulesExtractor
from models.shelf import take
from tests.factories import make_tiny_base, make_type, make_version
from tests.generated_pack import relabel, write_pack

pytestmark = pytest.mark.django_db


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    write_pack(tmp_path / "pack/train", 20)
    return tmp_path / "pack"


@pytest.fixture(autouse=True)
def empty_shelf() -> None:
    shutil.rmtree(Path(settings.CONFIG.data) / "models", ignore_errors=True)


def trained(order: Order, **more) -> dict:
    return train(order, **{"extractor": "rules", "recipe": {}, "out": None, "say": lambda _: None} | more)


def evaluated(order: Order, model: str | None = None) -> dict:
    return evaluate(order, wanted=model, say=lambda _: None)


def test_a_pack_of_a_type_that_nobody_described_has_the_fields_of_its_labels(pack):
    said: list[str] = []
    report = trained(Order("slips", pack), say=said.append)
    assert report["schema_from"] == "the pack's labels"
    assert [(each["name"], each["kind"]) for each in report["schema"]] == [
        ("company", "text"),
        ("date", "date"),
        ("address", "text"),
        ("total", "money"),
    ]
    assert any("no document type 'slips'; fields taken from the pack's labels" in line for line in said)
    assert report["documents"] == {"train": 17, "validation": 3}
    assert report["validation"]["figures"]["documents"] == 3
    json.dumps(report)


def test_a_described_type_brings_its_fields_extractor_and_recipe(pack):
    make_type(
        name="slips",
        fields=[{"name": "total", "kind": "text"}, {"name": "tax", "kind": "money"}],
        extractor="rules",
        recipe={"cautious": 1},
    )
    report = trained(Order("slips", pack), extractor=None, recipe={"epochs": 3})
    assert report["schema_from"] == "the document type 'slips'"
    assert [(each["name"], each["kind"]) for each in report["schema"]] == [("total", "text")]
    assert report["notes"][0] == "not labelled in this pack, so left out: tax"
    assert (report["extractor"], report["recipe"]["cautious"], report["recipe"]["epochs"]) == ("rules", 1, 3)


@pytest.mark.slow  # importing transformers
def test_a_recipe_that_makes_no_sense_is_refused_and_nothing_is_written(pack):
    with pytest.raises(TrainingFailed, match="unknown speed"):
        trained(Order("slips", pack), extractor="layoutlm", recipe={"speed": 3})
    assert not trials.trial_models.shelf_folder("slips").exists()


def test_what_was_trained_last_is_what_is_judged(pack):
    first, second = trained(Order("slips", pack)), trained(Order("slips", pack, seed=2))
    assert first["snapshot"] != second["snapshot"]
    report = evaluated(Order("slips", pack))
    assert report["model"]["folder"] == second["model"]["folder"]
    assert report["model"]["snapshot"] == second["snapshot"]
    assert report["model"]["sha256"] == second["model"]["sha256"]
    assert evaluated(Order("slips", pack), "1")["model"]["folder"] == first["model"]["folder"]
    by_folder = evaluated(Order("anything", pack), first["model"]["folder"])
    assert by_folder["model"]["trained_on"] == {"train": 17, "validation": 3}


def test_documents_it_was_trained_on_are_counted_and_told(pack, tmp_path):
    trained(Order("slips", pack))
    report = evaluated(Order("slips", pack))
    assert report["documents_of_its_training"] == 20
    assert "by heart" in " ".join(report["notes"])
    others = evaluated(Order("slips", write_pack(tmp_path / "other/heldout", 8, seed=77)))
    assert (others["documents"], others["documents_of_its_training"], others["notes"]) == (8, 0, [])
    parts = others["apart"]["vendor"]
    assert sum(part["documents"] for part in parts.values()) == 8


def test_the_heldout_part_is_judged_where_there_is_one_and_the_train_part_trained_on(pack):
    write_pack(pack / "heldout", 6, seed=9)
    assert trained(Order("slips", pack))["pack"].endswith("pack/train")
    assert evaluated(Order("slips", pack))["pack"].endswith("pack/heldout")


def test_a_model_that_was_never_taught_is_judged_where_there_is_no_other(pack):
    report = evaluated(Order("slips", pack))
    assert "without any document" in report["model"]["origin"]
    assert report["model"]["folder"] is None
    trained(Order("slips", pack))
    assert evaluated(Order("slips", pack), "base")["model"]["folder"] is None


def test_a_trained_models_own_fields_are_judged_even_if_the_new_labels_look_otherwise(pack, tmp_path):
    trained(Order("slips", pack))
    other = write_pack(tmp_path / "few", 4, seed=9)
    relabel(other, lambda number, labels: labels["fields"].update(total=None))
    report = evaluated(Order("slips", other))
    assert report["schema_from"] == "what the model was taught"
    assert report["figures"]["fields"]["total"]["kind"] == "money"
    assert report["figures"]["fields"]["total"]["true"] == 0
    assert "without a value in any document: total" in report["notes"]


def test_dates_in_labels_are_read_in_the_order_that_the_labels_have(tmp_path):
    printed = ["02/14/2020", "03/25/2020", "03/04/2020"]
    with (tmp_path / "ocr.jsonl").open("w") as read, (tmp_path / "labels.jsonl").open("w") as labelled:
        for number, day in enumerate(printed):
            items = [["Date", 10, 10, 60, 30, 0], [day, 70, 10, 180, 30, 0], [str(number), 10, 50, 20, 70, 1]]
            page = {"page": 1, "image": None, "width": 400, "height": 600, "items": items}
            read.write(json.dumps({"id": str(number), "doc_type": "slip", "pages": [page]}) + "\n")
            labels = {"id": str(number), "fields": {"date": day}, "in_ocr": {"date": True}}
            labelled.write(json.dumps(labels) + "\n")
    assert evaluated(Order("slips", tmp_path))["schema"][0]["day_first"] is False
    assert trained(Order("slips", tmp_path))["schema"][0]["day_first"] is False


def test_a_limit_draws_documents_by_lot_and_the_same_seed_draws_the_same(pack):
    one, same, other = (evaluated(Order("slips", pack, limit=7, seed=seed))["snapshot"] for seed in (1, 1, 2))
    assert one == same != other
    assert evaluated(Order("slips", pack, limit=7))["documents"] == 7
    assert evaluated(Order("slips", pack, limit=700))["documents"] == 20
    with pytest.raises(ReadingFailed, match="1 or more"):
        evaluated(Order("slips", pack, limit=0))


def test_a_limit_draws_so_many_documents_by_lot_the_same_again(pack):
    one, again, other = (
        evaluated(Order("slips", pack, limit=5, seed=seed))["snapshot"] for seed in (1, 1, 2)
    )
    assert evaluated(Order("slips", pack, limit=5))["documents"] == 5
    assert one == again != other


def test_a_registered_version_is_found_by_number_by_name_and_as_champion(pack, tmp_path):
    slips = make_type(name="slips")
    RulesExtractor(slips.schema).save(tmp_path / "model")
    sha256 = take(tmp_path / "model").sha256
    # fetched before, so no MLflow is needed
    shutil.copytree(tmp_path / "model", decision.cache() / sha256)
    version = make_version(slips, number=3, name="slips-v3", sha256=sha256, state="champion")
    slips.champion = version.name
    slips.save()
    for wanted in (None, "champion", "3", "v3", "slips-v3"):
        report = evaluated(Order("slips", pack), wanted)
        assert (report["model"]["origin"], report["model"]["sha256"]) == (
            "registered version slips-v3",
            sha256,
        )
    assert report["notes"] == ["labelled in this pack, but no field of the type 'slips': address"]
    trained(Order("slips", pack))
    assert "trained model" in evaluated(Order("slips", pack))["model"]["origin"]


def test_an_unknown_model_is_answered_with_those_there_are(pack):
    make_version(make_type(name="slips"), name="slips-v3", number=3)
    trained(Order("slips", pack))
    with pytest.raises(RegistryError, match="no model '7' of 'slips'.*there are: 1, slips-v3, base"):
        evaluated(Order("slips", pack), "7")
    with pytest.raises(RegistryError, match="none was trained yet, there is only base"):
        evaluated(Order("letters", pack), "7")


def test_the_pack_of_another_type_is_refused(pack):
    make_type(name="orders", fields=[{"name": "advertiser", "kind": "text"}])
    for work in (trained, evaluated):
        with pytest.raises(BadSchema, match="labels for company.*'orders' has the fields advertiser"):
            work(Order("orders", pack))


def test_an_empty_pack_is_refused(tmp_path):
    write_pack(tmp_path / "empty", 0)
    with pytest.raises(ReadingFailed, match="no documents"):
        evaluated(Order("slips", tmp_path / "empty"))


def test_a_folder_of_ones_own_takes_the_model(pack, tmp_path):
    report = trained(Order("slips", pack), out=tmp_path / "mine")
    assert report["model"]["folder"] == str(tmp_path / "mine")
    assert shelf.numbers(trials.trial_models.shelf_folder("slips")) == []
    assert evaluated(Order("slips", pack), str(tmp_path / "mine"))["documents"] == 20
    with pytest.raises(RegistryError, match="not empty"):
        trained(Order("slips", pack), out=tmp_path / "mine")


@pytest.mark.slow
def test_the_default_extractor_learns_a_pack_well_enough_to_beat_the_rules(pack, tmp_path):
    write_pack(tmp_path / "more/train", 40)
    write_pack(tmp_path / "more/heldout", 20, seed=77)
    order = Order("slips", tmp_path / "more")
    rules = evaluated(order, trained(order)["model"]["folder"])
    report = trained(order, extractor=None, recipe={"threads": 2})
    learned = evaluated(order, report["model"]["folder"])
    assert learned["figures"]["overall"]["f1"]["value"] > rules["figures"]["overall"]["f1"]["value"]


@pytest.mark.slow
def test_who_learns_from_all_documents_tells_of_unseen_ones_and_is_not_judged_by_known_ones(pack):
    report = trained(Order("slips", pack), extractor="combined", recipe={"rounds": 10})
    assert report["validation"] is None
    assert any("unseen by its fold" in note for note in report["notes"])


def kept() -> list[Path]:
    return list(trials.trial_models.shelf_folder("slips").glob(".training-*"))


@pytest.mark.slow
def test_a_training_that_was_stopped_goes_on_where_it_was(pack):
    def stopped_in_the_third_round(line):
        if "epoch 3 of" in line:
            raise KeyboardInterrupt

    recipe = {"rounds": 5, "folds": 2}
    with pytest.raises(KeyboardInterrupt):
        trained(Order("slips", pack), extractor="combined", recipe=recipe, say=stopped_in_the_third_round)
    assert len(kept()) == 1 and shelf.numbers(trials.trial_models.shelf_folder("slips")) == []
    said: list[str] = []
    trained(Order("slips", pack), extractor="combined", recipe=recipe, say=said.append)
    assert any("goes on from what an earlier attempt left" in line for line in said)
    assert any("epoch 3 of 3" in line for line in said) and not any("epoch 1 of" in line for line in said)
    assert kept() == []


def test_what_is_set_for_this_machine_holds_for_trials_too_unless_the_recipe_says_otherwise(
    pack, monkeypatch
):
    monkeypatch.setattr(settings.CONFIG, "training_minutes", 7)
    report = trained(Order("slips", pack), extractor="crf", recipe={"iterations": 5})
    assert report["recipe"]["max_minutes"] == 7
    report = trained(Order("slips", pack), extractor="crf", recipe={"iterations": 5, "max_minutes": 3.0})
    assert report["recipe"]["max_minutes"] == 3


def test_of_fields_that_the_base_knows_nothing_of_it_says_neither_a_value_nor_that_they_are_absent(pack):
    relabel(pack / "train", lambda number, labels: labels["fields"].update(horoscope="TOTAL"))
    report = evaluated(Order("slips", pack), "base")
    assert any("knows nothing of these fields" in note and "horoscope" in note for note in report["notes"])
    told = report["figures"]["fields"]
    assert told["horoscope"]["predicted"] == told["horoscope"]["calibration"]["absences"]["count"] == 0
    assert told["horoscope"]["true"] > 0
    assert told["total"]["predicted"] > 0


def test_a_base_that_knows_none_of_the_fields_is_no_model(pack):
    make_type(name="slips", fields=[{"name": "horoscope", "kind": "text"}])
    with pytest.raises(RegistryError, match="the base knows nothing of horoscope: train a model first"):
        evaluated(Order("slips", pack), "base")


@pytest.mark.slow  # importing transformers
def test_a_bigger_base_is_one_setting(pack, tmp_path):
    base = make_tiny_base(tmp_path)
    report = trained(
        Order("slips", pack), extractor=None, recipe={"base": str(base), "epochs": 1, "threads": 1}
    )
    assert report["extractor"] == "layoutlm"
    assert take(Path(report["model"]["folder"])).model.name == "layoutlm"
