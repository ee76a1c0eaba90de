"""The head of a receipt: who sells, and where."""

from __future__ import annotations

from models.generator.practice.addresses import address_lines
from models.generator.practice.made_up import digits
from models.generator.practice.names import surname
from models.generator.practice.paper import Mark, Parts, Run, runs_of, value, wrapped
from models.generator.practice.slips import Slip


def head(slip: Slip) -> None:
    """Who sells: names, numbers, address, ways to call; a slogan or scraps of a logo now and then."""
    rng, shop = slip.rng, slip.sale.shop
    scale = rng.choice((1.0, 1.0, 1.0, 1.2, 1.4, 1.7))
    if rng.random() < 0.08:  # what a reader makes of a logo
        slip.head_line(
            rng.choice(
                ("OO", "M", "* *", "e", "7 ELEVEN"[:2], "||", "Co.", "tan wo yap"[: rng.randint(2, 10)])
            ),
            2.0,
        )
    if rng.random() < 0.06:
        slip.head_line(slip.word("title"))
    if shop.trade_name:
        slip.head_line(value("trade_name", shop.trade_name), scale)
    _name(slip, scale)
    numbers = [_company_number, _address]
    if rng.random() < 0.15:
        numbers.reverse()
    later = [_calls, _tax_id, _web]
    if rng.random() < 0.4:
        rng.shuffle(later)
    if rng.random() < 0.1:
        later.insert(0, numbers.pop())
    for block in (*numbers, *later):
        block(slip)
    if rng.random() < 0.12:
        slip.head_line(
            f"({rng.choice((surname(slip.sale.land, rng), shop.address[-1].split()[-1]))})".upper()
        )
    if rng.random() < 0.12:
        slip.head_line(digits(slip.word("slogan"), rng))


def _name(slip: Slip, scale: float) -> None:
    """The name on one line or two, with the number of the register beside it at times."""
    rng, shop = slip.rng, slip.sale.shop
    mark = Mark("company")
    name = shop.name.upper() if rng.random() < 0.4 else shop.name
    beside: list[Run] = []
    if rng.random() < 0.12 and shop.company_number.startswith("("):
        beside = [Run(" "), value("company_number", shop.company_number)]
    if len(name) > 16 and rng.random() < 0.3:
        lines = wrapped(Run(name, mark), max(len(name) * 2 // 3, 12))
        for line in lines[:-1]:
            slip.head_line(line, scale)
        slip.head_line([*lines[-1], *beside], scale)
    else:
        slip.head_line([Run(name, mark), *beside], scale)


def _company_number(slip: Slip) -> None:
    rng, shop = slip.rng, slip.sale.shop
    if rng.random() > 0.45:
        return
    number = shop.company_number
    if not number.startswith("("):
        at = next((i for i, c in enumerate(number) if c.isdigit()), 0)
        at = number.rfind(" ", 0, at) + 1
        slip.head_line([number[:at], value("company_number", number[at:])])
        return
    before = rng.choice(
        ("", "", "Co. No. ", "Reg No: ", "Company Reg No.", "CO-REG:", "Co.Reg.No ", "(Co. No. ")
    )
    if before:
        number = number[1:-1] if rng.random() < 0.5 else number
    if before.startswith("("):
        number = number.strip("()") + ")"
    slip.head_line([before, value("company_number", number)])


def _address(slip: Slip) -> None:
    """One to six lines; broken where the sender broke them, or wherever the paper ends."""
    rng = slip.rng
    if rng.random() < 0.04:
        return
    for line in address_lines(slip.sale.shop.address, slip.paper.columns, rng):
        slip.head_line(line)


def _calls(slip: Slip) -> None:
    rng, shop = slip.rng, slip.sale.shop
    if rng.random() > 0.65:
        return
    colon = rng.choice((":", ": ", " : ", " ", ". "))
    phone: list[Run] = runs_of([prefixed(slip.word("phone"), colon), value("phone", shop.phone)])
    if rng.random() < 0.35:
        fax = runs_of([prefixed(slip.word("fax"), colon), value("fax", shop.fax)])
        if rng.random() < 0.6:
            slip.head_line([*phone, rng.choice((" ", "  ", " / ", ", ")), *fax])
            return
        slip.head_line(phone)
        slip.head_line(fax)
        return
    slip.head_line(phone)


def prefixed(name: str, colon: str) -> str:
    return name + colon if name else ""


def _tax_id(slip: Slip) -> None:
    rng, shop = slip.rng, slip.sale.shop
    if rng.random() > 0.6:
        return
    name = rng.choice(slip.sale.land.tax_label)
    text: Parts = [name + rng.choice((": ", ":", " : ", " ", " #")), value("company_tax_id", shop.tax_id)]
    if rng.random() < 0.2:
        text = ["(", *text, ")"]
    slip.head_line(text)


def _web(slip: Slip) -> None:
    rng, shop = slip.rng, slip.sale.shop
    if rng.random() < 0.12:
        slip.head_line([prefixed(slip.word("email"), ": "), value("email", shop.mail)])
    if rng.random() < 0.15:
        slip.head_line([prefixed(slip.word("website"), ": "), value("website", shop.website)])
