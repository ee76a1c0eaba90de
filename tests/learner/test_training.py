"""Trainings from snapshot to decision, with the real MLflow and the real extractors."""

from __future__ import annotations

import random

import pytest

from annotation import extraction as annotation_extraction
from annotation import jobs
from annotation.models import Correction, DocumentType, Job, Recheck
from learner import (
    aliases,
    decision,
    evaluation,
    progress,
    promotion,
    registering,
    reports,
    snapshots,
    suspects,
    training,
    triggers,
)
from learner.models import Decision, ModelVersion, Run
from models.alignment import learn_day_first
from models.errors import RegistryError, TrainingStopped
from models.extractors.base import Progress
from models.registry import Alias, Registry
from tests.factories import make_document, make_tiny_base, make_truth, make_type

pytestmark = pytest.mark.django_db

State = Run.State
ANN, AMY = "ann@example.org", "amy@example.org"
SHOPS = ["ACME LTD", "NORTH STAR SDN BHD", "BLUE HARBOUR CO", "GREEN VALLEY MART", "OLD MILL BAKERY"]


RECEIPT = "{shop}\nReceipt {n}\nDate {date}\nPaper {price}.00\nTotal {total}\nThank you"
# the amount that counts is announced by no word that a rule knows, and the shop stands below
FOREIGN = "Bil {n}\nTarikh {date}\nTotal lama 77.10\nKertas {price}.00\nJumlah {total}\nDari kedai {shop}"


def corrected_type(
    documents: int = 24, text: str = RECEIPT, *, american: bool = False, **more
) -> DocumentType:
    """Receipts of a few shops, all with their true answers."""
    document_type = make_type(
        **{"extractor": "crf"} | more
    )  # which says nothing untaught, and learns in a second
    chance = random.Random(documents)
    for n in range(documents):
        shop, day, total = (
            chance.choice(SHOPS),
            chance.randint(1, 28),
            f"{chance.randint(5, 400)}.{chance.randint(10, 99)}",
        )
        date = f"03/{day:02}/2024" if american else f"{day:02}/03/2024"
        document = make_document(
            document_type,
            text.format(shop=shop, n=n, date=date, price=chance.randint(1, 9), total=total),
            fingerprint=f"{random.Random(n).getrandbits(64):016x}",
        )
        make_truth(document, {"company": shop, "date": date, "total": total})
    return document_type


def asked(document_type: DocumentType) -> Run:
    return triggers.ask(DocumentType.objects.get(pk=document_type.pk), trigger="by hand")


@pytest.fixture
def configured(settings, tmp_path):
    """No MLflow is needed as long as nothing speaks to it."""
    settings.CONFIG = settings.CONFIG.model_copy(
        update={"data": tmp_path, "mlflow_url": "http://127.0.0.1:9", "training_threads": 2}
    )
    return settings


@pytest.fixture
def mlflow(configured, mlflow_url) -> Registry:
    configured.CONFIG = configured.CONFIG.model_copy(update={"mlflow_url": mlflow_url})
    return Registry(mlflow_url)


def test_a_run_that_has_ended_is_left_alone(configured):
    run = Run.objects.create(document_type=make_type(), state=State.STOPPED)
    training.train(run.pk)
    run.refresh_from_db()
    assert (run.state, run.started_at) == (State.STOPPED, None)


def test_a_run_that_was_asked_to_stop_stops_before_it_begins(configured):
    run = asked(corrected_type(12))
    Run.objects.filter(pk=run.pk).update(stop_asked=True, state=State.RUNNING)
    training.train(run.pk)
    run.refresh_from_db()
    assert run.state == State.STOPPED
    assert not ModelVersion.objects.exists()


def test_a_run_whose_corrections_went_away_fails_in_words(configured):
    document_type = corrected_type(12)
    run = asked(document_type)
    document_type.documents.update(truth=None)
    training.train(run.pk)
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert run.problem == ("a training needs at least 10 corrected documents, there are 0: correct 10 more")


