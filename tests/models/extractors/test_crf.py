"""The CRF: learns from little, is stored as it is, and says what it can't do."""

import json
import shutil

import numpy as np
import pytest

from models.errors import RegistryError, TrainingFailed, TrainingStopped
from models.extractors import load, manifest
from models.extractors.base import Answer, Example
from models.extractors.crf import MODEL, CrfExtractor, tagging
from models.extractors.crf.recipe import Recipe
from models.extractors.fields import labels_of
from models.generator import generate
from models.metrics import score
from models.pages import Page
from models.schema import Field, Kind, Schema
from tests.factories import make_page, place_of

RECIPE = {"iterations": 60}
INVOICE = Schema(
    (
        Field("supplier"),
        Field("invoice_number"),
        Field("invoice_date", Kind.DATE),
        Field("due_date", Kind.DATE),
        Field("total", Kind.MONEY),
    )
)


def quiet(progress):
    pass


def fit(schema, train, validation=(), **more):
    return CrfExtractor.fit(schema, train, validation, **({"recipe": RECIPE, "on_progress": quiet} | more))


@pytest.fixture(scope="module")
def invoices():
    return [generate("invoice", index, seed=3, scan=False).example for index in range(42)]


@pytest.fixture(scope="module")
def trained(invoices):
    return fit(INVOICE, invoices[:24], invoices[24:28])


@pytest.fixture(scope="module")
def small(schema, receipts):
    return fit(schema, receipts[:8], receipts[8:12])


def pages_of(examples):
    return [example.pages for example in examples]


def folded(sequence):
    """What two trainings are compared by: all label probabilities in one array."""
    return np.concatenate([page.ravel() for pages in sequence for page in pages])


class TestLearning:
    def test_most_values_of_unseen_invoices_are_found(self, trained, invoices):
        rest = invoices[28:]
        said = trained.extract(pages_of(rest))
        scores = score(INVOICE, [example.answers for example in rest], said)
        assert scores.f1() > 0.8
        assert scores.f1("total") > 0.8

    def test_a_date_that_most_invoices_lack_is_said_to_be_absent(self, trained, invoices):
        said = dict(zip((e.key for e in invoices), trained.extract(pages_of(invoices)), strict=True))
        lacking = [e.key for e in invoices if not any(a.field == "due_date" for a in e.answers)]
        assert lacking
        assert sum("due_date" in said[key].absent for key in lacking) > len(lacking) / 2
        assert all(0 < said[key].absent.get("due_date", 0.5) < 1 for key in lacking)

    def test_a_value_on_the_second_page_is_found_there(self):
        def letter(number):
            front = make_page(f"DEAR CUSTOMER {number}\nPLEASE SEE THE NEXT PAGE\nKIND REGARDS")
            back = make_page(f"ACCOUNT {number}\nITEMS 3\nBALANCE {number}4.50")
            balance = f"{number}4.50"
            place = place_of(back, balance)
            answer = Answer("balance", balance, type(place)(1, place.box, place.words))
            return Example(f"letter-{number}", (front, back), (answer,))

        extractor = fit(Schema((Field("balance", Kind.MONEY),)), [letter(n) for n in range(10, 18)])
        (said,) = extractor.extract([letter(31).pages])
        assert [(value.text, value.place.page) for value in said.values] == [("314.50", 1)]

    def test_the_same_documents_give_the_same_model(self, small, schema, receipts):
        assert fit(schema, receipts[:8], receipts[8:12]).tagger.model == small.tagger.model

    def test_of_long_documents_some_of_the_words_far_from_any_value_are_enough(self):
        def letter(number):
            prose = "\n".join(f"as we said {n} times " * 5 for n in range(14))
            page = make_page(f"{prose}\nBALANCE {number}4.50\n{prose}")
            return Example(str(number), (page,), (Answer("balance", f"{number}4.50"),))

        schema = Schema((Field("balance", Kind.MONEY),))
        letters = [letter(n) for n in range(10, 18)]
        fitted = [fit(schema, letters, recipe=RECIPE | {"most_words": most}) for most in (500, 500, 100_000)]
        models = [extractor.tagger.model for extractor in fitted]
        assert models[0] == models[1]
        assert models[0] != models[2]
        for extractor in fitted:
            assert [v.text for v in extractor.extract([letter(31).pages])[0].values] == ["314.50"]

    def test_no_document_with_a_value_is_nothing_to_learn_from(self, schema, receipts):
        with pytest.raises(TrainingFailed, match="label some first"):
            fit(schema, [Example("empty", receipts[0].pages, ())])

    @pytest.mark.parametrize("recipe", [{"c1": -1}, {"iterations": 0}, {"iterations": 2.5}, {"epochs": 3}])
    def test_a_recipe_that_makes_no_sense_is_refused(self, recipe):
        with pytest.raises(TrainingFailed, match=next(iter(recipe))):
            CrfExtractor.settled(recipe)

    def test_it_stops_within_its_iterations(self, schema, receipts):
        seen = []

        def stop(progress):
            seen.append(progress)
            if progress.stage == "training" and progress.epoch == 5:
                raise TrainingStopped("enough")

        with pytest.raises(TrainingStopped, match="enough"):
            fit(schema, receipts[:8], on_progress=stop)
        assert (seen[-1].stage, seen[-1].epoch) == ("training", 5)
        assert seen[-1].figures["loss"] > 0
        # and the next training is none the worse for it
        assert fit(schema, receipts[:8]).extract(pages_of(receipts[20:21]))[0].values


