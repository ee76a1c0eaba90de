"""What speaks against a candidate besides its figures, and who is named for it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from learner import harm, harm_evidence
from learner.gate import judge
from learner.harm import Evidence, Limits, Source
from learner.models import ModelVersion, Snapshot, Suspect
from models.errors import TrainingFailed
from models.extractors.base import Answer, Example, Extracted, Value
from models.metrics import Scores
from models.schema import Field, Kind, Schema
from tests.factories import make_document, make_page, make_truth, make_type, make_version

SCHEMA = Schema((Field("company"), Field("total", Kind.MONEY, label="Total to pay")))
BOTH = frozenset({"company", "total"})
ANN, AMY, BOB = "ann@example.org", "amy@example.org", "bob@example.org"


def sources(
    person: str, n: int, *, doubts: int = 0, name: str = "total", new: bool = True, imported: bool = False
) -> list[Source]:
    """n corrections by a person, the first `doubts` of them with that field in doubt."""
    return [
        Source(person, imported, new, BOTH, frozenset({name}) if at < doubts else frozenset())
        for at in range(n)
    ]


def against(*given: Source, champion: str = "r-v3", as_before: bool = True, **more) -> list[str]:
    evidence = Evidence(sources=given, champion=champion, as_before=as_before, **more)
    return harm.objections(SCHEMA, 20, evidence)


class TestTooLittleNew:
    def test_the_same_corrections_are_not_asked_about_again_and_again(self):
        (said,) = against(*sources(ANN, 40, new=False), *sources(ANN, 2))
        assert said == "It learned from 2 corrections that r-v3 had not, fewer than 5: correct 3 more."

    def test_enough_new_ones_are_enough(self):
        assert not against(*sources(ANN, 40, new=False), *sources(ANN, 5))

    def test_another_way_of_training_needs_no_new_ones(self):
        assert not against(*sources(ANN, 40, new=False), as_before=False)

    def test_the_first_model_of_a_type_needs_none_either(self):
        assert not against(*sources(ANN, 4), champion="")

    def test_a_type_may_ask_for_more(self):
        assert against(*sources(ANN, 40, new=False), *sources(ANN, 9), limits=Limits(least_new=10))


class TestOnePerson:
    def test_who_works_alone_is_held_to_nothing(self):
        assert not against(*sources(ANN, 100))

    def test_one_of_several_may_not_give_nearly_everything(self):
        (said,) = against(*sources(AMY, 30, new=False), *sources(ANN, 25), *sources(AMY, 1))
        assert said.startswith("ann@example.org gave 25 of the 26 new corrections (96%), more than the 90%")

    def test_a_visitor_makes_no_team(self):
        assert not against(*sources(ANN, 500), *sources(AMY, 5))

    def test_a_team_shares_as_it_likes_up_to_its_limit(self):
        team = (*sources(ANN, 20), *sources(AMY, 5))
        assert not against(*team)
        assert against(*team, limits=Limits(most_of_one=0.5))

    def test_labels_made_elsewhere_are_nobodys_share(self):
        assert not against(*sources("lea", 500, imported=True), *sources(ANN, 10), *sources(AMY, 8))

    def test_the_first_model_of_a_type_asks_for_no_share(self):
        assert not against(*sources(ANN, 40), *sources(AMY, 1), champion="")


class TestPoison:
    def test_a_person_whose_answers_about_a_field_look_wrong_is_named_with_the_field(self):
        (said,) = against(*sources(ANN, 60), *sources(AMY, 60, doubts=2), *sources(BOB, 60, doubts=12))
        assert said.startswith(
            "12 of 60 answers about Total to pay by bob@example.org look wrong to models that had not seen them, "
            "of all others 2 of 120"
        )

    def test_an_imported_batch_is_named(self):
        told = against(*sources(ANN, 60), *sources("lea", 100, doubts=15, imported=True))
        assert any("Total to pay imported by lea look wrong" in said for said in told)

    def test_a_single_persons_batch_is_named_by_the_champion_before_it(self):
        (said,) = against(*sources(ANN, 75, new=False, doubts=1), *sources(ANN, 25, doubts=8))
        assert "8 of 25 answers about Total to pay since r-v3 look wrong" in said
        assert "of those before 1 of 75" in said

    def test_less_is_enough_to_name_somebody_where_the_figures_refuse_already(self):
        given = (*sources(ANN, 40), *sources(AMY, 40), *sources(BOB, 20, doubts=2))
        evidence = Evidence(sources=given, champion="r-v3", as_before=True)
        assert not harm.objections(SCHEMA, 20, evidence)
        (said,) = harm.objections(SCHEMA, 20, evidence, refused=True)
        assert said.startswith("2 of 20 answers about Total to pay by bob@example.org look wrong")

    def test_doubts_that_are_spread_evenly_are_nobodys_fault(self):
        assert not against(*(each for who in (ANN, AMY, BOB) for each in sources(who, 40, doubts=6)))

    def test_one_or_two_doubts_are_two_bad_scans(self):
        assert not against(*sources(ANN, 500), *sources(AMY, 5, doubts=2))

    def test_fields_that_nobody_answered_for_are_not_counted(self):
        unasked = [Source(ANN, False, True, frozenset({"company"})) for _ in range(200)]
        assert not against(*unasked, *sources(AMY, 20, doubts=4), *sources(BOB, 20, doubts=4))

    def test_chance_alone_accuses_nobody_more_often_than_it_may(self):
        rng = np.random.default_rng(1)
        accused = 0
        for _ in range(400):
            drawn = rng.random(90) < 0.06
            given = [
                Source(
                    (ANN, AMY, BOB)[at % 3],
                    False,
                    True,
                    BOTH,
                    frozenset({"total"}) if wrong else frozenset(),
                )
                for at, wrong in enumerate(drawn)
            ]
            accused += bool(against(*given))
        assert accused <= 400 * 5 * harm.RISK  # four groups


def test_more_by_chance_is_fishers_exact_test():
    # of Fisher's own cups of tea: 4 of 4, and 3 or more of 4, told right
    assert math.isclose(harm.more_by_chance(4, 4, 0, 4), 1 / 70)
    assert math.isclose(harm.more_by_chance(3, 4, 1, 4), 17 / 70)
    assert harm.more_by_chance(0, 4, 4, 4) == 1
    assert harm.more_by_chance(0, 0, 0, 0) == 1


def example(key: str, text: str, total: str = "1.00") -> Example:
    return Example(key, (make_page(text),), (Answer("total", total),))


def test_documents_that_judge_although_they_were_learned_from_are_found_also_as_near_copies():
    learned = {"1": 0xFF00FF00FF00FF00, "2": 0x0123456789ABCDEF}
    judging = {"2": 0x0123456789ABCDEF, "8": 0xFF00FF00FF00FF01, "9": 0x5555AAAA5555AAAA, "10": 0}
    assert harm.known_by_heart(learned, judging) == ["2", "8"]
    (said,) = harm.objections(SCHEMA, 3, Evidence(known=["2", "8"]))
    assert "2 of the documents" in said and "(document 2, 8)" in said


def says(text: str, sure: float = 0.9) -> Extracted:
    return Extracted((Value("total", text, text, sure),), {"company": 0.5})


def test_confidences_that_are_no_numbers_fail_a_training():
    harm.check_numbers([says("1.00"), Extracted(())])
    with pytest.raises(TrainingFailed, match="1 of 4 confidences on gold documents are no numbers"):
        harm.check_numbers([says("1.00"), says("2.00", math.nan)])


def test_a_model_that_says_the_same_of_all_documents_is_known_for_it():
    gold = [example(str(n), "x", f"{n}.00") for n in range(3)]
    assert not harm.constant(gold, [says(f"{n}.00") for n in range(3)])
    assert harm.constant(gold, [says("7.00")] * 3)
    assert not harm.constant([example(str(n), "x", "7.00") for n in range(3)], [says("7.00")] * 3)


def test_what_harm_says_refuses_a_model_that_is_better_in_everything():
    table = np.ones((20, 2), dtype=np.int64)
    better, worse = (Scores(SCHEMA.names, right, table, table) for right in (table, table * 0))
    evidence = Evidence(constant=True)
    verdict = judge(SCHEMA, better, worse, np.random.default_rng(0), evidence=evidence)
    assert not verdict.promote
    assert verdict.reasons[1] == "It says the same of all 20 documents, whatever stands in them."
    first = judge(SCHEMA, better, None, np.random.default_rng(0), evidence=evidence)
    assert not first.promote and first.reasons[0].startswith("Refused: the first model of its type")
    assert judge(SCHEMA, better, worse, np.random.default_rng(0), evidence=Evidence()).promote


def test_a_field_has_the_budget_that_its_type_gives_it():
    table = np.ones((100, 2), dtype=np.int64)
    before, after = table.copy(), table.copy()
    before[:20, 0] = 0
    after[:4, 1] = 0
    champion, candidate = (Scores(SCHEMA.names, right, table, table) for right in (before, after))
    assert judge(SCHEMA, candidate, champion, np.random.default_rng(0)).promote
    verdict = judge(SCHEMA, candidate, champion, np.random.default_rng(0), budgets={"total": 0.01})
    assert not verdict.promote
    assert "more than the 0.01 it may lose" in verdict.reasons[1]


@pytest.mark.django_db
def test_evidence_is_gathered_from_the_ledger_and_what_is_in_doubt():
    document_type = make_type(least_new=3, most_of_one=0.8)
    rows = [
        make_truth(make_document(document_type), annotator=who, source=source)
        for who, source in [(ANN, "label studio"), (AMY, "label studio"), ("lea", "imported")]
    ]
    rows[1].outcomes = {}
    Suspect.objects.create(correction=rows[1], document=rows[1].document, field="total", likelihood=0.1)
    Suspect.objects.create(correction=rows[1], document=rows[1].document, field="date", likelihood=0.6)
    Suspect.objects.create(
        correction=rows[0], document=rows[0].document, field="total", likelihood=0.1, state="dismissed"
    )
    champion, version = (make_version(document_type, made_with={"extractor": "crf"}) for _ in range(2))
    for each, known in ((champion, rows[:1]), (version, rows)):
        each.run.snapshot = Snapshot.objects.create(
            document_type=document_type,
            hash=str(each.pk).zfill(64),
            items=[[row.pk, "train"] for row in known],
            fields=document_type.fields,
        )
        each.run.save()
    found = harm_evidence.gather(ModelVersion.objects.get(pk=version.pk), champion, [], [], [])
    assert [(each.annotator, each.imported, each.new, set(each.doubts)) for each in found.sources] == [
        (ANN, False, False, set()),
        (AMY, False, True, {"total"}),
        ("lea", True, True, set()),
    ]
    assert found.sources[0].confirmed == {"company", "date", "total"}
    assert (found.champion, found.as_before, found.limits) == (champion.name, True, Limits(3, 0.8))
    champion.made_with = {"extractor": "crf", "recipe": {"threads": 4, "seed": 2}}
    version.made_with = {"extractor": "crf", "recipe": {"threads": 2, "seed": 1}}
    assert not harm_evidence.gather(version, champion, [], [], []).as_before
    version.made_with["recipe"]["seed"] = 2
    assert harm_evidence.gather(version, champion, [], [], []).as_before
