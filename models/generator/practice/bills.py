"""An invoice being written: what it says, and how it is set."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from models.generator.practice.forms import Setting
from models.generator.practice.names import Party
from models.generator.practice.paper import Paper, Run, value
from models.generator.practice.sales import Thing
from models.generator.practice.values import Manner, cents
from models.generator.practice.wordings import label

WHERE = ("us",) * 5 + ("gb", "gb", "my", "my", "sg", "au", "in", "de", "de", "fr", "es", "it", "nl")


NUMBERS = (
    "INV-#####",
    "#####",
    "########",
    "INV/####/####",
    "####-####",
    "RE######",
    "@#####",
    "SI-######",
    "20##-###",
    "@@-########",
    "######-#",
    "##########",
)


@dataclass(slots=True)
class Bill:
    """An invoice being written."""

    paper: Paper
    rng: random.Random
    manner: Manner
    setting: Setting
    language: str
    seller: Party
    buyer: Party
    day: date
    number: str
    things: tuple[Thing, ...]
    rate: float
    freight: Decimal
    discount: Decimal

    @property
    def net(self) -> Decimal:
        return sum((each.amount for each in self.things), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return cents((self.net + self.freight - self.discount) * Decimal(str(self.rate)) / 100)

    @property
    def total(self) -> Decimal:
        return self.net + self.freight - self.discount + self.tax

    def word(self, key: str) -> str:
        return label(
            key, self.language, self.rng,
            tax=self.rng.choice(self.seller.land.tax), rate=f"{self.rate:g}", sign=self.manner.sign,
        )  # fmt: skip

    def date(self, concept: str, when: date) -> Run:
        return value(concept, self.manner.date(when))
