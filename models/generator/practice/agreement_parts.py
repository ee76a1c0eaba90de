"""The parts of agreements: paragraphs, sections, signatures."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from models.generator.practice import clauses
from models.generator.practice.paper import Mark, Paper, Parts, Run, Text, runs_of, value, wrapped
from models.generator.practice.values import write_date


@dataclass(frozen=True, slots=True)
class Side:
    """A party: its name, what the text calls it, where it sits and who signs for it ("" if it is a person)."""

    name: str
    short: str
    state: str
    address: tuple[str, ...]
    signer: str


@dataclass(slots=True)
class Deed:
    """An agreement being written."""

    paper: Paper
    rng: random.Random
    title: str
    sides: list[Side]
    day: date
    form: str
    law: str
    term: str  # "" for none
    curly: bool
    indent: float

    def quoted(self, text: str) -> str:
        return f"“{text}”" if self.curly else f'"{text}"'

    def party(self, side: Side) -> Run:
        name = side.name.upper() if self.rng.random() < 0.15 else side.name
        return value("party", name)

    def date(self) -> Text:
        """The date of the agreement in words or figures."""
        rng = self.rng
        if rng.random() < 0.22:
            number = self.day.day
            ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
            mark = Mark("effective_date")
            return [
                Run(
                    f"{number}{ending} day of {self.day:%B}{rng.choice((', ', ' ', ', '))}{self.day.year}",
                    mark,
                )
            ]
        return value("effective_date", write_date(self.day, self.form))


def a_term(rng: random.Random) -> str:
    number = rng.choice((1, 1, 2, 2, 2, 3, 3, 5, 5, 4, 7, 10))
    unit = "year"
    if rng.random() < 0.25:
        number, unit = rng.choice((6, 12, 18, 18, 24, 36, 60)), "month"
    words = clauses.NUMBERS[number]
    text = rng.choice(
        (f"{words} ({number})", f"{words} ({number})", f"{number}", words, f"{words.upper()} ({number})")
    )
    return f"{text} {unit}{'s' if number > 1 else ''}"


def write(deed: Deed, text: Text, *, indent: float = 0.0, gap: float = 0.6) -> None:
    """A paragraph; a value that goes over the end of a line never goes over the end of a page."""
    paper = deed.paper
    lines = wrapped([Run("    " * bool(indent)), *runs_of(text)], paper.columns)
    for index, line in enumerate(lines):
        marks = {id(run.mark) for run in line if run.mark}
        following: Sequence[Run] = lines[index + 1] if index + 1 < len(lines) else ()
        shared = any(run.mark and id(run.mark) in marks for run in following)
        if not paper.room(3 if shared else 1):
            paper.turn()
        paper.line(line, indent=0.0)
    paper.feed(gap)


def _law(deed: Deed) -> Parts:
    rng = deed.rng
    law = value("jurisdiction", deed.law)
    state = (
        rng.choice(("the State of ", "the State of ", "the state of ", ""))
        if deed.law in clauses.STATES
        else ""
    )
    if deed.law in ("Massachusetts", "Pennsylvania", "Virginia", "Kentucky"):
        state = "the Commonwealth of "
    text: Parts = [
        rng.choice(("This Agreement shall be governed by and construed in accordance with the laws of ", "This Agreement is governed by the laws of ", "The validity and interpretation of this Agreement shall be governed by the internal laws of ", "This letter agreement shall be construed and enforced under the laws of ", "The governing law of this Agreement is that of ", "The laws of ")),
        state, law,
    ]  # fmt: skip
    if str(text[0]) == "The laws of ":
        text.append(" govern this Agreement")
    text.append(
        rng.choice(
            (
                ".",
                ", without regard to its conflict of laws principles.",
                " applicable to contracts made therein.",
                ", without giving effect to any choice of law rules.",
            )
        )
    )
    if rng.random() < 0.35:
        text += [
            " ",
            rng.choice(
                (
                    "Each party submits to the exclusive jurisdiction of the courts of ",
                    "Any action shall be brought in the state or federal courts located in ",
                )
            ),
            state,
            value("jurisdiction", deed.law),
            ".",
        ]
    return text


def _duration(deed: Deed) -> Parts:
    rng = deed.rng
    before, after = rng.choice((
        ("This Agreement shall remain in effect for a period of ", " from the Effective Date."), ("The term of this Agreement is ", " from the date hereof."), ("The obligations of confidentiality shall survive for ", " after the date of disclosure."),
        ("This Agreement expires ", " after its date unless extended in writing."), ("The Recipient's duties under this Agreement continue for ", " following the last disclosure."), ("This Agreement shall terminate on the date that is ", " after the date first written above."),
        ("For a period of ", " from the date of this Agreement, the parties are bound by its terms."), ("Unless terminated earlier, the term of this Agreement shall be ", ", beginning with the Effective Date."),
    ))  # fmt: skip
    return [before, value("term", deed.term), after]


def write_body(deed: Deed) -> None:
    """Numbered sections, most of them of no account."""
    rng = deed.rng
    sections: list[tuple[str, Parts]] = [
        (name, [clauses.paragraph(rng)]) for name in rng.sample(clauses.HEADINGS, rng.randint(1, 11))
    ]
    if rng.random() < 0.94:
        sections.insert(
            rng.randint(len(sections) // 2, len(sections)),
            (
                rng.choice(
                    (
                        "Governing Law",
                        "Applicable Law",
                        "Governing Law and Jurisdiction",
                        "Choice of Law",
                        "Miscellaneous",
                    )
                ),
                _law(deed),
            ),
        )
    if deed.term:
        sections.insert(
            rng.randint(0, len(sections)),
            (
                rng.choice(("Term", "Term and Termination", "Duration", "Survival", "Term of Agreement")),
                _duration(deed),
            ),
        )
    if rng.random() < 0.25:
        other = a_term(rng)
        if other.split()[-2:] != deed.term.split()[-2:]:
            sections.append(
                (
                    "Non-Solicitation",
                    [
                        f"During the employment and for {other} thereafter, {clauses.sentence(rng)[0].lower()}{clauses.sentence(rng)[1:]}"
                    ],
                )
            )
    numbered = rng.choice(("{}. ", "{}. ", "{}.0 ", "({}) ", "", "Section {}. ", "ARTICLE {} "))
    headed = rng.random() < 0.75
    apart = headed and rng.random() < 0.25
    for number, (name, text) in enumerate(sections, start=1):
        lead = numbered.format(number)
        around: Parts = []
        if rng.random() < 0.4:
            around = [" ", clauses.sentence(rng)]
        if apart:
            write(deed, lead + name.upper(), gap=0.2)
            write(deed, [*text, *around], indent=deed.indent)
        else:
            write(deed, [lead, f"{name}. " if headed else "", *text, *around], indent=deed.indent)


def write_signatures(deed: Deed) -> None:
    """Who signs, side by side or one beneath the other."""
    rng, paper = deed.rng, deed.paper
    if rng.random() < 0.12:
        return
    if rng.random() < 0.7:
        write(
            deed,
            rng.choice(
                (
                    "IN WITNESS WHEREOF, the parties have executed this Agreement as of the date first above written.",
                    "AGREED AND ACCEPTED:",
                    "Very truly yours,",
                    "The parties have signed this Agreement by their authorized representatives.",
                )
            ),
        )
    blocks = [_signature(deed, side) for side in deed.sides]
    if not paper.room(9):
        paper.turn()
    beside = rng.random() < 0.5 and len(blocks) == 2
    top = paper.y
    for index, block in enumerate(blocks):
        if not beside and not paper.room(len(block) + 1):
            paper.turn()
        x = paper.left + (paper.right - paper.left) * 0.5 * (index if beside else 0)
        if beside:
            paper.y = top
        for line in block:
            paper.put(line, x)
            paper.feed(1.1)
        paper.feed(0.8)


def _signature(deed: Deed, side: Side) -> list[Text]:
    rng = deed.rng
    hand: Run = value("signatory", side.signer) if side.signer else value("party", side.name)
    by = rng.choice(("By: ", "", "Signature: "))
    lines: list[Text] = [[by, "/s/ ", hand] if rng.random() < 0.4 else by + "_" * rng.randint(12, 24)]
    if side.signer:
        lines.insert(0, deed.party(side))
        lines.append([rng.choice(("Name: ", "", "Print Name: ")), value("signatory", side.signer)])
        lines.append(
            rng.choice(("Title: ", "Its: ", ""))
            + rng.choice(
                (
                    "President",
                    "Chief Executive Officer",
                    "Vice President",
                    "CFO",
                    "Managing Director",
                    "General Counsel",
                    "Secretary",
                )
            )
        )
    else:
        lines.append(deed.party(side))
    if rng.random() < 0.3:
        lines.append(
            rng.choice(
                (
                    "Date: ____________",
                    f"Date: {write_date(deed.day + timedelta(days=rng.randint(1, 9)), '%m/%d/%Y')}",
                )
            )
        )
    return lines
