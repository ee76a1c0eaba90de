"""What nobody confirmed has no target in the network's loss."""

import dataclasses

import numpy as np

from models.extractors.fields import labels_of
from models.extractors.layoutlm.bases import open_base
from models.extractors.layoutlm.material import prepared
from models.extractors.layoutlm.windows import IGNORED


def test_only_confirmed_values_have_a_target_where_a_field_is_unconfirmed(schema, receipts, tiny_base):
    _, tokenizer = open_base(str(tiny_base))
    partly = [
        dataclasses.replace(
            each,
            answers=tuple(answer for answer in each.answers if answer.field != "total"),
            unconfirmed=frozenset({"total"}),
        )
        for each in receipts[:6]
    ]
    whole = np.concatenate(prepared(schema, receipts[:6], tokenizer).targets)
    masked = np.concatenate(prepared(schema, partly, tokenizer).targets)
    labels = labels_of(schema)
    taught = {labels[number] for number in masked[masked != IGNORED]}
    assert taught == {label for label in labels if label.endswith(("-company", "-date"))} - {"I-date"}
    confirmed = masked != IGNORED
    assert np.array_equal(masked[confirmed], whole[confirmed])
