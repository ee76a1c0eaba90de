"""Dates as documents print them: in figures in every order, with months named in fourteen languages, torn or merged.

An own grammar instead of a parser for everything (`dateutil`, `dateparser`): those read a date into almost any text
with figures, and a wrong date is worse than none. The same grammar finds dates on a page and reads a value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

# January to December; English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Czech, Swedish, Danish and
# Norwegian, Malay, Indonesian. Accents may be missing in print, so they are dropped here too.
NAMES = """
january february march april may june july august september october november december
januar februar marz april mai juni juli august september oktober november dezember
janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro
januari februari maart april mei juni juli augustus september oktober november december
stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada grudnia
styczen luty marzec kwiecien maj czerwiec lipiec sierpien wrzesien pazdziernik listopad grudzien
ledna unora brezna dubna kvetna cervna cervence srpna zari rijna listopadu prosince
januari februari mars april maj juni juli augusti september oktober november december
januar februar marts april maj juni juli august september oktober november desember
januari februari mac april mei jun julai ogos september oktober november disember
januari februari maret april mei juni juli agustus september oktober november desember
"""
SHORTER = {"sept": 9, "janv": 1, "fevr": 2, "avr": 4, "juil": 7, "maerz": 3, "mrz": 3, "mrt": 3}
PIVOT = 69  # a year of two figures: 69…99 are of the last century, as POSIX has it

YEAR4 = r"(?:19|20)\d\d"
YEAR = rf"(?:{YEAR4}|['’]?\d\d)"
DAY = r"\d{1,2}"
MARK = r"\s?[-/.]\s?"
# no figure may follow, also not behind a mark (of `#19- 21/03/2018` the date is the last three), unless a time does:
# readers merge `25/12/2018 13:45` into `25/12/201813:45`
END = r"(?:(?!\d|[:/.]\d)|(?=\d\d:\d\d)|(?=:\d\d:\d\d))"
ORDINAL = r"(?:\s?(?:st|nd|rd|th|er|re)\b|[oa]\b|[º°ª])?"
# what may stand between a day, its month and its year: `3rd day of May, 2012`, `25 de diciembre de 2018`
FILLER = r"[\s,./'’-]{0,4}(?:(?:day|of|the|month|de|del|di)\b[\s,.]{0,3}){0,6}"


def _plain(text: str) -> str:
    """Small letters without accents, as many characters as before."""
    return "".join(_plain_character(char) for char in text)


def _plain_character(char: str) -> str:
    base = unicodedata.normalize("NFKD", char)[:1].lower()
    return {"ł": "l", "ø": "o"}.get(base, base) if len(base) == 1 else char


def _months() -> dict[str, int]:
    """Plain name or abbreviation → month. The first letters stand for a name if no other month's name begins so."""
    full = {name: number for line in NAMES.split("\n") for number, name in enumerate(line.split(), start=1)}
    beginnings: dict[str, set[int]] = {}
    for name, number in full.items():
        for length in (3, 4):
            beginnings.setdefault(name[:length], set()).add(number)
    short = {letters: of.pop() for letters, of in beginnings.items() if len(of) == 1}
    return short | SHORTER | full


MONTHS = _months()


def _tree(words: Iterable[str]) -> str:
    """A pattern of all the words that tries each beginning once: 600 names in a row take thirty times as long."""
    rest: dict[str, list[str]] = {}
    for word in words:
        rest.setdefault(word[:1], []).append(word[1:])
    optional = rest.pop("", None) is not None
    branches = [_letter(char) + _tree(after) for char, after in sorted(rest.items())]
    if not branches:
        return ""
    return f"(?:{'|'.join(branches)}){'?' if optional else ''}"


def _letter(char: str) -> str:
    """The letter with the accents it has in some month's name, and what readers take it for."""
    return {
        "a": "[aäâåá]",
        "c": "[cçč]",
        "e": "[eéèěê]",
        "i": "[ií]",
        "l": "[l1ł]",
        "n": "[nńñ]",
        "o": "[o0]",
        "r": "[rř]",
        "s": "[sś]",
        "u": "[uûúů]",
        "z": "[zźž]",
    }.get(char, char)


