"""What an order says, and how it is set."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from models.generator.practice.forms import Setting
from models.generator.practice.order_words import LABELS
from models.generator.practice.paper import Paper, Text, value
from models.generator.practice.values import Manner, cents


@dataclass(frozen=True, slots=True)
class Spot:
    programme: str
    start: date
    end: date
    days: str
    length: str
    count: int
    rate: Decimal

    @property
    def amount(self) -> Decimal:
        return self.count * self.rate


@dataclass(slots=True)
class Order:
    """An order being written."""

    paper: Paper
    rng: random.Random
    manner: Manner
    setting: Setting
    number: str
    advertiser: str
    agency: str  # "" for none
    station: str
    start: date
    end: date
    entered: date
    spots: tuple[Spot, ...]
    percent: int  # commission
    foot: str  # of each page: # is its number, % the day of printing

    @property
    def gross(self) -> Decimal:
        return sum((spot.amount for spot in self.spots), Decimal(0))

    @property
    def commission(self) -> Decimal:
        return cents(self.gross * self.percent / 100)

    def word(self, key: str) -> str:
        return self.rng.choice(LABELS[key])

    def flight(self, *, start: bool = True, end: bool = True) -> Text:
        first, last = (
            value("period_from", self.manner.date(self.start)),
            value("period_to", self.manner.date(self.end)),
        )
        if start and end:
            dash = self.rng.choice((" - ", " - ", " to ", " thru ", "-", "- "))
            return [first, dash, last]
        return first if start else last
