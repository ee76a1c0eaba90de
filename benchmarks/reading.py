"""How fast files are read and extracted, and how completely read: worn scans, real receipts, and born-digital PDFs.

Everybody reads the same files on the same cores, taking turns, several rounds; the middle one counts. Docloop goes on
to the extraction, by its default extractor, and is measured without that, too; its peers only read. Compared are runs
of letters and digits, each as often as it stands on the page, so that neither punctuation nor blanks around it count.
On generated pages the truth is what was printed; on receipts it is what people typed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import pypdfium2

from benchmarks import readers
from benchmarks.contenders import DEFAULT
from benchmarks.packs import PACKS, divide
from benchmarks.readers import PLAIN, File, Missing, Reader
from benchmarks.tables import table
from models import extractors, grouping
from models.alignment import PIECE
from models.errors import ReadingFailed
from models.generator import KINDS, generate
from models.packs import read_pack
from models.pages import Word
from models.values import normalise_text

ROUNDS = 3
LONG = 12  # pages of a long PDF
FEWEST_LONG = 4  # long PDFs: two for each of two workers
LEARNED = "25"  # receipts that the extractor learns from; weights do not change the time
DOCLOOP = "Docloop, from the uploaded file to the extraction"
READING = "Docloop, reading alone"
RECEIPTS = "sroie receipts"
BORN_DIGITAL = ("born-digital PDFs, 1 page", f"born-digital PDFs, {LONG} pages")


@dataclass(frozen=True, slots=True)
class Result:
    """One reader on one set of files; without figures, and with the reason, where it can't be had.

    Words are counted in pieces. `found` is as many as were found for each that RapidOCR's plain loop finds; the
    three shares are None where only speed is measured.
    """

    pages: str
    engine: str
    count: int
    seconds: float = 0.0  # a page, of the middle round
    slowest: float = 0.0  # a page, of the slowest round
    recall: float | None = None  # of the pieces that stand there
    precision: float | None = None  # of the pieces that were read
    found: float | None = None
    missing: str = ""
    cpu: float = (
        0.0  # seconds a page, of the middle round, of all processes; hardly depends on what else runs
    )

    def to_json(self) -> dict[str, Any]:  # mixed: names, figures
        return asdict(self)


def measure(data: Path, *, count: int, seed: int, threads: int, weights: Path | None) -> Iterator[Result]:
    """Everybody on `count` generated scans, `count` real receipts and PDFs; raises `ReadingFailed` without the pack.

    `weights` is a folder with docTR's. Nobody gets more than `threads` cores.
    """
    with tempfile.TemporaryDirectory() as name, _only(threads):
        folder = Path(name)
        extract = readers.extracting(_taught(data, folder / "model", threads), threads)
        scanned = {"generated scans": generated(count, seed, folder), RECEIPTS: receipts(data, count)}
        makers: dict[str, Callable[[], Reader]] = {
            PLAIN: lambda: readers.rapidocr_in_a_loop(threads),
            DOCLOOP: lambda: readers.docloop(threads, extract),
            READING: lambda: readers.docloop(threads, None),
            "tesseract, a process a page, as pytesseract calls it": lambda: readers.tesseract(threads),
        }
        try:
            with redirect_stdout(sys.stderr):  # docTR prints its downloads
                trained = readers.doctr(threads, weights)
            makers[readers.version("python-doctr")] = lambda: trained
        except ReadingFailed:
            untrained = f"{readers.version('python-doctr')}, untrained, for its speed alone"
            makers[untrained] = lambda: readers.untrained_doctr(threads)
        yield from _compared(makers, scanned)
        pdfs = dict(zip(BORN_DIGITAL, born_digital(count, seed, folder), strict=True))
        yield from _compared(
            {
                f"{readers.version('pypdfium2')} in a plain loop": readers.pdfium_in_a_loop,
                DOCLOOP: lambda: readers.docloop_without_ocr(threads, extract),
                READING: lambda: readers.docloop_without_ocr(threads, None),
            },
            pdfs,
        )


def _taught(data: Path, folder: Path, threads: int) -> Path:
    """The default extractor, taught some receipts, in `folder`."""
    divided = divide(data, PACKS["sroie"])
    learning, validation = (grouping.examples(each) for each in divided.labelled(LEARNED, 1))
    kind = extractors.named(DEFAULT)
    recipe = kind.settled({"seed": 1, "threads": threads})
    kind.fit(divided.schema, learning, validation, recipe=recipe, on_progress=lambda progress: None).save(
        folder
    )
    return folder


def generated(count: int, seed: int, folder: Path) -> list[File]:
    """`count` worn scans, the kinds in turn."""
    files = []
    for number in range(count):
        document = generate(KINDS[number % len(KINDS)], number // len(KINDS), seed, scan=True)
        path = folder / document.name
        path.write_bytes(document.content)
        files.append(File(path, document.pages[0].words))
    return files


def receipts(data: Path, count: int) -> list[File]:
    """`count` receipts of the pack that have an image, evenly spread over it."""
    found = [
        File(document.images[0], document.pages[0].words)
        for document in read_pack(data / "sroie" / "train")
        if document.images[0]
    ]
    return found[:: max(1, len(found) // count)][:count]


def born_digital(count: int, seed: int, folder: Path) -> tuple[list[File], list[File]]:
    """`count` PDFs of one page, and as many pages again (or more) in long ones."""
    short, long = [], []
    documents = [
        generate("invoice", number, seed, scan=False)
        for number in range(LONG * max(FEWEST_LONG, -(-count // LONG)))
    ]
    for number, document in enumerate(documents):
        path = folder / f"{number}.pdf"
        path.write_bytes(document.content)
        short.append(File(path, document.pages[0].words))
    for start in range(0, len(documents), LONG):
        whole = pypdfium2.PdfDocument.new()
        for file in short[start : start + LONG]:
            whole.import_pages(pypdfium2.PdfDocument(file.path))
        path = folder / f"long {start}.pdf"
        whole.save(path)
        words = tuple(word for file in short[start : start + LONG] for word in file.words)
        long.append(File(path, words, LONG))
    return short[:count], long


def pieces(words: Iterable[Word]) -> Counter[str]:
    """Runs of letters and digits in upper case, and how often each stands there."""
    return Counter(normalise_text(piece) for word in words for piece in PIECE.findall(word.text))


@contextmanager
def _only(cores: int) -> Iterator[None]:
    """This thread, and the threads and processes that it starts, run on so many cores."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[-cores:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _compared(makers: dict[str, Callable[[], Reader]], sets: dict[str, list[File]]) -> Iterator[Result]:
    """Readers in turn on each set, round by round."""
    made, missing = {}, {}
    for name, make in makers.items():
        try:
            made[name] = make()
        except Missing as reason:
            missing[name] = str(reason)
    for pages, files in sets.items():
        took: dict[str, list[float]] = {name: [] for name in made}
        cpu: dict[str, list[float]] = {name: [] for name in made}
        count = sum(file.pages for file in files)
        said: dict[str, list[list[Word]] | None] = {}
        for reader in made.values():
            reader(files[:1])  # the first reading warms up
        for _ in range(ROUNDS):
            for name, reader in made.items():
                began, before = time.perf_counter(), _cpu_seconds()
                said[name] = reader(files)
                took[name].append((time.perf_counter() - began) / count)
                cpu[name].append((_cpu_seconds() - before) / count)
        plain = said.get(PLAIN)
        for name, seconds in took.items():
            result = _result(pages, name, files, seconds, said=said[name], plain=plain)
            yield replace(result, cpu=median(cpu[name]))
        yield from (Result(pages, name, 0, missing=reason) for name, reason in missing.items())


