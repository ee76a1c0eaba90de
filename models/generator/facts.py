"""What a document says, before it is laid out: parties, things, dates, and arithmetic that adds up."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from models.generator.regions import Party, Region, party, words

CENT = Decimal("0.01")
FIRST_DAY = date(2019, 1, 1)
DAYS = 2500


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    quantity: int
    price: Decimal
    code: str

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class Receipt:
    """A till receipt; its prices include the tax, except where `tax_on_top` (as in the US)."""

    region: Region
    shop: Party
    day: date
    time: str
    number: str
    cashier: str
    items: tuple[Item, ...]
    rate: int
    discount: Decimal
    tax_on_top: bool
    paid_cash: bool
    tendered: Decimal

    @property
    def goods(self) -> Decimal:
        return sum((item.amount for item in self.items), Decimal(0)) - self.discount

    @property
    def tax(self) -> Decimal:
        if self.tax_on_top:
            return cents(self.goods * self.rate / 100)
        return cents(self.goods * self.rate / (100 + self.rate))

    @property
    def total(self) -> Decimal:
        return self.goods + self.tax if self.tax_on_top else self.goods

    @property
    def net(self) -> Decimal:
        return self.total - self.tax

    @property
    def change(self) -> Decimal:
        return self.tendered - self.total


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice between firms; its prices are without tax."""

    region: Region
    supplier: Party
    customer: Party
    number: str
    customer_number: str
    order_number: str
    day: date
    due: date
    delivered: date
    ordered: date
    items: tuple[Item, ...]
    rate: int

    @property
    def net(self) -> Decimal:
        return sum((item.amount for item in self.items), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return cents(self.net * self.rate / 100)

    @property
    def total(self) -> Decimal:
        return self.net + self.tax

    @property
    def days(self) -> int:
        return (self.due - self.day).days


def _count(rng: random.Random, most: int) -> int:
    """1 to `most`, rather more than fewer."""
    return 1 + int(most * rng.random() ** 0.7)


def _items(
    region: Region, rng: random.Random, usual: dict[str, float], count: int, most: int
) -> tuple[Item, ...]:
    names = rng.sample(sorted(usual), min(count, len(usual)))
    names += [rng.choice(sorted(usual)) for _ in range(count - len(names))]
    found = []
    for name in names:
        price = cents(Decimal(str(usual[name] * region.price_level * rng.uniform(0.8, 1.25))))
        quantity = 1 if rng.random() < 0.55 else rng.randint(2, most)
        found.append(Item(name, quantity, price, f"{rng.randint(10**6, 10**7 - 1)}"))
    return tuple(found)


def _tendered(total: Decimal, rng: random.Random) -> Decimal:
    """What somebody puts on the counter for `total`: exact money, or the next round sum."""
    step = rng.choice((Decimal(1), Decimal(5), Decimal(10), Decimal(50)))
    return total if rng.random() < 0.15 else (total // step + 1) * step


def receipt(region: Region, rng: random.Random, *, most_items: int) -> Receipt:
    """A receipt of `region` with 1 to `most_items` lines."""
    items = _items(region, rng, words(region.language)["goods"], _count(rng, most_items), 4)
    goods = sum((item.amount for item in items), Decimal(0))
    discount = cents(goods / 10) if len(items) > 3 and rng.random() < 0.2 else Decimal(0)
    made = Receipt(
        region=region,
        shop=party(region, rng, shop=True),
        day=FIRST_DAY + timedelta(days=rng.randrange(DAYS)),
        time=f"{rng.randint(7, 21):02d}:{rng.randint(0, 59):02d}",
        number=rng.choice(("{:06d}", "A{:05d}", "{:04d}-17", "0{:07d}")).format(rng.randint(1, 99_999)),
        cashier=party(region, rng, shop=True).person.split()[-1],
        items=items,
        rate=rng.choice(region.rates),
        discount=discount,
        tax_on_top=region.name == "us",
        paid_cash=rng.random() < 0.5,
        tendered=Decimal(0),
    )
    tendered = _tendered(made.total, rng) if made.paid_cash else made.total
    fields = {name: getattr(made, name) for name in made.__dataclass_fields__}
    return Receipt(**fields | {"tendered": tendered})


def invoice(region: Region, rng: random.Random, *, most_items: int) -> Invoice:
    """An invoice of `region` with 1 to `most_items` lines."""
    day = FIRST_DAY + timedelta(days=rng.randrange(DAYS))
    delivered = day - timedelta(days=rng.randint(0, 20))
    pattern = rng.choice(("{y}-{n:04d}", "RE{n:06d}", "INV-{n:05d}", "{n:08d}", "{y}/{n:03d}", "F{y}{n:04d}"))
    return Invoice(
        region=region,
        supplier=party(region, rng, shop=False),
        customer=party(region, rng, shop=False),
        number=pattern.format(y=day.year, n=rng.randint(1, 9999)),
        customer_number=str(rng.randint(10_000, 99_999)),
        order_number=f"{rng.choice(('PO', 'B', ''))}{rng.randint(100_000, 999_999)}",
        day=day,
        due=day + timedelta(days=rng.choice((7, 10, 14, 30, 30, 45, 60))),
        delivered=delivered,
        ordered=delivered - timedelta(days=rng.randint(3, 30)),
        items=_items(region, rng, words(region.language)["services"], _count(rng, most_items), 12),
        rate=rng.choice(region.rates),
    )
