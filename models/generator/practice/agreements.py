"""Agreements: prose over one to three pages with parties, a date, a law that governs, a term, and signatures."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from models.extractors.base import Example
from models.generator.practice import clauses
from models.generator.practice.names import LANDS, Land, digits, firm_name, person
from models.generator.practice.noise import Wear, finish
from models.generator.practice.paper import Mark, Paper, Run, Style, Text, runs_of, value, wrapped
from models.generator.practice.receipt_parts import address_lines
from models.generator.practice.values import day, write_date

FORMS = ("%B %-d, %Y",) * 6 + (
    "%-d %B %Y",
    "%b %-d, %Y",
    "%m/%d/%Y",
    "%-m/%-d/%y",
    "%B %-d %Y",
    "%d %B, %Y",
    "%m-%d-%Y",
)
SHORT = (
    "Company",
    "Recipient",
    "Disclosing Party",
    "Receiving Party",
    "Executive",
    "Consultant",
    "Employee",
    "Client",
    "Provider",
    "Investor",
    "Buyer",
    "Seller",
)


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


def _term(rng: random.Random) -> str:
    number = rng.choice((1, 1, 2, 2, 2, 3, 3, 5, 5, 4, 7, 10))
    unit = "year"
    if rng.random() < 0.25:
        number, unit = rng.choice((6, 12, 18, 18, 24, 36, 60)), "month"
    words = clauses.NUMBERS[number]
    text = rng.choice(
        (f"{words} ({number})", f"{words} ({number})", f"{number}", words, f"{words.upper()} ({number})")
    )
    return f"{text} {unit}{'s' if number > 1 else ''}"


def _side(land: Land, rng: random.Random, *, natural: bool, law: str) -> Side:
    state = rng.choice([each for each in clauses.STATES if each != law])
    name = person(land, rng) if natural else firm_name(land, rng, formal=0.97)
    return Side(
        name, rng.choice(SHORT), state, tuple(land.address(rng)), "" if natural else person(land, rng)
    )


def agreement(key: str, rng: random.Random) -> Example:
    """One agreement, as a contract with a preamble or as a letter."""
    land = LANDS[rng.choice(("us",) * 8 + ("gb", "sg", "au"))]
    law = rng.choice(clauses.STATES if land.name == "us" or rng.random() < 0.4 else clauses.ABROAD)
    size = rng.uniform(9.5, 15)
    style = Style(
        size,
        rng.uniform(0.75, 0.95),
        rng.random() < 0.15,
        rng.choice((1.1, 1.15, 1.25, 1.5)),
        rng.uniform(0.8, 1.1),
    )
    width, height = rng.choice(((623.0, 882.0), (827.0, 1170.0), (850.0, 1100.0)))
    paper = Paper(rng, width, height, rng.uniform(5, 90), style)
    natural = rng.random() < 0.3
    sides = [_side(land, rng, natural=False, law=law), _side(land, rng, natural=natural, law=law)]
    if rng.random() < 0.08:
        sides.append(_side(land, rng, natural=False, law=law))
    if rng.random() < 0.4:
        sides.reverse()
    deed = Deed(
        paper, rng, rng.choice(clauses.TITLES), sides, day(rng) - timedelta(days=rng.randint(0, 4000)), rng.choice(FORMS), law,
        _term(rng) if rng.random() < 0.6 else "", rng.random() < 0.6, rng.choice((0.0, 0.0, 30.0, 45.0)),
    )  # fmt: skip
    if rng.random() < 0.5:
        paper.line(
            rng.choice(("EX-10.## # dex10##.htm ", "EX-99.# ", "Exhibit 10.## ", "EXHIBIT D ", "Page 1 of #"))
            .replace("##", digits("##", rng))
            .replace("#", digits("#", rng))
            + rng.choice(("", deed.title.upper()))
        )
    (_letter if rng.random() < 0.2 else _preamble)(deed)
    _body(deed)
    _signatures(deed)
    return finish(key, paper, Wear.draw(rng, upper=0.02), rng)


def _write(deed: Deed, text: Text, *, indent: float = 0.0, gap: float = 0.6) -> None:
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


def _described(deed: Deed, side: Side) -> list[Run | str]:
    """A party as a preamble names it: what it is, where it sits, what it is called from here on."""
    rng = deed.rng
    text: list[Run | str] = [deed.party(side)]
    if side.signer:
        text.append(
            rng.choice(
                (
                    ", a {} corporation",
                    ", a {} corporation",
                    ", a corporation organized under the laws of {}",
                    " (a {} company)",
                    ", a {} limited liability company",
                    "",
                )
            ).format(side.state)
        )
    else:
        text.append(rng.choice(("", ", an individual", ", an individual residing in " + side.state)))
    if rng.random() < 0.4:
        place = Mark("company_address")
        text += [
            rng.choice(
                (
                    ", with offices at ",
                    ", having its principal place of business at ",
                    ", located at ",
                    " whose address is ",
                )
            ),
            Run(", ".join(side.address), place),
        ]
    if rng.random() < 0.85:
        called = deed.quoted(side.short)
        text.append(
            rng.choice(
                (
                    f" ({called})",
                    f" (the {called})",
                    f" (hereinafter {called})",
                    f" (together with its affiliates, {called})",
                )
            )
        )
    return text


def _preamble(deed: Deed) -> None:
    rng, paper = deed.rng, deed.paper
    paper.feed(rng.choice((0, 1, 3)))
    title = Run(deed.title.upper() if rng.random() < 0.7 else deed.title, Mark("title"))
    paper.line(title, align=rng.choice("cccl"), scale=rng.choice((1.0, 1.0, 1.3)))
    paper.feed(rng.choice((0.5, 1, 2)))
    if rng.random() < 0.12:  # a sheet with labels instead of prose
        for name, text in (
            ("Effective Date", deed.date()),
            ("Party A", deed.party(deed.sides[0])),
            ("Party B", deed.party(deed.sides[1])),
        ):
            _write(deed, [name, rng.choice((": ", ":  ")), *runs_of(text)], gap=0.2)
        return
    named = value("title", deed.title) if rng.random() < 0.7 else Run("Agreement")
    text: list[Run | str] = [
        "This " if rng.random() < 0.8 else "THIS ",
        named,
        f" ({rng.choice(('the ', 'this ', ''))}{deed.quoted('Agreement')})" if rng.random() < 0.7 else "",
    ]
    dated = rng.random() < 0.85
    if dated:
        text += [
            rng.choice(
                (
                    " is made and entered into as of ",
                    " is made effective as of ",
                    ", dated as of ",
                    " is entered into on ",
                    ", effective ",
                    " is made this ",
                    " is dated ",
                    " is entered into and effective as of the ",
                )
            ),
            *runs_of(deed.date()),
        ]
        text.append(rng.choice(("", f" (the {deed.quoted('Effective Date')})", "")))
    else:
        text.append(rng.choice((" is entered into", " is made")))
    text.append(
        rng.choice((" by and between ", ", by and between ", " between ", " by and among ", ", among "))
    )
    for index, side in enumerate(deed.sides):
        if index:
            text.append(
                rng.choice((" and ", ", and ", ", on the one hand, and "))
                if index == len(deed.sides) - 1
                else ", "
            )
        text += _described(deed, side)
    _write(deed, [*text, "."], indent=deed.indent)
    for _ in range(rng.choice((0, 1, 2, 3))):
        other = (
            f"Whereas, pursuant to an agreement dated {write_date(deed.day - timedelta(days=rng.randint(20, 900)), '%B %-d, %Y')}, "
            if rng.random() < 0.2
            else rng.choice(("WHEREAS, ", "Whereas, "))
        )
        _write(deed, other + clauses.sentence(rng), indent=deed.indent)
    if rng.random() < 0.6:
        _write(
            deed,
            rng.choice(
                (
                    "NOW, THEREFORE, the parties agree as follows:",
                    "In consideration of the mutual covenants herein, the parties agree as follows:",
                    "It is hereby agreed as follows:",
                )
            ),
            indent=deed.indent,
        )


def _letter(deed: Deed) -> None:
    """A letter of one party to the other; its date is that of the letter."""
    rng, paper = deed.rng, deed.paper
    sender, other = deed.sides[:2]
    align = rng.choice("cl")
    paper.line(deed.party(sender), align=align)
    for line in address_lines(sender.address, 50, rng):
        paper.line(line, align=align)
    paper.feed()
    paper.line(value("date", write_date(deed.day, deed.form)))
    paper.feed()
    paper.line(deed.party(other))
    for line in address_lines(other.address, 50, rng, "customer_address"):
        paper.line(line)
    if rng.random() < 0.5:
        paper.line(["Attention: ", person(LANDS["us"], rng)])
    paper.feed()
    paper.line(value("title", deed.title), align="c")
    paper.feed(0.6)
    _write(
        deed,
        rng.choice(("Ladies and Gentlemen:", "Dear Sirs:", f"Dear {other.name.split()[0]}:", "Gentlemen:")),
    )
    _write(
        deed,
        [
            "In connection with your interest in a possible transaction with ",
            deed.party(sender),
            f" ({deed.quoted('we')} or the {deed.quoted('Company')}), {clauses.sentence(rng)[0].lower()}{clauses.sentence(rng)[1:]}",
        ],
        indent=deed.indent,
    )


def _law(deed: Deed) -> list[Run | str]:
    rng = deed.rng
    law = value("jurisdiction", deed.law)
    state = (
        rng.choice(("the State of ", "the State of ", "the state of ", ""))
        if deed.law in clauses.STATES
        else ""
    )
    if deed.law in ("Massachusetts", "Pennsylvania", "Virginia", "Kentucky"):
        state = "the Commonwealth of "
    text: list[Run | str] = [
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


def _duration(deed: Deed) -> list[Run | str]:
    rng = deed.rng
    before, after = rng.choice((
        ("This Agreement shall remain in effect for a period of ", " from the Effective Date."), ("The term of this Agreement is ", " from the date hereof."), ("The obligations of confidentiality shall survive for ", " after the date of disclosure."),
        ("This Agreement expires ", " after its date unless extended in writing."), ("The Recipient's duties under this Agreement continue for ", " following the last disclosure."), ("This Agreement shall terminate on the date that is ", " after the date first written above."),
        ("For a period of ", " from the date of this Agreement, the parties are bound by its terms."), ("Unless terminated earlier, the term of this Agreement shall be ", ", beginning with the Effective Date."),
    ))  # fmt: skip
    return [before, value("term", deed.term), after]


def _body(deed: Deed) -> None:
    """Numbered sections, most of them of no account."""
    rng = deed.rng
    sections: list[tuple[str, list[Run | str]]] = [
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
        other = _term(rng)
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
        around: list[Run | str] = []
        if rng.random() < 0.4:
            around = [" ", clauses.sentence(rng)]
        if apart:
            _write(deed, lead + name.upper(), gap=0.2)
            _write(deed, [*text, *around], indent=deed.indent)
        else:
            _write(deed, [lead, f"{name}. " if headed else "", *text, *around], indent=deed.indent)


def _signatures(deed: Deed) -> None:
    """Who signs, side by side or one beneath the other."""
    rng, paper = deed.rng, deed.paper
    if rng.random() < 0.12:
        return
    if rng.random() < 0.7:
        _write(
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
    lines: list[Text] = [
        rng.choice(
            ("By: ____________________", "Signature: ______________", ["/s/ ", hand], ["By: /s/ ", hand])
        )
    ]
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
