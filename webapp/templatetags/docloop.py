"""How figures, times, states and icons look, in one place."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon that says nothing to a screen reader: its text stands beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("icons.svg"), name
    )


@register.filter
def percent(share: float | str | None) -> str:
    """0.8734 → 87 %; — for what a template found nothing for. Never rounds up to 100 % or down to 0 %."""
    if share is None or isinstance(share, str):  # a template makes "" of an attribute of None
        return "—"
    rounded = round(100 * share)
    if rounded == 100 and share < 1:
        rounded = 99
    if rounded == 0 and share > 0:
        rounded = 1
    return f"{rounded} %"


@register.filter
def figure(value: float | str | None) -> str:
    """A score 0…1 with three places; — for what a template found nothing for."""
    return "—" if value is None or isinstance(value, str) else f"{value:.3f}"


@register.filter
def grouped(number: int) -> str:
    """1234567 → 1,234,567."""
    return f"{number:,}"


@register.filter
def signed(value: float) -> str:
    """A difference with its sign: +0.012, −0.004."""
    return f"{value:+.3f}".replace("-", "−")


@register.filter
def points(difference: float) -> str:
    """A difference of two scores in points of 100, with its sign: 0.0061 → +0.6, 0 → 0.0."""
    rounded = f"{100 * difference:+.1f}".replace("-", "−")
    return "0.0" if rounded[1:] == "0.0" else rounded


@register.filter
def hours(value: float) -> str:
    """2.14 → 2.1 h, 0.3 → 18 min, also below 0."""
    sign = "−" if value < 0 else ""
    return f"{sign}{abs(value):.1f} h" if abs(value) >= 1 else f"{sign}{round(60 * abs(value))} min"


@register.filter
def seconds(value: float | None) -> str:
    """42.4 → 42 s, 130 → 2 min 10 s; — for None."""
    if value is None:
        return "—"
    whole = round(value)
    return f"{whole} s" if whole < 90 else f"{whole // 60} min {whole % 60} s"


@register.filter
def told(value: float | None, form: str) -> str:
    """A number of a chart, in the chart's own form: count, percent, seconds or score."""
    if value is None:
        return "—"
    match form:
        case "percent":
            return percent(value)
        case "seconds":
            return seconds(value)
        case "score":
            return figure(value)
        case _:
            return f"{value:,.1f}".removesuffix(".0")


@register.filter
def minutes_left(value: float | None) -> str:
    """What is left of a training, for people."""
    if value is None:
        return "time left not known yet"
    if value < 1:
        return "less than a minute left"
    if value < 90:
        return f"about {round(value)} minute{'s' if round(value) != 1 else ''} left"
    return f"about {value / 60:.1f} hours left"


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A time in the reader's zone: the day is left out today, the year this year."""
    if value is None:
        return "—"
    local, now = timezone.localtime(value), timezone.localtime()
    if local.date() == now.date():
        shown = local.strftime("%H:%M")
    elif local.date() == now.date() - timedelta(days=1):
        shown = local.strftime("yesterday %H:%M")
    elif local.year == now.year:
        shown = f"{local.day} {local.strftime('%b %H:%M')}"
    else:
        shown = f"{local.day} {local.strftime('%b %Y')}"
    whole = local.strftime("%Y-%m-%d %H:%M:%S %Z")
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), whole, shown)


@register.filter
def state(name: str) -> SafeString:
    """A document's state: a dot in its colour and its name."""
    return format_html('<span class="state"><span class="dot s-{}"></span>{}</span>', name, name)
