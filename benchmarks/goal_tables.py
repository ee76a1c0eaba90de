"""Figures and goals that sections of the benchmark tell themselves, and which sections those are: one table a subject."""

from __future__ import annotations

from benchmarks.packs import ALL

# what `benchmarks.reading` measures; its rows may bring a list of `goals` with these fields of `Goal`
READING = (
    (
        "file to extraction with OCR, 2 cores",
        "≥ 1.3 × the pages/s of RapidOCR called in a plain loop, same words found (± 0.5 %)",
    ),
    ("born-digital PDF to extraction", "≥ 25 pages/s"),
)

# what is measured of choosing documents and of the people who label them: rows of the sections in `CHOOSING_IN` bring
# a list of `goals` with the fields of `Goal`; a figure that none brings is not measured yet. Name → figure, goal
CHOOSING: dict[str, tuple[str, str]] = {
    "person-seconds": (
        "person-seconds to 95 % of the F1 of all receipts labelled by hand, 5 seeds, median",
        "≤ 1/10 of random order without pre-annotation",
    ),
    "person-seconds, selective": (
        "the same, people asked only for fields that are less sure than 0.9 (an option of a type)",
        "≤ 1/10 of random order without pre-annotation",
    ),
    "documents": ("documents to the same F1", "≤ 1/2 of random order with pre-annotation"),
    "other libraries": (
        "the same against modAL's uncertainty and ranked-batch sampling, scikit-activeml's and small-text's best",
        "better than each",
    ),
    "a million": ("choosing 100 of 1,000,000 scored documents, 384-d, 2 cores", "≤ 5 s, ≤ 3 GB"),
    "ranked batch": (
        "choosing 100 of 10,000 against modAL's ranked batch",
        "≥ 50 × faster, mean uncertainty and mean nearest-neighbour distance no worse",
    ),
    "live": (
        "correction submitted in Label Studio → pool of 10,000 re-ranked and queue updated",
        "≤ 5 s, p95",
    ),
    "audit": ("95 % intervals of the audit estimate contain the truth, 200 replays", "93–97 %"),
    "blind annotator": ("an annotator who accepts blindly is found", "within 40 probes, false alarm < 5 %"),
    "forecast": (
        "95 % intervals of the forecast hold what more corrections brought, replays of real rehearsals",
        "≥ 93 %",
    ),
    "accept": ("documents accepted unseen keep their target error, 95 % promised", "≥ 95 % of replays"),
    "accept watch": (
        "auto-accept gives itself up: good models wrongly, bad ones found",
        "≤ 5 % wrongly over 2,000 looks, ≥ 95 % of models three times over the target",
    ),
    "team": ("five annotators at once: share of the top k uncertain among the first k labelled", "≥ 0.9"),
}
# what `benchmarks.annotator` measures of a person at Label Studio's page
ANNOTATING: dict[str, tuple[str, str]] = {
    "right": ("a document that is right", "≤ 1 key"),
    "wrong": ("a wrong value", "≤ 1 click, and typing"),
    "missing": ("a missing field", "≤ 1 key and 1 drag"),
    "moved": ("a wrong place", "1 drag, and the text follows"),
    "followed": ("the text of a moved box is read anew", "≤ 500 ms after the drag, p95"),
    "filled in": ("the text of a drawn box is filled in", "≤ 500 ms after the drag, p95"),
    "next task": ("the next document is shown", "≤ 1 s after Submit, p95, 2 cores"),
}
CHOOSING_IN = ("selection", "audit", "live", "rehearse", "forecast", "labels", "probes", "accept")


# what is measured of pages, in rows of the sections in `SEEN_IN`, likewise
SEEN: dict[str, tuple[str, str]] = {
    "pages": (
        "slowest page (p95) with 1,000,000 documents, 200,000 corrections, 50 versions, 2 cores",
        "≤ 200 ms",
    ),
    "queries": ("most queries of a page", "≤ 15"),
    "paint": ("first paint, empty cache, the slowest page", "≤ 1000 ms"),
    "weight": ("heaviest page with all it needs, empty cache", "≤ 500 kB"),
}
SEEN_IN = ("pages",)


# what is measured of a mixed stream that changes, in rows of the sections in `STREAM_IN`, likewise
STREAM: dict[str, tuple[str, str]] = {
    "routing, ten": ("routing accuracy on mixed packs, 10 documents a type", "≥ 0.97"),
    "routing": (f"routing accuracy on mixed packs, {ALL} documents a type", "≥ 0.99"),
    "unknown": (
        "a held-back type (sroie, adbuy, nda in turn) is called unknown; of the known ones",
        "≥ 0.95; ≤ 0.02",
    ),
    "routing speed": ("routing speed, words given", "≥ 300 pages/s"),
    "canary, worse": (
        "canary: a challenger 3 points worse is stopped before 200 documents of harm",
        "≥ 19 of 20",
    ),
    "canary, better": ("canary: one 3 points better is promoted", "≥ 17 of 20"),
    "canary, no better": ("canary: one that is no better is promoted", "≤ 5 %"),
    "drift, found": (
        "drift: a generated new template mixed in at 20 % is found within 100 documents",
        "≥ 19 of 20 seeds",
    ),
    "drift, false": ("false alarms on a stable stream of 10,000 documents", "≤ 1 of 20 seeds"),
    "drift, labels": (
        "after the alarm: labels until the F1 on the new template is within 0.02 of the old ones",
        "≤ 30, against random labelling in the same run",
    ),
}
STREAM_IN = ("routing", "canary", "drift")
