"""`python -m benchmarks` (`make bench`): measures section by section, keeps every row, and writes `RESULTS.md` from all of them."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import replace

from benchmarks import alignment, extraction, memory, own_reading, rehearsal, report, rotated, sections, speed
from benchmarks.contenders import CONTENDERS, CONVERGED, DEFAULT, Contender
from benchmarks.options import parser
from benchmarks.packs import ALL, PACKS, Divided, Pack, divide, divide_by_layout, rotate, with_pages
from benchmarks.results import INVOCATIONS, Results, provenance
from benchmarks.sections import Measured, say, section
from models import grouping
from models.errors import DocloopError
from models.extractors.base import Progress

INTERRUPTED = 130  # what shells answer for a program that Ctrl-C ended


def main(arguments: Sequence[str]) -> int:
    given = parser(tuple(SECTIONS)).parse_args(arguments)
    results = Results(given.results)
    ended = 0
    try:
        if not given.report_only:
            _measure(given, results, shlex.join(["python", "-m", "benchmarks", *arguments]))
    except DocloopError as problem:
        say(str(problem))
        ended = 1
    except KeyboardInterrupt:
        say("stopped; what was measured so far is kept")
        ended = INTERRUPTED
    given.write.write_text(report.written(results), encoding="utf-8")
    say(f"{given.write} written")
    return ended


def _measure(given: argparse.Namespace, results: Results, command: str) -> None:
    if not given.data.is_dir():
        raise DocloopError(
            f"{given.data} is no folder: give the one that holds the packs "
            f"({', '.join(f'{name}/train' for name in PACKS)}) with --data FOLDER, or make bench DATA=FOLDER"
        )
    import torch

    torch.set_num_threads(given.threads)
    origin = provenance(command, given.threads)
    began = time.perf_counter()
    asked = list(given.only or SECTIONS)
    for name in asked:
        with redirect_stdout(sys.stderr):  # libraries print what they like
            for key, row in SECTIONS[name](given, results):
                results.keep(KEPT_IN.get(name, name), key, row, origin)
    minutes = (time.perf_counter() - began) / 60
    results.keep(INVOCATIONS, f"{origin.date} {command}", {"sections": asked, "minutes": minutes}, origin)


def _extraction(given: argparse.Namespace, results: Results) -> Measured:
    for pack in (PACKS[name] for name in given.packs):
        yield from _compared(
            given, results, "extraction", pack, _divided(given, pack), _asked(given), pack.sizes
        )


def _retraining(given: argparse.Namespace, results: Results) -> Measured:
    pack = PACKS["sroie"]
    pair = [CONTENDERS[DEFAULT], CONTENDERS[CONVERGED]]
    yield from _compared(given, results, "extraction", pack, _divided(given, pack), pair, ("100",))


def _image(given: argparse.Namespace, results: Results) -> Measured:
    pack = PACKS["sroie"]
    divided = _divided(given, pack)
    documents = divided.test + grouping.flat(divided.pool)
    pages_of = own_reading.read_all(documents, given.work, threads=given.threads, say=say)
    read = with_pages(divided, pages_of)
    pair = [CONTENDERS[DEFAULT], CONTENDERS["crf"]]
    yield from _compared(given, results, "image", pack, read, pair, (ALL,))


def _layouts(given: argparse.Namespace, results: Results) -> Measured:
    pack = PACKS["adbuy"]
    divided = divide_by_layout(given.data, pack)
    say(f"{pack.name}: {len(divided.test)} documents of layouts that no training sees")
    pair = [CONTENDERS[DEFAULT], CONTENDERS["crf"]]
    yield from _compared(given, results, "layouts", pack, divided, pair, ("50", ALL))


def _rotated(given: argparse.Namespace, results: Results) -> Measured:
    for pack in (PACKS[name] for name in given.packs):
        rotations = rotate(given.data, pack, rotated.TIMES)
        for seed in given.seeds:
            yield (
                f"{pack.name}/{DEFAULT}/{rotated.SIZE}/{seed}",
                rotated.measure(
                    pack,
                    rotations,
                    CONTENDERS[DEFAULT],
                    seed=seed,
                    threads=given.threads,
                    say=say,
                    on_progress=_told(),
                ),
            )


def _memory(given: argparse.Namespace, results: Results) -> Measured:
    yield from memory.measure(given.data, threads=given.threads, say=say)


def _speed(given: argparse.Namespace, results: Results) -> Measured:
    asked = [each for each in _asked(given) if each.learns and each.there]
    for pack in (PACKS[name] for name in given.packs):
        yield from speed.measure(
            pack, _divided(given, pack), asked, threads=given.threads, say=say, on_progress=_told()
        )


def _reading(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import reading

    say(f"reading: {given.pages} generated scans and {given.pages} receipts")
    began = time.perf_counter()
    measured = list(
        reading.measure(
            given.data,
            count=given.pages,
            seed=given.seeds[0],
            threads=given.threads,
            weights=given.doctr_weights,
        )
    )
    told = {"report": reading.report(measured), "goals": reading.goals(measured)}
    yield "reading", section(measured, began) | told


def _inference(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import inference

    for pack in given.packs:
        began = time.perf_counter()
        measured = list(inference.measure(given.data, [pack], threads=given.threads, say=say))
        yield pack, section(measured, began) | {"report": inference.report(measured)}


def _forecast(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import forecast, forecast_real

    began = time.perf_counter()
    parts = _parts(given)
    real = list(forecast_real.measure(given.data, given.work, threads=given.threads, parts=parts, say=say))
    told = {"report": forecast_real.report(real), "goals": forecast_real.goals(real)}
    yield "real", section(real, began) | told
    began = time.perf_counter()
    measured = list(forecast.measure(seed=given.seeds[0], say=say))
    yield "forecast", section(measured, began) | {"report": forecast.report(measured)}


def _rehearse(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import rehearsal_goals

    parts = _parts(given)
    measured = dict(results.rows("rehearse"))
    for key, row in rehearsal.measure(given.data, given.work, threads=given.threads, parts=parts, say=say):
        measured[key] = row
        yield key, row
        if lines := rehearsal_goals.goals(measured):
            yield "goals", {"goals": lines, "report": rehearsal_goals.WHERE}


def _live(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import live_queue

    began = time.perf_counter()
    followed, teams = live_queue.measure(threads=given.threads, say=say)
    minutes = (time.perf_counter() - began) / 60
    told = {"report": live_queue.report(followed, teams), "goals": live_queue.goals(followed, teams)}
    yield "live", {"followed": followed, "teams": teams, "minutes": minutes} | told


def _annotator(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import annotator

    began = time.perf_counter()
    row = annotator.measure(threads=given.threads, say=say)
    minutes = (time.perf_counter() - began) / 60
    yield (
        "annotator",
        row | {"minutes": minutes, "report": annotator.report(row), "goals": annotator.goals(row)},
    )


def _labels(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import label_quality

    began = time.perf_counter()
    say(f"label quality: {', '.join(given.packs)}")
    each = label_quality.labels(given.data, given.packs, threads=given.threads, seed=given.seeds[0])
    for pack, measured in zip(given.packs, each, strict=True):
        yield pack, section(measured, began) | {"report": label_quality.told_of_labels(measured)}
        began = time.perf_counter()


def _pages(given: argparse.Namespace, results: Results) -> Measured:
    from benchmarks import pages

    began = time.perf_counter()
    found = pages.measure(threads=given.threads, say=say)
    minutes = (time.perf_counter() - began) / 60
    yield "pages", found | {"minutes": minutes, "report": pages.report(found), "goals": pages.goals(found)}


def _alignment(given: argparse.Namespace, results: Results) -> Measured:
    for pack in given.packs:
        began = time.perf_counter()
        measured = list(alignment.measure(given.data, [pack], say=say))
        yield pack, section(measured, began) | {"report": alignment.report(measured)}


SECTIONS: dict[str, Callable[[argparse.Namespace, Results], Measured]] = {
    "extraction": _extraction,
    "retraining": _retraining,
    "speed": _speed,
    "inference": _inference,
    "image": _image,
    "layouts": _layouts,
    "rotated": _rotated,
    "memory": _memory,
    "reading": _reading,
    "alignment": _alignment,
    "routing": sections.routing,
    "canary": sections.canary,
    "drift": sections.drift,
    "selection": sections.selection,
    "audit": sections.audit,
    "labels": _labels,
    "probes": sections.probes,
    "accept": sections.accept,
    "live": _live,
    "rehearse": _rehearse,
    "forecast": _forecast,
    "pages": _pages,
    "annotator": _annotator,
}
KEPT_IN = {"retraining": "extraction"}  # the same kind of rows, compared with them


def _compared(
    given: argparse.Namespace,
    results: Results,
    section: str,
    pack: Pack,
    divided: Divided,
    contenders: Sequence[Contender],
    sizes: Sequence[str],
) -> Measured:
    """Rows of these contenders; with --missing only those that no earlier run has kept for this very test."""
    there = {key for key, row in results.rows(section).items() if row["test"] == divided.hash}
    plan = extraction.Plan(pack, contenders, given.sizes or sizes, given.seeds, given.threads)
    yield from extraction.measure(
        plan, divided, lambda key: not (given.missing and key in there), say, _told()
    )


def _parts(given: argparse.Namespace) -> list[rehearsal.Part]:
    most = given.rehearsal_seeds
    return [
        replace(part, seeds=min(part.seeds, most)) if most else part
        for part in rehearsal.PARTS
        if part.pack in given.packs and (not given.parts or part.key in given.parts)
    ]


def _divided(given: argparse.Namespace, pack: Pack) -> Divided:
    divided = divide(given.data, pack, given.held_back)
    say(
        f"{pack.name}: {len(divided.test)} documents held back, {len(grouping.flat(divided.pool))} to draw from"
    )
    return divided


def _asked(given: argparse.Namespace) -> list[Contender]:
    if given.extractors:
        return [CONTENDERS[name] for name in given.extractors]
    return [each for each in CONTENDERS.values() if each.usual]


def _told() -> Callable[[Progress], None]:
    """A line for every epoch that was validated."""

    def on_progress(progress: Progress) -> None:
        if progress.figures:
            figures = ", ".join(f"{name} {value:.3f}" for name, value in progress.figures.items())
            say(f"  {progress.stage}, epoch {progress.epoch} of {progress.epochs}: {figures}")

    return on_progress


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
