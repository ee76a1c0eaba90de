"""What a worker has ready before the first correction comes."""

import subprocess
import sys

import pytest

RANKING_AFTER_PRELOADING = """
import sys
import numpy as np
from webapp.celery import preload
preload()
ready = set(sys.modules)
from learner.strategies import Pool, named
random = np.random.default_rng(0)
def rows(n, wide):
    return random.random((n, wide), dtype=np.float32)
pool = Pool(rows(50, 3), rows(50, 4), rows(20, 3), rows(20, 4), np.arange(20) % 2)
assert len(named("mixed")(pool, 5, random)) == 5
late = {name for name in set(sys.modules) - ready if not name.startswith("learner")}
print(*sorted(name for name in late if name.partition(".")[0] in ("modAL", "torch", "sklearn", "scipy")))
"""


@pytest.mark.slow
def test_the_first_ranking_of_a_worker_waits_for_no_import():
    done = subprocess.run(
        [sys.executable, "-c", RANKING_AFTER_PRELOADING], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == []
