"""How many pages a second are extracted when their words are given: Docloop's default beside the others.

Weights do not change the time, so a model of few documents will do. Measured on all held-back documents, over and over
until it has taken long enough, after a first round that warms up. The CPU time of a page stands beside: unlike pages a
second it hardly depends on what else the machine has to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.contenders import Contender
from benchmarks.packs import Divided, Pack
from models import grouping
from models.extractors.base import OnProgress

SIZE = "25"  # documents that the models are trained on
LEAST_SECONDS = 10.0
AT_ONCE = 32  # documents: as many as the judging hands over

Row = dict[str, Any]  # JSON: names, counts, figures


def measure(
    pack: Pack,
    divided: Divided,
    contenders: Sequence[Contender],
    *,
    threads: int,
    say: Callable[[str], None],
    on_progress: OnProgress,
) -> Iterator[tuple[str, Row]]:
    """(key, row) of each contender; raises `TrainingFailed`."""
    learning, validation = divided.labelled(SIZE, 1)
    documents = [document.pages for document in divided.test]
    pages = sum(map(len, documents))
    for contender in contenders:
        say(f"speed: {pack.name}, {contender.shown}: training on {SIZE} documents")
        began = time.perf_counter()
        extract = contender.fit(
            divided.schema,
            grouping.examples(learning),
            grouping.examples(validation),
            {"seed": 1, "threads": threads},
            on_progress,
        )
        extract(documents[:AT_ONCE])
        rounds, seconds, before = 0, 0.0, time.process_time()
        while seconds < LEAST_SECONDS:
            started = time.perf_counter()
            for first in range(0, len(documents), AT_ONCE):
                extract(documents[first : first + AT_ONCE])
            seconds += time.perf_counter() - started
            rounds += 1
        busy = time.process_time() - before  # of all threads
        yield (
            f"{pack.name}/{contender.shown}",
            {
                "pack": pack.name,
                "extractor": contender.shown,
                "pages": pages,
                "words": sum(len(page.words) for each in documents for page in each),
                "rounds": rounds,
                "pages_per_second": rounds * pages / seconds,
                "cpu_ms": 1000 * busy / (rounds * pages),
                "minutes": (time.perf_counter() - began) / 60,
            },
        )
