"""Snapshots: hashed, split by groups of near-duplicates, gold for ever."""

from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.errors import Refused
from learner import snapshots
from learner.models import Snapshot
from learner.snapshots import LEAST, LEAST_DOCUMENTS, Entry, Split, divide
from models.extractors.base import Answer
from tests.factories import make_document, make_truth, make_type


def sha(n: int) -> str:
    return hashlib.sha256(str(n).encode()).hexdigest()


def fingerprint_of(n: int) -> str:
    """64 random bits: different documents are some 32 bits apart."""
    return f"{random.Random(n).getrandbits(64):016x}"


def entry(n: int, *, same_as: int | None = None, audited: bool = False, whole: bool = True) -> Entry:
    """The n-th document; a near-duplicate of another one has its fingerprint."""
    return Entry(1000 + n, n, sha(n), fingerprint_of(n if same_as is None else same_as), audited, whole)


def sizes(splits: dict[int, Split]) -> dict[Split, int]:
    return {split: sum(1 for found in splits.values() if found == split) for split in Split}


def test_too_few_corrections_are_refused_with_how_many_are_missing():
    with pytest.raises(Refused, match="at least 10 corrected documents, there are 7: correct 3 more"):
        divide([entry(n) for n in range(7)], {})


@pytest.mark.parametrize("n", range(LEAST_DOCUMENTS, 40))
def test_the_smallest_sets_still_have_something_in_every_split(n):
    for shift in (0, 1000, 2000):
        found = sizes(divide([entry(shift + k) for k in range(n)], {}))
        assert all(found[split] >= LEAST[split] for split in Split)
        assert sum(found.values()) == n


@pytest.mark.parametrize("n", [24, 49, 100, 1500])
def test_sets_are_split_by_the_shares_also_small_ones(n):
    found = sizes(divide([entry(k) for k in range(n)], {}))
    assert found[Split.GOLD] == round(0.2 * n)
    assert found[Split.VALIDATION] == round(0.15 * n)


def test_growing_sets_keep_the_shares():
    remembered: dict[int, Split] = {}
    for n in range(25, 400, 25):
        remembered |= divide([entry(k, audited=k % 10 == 0) for k in range(n)], remembered)
    found = sizes(remembered)
    assert abs(found[Split.GOLD] / 375 - 0.2) < 0.02
    assert abs(found[Split.VALIDATION] / 375 - 0.15) < 0.02


def test_documents_that_are_all_alike_cannot_be_split():
    with pytest.raises(Refused, match="only 1 different ones"):
        divide([entry(n, same_as=0) for n in range(30)], {})


