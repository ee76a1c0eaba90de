"""Agreements: prose over one to three pages with parties, a date, a law that governs, a term, and signatures."""

from __future__ import annotations

import random
from datetime import timedelta

from models.extractors.base import Example
from models.generator.practice import clauses
from models.generator.practice.addresses import address_lines
from models.generator.practice.agreement_parts import Deed, Side, a_term, write, write_body, write_signatures
from models.generator.practice.lands import LANDS, Land
from models.generator.practice.made_up import digits
from models.generator.practice.names import firm_name, person
from models.generator.practice.noise import Wear, finish
from models.generator.practice.paper import Mark, Paper, Parts, Run, Style, runs_of, value
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
        a_term(rng) if rng.random() < 0.6 else "", rng.random() < 0.6, rng.choice((0.0, 0.0, 30.0, 45.0)),
    )  # fmt: skip
    if rng.random() < 0.5:
        paper.line(
            rng.choice(("EX-10.## # dex10##.htm ", "EX-99.# ", "Exhibit 10.## ", "EXHIBIT D ", "Page 1 of #"))
            .replace("##", digits("##", rng))
            .replace("#", digits("#", rng))
            + rng.choice(("", deed.title.upper()))
        )
    (_letter if rng.random() < 0.2 else _preamble)(deed)
    write_body(deed)
    write_signatures(deed)
    return finish(key, paper, Wear.draw(rng, upper=0.02), rng)


def _described(deed: Deed, side: Side) -> Parts:
    """A party as a preamble names it: what it is, where it sits, what it is called from here on."""
    rng = deed.rng
    text: Parts = [deed.party(side)]
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
        for name, said in (
            ("Effective Date", deed.date()),
            ("Party A", deed.party(deed.sides[0])),
            ("Party B", deed.party(deed.sides[1])),
        ):
            write(deed, [name, rng.choice((": ", ":  ")), *runs_of(said)], gap=0.2)
        return
    named = value("title", deed.title) if rng.random() < 0.7 else Run("Agreement")
    text: Parts = [
        "This " if rng.random() < 0.8 else "THIS ",
        named,
        f" ({rng.choice(('the ', 'this ', ''))}{deed.quoted('Agreement')})" if rng.random() < 0.7 else "",
    ]
    dated = rng.random() < 0.85
    if dated:
        text += [
            rng.choice(clauses.DATED),
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
    write(deed, [*text, "."], indent=deed.indent)
    for _ in range(rng.choice((0, 1, 2, 3))):
        other = (
            f"Whereas, pursuant to an agreement dated {write_date(deed.day - timedelta(days=rng.randint(20, 900)), '%B %-d, %Y')}, "
            if rng.random() < 0.2
            else rng.choice(("WHEREAS, ", "Whereas, "))
        )
        write(deed, other + clauses.sentence(rng), indent=deed.indent)
    if rng.random() < 0.6:
        write(
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
    write(
        deed,
        rng.choice(("Ladies and Gentlemen:", "Dear Sirs:", f"Dear {other.name.split()[0]}:", "Gentlemen:")),
    )
    write(
        deed,
        [
            "In connection with your interest in a possible transaction with ",
            deed.party(sender),
            f" ({deed.quoted('we')} or the {deed.quoted('Company')}), {clauses.sentence(rng)[0].lower()}{clauses.sentence(rng)[1:]}",
        ],
        indent=deed.indent,
    )