@pytest.mark.slow
def test_without_mlflow_the_run_waits_for_another_attempt_and_is_failed_when_its_job_gives_up(configured):
    run = asked(corrected_type(12))
    job = Job.objects.get(task="learner.train", subject=run.pk)
    jobs.run(job.pk, training.train)
    job.refresh_from_db()
    run.refresh_from_db()
    assert (job.state, run.state) == (Job.State.WAITING, State.RUNNING)
    assert "MLflow at http://127.0.0.1:9" in job.problem
    for _ in range(jobs.MOST_ATTEMPTS - 1):
        Job.objects.filter(pk=job.pk).update(due_at="2024-01-01T00:00Z")
        jobs.run(job.pk, training.train)
    triggers.settle()
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert run.problem.startswith("Given up: MLflow at http://127.0.0.1:9")


@pytest.mark.slow  # importing transformers takes seconds
def test_a_machine_sets_threads_and_time_and_a_type_may_say_otherwise(configured):
    configured.CONFIG = configured.CONFIG.model_copy(update={"training_minutes": 7.5})
    recipe = training.settled(DocumentType(extractor="layoutlm"))
    assert (recipe["threads"], recipe["max_minutes"]) == (2, 7.5)
    own = training.settled(DocumentType(extractor="layoutlm", recipe={"max_minutes": 3}))
    assert (own["threads"], own["max_minutes"]) == (2, 3)


def test_extractors_without_such_settings_are_not_given_them(configured):
    assert training.settled(DocumentType(extractor="rules")) == {}


class TestReporter:
    """What a training says of itself reaches the row, not more often than once a second."""

    def reporter(self, run: Run, times: list[float]) -> progress.Reporter:
        class Silent:
            def log_figures(self, run: str, figures: dict[str, float], *, step: int) -> None:
                raise RegistryError("MLflow is away")

        return progress.Reporter(run, progress.Curves(Silent(), "r"), clock=lambda: times.pop(0))  # type: ignore[arg-type]

    def test_writes_stage_epoch_and_share_of_the_whole(self):
        run = Run.objects.create(document_type=make_type(), state=State.RUNNING)
        self.reporter(run, [0.0])(Progress("training", 0.5, 3, 16))
        run.refresh_from_db()
        assert (run.stage, run.epoch, run.epochs) == ("training", 3, 16)
        assert run.share == pytest.approx(0.45)

    def test_writes_at_most_once_a_second(self, django_assert_num_queries):
        run = Run.objects.create(document_type=make_type(), state=State.RUNNING)
        report = self.reporter(run, [0.0, 0.4, 0.9, 1.1])
        for share in (0.1, 0.2, 0.3, 0.4):
            report(Progress("training", share, 1, 16))
            run.refresh_from_db()
        assert run.share == pytest.approx(0.05 + 0.8 * 0.4)
        with django_assert_num_queries(0):
            self.reporter_that_just_wrote(run)(Progress("training", 0.9))

    def reporter_that_just_wrote(self, run: Run) -> progress.Reporter:
        report = self.reporter(run, [5.5])
        report.written = 5.0
        return report

    def test_keeps_what_should_be_known_of_the_run(self):
        run = Run.objects.create(document_type=make_type(), state=State.RUNNING)
        self.reporter_that_just_wrote(run)(Progress("done", 1.0, note="shortened to 5 of 16 epochs"))
        run.refresh_from_db()
        assert run.note == "shortened to 5 of 16 epochs"

    def test_stops_the_training_when_somebody_asks(self):
        run = Run.objects.create(document_type=make_type(), state=State.RUNNING)
        triggers.stop(run)
        with pytest.raises(TrainingStopped):
            self.reporter(run, [0.0])(Progress("training", 0.1))

    def test_keeps_curve_points_that_mlflow_does_not_take(self):
        run = Run.objects.create(document_type=make_type(), state=State.RUNNING)
        report = self.reporter(run, [0.0, 2.0])
        report(Progress("validating", 0.1, 1, 16, {"loss": 2.0}))
        report(Progress("validating", 0.2, 2, 16, {"loss": 1.0}))
        assert report.curves.left == [(1, {"loss": 2.0}), (2, {"loss": 1.0})]


