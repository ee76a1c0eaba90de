"""Calibration over tests that take turns."""

import json
from pathlib import Path

from benchmarks import rotated
from benchmarks.contenders import CONTENDERS
from benchmarks.packs import PACKS, rotate


def test_every_document_is_judged_once_by_a_model_that_has_not_seen_it(data: Path) -> None:
    rotations = rotate(data, PACKS["sroie"], 3)
    row = rotated.measure(
        PACKS["sroie"],
        rotations,
        CONTENDERS["crf"],
        seed=1,
        threads=1,
        say=lambda _: None,
        on_progress=lambda _: None,
    )
    assert row["figures"]["documents"] == 30
    assert row["tests"] == 3
    assert row["learned"] + row["validated"] == 20  # as many as there are, of the hundred
    report = rotated.report([json.loads(json.dumps(row))])
    assert "3 of together 30" in report
    calibrated = row["figures"]["fields"]["total"]["calibration"]["values"]
    assert f"{calibrated['error']:.3f} ({calibrated['count']}, chance" in report