def _cpu_seconds() -> float:
    """Of this process and all that it started, those that have ended too."""
    total = 0.0
    own = psutil.Process()
    for process in [own, *own.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):  # it has just ended, and counts among its parent's
            total += sum(process.cpu_times()[:4])  # user and system, its own and its children's
    return total


def _result(
    pages: str,
    name: str,
    files: Sequence[File],
    seconds: list[float],
    *,
    said: list[list[Word]] | None,
    plain: list[list[Word]] | None,
) -> Result:
    count = sum(file.pages for file in files)
    figures: dict[str, Any] = {}
    if said is not None:
        found, read = _found(said, files)
        figures["recall"] = found / sum(pieces(file.words).total() for file in files)
        figures["precision"] = found / max(1, read)
        if plain is not None:
            figures["found"] = found / max(1, _found(plain, files)[0])
    return Result(pages, name, count, median(seconds), max(seconds), **figures)


def _found(said: list[list[Word]], files: Sequence[File]) -> tuple[int, int]:
    """How many pieces were read rightly, and how many were read."""
    read = [pieces(words) for words in said]
    right = sum((each & pieces(file.words)).total() for each, file in zip(read, files, strict=True))
    return right, sum(each.total() for each in read)


def goals(results: Sequence[Result]) -> list[dict[str, Any]]:  # the fields of `benchmarks.goals.Goal`
    """The two goals of what takes a file to its extraction; none that was not measured."""
    rows = {(row.pages, row.engine): row for row in results if not row.missing}
    told = []
    ours, plain = rows.get((RECEIPTS, DOCLOOP)), rows.get((RECEIPTS, PLAIN))
    if ours and plain and ours.found is not None:
        faster = plain.seconds / ours.seconds
        told.append(
            {
                "figure": "file to extraction with OCR, 2 cores",
                "goal": "≥ 1.3 × the pages/s of RapidOCR called in a plain loop, same words found (± 0.5 %)",
                "measured": f"{faster:.2f} × ({1 / ours.seconds:.2f} pages/s), {100 * ours.found:.1f} % of its words found",
                "reached": faster >= 1.3 and ours.found >= 0.995,
                "peers": _peers(rows, RECEIPTS),
                "note": f"the peers only read; CPU seconds a page: {ours.cpu:.2f}, RapidOCR {plain.cpu:.2f}",
            }
        )
    born = [rows[pages, DOCLOOP] for pages in BORN_DIGITAL if (pages, DOCLOOP) in rows]
    if born:
        told.append(
            {
                "figure": "born-digital PDF to extraction",
                "goal": "≥ 25 pages/s",
                "measured": "; ".join(f"{_length(row.pages)}: {1 / row.seconds:.0f} pages/s" for row in born),
                "reached": all(1 / row.seconds >= 25 for row in born),
                "peers": "; ".join(
                    f"{_length(row.pages)}: {peers}" for row in born if (peers := _peers(rows, row.pages))
                ),
                "note": "the peers only read, without protection from what a file may hold; CPU seconds a page: "
                + ", ".join(f"{row.cpu:.3f}" for row in born),
            }
        )
    return told


