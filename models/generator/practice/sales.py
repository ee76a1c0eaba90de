"""What a till receipt tells of: a sale whose arithmetic adds up."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from models.generator.practice.lands import EVERYWHERE, LANDS, Land
from models.generator.practice.names import Party, shop
from models.generator.practice.values import cents, day
from models.generator.practice.wordings import goods

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    code: str
    quantity: int
    price: Decimal

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class Sale:
    """`before` is the sum before it was rounded to what coins there are; `total` is what had to be paid."""

    land: Land
    shop: Party
    day: date
    seconds: int
    things: tuple[Thing, ...]
    discount: Decimal
    service: Decimal
    rate: float
    on_top: bool  # tax is added to the prices
    tax: Decimal
    net: Decimal  # before tax
    before: Decimal
    total: Decimal
    card: bool
    paid: Decimal

    @property
    def goods(self) -> Decimal:
        return sum((thing.amount for thing in self.things), NOTHING)

    @property
    def rounding(self) -> Decimal:
        return self.total - self.before


def thing(land: Land, language: str, rng: random.Random, *, work: bool = False) -> Thing:
    """Something sold, at a price that could be."""
    low, high = (15, 900) if work else (0.5, 40)
    price = cents(Decimal(low * (high / low) ** rng.random() * land.level))
    if rng.random() < 0.4:
        price = price.quantize(Decimal("0.1"), ROUND_HALF_UP) if price > 1 else price
    quantity = 1 if rng.random() < 0.6 else rng.choice((2, 2, 2, 3, 3, 4, 5, 6, 10, 12, 24))
    code = "".join(rng.choice("0123456789") for _ in range(rng.choice((4, 6, 8, 13))))
    return Thing(goods(language, rng, work=work), code, quantity, cents(price))


def sale(rng: random.Random) -> Sale:
    """A sale in a shop somewhere, of 1 to about 20 things."""
    land = LANDS[rng.choice(EVERYWHERE)]
    language = land.languages[0]
    things = tuple(thing(land, language, rng) for _ in range(1 + int(rng.random() ** 2.2 * 16)))
    goods_sum = sum((each.amount for each in things), NOTHING)
    discount = cents(goods_sum * Decimal(rng.choice((5, 10, 15))) / 100) if rng.random() < 0.12 else NOTHING
    service = cents((goods_sum - discount) / 10) if rng.random() < 0.08 else NOTHING
    base = goods_sum - discount + service
    rate = rng.choice(land.rates)
    on_top = land.name == "us" or rng.random() < 0.25
    part = Decimal(str(rate))
    tax = cents(base * part / 100) if on_top else cents(base * part / (100 + part))
    before = base + tax if on_top else base
    coins = Decimal("0.05") if land.name in ("my", "sg", "au") and rng.random() < 0.7 else Decimal("0.01")
    total = cents((before / coins).quantize(Decimal(1), ROUND_HALF_UP) * coins)
    card = rng.random() < 0.3
    note = Decimal(rng.choice((1, 5, 10, 50, 100)))
    paid = total if card or rng.random() < 0.25 else (total // note + 1) * note
    return Sale(
        land, shop(land, rng), day(rng), rng.randint(7 * 3600, 23 * 3600), things, discount, service, rate, on_top,
        tax, before - tax, before, total, card, cents(paid),
    )  # fmt: skip
