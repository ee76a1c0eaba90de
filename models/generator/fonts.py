"""Fonts for generated documents, by family: PDF's standard ones and free ones out of installed packages.

DejaVu and STIX come with matplotlib (which mlflow needs), Bitstream Vera with reportlab; their licences allow
embedding. The standard ones have no letters beyond Latin 1, so regions that need those pass them by.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

# family → regular, bold
STANDARD = {
    "helvetica": ("Helvetica", "Helvetica-Bold"),
    "times": ("Times-Roman", "Times-Bold"),
    "courier": ("Courier", "Courier-Bold"),
}
MATPLOTLIB = {
    "dejavu": ("DejaVuSans", "DejaVuSans-Bold"),
    "mono": ("DejaVuSansMono", "DejaVuSansMono-Bold"),
    "serif": ("DejaVuSerif", "DejaVuSerif-Bold"),
    "stix": ("STIXGeneral", "STIXGeneralBol"),
}
# what stands in for a standard family where its letters don't reach
WIDER = {"helvetica": "dejavu", "times": "stix", "courier": "mono"}


@lru_cache(maxsize=64)
def font(family: str, *, bold: bool, beyond_latin1: bool) -> str:
    """The name under which reportlab knows the font; registers it when it is first asked for."""
    if beyond_latin1:
        family = WIDER.get(family, family)
    if family in STANDARD:
        return STANDARD[family][bold]
    name = MATPLOTLIB[family][bold]
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "the fonts of generated documents come with matplotlib, which is not installed"
        )
    path = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"
    pdfmetrics.registerFont(TTFont(name, str(path)))
    return name