def _length(pages: str) -> str:
    return pages.split(", ")[1]


def _peers(rows: Mapping[tuple[str, str], Result], pages: str) -> str:
    return ", ".join(
        f"{engine} {1 / row.seconds:.2f}" if row.seconds > 0.1 else f"{engine} {1 / row.seconds:.0f}"
        for (read, engine), row in rows.items()
        if read == pages and engine != DOCLOOP
    )


def report(results: Sequence[Result]) -> str:
    """One table; whoever can't be had is listed with the reason below it."""
    header = ["pages", "number", "engine", "pages/s", "slowest round", "CPU s a page", "recall %", "precision %", "found, % of plain loop"]  # fmt: skip
    body = [
        [
            row.pages,
            str(row.count),
            row.engine,
            *([""] * 3 if row.missing else [f"{1 / row.seconds:.2f}", f"{1 / row.slowest:.2f}", f"{row.cpu:.3f}"]),
            *("" if share is None else f"{100 * share:.1f}" for share in (row.recall, row.precision, row.found)),
        ]
        for row in results
    ]  # fmt: skip
    missing = {row.engine: row.missing for row in results if row.missing}
    notes = [f"{name} was not measured: {reason}" for name, reason in missing.items()]
    return "\n\n".join(
        [
            f"Words found, and pages a second (the middle of {ROUNDS} rounds, in turns), by whoever reads",
            table(header, body),
            *notes,
        ]
    )
