"""Tables as Markdown, and figures with intervals."""

from __future__ import annotations

from collections.abc import Sequence

from models.metrics import Interval


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns are aligned for reading in a terminal too."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines
    )


def shown(figure: Interval) -> str:
    """`81.3 (76–86)`: per cent, with the 95 % interval."""
    return f"{100 * figure.value:.1f} ({100 * figure.low:.0f}–{100 * figure.high:.0f})"
