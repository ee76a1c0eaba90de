"""What every extractor keeps to; a new one is covered by being in `EXTRACTORS`."""

import json
import subprocess
import sys

import pytest

from models.errors import RegistryError, TrainingFailed
from models.extractors import EXTRACTORS, UnknownExtractor, for_base, load, manifest, named
from models.extractors.base import Example
from models.pages import Page
from models.schema import Field, Schema
from tests.factories import make_page

# importing transformers alone takes longer than all tests of the others
WITH_TORCH = ("layoutlm", "tagger", "combined")
PARAMS = [pytest.param(name, marks=pytest.mark.slow if name in WITH_TORCH else ()) for name in EXTRACTORS]


def recipe_of(name, request):
    if name != "layoutlm":
        return {}
    return {"base": str(request.getfixturevalue("tiny_base")), "epochs": 2, "threads": 1}


@pytest.fixture(scope="module", params=PARAMS)
def trained(request, schema, receipts):
    """Each extractor with its progress, fitted on six receipts."""
    progress = []
    extractor = named(request.param).fit(
        schema,
        receipts[:6],
        receipts[6:10],
        recipe=recipe_of(request.param, request),
        on_progress=progress.append,
    )
    return extractor, progress


class TestEveryExtractor:
    def test_it_says_the_same_after_being_stored(self, trained, receipts, tmp_path):
        extractor, _ = trained
        extractor.save(tmp_path / "model")
        loaded = load(tmp_path / "model")
        documents = [receipt.pages for receipt in receipts[10:16]]
        assert type(loaded) is type(extractor)
        assert loaded.schema == extractor.schema
        assert loaded.extract(documents) == extractor.extract(documents)

    def test_values_stand_where_they_say_and_confidences_are_shares(self, trained, schema, receipts):
        extractor, _ = trained
        documents = [receipt.pages for receipt in receipts[10:16]]
        for pages, extracted in zip(documents, extractor.extract(documents), strict=True):
            for value in extracted.values:
                assert 0 <= value.confidence <= 1
                assert value.text == " ".join(
                    pages[value.place.page].words[i].text for i in value.place.words
                )
                assert value.normalised in (None, schema[value.field].normalise(value.text))
            names = [value.field for value in extracted.values]
            assert sorted([*names, *extracted.absent]) == sorted(schema.names)
            assert all(0 <= confidence <= 1 for confidence in extracted.absent.values())

    @pytest.mark.parametrize("pages", [(), (Page(100, 100),), (Page(100, 100), make_page("x"))])
    def test_a_document_with_little_on_it_has_an_answer(self, trained, pages):
        extractor, _ = trained
        (extracted,) = extractor.extract([pages])
        if not any(page.words for page in pages):
            assert extracted.values == ()
            assert set(extracted.absent) == set(extractor.schema.names)

    def test_no_documents_have_no_answers(self, trained):
        assert trained[0].extract([]) == []

    def test_an_answer_does_not_depend_on_the_documents_beside_it(self, trained, receipts):
        extractor, _ = trained
        together = extractor.extract([receipt.pages for receipt in receipts[10:16]])
        for receipt, one in zip(receipts[10:16], together, strict=True):
            (alone,) = extractor.extract([receipt.pages])
            assert [(v.field, v.text, v.place) for v in alone.values] == [
                (v.field, v.text, v.place) for v in one.values
            ]
            assert [v.confidence for v in alone.values] == pytest.approx(
                [v.confidence for v in one.values], abs=1e-4
            )

    def test_the_same_seed_gives_the_same_model(self, request, trained, schema, receipts):
        extractor, _ = trained
        again = type(extractor).fit(
            schema,
            receipts[:6],
            receipts[6:10],
            recipe=recipe_of(extractor.name, request),
            on_progress=lambda _: None,
        )
        documents = [receipt.pages for receipt in receipts[10:16]]
        assert again.extract(documents) == extractor.extract(documents)

    def test_an_unlabelled_example_among_labelled_ones_is_no_hindrance(
        self, request, trained, schema, receipts
    ):
        empty = Example("empty", (Page(100, 100),), ())
        unlabelled = Example("unlabelled", receipts[20].pages, ())
        fitted = type(trained[0]).fit(
            schema,
            [*receipts[:3], empty, unlabelled],
            [empty],
            recipe=recipe_of(trained[0].name, request),
            on_progress=lambda _: None,
        )
        assert len(fitted.extract([receipts[11].pages])) == 1

    def test_progress_goes_from_beginning_to_end(self, trained):
        shares = [progress.share for progress in trained[1]]
        assert shares == sorted(shares)
        assert shares[-1] == 1

    def test_a_changed_file_is_refused(self, trained, tmp_path):
        folder = tmp_path / "model"
        trained[0].save(folder)
        (folder / "extra.onnx").write_bytes(b"?")
        with pytest.raises(RegistryError, match=r"extra\.onnx"):
            load(folder)

    def test_another_extractors_folder_is_refused(self, trained, tmp_path):
        manifest.write(tmp_path, "somebody", Schema((Field("total"),)), {})
        with pytest.raises(RegistryError, match="somebody"):
            type(trained[0]).load(tmp_path)


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(UnknownExtractor, match="layoutlm"):
        named("layoutml")