def test_near_duplicates_never_straddle():
    splits = divide([entry(n, same_as=n // 4 * 4) for n in range(100)], {})
    for first in range(0, 100, 4):
        assert len({splits[n] for n in range(first, first + 4)}) == 1


def test_audited_documents_are_gold():
    splits = divide([entry(n, audited=n < 10) for n in range(100)], {})
    assert all(splits[n] == Split.GOLD for n in range(10))


def test_where_everything_is_audited_there_is_still_something_to_train_on():
    found = sizes(divide([entry(n, audited=True) for n in range(90)], {}))
    assert found[Split.GOLD] == 30
    assert found[Split.TRAIN] >= 40


def test_a_new_near_duplicate_of_a_gold_document_is_gold_and_never_trained_on():
    first = divide([entry(n) for n in range(50)], {})
    gold = next(n for n in first if first[n] == Split.GOLD)
    train = next(n for n in first if first[n] == Split.TRAIN)
    later = [*map(entry, range(50)), entry(90, same_as=gold), entry(91, same_as=train, audited=True)]
    second = divide(later, first)
    assert second[90] == Split.GOLD
    assert second[91] == Split.TRAIN  # a near-duplicate of what was learned by heart measures nothing


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=12, max_size=60, unique=True), st.data())
def test_what_was_gold_once_is_gold_for_ever(documents, data):
    """However the set grows, shrinks and merges, no gold document is ever trained on later."""
    remembered: dict[int, Split] = {}
    for size in sorted(data.draw(st.lists(st.integers(10, len(documents)), min_size=1, max_size=4))):
        entries = [entry(n, same_as=n // 2 * 2, audited=n % 7 == 0) for n in documents[:size]]
        try:
            splits = divide(entries, remembered)
        except Refused:
            continue
        for document, split in remembered.items():
            if document in splits and split == Split.GOLD:
                assert splits[document] == Split.GOLD
            if document in splits and split == Split.TRAIN:
                assert splits[document] in (Split.TRAIN, Split.GOLD)
        remembered |= splits


def test_the_order_of_the_entries_does_not_matter():
    entries = [entry(n, same_as=n // 3 * 3, audited=n % 5 == 0) for n in range(40)]
    shuffled = random.Random(1).sample(entries, 40)
    assert divide(entries, {}) == divide(shuffled, {})


def test_documents_with_unconfirmed_fields_are_for_training_and_those_in_whole_are_shared_out():
    splits = divide([entry(n, whole=n % 4 == 0) for n in range(100)], {})
    whole = sizes({n: split for n, split in splits.items() if n % 4 == 0})
    assert {splits[n] for n in range(100) if n % 4} == {Split.TRAIN}
    assert whole == {Split.GOLD: 12, Split.VALIDATION: 6, Split.TRAIN: 7}


def test_documents_with_unconfirmed_fields_are_not_enough_to_begin_with():
    entries = [entry(n, whole=n < 8) for n in range(30)]
    with pytest.raises(
        Refused, match=r"at least 10 .* there are 8 \(22 more .* nobody confirmed\): correct 2"
    ):
        divide(entries, {})


def test_a_near_duplicate_of_a_gold_document_is_not_trained_on_however_much_of_it_is_confirmed():
    first = divide([entry(n) for n in range(50)], {})
    gold = next(n for n in first if first[n] == Split.GOLD)
    second = divide([*map(entry, range(50)), entry(90, same_as=gold, whole=False)], first)
    assert second[90] == Split.GOLD


@given(st.sets(st.integers(0, 59)), st.integers(12, 60))
def test_who_judges_is_always_enough_and_confirmed_in_whole(partly, n):
    entries = [entry(k, same_as=k // 2 * 2, audited=k % 7 == 0, whole=k not in partly) for k in range(n)]
    try:
        splits = divide(entries, {})
    except Refused:
        return
    whole = sizes({each.document: splits[each.document] for each in entries if each.whole})
    assert all(whole[split] >= LEAST[split] for split in Split)
    assert set(splits) == set(range(n))
    # a group is judged by only if somebody confirmed one of its documents in whole
    for k in range(0, n - 1, 2):
        assert splits[k] == splits[k + 1]
        if k in partly and k + 1 in partly:
            assert splits[k] == Split.TRAIN


@pytest.mark.django_db
class TestStored:
    def corrected(self, document_type, n: int):
        return [
            make_truth(make_document(document_type, fingerprint=fingerprint_of(k), sha256=sha(k)))
            for k in range(n)
        ]

    def test_the_same_corrections_are_the_same_snapshot(self):
        document_type = make_type()
        self.corrected(document_type, 20)
        one, other = snapshots.take(document_type), snapshots.take(document_type)
        assert one == other
        assert Snapshot.objects.count() == 1
        assert [correction for correction, _ in one.items] == sorted(
            correction for correction, _ in one.items
        )

    def test_a_changed_correction_is_another_snapshot_with_the_same_split(self):
        document_type = make_type()
        truths = self.corrected(document_type, 20)
        before = snapshots.take(document_type)
        anew = make_truth(truths[3].document, {"total": "12.90"})
        after = snapshots.take(document_type)
        assert after.hash != before.hash
        splits = dict(before.items)
        splits[anew.pk] = splits.pop(truths[3].pk)
        assert dict(after.items) == splits

    def test_another_schema_is_another_snapshot(self):
        document_type = make_type()
        self.corrected(document_type, 12)
        before = snapshots.take(document_type)
        document_type.fields = document_type.fields[:2]
        document_type.save()
        assert snapshots.take(document_type).hash != before.hash

    def test_gold_is_remembered_over_a_snapshot_that_lacked_the_document(self):
        document_type = make_type()
        truths = self.corrected(document_type, 30)
        first = dict(snapshots.take(document_type).items)
        gold = next(truth for truth in truths if first[truth.pk] == Split.GOLD)
        document = gold.document
        type(document).objects.filter(pk=document.pk).update(truth=None)
        snapshots.take(document_type)
        anew = make_truth(document)
        assert dict(snapshots.take(document_type).items)[anew.pk] == Split.GOLD

    def test_examples_have_the_words_and_the_answers_of_fields_that_still_exist(self):
        document_type = make_type(
            fields=[{"name": "total", "kind": "money"}, {"name": "date", "kind": "date"}]
        )
        document_type.fields = document_type.fields[:1]
        truths = self.corrected_with(document_type, 12)
        examples = snapshots.examples(snapshots.take(document_type))
        found = [example for split in Split for example in examples[split]]
        assert {example.key for example in found} == {str(truth.document_id) for truth in truths}
        for example in found:
            assert example.pages[0].text == "ACME LTD Date 01/02/2024 Total 12.90"
            assert [answer.field for answer in example.answers] == ["total"]
            assert isinstance(example.answers[0], Answer)

    def test_what_nobody_confirmed_is_no_answer_and_judges_nothing(self):
        document_type = make_type()
        truths = self.corrected(document_type, 40)
        gold = [pk for pk, split in snapshots.take(document_type).items if split == Split.GOLD]
        outcomes = {"company": "assumed", "date": "accepted", "total": "edited"}
        again = [make_truth(truth.document, outcomes=outcomes) for truth in truths if truth.pk in gold[:3]]
        new = [
            make_truth(make_document(document_type, fingerprint=fingerprint_of(k)), outcomes=outcomes)
            for k in range(100, 110)
        ]
        snapshot = snapshots.take(document_type)
        examples = snapshots.examples(snapshot)
        splits = dict(snapshot.items)
        assert {splits[truth.pk] for truth in again} == {Split.GOLD}  # for ever, though they can't judge now
        assert {splits[truth.pk] for truth in new} == {Split.TRAIN}
        judging = [*examples[Split.GOLD], *examples[Split.VALIDATION]]
        assert not any(example.unconfirmed for example in judging)
        assert not {str(truth.document_id) for truth in again} & {example.key for example in judging}
        partly = [example for example in examples[Split.TRAIN] if example.unconfirmed]
        assert {example.key for example in partly} == {str(truth.document_id) for truth in new}
        for example in partly:
            assert example.unconfirmed == {"company"}
            assert {answer.field for answer in example.answers} == {"date", "total"}

    def test_what_is_in_doubt_is_neither_learned_from_nor_calibrated_on_and_gold_judges_as_before(self):
        document_type = make_type()
        self.corrected(document_type, 40)
        snapshot = snapshots.take(document_type)
        first = {split: next(pk for pk, of in snapshot.items if of == split) for split in Split}
        before = snapshots.examples(snapshot)
        after = snapshots.examples(snapshot, [(pk, "total", "47.20") for pk in first.values()])
        assert after[Split.GOLD] == before[Split.GOLD]
        assert after[Split.VALIDATION] == before[Split.VALIDATION][1:]
        assert after[Split.TRAIN][1:] == before[Split.TRAIN][1:]
        masked = after[Split.TRAIN][0]
        assert masked.unconfirmed == {"total"}
        assert {answer.field for answer in masked.answers} == {"company", "date"}
        (said,) = [answer for answer in before[Split.TRAIN][0].answers if answer.field == "total"]
        assert masked.doubted == (said, Answer("total", "47.20"))

    def test_doubts_never_leave_too_few_documents_to_calibrate_on(self):
        document_type = make_type()
        self.corrected(document_type, 20)
        snapshot = snapshots.take(document_type)
        calibrating = [pk for pk, split in snapshot.items if split == Split.VALIDATION]
        doubts = [(pk, "total", "") for pk in calibrating]
        before, after = snapshots.examples(snapshot), snapshots.examples(snapshot, doubts)
        assert after[Split.VALIDATION] == before[Split.VALIDATION]
        left = snapshots.examples(snapshot, doubts[:1])[Split.VALIDATION]
        assert len(left) == len(calibrating) - 1 >= 2

    def corrected_with(self, document_type, n: int):
        return [
            make_truth(
                make_document(document_type, fingerprint=fingerprint_of(k)),
                {"total": "12.90", "date": "01/02/2024"},
            )
            for k in range(n)
        ]

    def test_examples_are_read_with_few_queries(self, django_assert_max_num_queries):
        document_type = make_type()
        self.corrected(document_type, 25)
        snapshot = snapshots.take(document_type)
        with django_assert_max_num_queries(3):
            snapshots.examples(snapshot)
