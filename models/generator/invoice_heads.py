"""The head of an invoice: who sends it, and how the firm shows itself."""

from __future__ import annotations

from collections.abc import Callable

from models.generator.invoices import GREY, Desk
from models.generator.sheet import WHITE, Style


def _wrapped(desk: Desk, text: str, style: Style, width: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and desk.sheet.measure(longer, style) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _head_beside(desk: Desk) -> None:
    """Mark and supplier at the left or right edge."""
    party, right = desk.facts.supplier, desk.layout.head == "right"
    name = desk.sheet.fit(party.name, desk.style.of(size=1.7, bold=True, colour=desk.layout.colour), 300)
    x, align = (desk.right, "right") if right else (desk.left + 40, "left")
    desk.mark(desk.left, desk.y + 6)
    desk.sheet.text(x, desk.y, party.name, name, align=align, field="supplier")
    y = desk.lines(x, desk.y + 16, list(party.address), desk.small, align=align)
    desk.y = desk.lines(x, y, desk.contact(), desk.small.of(colour=GREY), align=align) + 26


def _head_centre(desk: Desk) -> None:
    party = desk.facts.supplier
    name = desk.sheet.fit(party.name, desk.style.of(size=2, bold=True), 420)
    desk.sheet.text(desk.middle, desk.y, party.name, name, align="centre", field="supplier")
    text = " · ".join(party.address)
    desk.y = desk.lines(
        desk.middle, desk.y + 17, [text, " · ".join(desk.contact()[:2])], desk.small, align="centre"
    )
    desk.sheet.line(desk.left, desk.y - 4, desk.right, desk.y - 4, width=1.2, colour=desk.layout.colour)
    desk.y += 24


def _head_banner(desk: Desk) -> None:
    """A coloured bar over the whole width, the supplier in white on it."""
    party = desk.facts.supplier
    desk.sheet.box(0, 0, desk.layout.paper[0], 84, fill=desk.layout.colour)
    white = desk.style.of(colour=WHITE)
    name = desk.sheet.fit(party.name, white.of(size=1.9, bold=True), 290)
    desk.sheet.text(desk.left, 48, party.name, name, field="supplier")
    desk.lines(desk.right, 30, [*party.address, party.phone], white.of(size=0.8), align="right")
    desk.y = 120


def _head_sidebar(desk: Desk) -> None:
    """A coloured column at the left; everything else moves right."""
    party, width = desk.facts.supplier, 150
    desk.sheet.box(0, 0, width, desk.layout.paper[1], fill=desk.layout.colour)
    white = desk.style.of(colour=WHITE)
    y = 70.0
    desk.sheet.disc(34, 44, 12, WHITE)
    lines = _wrapped(desk, party.name, white.of(size=1.3, bold=True), width - 36)
    y = desk.lines(20, y + 12, lines, white.of(size=1.3, bold=True), field="supplier") + 10
    for text in (*party.address, *desk.contact()):
        fitting = desk.sheet.fit(text, white.of(size=0.82), width - 36)
        desk.sheet.text(20, y, text, fitting)
        y += 13
    desk.left, desk.y = width + 26.0, 70.0


def _head_letter(desk: Desk) -> None:
    """Name above a thin line, address in one small line: a letterhead."""
    party = desk.facts.supplier
    name = desk.sheet.fit(party.name, desk.style.of(size=1.4, bold=True), 400)
    desk.sheet.text(desk.right, desk.y, party.name, name, align="right", field="supplier")
    desk.sheet.line(desk.left, desk.y + 7, desk.right, desk.y + 7, width=0.5)
    desk.y += 44
    text = f"{party.name} · {' · '.join(party.address)}"
    desk.sheet.text(desk.left, desk.y, text, desk.sheet.fit(text, desk.style.of(size=0.68, colour=GREY), 260))
    desk.y += 16


HEADS: dict[str, Callable[[Desk], None]] = {
    "left": _head_beside, "right": _head_beside, "centre": _head_centre, "banner": _head_banner,
    "sidebar": _head_sidebar, "letter": _head_letter,
}  # fmt: skip