def test_a_base_that_knows_no_concepts_is_fine_tuned_so_a_bigger_base_is_one_setting(tiny_base, tmp_path):
    (tmp_path / "config.json").write_text('{"head": ["O", "B-total", "I-total"]}')
    for base in (str(tiny_base), "microsoft/layoutlmv3-base"):
        assert {for_base(name, base) for name in ("combined", "tagger", "layoutlm")} == {"layoutlm"}
        assert {for_base(name, base) for name in ("crf", "rules")} == {"crf", "rules"}
    for base in ("", str(tmp_path)):
        assert [for_base(name, base) for name in EXTRACTORS] == list(EXTRACTORS)


@pytest.mark.slow  # it opens the base with torch
def test_who_insists_on_another_is_told_which_extractor_takes_such_a_base(schema, receipts, tiny_base):
    for name in ("combined", "tagger"):
        with pytest.raises(TrainingFailed, match="knows no concepts.*set the extractor to layoutlm"):
            named(name).fit(
                schema, receipts[:2], [], recipe={"base": str(tiny_base)}, on_progress=lambda _: None
            )


def test_asking_for_rules_or_reading_contracts_loads_no_torch():
    modules = "models.extractors, models.alignment, models.metrics, models.registry, models.similarity"
    script = f"import sys, {modules}; models.extractors.named('rules'); assert not {{'torch', 'mlflow'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


class TestManifest:
    @pytest.fixture
    def folder(self, tmp_path, schema):
        (tmp_path / "weights.onnx").write_bytes(b"12345")
        manifest.write(tmp_path, "rules", schema, {"seed": 1})
        return tmp_path

    def test_a_whole_folder_is_believed(self, folder, schema):
        read = manifest.read(folder)
        assert (read.extractor, read.schema, read.settings) == ("rules", schema, {"seed": 1})

    def test_a_changed_weight_is_noticed(self, folder):
        (folder / "weights.onnx").write_bytes(b"12346")
        with pytest.raises(RegistryError, match=r"weights\.onnx changed"):
            manifest.read(folder)

    def test_a_missing_weight_is_noticed(self, folder):
        (folder / "weights.onnx").unlink()
        with pytest.raises(RegistryError, match=r"lacks weights\.onnx"):
            manifest.read(folder)

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "extractor": "rules", "schema": 3}'])
    def test_a_manifest_of_somebody_else_is_refused(self, folder, text):
        (folder / manifest.NAME).write_text(text)
        with pytest.raises(RegistryError, match="not a manifest"):
            manifest.read(folder)

    def test_a_later_format_asks_for_a_later_docloop(self, folder):
        text = (folder / manifest.NAME).read_text().replace('"format": 2', '"format": 3')
        (folder / manifest.NAME).write_text(text)
        with pytest.raises(RegistryError, match="format 3"):
            manifest.read(folder)

    def test_a_model_from_before_sizes_were_kept_is_read(self, folder):
        stored = json.loads((folder / manifest.NAME).read_text())
        stored |= {"format": 1, "files": {name: told["sha256"] for name, told in stored["files"].items()}}
        (folder / manifest.NAME).write_text(json.dumps(stored))
        assert manifest.read(folder).extractor == "rules"
        (folder / "weights.onnx").write_bytes(b"12346")
        with pytest.raises(RegistryError, match=r"weights\.onnx changed"):
            manifest.read(folder)

    def test_an_empty_folder_is_no_model(self, tmp_path):
        with pytest.raises(RegistryError, match="no model folder"):
            load(tmp_path)
