"""How a document writes its dates, times and amounts: one manner per document, drawn at random."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from models.generator.practice.lands import Land
from models.generator.practice.paper import Mark, Run

CENT = Decimal("0.01")
FIRST_DAY = date(2004, 1, 1)
DAYS = 8300

# %-d and %-m have no leading zero
FORMS = {
    "dmy": ("%d/%m/%Y",) * 5 + ("%d-%m-%Y", "%d/%m/%y", "%d-%m-%y", "%d.%m.%Y", "%d.%m.%y", "%-d/%-m/%Y", "%-d/%-m/%y", "%-d.%-m.%Y"),
    "dots": ("%d.%m.%Y",) * 5 + ("%d.%m.%y", "%d.%m.%y", "%-d.%-m.%Y", "%-d.%-m.%y", "%d. %m. %Y"),
    "mdy": ("%m/%d/%Y",) * 4 + ("%m/%d/%y", "%m/%d/%y", "%m-%d-%Y", "%m-%d-%y", "%-m/%-d/%Y", "%-m/%-d/%y", "%m.%d.%Y"),
    "any": (
        "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%B %-d, %Y", "%-d %B %Y", "%d %b %y", "%Y-%m-%d", "%Y/%m/%d",
        "%d/%b/%Y", "%b %-d %Y", "%d%b%Y", "%Y.%m.%d", "%-d %b, %Y", "%a %d %b %Y", "%A, %B %-d, %Y", "%b-%d-%Y", "%d %B, %Y",
    ),
}  # fmt: skip


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def day(rng: random.Random) -> date:
    return FIRST_DAY + timedelta(days=rng.randrange(DAYS))


def write_date(when: date, form: str) -> str:
    """`when` as strftime writes it, where %-d and %-m have no leading zero on any system."""
    return when.strftime(form.replace("%-d", str(when.day)).replace("%-m", str(when.month)))


@dataclass(frozen=True, slots=True)
class Manner:
    """How one document writes things. `sign` is the currency, `sign_at` where it stands."""

    date_form: str
    weekday: str  # after a date, "" for none
    time_form: str
    sign: str
    sign_at: str  # "", "glued", "apart", "after", "after apart"
    decimal: str
    thousands: str
    negative: str  # "-{}", "{}-", "({})"

    @classmethod
    def draw(cls, land: Land, rng: random.Random, *, signs: float = 0.5) -> Manner:
        """`signs` is how often amounts carry their currency."""
        kind = rng.random()
        forms = FORMS[land.dates] if kind < 0.72 else FORMS["any"]
        sign = rng.choice(land.symbols)
        european = land.decimal == ","
        places = ("after", "after apart", "glued") if european else ("glued", "glued", "apart")
        decimal, thousands = land.decimal, rng.choice((land.thousands, land.thousands, ""))
        if european and rng.random() < 0.15:
            decimal, thousands = ".", ""
        form = rng.choice(forms)
        return cls(
            date_form=form,
            weekday=rng.choice((" (%a)", " %a", " (%A)")) if rng.random() < 0.06 and "%a" not in form.lower() else "",
            time_form=rng.choice(("%H:%M", "%H:%M", "%H:%M:%S", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%I:%M:%S %p", "%H.%M")),
            sign=sign,
            sign_at=rng.choice(places) if rng.random() < signs else "",
            decimal=decimal,
            thousands=thousands,
            negative=rng.choice(("-{}", "-{}", "{}-", "({})")),
        )  # fmt: skip

    def date(self, when: date) -> str:
        return write_date(when, self.date_form + self.weekday)

    def time(self, seconds: int) -> str:
        """`seconds` after midnight."""
        hour, minute, second = seconds // 3600, seconds // 60 % 60, seconds % 60
        return (
            self.time_form.replace("%H", f"{hour:02d}").replace("%I", f"{(hour - 1) % 12 + 1:02d}")
            .replace("%M", f"{minute:02d}").replace("%S", f"{second:02d}").replace("%p", "AM" if hour < 12 else "PM")
        )  # fmt: skip

    def number(self, amount: Decimal) -> str:
        text = (
            f"{abs(amount):,.2f}".replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands)
        )
        return self.negative.format(text) if amount < 0 else text

    def money(self, concept: str | None, amount: Decimal, *, signed: bool = True) -> list[Run]:
        """An amount as the document writes it; its sign of currency is a value of its own where it stands apart."""
        mark = Mark(concept) if concept else None
        number = self.number(amount)
        if not signed or not self.sign_at:
            return [Run(number, mark)]
        sign = Run(self.sign, Mark("currency") if concept == "total" else None)
        match self.sign_at:
            case "glued":
                return [Run(self.sign + number, mark)]
            case "apart":
                return [sign, Run(" "), Run(number, mark)]
            case "after":
                return [Run(number + self.sign, mark)]
            case _:
                return [Run(number, mark), Run(" "), sign]