class TestLogProbs:
    def test_there_is_one_for_each_page_word_and_label(self, trained, invoices):
        documents = pages_of(invoices[28:])
        assert max(map(len, documents)) > 1
        for pages, probs in zip(documents, trained.log_probs(documents), strict=True):
            assert [each.shape for each in probs] == [
                (len(page.words), len(labels_of(INVOICE))) for page in pages
            ]
            for page in probs:
                np.testing.assert_allclose(np.exp(page).sum(axis=1), 1, atol=1e-4)

    def test_a_page_without_words_has_none(self, trained):
        ((empty, page),) = trained.log_probs([(Page(100, 100), make_page("x"))])
        assert empty.shape == (0, len(labels_of(INVOICE)))
        assert page.shape == (1, len(labels_of(INVOICE)))

    def test_a_field_that_was_never_seen_is_least_likely_but_possible(self, schema, receipts):
        wider = Schema((*schema, Field("iban")))
        (probs,) = fit(wider, receipts[:6]).log_probs([receipts[30].pages])[0]
        unseen = probs[:, [labels_of(wider).index(label) for label in ("B-iban", "I-iban")]]
        assert np.isfinite(unseen).all()
        assert unseen.max() < np.log(1e-5)


def riddle(number):
    """Eight numbers, one of which is the value: which one, only the hints know."""
    texts = [str(number * 7919 * (at + 3) % 9973) for at in range(8)]
    page = make_page(" ".join(texts))
    code = texts[number * number % 7]
    return Example(str(number), (page,), (Answer("code", code, place_of(page, code)),))


SOLUTIONS = {riddle(number).pages: riddle(number).answers[0].text for number in range(60)}


def hints(documents):
    return [
        [[{"solution": float(word.text == SOLUTIONS[tuple(pages)])} for word in page.words] for page in pages]
        for pages in documents
    ]


@pytest.fixture(scope="module")
def hinted():
    return fit(Schema((Field("code"),)), [riddle(number) for number in range(20)], hints=hints)


class TestHints:
    def test_what_they_say_is_learned(self, hinted):
        riddles = [riddle(number) for number in range(30, 60)]
        said = hinted.extract(pages_of(riddles))
        assert [e.values[0].text for e in said] == [e.answers[0].text for e in riddles]

    def test_a_model_that_had_them_is_not_loaded_without(self, hinted, tmp_path):
        hinted.save(tmp_path / "model")
        with pytest.raises(RegistryError, match="with hints"):
            load(tmp_path / "model")
        again = CrfExtractor.load(tmp_path / "model", hints=hints)
        documents = [riddle(30).pages]
        assert again.extract(documents) == hinted.extract(documents)