@pytest.mark.slow
class TestWithMLflow:
    def test_the_first_training_makes_a_champion(self, mlflow, rung):
        document_type = corrected_type()
        run = asked(document_type)
        training.train(run.pk)
        run.refresh_from_db()
        document_type.refresh_from_db()
        version = ModelVersion.objects.get(run=run)
        assert (run.state, run.problem, run.share) == (State.FINISHED, "", 1.0)
        assert (version.state, version.name) == ("champion", f"{document_type.name}-v1")
        assert document_type.champion == version.name
        assert version.decision.promote
        assert "first model of its type" in version.decision.reasons[0]
        assert version.figures["documents"] == sum(split == "gold" for _, split in run.snapshot.items)
        assert set(version.figures["fields"]) == {"company", "date", "total"}
        assert ("annotation.extract_pool", document_type.pk) in rung
        assert not training.workplace(run).exists()

    def test_a_first_model_that_is_no_better_than_what_reads_its_type_untaught_is_refused(self, mlflow):
        document_type = corrected_type(extractor="rules")  # they learn nothing
        run = asked(document_type)
        training.train(run.pk)
        document_type.refresh_from_db()
        run.refresh_from_db()
        assert (run.state, document_type.champion) == (State.FINISHED, "")
        told = reports.decision(run.version)
        assert (told.promote, told.champion) == (False, "")
        assert told.against == annotation_extraction.version_in_use(document_type)
        assert told.against.startswith("rules-")
        assert told.reasons[0].startswith("Refused: the first model of its type against the rules alone, F1")
        assert "It is no better than the rules alone." in told.reasons
        assert {each.field for each in told.differences} == {"", "company", "date", "total"}
        assert run.version.state == "retired"

    def test_how_dates_are_printed_is_learned_for_the_model_and_not_for_its_type(self, mlflow, monkeypatch):
        document_type = corrected_type(american=True)
        learned_from = []

        def learning(schema, examples):
            learned_from.extend(int(example.key) for example in examples)
            return learn_day_first(schema, examples)

        monkeypatch.setattr(training, "learn_day_first", learning)
        run = asked(document_type)
        training.train(run.pk)
        run.refresh_from_db()
        assert run.state == State.FINISHED, run.problem
        document_type.refresh_from_db()
        assert document_type.champion == run.version.name
        assert run.version.schema_hash == document_type.schema.hash
        assert document_type.schema["date"].day_first is None
        model = annotation_extraction.champion(document_type)
        assert model.schema["date"].day_first is False
        split_of = dict(run.snapshot.items)
        judging = {
            truth.document_id
            for truth in Correction.objects.filter(document__document_type=document_type)
            if split_of[truth.pk] == "gold"
        }
        assert len(judging) >= 3 and not judging & set(learned_from)
        assert run.version.figures["fields"]["date"]["f1"] == 1.0

    def test_mlflow_has_parameters_figures_snapshot_and_the_version_with_its_alias(self, mlflow):
        document_type = corrected_type(recipe={"seed": 7})
        run = asked(document_type)
        training.train(run.pk)
        aliases.mirror_aliases(document_type.pk)
        run.refresh_from_db()
        stored = mlflow._client.get_run(run.mlflow_run_id)
        assert stored.info.status == "FINISHED"
        assert stored.data.params.keys() >= {
            "extractor",
            "seed",
            "train_documents",
            "gold_documents",
        }
        assert stored.data.tags["docloop.snapshot"] == run.snapshot.hash
        figures = run.version.figures
        assert stored.data.metrics["gold_f1"] == pytest.approx(figures["overall"]["f1"])
        assert stored.data.metrics["gold_total_recall"] == pytest.approx(figures["fields"]["total"]["recall"])
        champion = mlflow.aliased(document_type.name, Alias.CHAMPION)
        assert champion == aliases.registered(run.version)
        assert mlflow.aliased(document_type.name, Alias.CHALLENGER) is None
        assert mlflow.fetch(champion, run.version.sha256, decision.cache()).is_dir()

    def test_a_model_that_is_no_better_is_refused_and_the_champion_stays(self, mlflow):
        document_type = corrected_type()
        training.train(asked(document_type).pk)
        second = asked(document_type)
        training.train(second.pk)
        document_type.refresh_from_db()
        second.refresh_from_db()
        assert second.state == State.FINISHED
        assert document_type.champion == f"{document_type.name}-v1"
        assert second.version.state == "retired"
        assert second.version.decision.champion.name == document_type.champion
        assert "It is no better than the champion." in second.version.decision.reasons
        aliases.mirror_aliases(document_type.pk)
        assert mlflow.aliased(document_type.name, Alias.CHAMPION).version == 1
        assert mlflow.aliased(document_type.name, Alias.CHALLENGER) is None

    @pytest.mark.parametrize(
        ("part", "name"),
        [
            (Registry, "start_run"),
            (suspects, "before_training"),
            (training, "_fitted"),
            (evaluation, "answers"),
            (Registry, "log_model"),
            (Registry, "register"),
            (registering, "version_of"),
            (decision, "decide"),
            (promotion, "promote"),
            (training, "_end"),
        ],
        ids=lambda each: each if isinstance(each, str) else "",
    )
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_a_worker_that_dies_anywhere_leaves_one_version_after_the_next_attempt(
        self, mlflow, monkeypatch, part, name, when
    ):
        document_type = corrected_type(14)
        run = asked(document_type)
        real = getattr(part, name)

        def dying(*args, **kwargs):
            if when == "after":
                real(*args, **kwargs)
            raise MemoryError

        with monkeypatch.context() as patched, pytest.raises(MemoryError):
            patched.setattr(part, name, dying)
            training.train(run.pk)
        training.train(run.pk)
        run.refresh_from_db()
        assert run.state == State.FINISHED
        versions = mlflow.versions(document_type.name)
        assert len(versions) == 1
        version = ModelVersion.objects.get(document_type=document_type)
        assert (version.number, version.sha256, version.state) == (1, versions[0].sha256, "champion")
        assert Decision.objects.filter(version=version).count() == 1
        mlflow.fetch(versions[0], version.sha256, decision.cache())

    def test_a_machine_that_died_with_its_folder_after_registering_does_not_spoil_the_version(
        self, mlflow, monkeypatch, tmp_path, configured
    ):
        document_type = corrected_type(14)
        run = asked(document_type)
        with monkeypatch.context() as patched, pytest.raises(MemoryError):
            patched.setattr(registering, "version_of", lambda *args: (_ for _ in ()).throw(MemoryError))
            training.train(run.pk)
        configured.CONFIG = configured.CONFIG.model_copy(update={"data": tmp_path / "another-machine"})
        monkeypatch.setattr(training, "_fitted", None)  # nothing is trained again
        training.train(run.pk)
        assert ModelVersion.objects.get(run=run).state == "champion"

    def test_a_killed_training_is_gone_on_with_and_registers_one_version(self, mlflow, monkeypatch, tmp_path):
        base = make_tiny_base(tmp_path)
        document_type = corrected_type(
            20, extractor="layoutlm", recipe={"base": str(base), "epochs": 6, "patience": 6}
        )
        run = asked(document_type)
        report = progress.Reporter.__call__
        told: list[Progress] = []

        def dying(reporter, said):
            report(reporter, said)
            told.append(said)
            if len(told) == 12:
                raise MemoryError

        with monkeypatch.context() as patched, pytest.raises(MemoryError):
            patched.setattr(progress.Reporter, "__call__", dying)
            training.train(run.pk)
        assert list(training.workplace(run).glob("checkpoints/*"))
        monkeypatch.setattr(progress.Reporter, "__call__", dying)
        training.train(run.pk)
        epochs = [said.epoch for said in told if said.figures]
        assert epochs == [1, 2, 3, 4, 5, 6]  # none was learnt twice
        assert [version.version for version in mlflow.versions(document_type.name)] == [1]
        assert not training.workplace(run).exists()

    def test_a_run_that_had_no_time_for_all_says_so_here_and_in_mlflow(self, mlflow, tmp_path):
        recipe = {"base": str(make_tiny_base(tmp_path)), "epochs": 6, "max_minutes": 1e-6}
        run = asked(corrected_type(14, extractor="layoutlm", recipe=recipe))
        training.train(run.pk)
        run.refresh_from_db()
        assert run.note.startswith("shortened to ")
        assert mlflow._client.get_run(run.mlflow_run_id).data.tags["mlflow.note.content"] == run.note

    def test_a_run_that_is_asked_to_stop_while_it_trains_stops_here_and_in_mlflow(self, mlflow, monkeypatch):
        run = asked(corrected_type(14))
        fitted = training._fitted

        def meanwhile(*args):
            triggers.stop(run)
            return fitted(*args)

        monkeypatch.setattr(training, "_fitted", meanwhile)
        training.train(run.pk)
        run.refresh_from_db()
        assert run.state == State.STOPPED
        assert run.finished_at is not None
        assert mlflow._client.get_run(run.mlflow_run_id).info.status == "KILLED"
        assert mlflow.versions(run.document_type.name) == []
        assert not training.workplace(run).exists()

    def test_a_run_that_is_stopped_while_it_is_compared_leaves_a_refused_version(self, mlflow, monkeypatch):
        document_type = corrected_type(14)
        training.train(asked(document_type).pk)
        for n in range(40, 50):  # without anything new nothing more is trained
            text = RECEIPT.format(shop=SHOPS[n % 5], n=n, date="03/03/2024", price=2, total=f"{n}.50")
            make_truth(
                make_document(document_type, text, fingerprint=f"{random.Random(n).getrandbits(64):016x}"),
                {"company": SHOPS[n % 5], "date": "03/03/2024", "total": f"{n}.50"},
            )
        run, shares = asked(document_type), []
        told = progress.write

        def watched(about, stage, share, **epochs):
            shares.append((stage, share))
            if stage == training.COMPARING and len([each for each, _ in shares if each == stage]) == 3:
                triggers.stop(run)
            told(about, stage, share, **epochs)

        monkeypatch.setattr(progress, "write", watched)
        monkeypatch.setattr(progress, "PAUSE", 0.0)
        training.train(run.pk)
        run.refresh_from_db()
        version = ModelVersion.objects.get(run=run)
        assert (run.state, version.state) == (State.STOPPED, "retired")
        assert "was stopped while" in version.decision.reasons[0]
        assert DocumentType.objects.get(pk=document_type.pk).champion == f"{document_type.name}-v1"
        assert mlflow._client.get_run(run.mlflow_run_id).info.status == "KILLED"
        assert [share for _, share in shares] == sorted(share for _, share in shares)
        compared = [share for stage, share in shares if stage == training.COMPARING]
        assert len(compared) == 3 and compared[0] < 0.5  # it is most of the work while gold is little

    def test_aliases_that_mlflow_missed_are_mended(self, mlflow):
        document_type = corrected_type(14)
        for _ in range(2):
            training.train(asked(document_type).pk)
        name = document_type.name
        newest, oldest = mlflow.versions(name)
        mlflow.point(Alias.CHAMPION, newest)
        mlflow.point(Alias.CHALLENGER, oldest)
        make_type()  # one without any version
        aliases.mirror_all()
        assert mlflow.aliased(name, Alias.CHAMPION) == oldest
        assert mlflow.aliased(name, Alias.CHALLENGER) is None
        aliases.mirror_all()
        assert mlflow.aliased(name, Alias.CHAMPION) == oldest

    def test_a_worker_that_lost_its_job_writes_nothing_more(self, mlflow, monkeypatch):
        run = asked(corrected_type(14))
        job = Job.objects.get(task="learner.train", subject=run.pk)
        answers = evaluation.answers

        def slow(*args):
            Job.objects.filter(pk=job.pk).update(attempt=99)  # another worker took it over meanwhile
            return answers(*args)

        monkeypatch.setattr(evaluation, "answers", slow)
        jobs.run(job.pk, training.train)
        run.refresh_from_db()
        assert run.state == State.RUNNING
        assert not ModelVersion.objects.exists()
        assert mlflow.versions(run.document_type.name) == []

    def test_a_champion_that_changes_during_the_comparison_is_compared_with_anew(self, mlflow, monkeypatch):
        document_type = corrected_type()
        for _ in range(2):
            training.train(asked(document_type).pk)
        first, second = ModelVersion.objects.filter(document_type=document_type).order_by("number")
        run = asked(document_type)
        scored, compared = decision._champion, []

        def meanwhile(champion, *args):
            found = scored(champion, *args)
            if not compared:
                promotion.promote(second, by="otto", reason="by hand")
            compared.append(champion.name)
            return found

        monkeypatch.setattr(decision, "_champion", meanwhile)
        training.train(run.pk)
        assert compared == [first.name, second.name]
        assert run.version.decision.champion == second

    def test_fields_that_change_during_a_training_refuse_its_model(self, mlflow, monkeypatch):
        document_type = corrected_type()
        run = asked(document_type)
        answers = evaluation.answers

        def meanwhile(*args):
            DocumentType.objects.filter(pk=document_type.pk).update(fields=document_type.fields[:2])
            return answers(*args)

        monkeypatch.setattr(evaluation, "answers", meanwhile)
        training.train(run.pk)
        run.refresh_from_db()
        assert run.state == State.FINISHED
        assert run.version.decision.reasons == [
            f"Refused: the fields of {document_type.title} changed while it was trained."
        ]

    def test_a_planted_wrong_answer_is_asked_about_and_left_out_before_anything_learns_from_it(
        self, mlflow, monkeypatch
    ):
        document_type = corrected_type(40)
        for document, who in zip(document_type.documents.order_by("pk")[:2], (AMY, ANN), strict=True):
            make_truth(document, {a.field: a.text for a in document.truth.said}, annotator=who)
        learned_from = [
            correction for correction, split in snapshots.take(document_type).items if split == "train"
        ]
        document = document_type.documents.filter(truth__in=learned_from).order_by("pk").last()
        said = {answer.field: answer.text for answer in document.truth.said}
        price = document.word_pages[0].words[-5].text
        wrong = make_truth(document, said | {"total": price}, annotator=ANN)
        learned = []
        fitted = training._fitted

        def watching(run, schema, examples, *rest):
            learned.extend(examples["train"])
            assert [each.document for each in Recheck.objects.all()] == [document]
            return fitted(run, schema, examples, *rest)

        monkeypatch.setattr(training, "_fitted", watching)
        run = asked(document_type)
        training.train(run.pk)
        run.refresh_from_db()
        assert run.state == State.FINISHED, run.problem
        assert [wrong.pk, "total"] in run.in_doubt
        (example,) = [each for each in learned if each.key == str(document.pk)]
        assert example.unconfirmed == {"total"}

    def test_a_recipe_that_makes_no_sense_fails_the_run_in_words(self, mlflow):
        document_type = corrected_type(14, extractor="layoutlm", recipe={"epochs": 0})
        run = asked(document_type)
        training.train(run.pk)
        run.refresh_from_db()
        assert (run.state, run.problem) == (State.FAILED, "recipe: epochs can't be 0")
        assert run.mlflow_run_id == "", "nothing was begun with it"

    def test_a_better_trained_layoutlm_takes_over_with_curves_and_reasons(self, mlflow):
        document_type = corrected_type(30, FOREIGN, extractor="rules")
        first = asked(document_type)
        training.train(first.pk)
        promotion.promote(first.version, by="otto", reason="by hand")
        DocumentType.objects.filter(pk=document_type.pk).update(extractor="layoutlm", recipe={"epochs": 6})
        second = asked(document_type)
        training.train(second.pk)
        second.refresh_from_db()
        assert second.state == State.FINISHED, second.problem
        document_type.refresh_from_db()
        assert document_type.champion == second.version.name
        before, after = (run.version.figures["overall"]["f1"] for run in (first, second))
        assert second.version.decision.reasons[0].startswith(f"Promoted: F1 {before:.2f} → {after:.2f} on ")
        curve = mlflow._client.get_metric_history(second.mlflow_run_id, "loss")
        assert len(curve) >= 2
        assert curve[-1].value < curve[0].value

    def test_the_extractor_of_a_type_that_names_none_is_trained_registered_and_extracts(self, mlflow):
        document_type = corrected_type(24, FOREIGN, extractor=DocumentType().extractor, recipe={"rounds": 20})
        run = asked(document_type)
        training.train(run.pk)
        run.refresh_from_db()
        assert run.state == State.FINISHED, run.problem
        assert "unseen by its fold" in run.note
        document_type.refresh_from_db()
        assert document_type.champion == run.version.name
        assert "against the base alone" in run.version.decision.reasons[0]
        assert run.version.decision.figures["against"].startswith("base-")
        (document,) = document_type.documents.all()[:1]
        (said,) = annotation_extraction.champion(document_type).extract([document.word_pages])
        assert {value.field for value in said.values} == {"company", "date", "total"}
