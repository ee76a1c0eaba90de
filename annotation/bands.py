"""How sure the model is of a value, in the label of its region: the field's name and a word behind it, such as `total (poor)`.

Label Studio gives a region the colour of its label, so that a field has a label for each band. Nobody can choose those:
who gives a region the field's own label says that they have looked. No field's name has a space.
"""

from __future__ import annotations

from dataclasses import dataclass

# Stands behind the field's name in the label of a region that nobody is asked to check.
AS_READ = " (as read)"


@dataclass(frozen=True, slots=True)
class Band:
    """One colour: what stands behind a field's name, what it means, and from which confidence (0…1) it is given."""

    suffix: str
    colour: str
    meaning: str
    above: float


# Names in the list are written in these: each is readable on white and on Label Studio's dark grey (contrast 3 and more).
# Who can't tell some of them apart reads the band behind the name.
SURE = Band(" (sure)", "#0f8f63", "sure", 0.9)
DOUBTFUL = Band(" (doubtful)", "#b97400", "doubtful", 0.6)
POOR = Band(" (poor)", "#c2255c", "poor", 0.0)
GREY = Band(AS_READ, "#7d7d7d", "taken as read", 0.0)
BY_CONFIDENCE = (SURE, DOUBTFUL, POOR)
ALL = (*BY_CONFIDENCE, GREY)

OWN_COLOUR = "#2f6fde"  # of what a person drew or gave the field's own label
OWN_MEANING = "yours"


def label(field: str, confidence: float, *, asked: bool = True) -> str:
    """The label of a value of `field` of which the model is so sure (0…1); `asked` is whether people are to check it."""
    if not asked:
        return field + AS_READ
    return field + next(band.suffix for band in BY_CONFIDENCE if confidence >= band.above or band is POOR)


def field_of(label: str) -> str:
    """The name of the field that a region's label says, whatever stands behind it."""
    return next((label.removesuffix(band.suffix) for band in ALL if label.endswith(band.suffix)), label)