class TestStoring:
    @pytest.fixture
    def folder(self, small, tmp_path):
        small.save(tmp_path / "model")
        return tmp_path / "model"

    def test_it_says_the_same_after_being_stored(self, folder, small, receipts):
        documents = pages_of(receipts[20:30])
        again = CrfExtractor.load(folder)
        assert again.extract(documents) == small.extract(documents)
        assert np.array_equal(folded(again.log_probs(documents)), folded(small.log_probs(documents)))
        assert again.recipe == small.recipe

    def test_nothing_but_the_model_and_its_manifest_is_stored(self, folder):
        assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", MODEL]

    def test_a_changed_model_is_refused(self, folder):
        with (folder / MODEL).open("r+b") as file:
            file.seek(100)
            file.write(b"\xff")
        with pytest.raises(RegistryError, match=f"{MODEL} changed"):
            CrfExtractor.load(folder)

    def test_a_file_that_is_no_model_is_refused_whatever_its_manifest_says(self, folder, schema):
        settings = json.loads((folder / manifest.NAME).read_text())["settings"]
        (folder / MODEL).write_bytes(b"not a model at all, and long enough to have a header of one of these")
        manifest.write(folder, "crf", schema, settings)
        with pytest.raises(RegistryError, match="no model of crfsuite"):
            CrfExtractor.load(folder)

    def test_another_extractors_folder_is_refused(self, tmp_path, schema):
        manifest.write(tmp_path, "rules", schema, {})
        with pytest.raises(RegistryError, match="'rules'"):
            CrfExtractor.load(tmp_path)

    def test_a_folder_without_the_model_is_refused(self, folder, tmp_path):
        shutil.copytree(folder, tmp_path / "copy")
        (tmp_path / "copy" / MODEL).unlink()
        with pytest.raises(RegistryError, match=f"lacks {MODEL}"):
            CrfExtractor.load(tmp_path / "copy")


class TestTimeBox:
    def learned(self, iterations, seconds=None):
        """How a CRF of a few words is learned in so many iterations, of which each takes a second."""
        now = [0.0]

        def on_step(step, loss):
            now[0] += 1
            steps.append(step)

        steps: list[int] = []
        words = [{word: 1.0} for word in ["ACME", "TOTAL", "9.99", "THANK", "YOU"]]
        pages = [(words, ["B-company", "O", "B-total", "O", "O"]), (words[1:], ["O", "B-total", "O", "O"])]
        until = {} if seconds is None else {"until": seconds}
        model, made = tagging.learn(
            pages, Recipe(iterations=iterations), on_step, clock=lambda: now[0], **until
        )
        return model, made, steps

    def test_with_time_for_all_iterations_nothing_is_shortened(self):
        assert self.learned(12)[1:] == self.learned(12, seconds=12)[1:] == (12, list(range(1, 13)))

    def test_with_less_time_it_begins_anew_with_as_many_as_there_is_time_for(self):
        model, made, steps = self.learned(20, seconds=14)
        # four show that one takes a second; the first, before which everything is prepared, is to be made again
        assert made == 9 and steps == [1, 2, 3, 4, *range(1, 10)]
        assert model == self.learned(9)[0]

    def test_without_any_time_it_makes_one(self):
        model, made, steps = self.learned(20, seconds=0)
        assert made == 1 and steps == [1, 2, 1]
        assert model == self.learned(1)[0]

    def test_whoever_trains_is_told(self, schema, receipts):
        told = []
        CrfExtractor.fit(schema, receipts[:6], [], recipe={"max_minutes": 1e-6}, on_progress=told.append)
        assert told[-1].note == "shortened to 1 of 150 iterations by the time limit of 1e-06 minutes"
        shares = [each.share for each in told]
        assert shares == sorted(shares)