MONTH = rf"(?:{_tree(MONTHS)})(?![^\W\d_])"
# the groups' names begin with what they hold: year, month, day, word (a month's name), or a and b (either order)
WRITTEN_DATE = re.compile(
    r"(?<!\d)(?:"
    rf"(?P<y1>{YEAR4})(?:{MARK})(?P<m1>{DAY})(?:{MARK})(?P<d1>{DAY})(?!\d)"  # 2018-12-25
    rf"|(?P<a2>{DAY})(?:{MARK})(?P<b2>{DAY})(?:{MARK})(?P<y2>{YEAR}){END}"  # 25/12/2018, 12.25.18
    rf"|(?P<a3>\d\d)\s(?P<b3>\d\d)\s(?P<y3>{YEAR4})(?!\d)"  # 25 12 2018
    rf"|(?P<d4>{DAY}){ORDINAL}{FILLER}(?P<w4>{MONTH}){FILLER}(?P<y4>{YEAR}){END}"  # 25th of Dec 2018
    rf"|(?P<y5>{YEAR4})[\s./-]{{1,2}}(?P<w5>{MONTH})[\s./-]{{1,2}}(?P<d5>{DAY})(?!\d|,?\s?{YEAR4})"  # 2018-Dec-25
    r"|(?P<y6>(?:19|20)\d\d)(?P<m6>0[1-9]|1[0-2])(?P<d6>0[1-9]|[12]\d|3[01])(?!\d)"  # 20181225
    r")"
    rf"|(?<![^\W\d_])(?P<w7>{MONTH})[\s./'’-]{{0,3}}(?P<d7>{DAY}){ORDINAL}"  # December 25, 2018
    rf"(?:[\s,./'’-]{{1,4}}|[\s,]{{1,3}}of\s)(?P<y7>{YEAR}){END}",
    re.IGNORECASE,
)
# a whole value in figures that a page is not searched for: 25122018
RUN_TOGETHER = re.compile(rf"(?P<a>\d\d)(?P<b>\d\d)(?P<y>{YEAR4})")
# figures that readers took for letters: O1/l2/2018
MISREAD = re.compile(
    r"(?<![^\W_])[\dOoIl|]{1,2}\s?[-/.]\s?[\dOoIl|]{1,2}\s?[-/.]\s?(?:\d[\dOoIl|]{3}|[\dOoIl|]{2})(?![^\W_])"
)
FIGURES = str.maketrans("OoIl|", "00111")


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date in a text, from `start` to before `end`, as ISO dates: with the day first, and with the month first.

    The two differ only for dates in figures such as 03/04/2018; one of them is None where it would be no date.
    """

    start: int
    end: int
    day_first: str | None
    month_first: str | None

    def read(self, *, day_first: bool) -> str:
        """The ISO date in the given order, or in the other one where only that makes a date."""
        one, other = self.day_first, self.month_first
        return (one or other or "") if day_first else (other or one or "")

    @property
    def order(self) -> bool | None:
        """True where only the day can stand first (25/12/2018), False where only the month can, else None."""
        return None if self.day_first and self.month_first else self.day_first is not None


def written_dates(text: str) -> list[WrittenDate]:
    """All dates in `text`, from left to right; what is written like one but is none (31/02/2018) is passed over."""
    found = (_read(match) for match in WRITTEN_DATE.finditer(text))
    return [each for each in found if each is not None]


def normalise_date(raw: str, *, day_first: bool = True) -> str | None:
    """The first date in `raw` as YYYY-MM-DD, or None.

    `03/04/2018` is the 3rd of April unless `day_first` is off; a 13th month swaps the two.
    """
    text = unicodedata.normalize("NFKC", raw)
    found = written_dates(text)
    if not found:
        repaired = MISREAD.sub(lambda match: match.group().translate(FIGURES), text)
        found = written_dates(repaired) if repaired != text else []
    if not found and (whole := RUN_TOGETHER.fullmatch(text.strip())):
        alone = _either(whole["a"], whole["b"], whole["y"], whole.span())
        found = [alone] if alone is not None else []
    return found[0].read(day_first=day_first) if found else None


def day_first_of(pairs: Iterable[tuple[str, str]]) -> bool | None:
    """Which order of day and month fits (what is printed, what it means) best; None if that stays undecided.

    The meaning may be an ISO date or the printed text itself: then a day after the 12th tells the order. One
    order needs twice as many pairs as the other, as people mistype.
    """
    votes = {True: 0, False: 0}
    for printed, meant in pairs:
        seen, said = (
            next(iter(written_dates(unicodedata.normalize("NFKC", t))), None) for t in (printed, meant)
        )
        if seen is None or said is None:
            continue
        possible = {said.day_first, said.month_first} - {None}
        day, month = seen.day_first in possible, seen.month_first in possible
        if day != month:
            votes[day] += 1
    most = max(votes, key=votes.__getitem__)
    return most if votes[most] >= max(1, 2 * votes[not most]) else None


def _read(match: re.Match[str]) -> WrittenDate | None:
    found = {name[0]: part for name, part in match.groupdict().items() if part is not None}
    if "a" in found:
        return _either(found["a"], found["b"], found["y"], match.span())
    month = found.get("m") or MONTHS[_plain(found["w"]).replace("0", "o").replace("1", "l")]
    iso = _iso(found["y"], month, found["d"])
    return None if iso is None else WrittenDate(match.start(), match.end(), iso, iso)


def _either(one: str, other: str, year: str, span: tuple[int, int]) -> WrittenDate | None:
    day_first, month_first = _iso(year, other, one), _iso(year, one, other)
    if day_first is None and month_first is None:
        return None
    return WrittenDate(*span, day_first, month_first)


def _iso(year: str, month: str | int, day: str) -> str | None:
    number = int(year.lstrip("'’"))
    if number < 100:
        number += 1900 if number >= PIVOT else 2000
    try:
        return date(number, int(month), int(day)).isoformat()
    except ValueError:
        return None
