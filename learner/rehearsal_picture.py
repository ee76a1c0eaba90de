"""Curves of a rehearsal as a picture: F1 by documents, and by hours of a person's time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learner.rehearsal_curves import BY_HAND, RANDOM, Curves, Point

matplotlib.use("svg")
COLOURS = ("#1763b6", "#c2410c", "#0f766e", "#7c3aed", "#be185d", "#4d7c0f", "#0369a1", "#a16207")
GREY = {RANDOM: ("#52525b", "-"), BY_HAND: ("#a1a1aa", "--")}
AXES = (("documents", "documents corrected", 1.0), ("seconds", "hours of a person's time", 3600.0))


def draw(curves: Curves, everything: Mapping[int, float], title: str, path: Path) -> None:
    """Write an SVG: each way's median over the seeds with the range of them, and where all documents labelled would be.

    The same curves give the same file. `title` is the picture's heading.
    """
    with matplotlib.rc_context({"svg.hashsalt": "docloop", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(9, 3.8), layout="constrained")
        figure.suptitle(title)
        colour = iter(COLOURS * len(curves))
        style = {name: GREY.get(name) or (next(colour), "-") for name in curves}
        for axes, (unit, label, scale) in zip(figure.subplots(1, 2, sharey=True), AXES, strict=True):
            for name, own in curves.items():
                _line(axes, list(own.values()), unit, scale, name, style[name])
            axes.axhline(float(np.median(list(everything.values()))), color="#a1a1aa", linewidth=0.8)
            axes.set_xlabel(label)
            axes.set_xlim(left=0)
            axes.grid(visible=True, color="#e4e4e7", linewidth=0.6)
        left = figure.axes[0]
        left.set_ylabel("F1 on documents held back")
        left.set_ylim(_floor(curves), 1.0)
        left.annotate(
            "all labelled",
            (0.01, float(np.median(list(everything.values())))),
            xycoords=("axes fraction", "data"),
            va="bottom",
            fontsize=8,
            color="#52525b",
        )
        figure.axes[1].legend(loc="lower right", frameon=False, fontsize=8)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _line(
    axes: Axes, runs: Sequence[Sequence[Point]], unit: str, scale: float, name: str, style: tuple[str, str]
) -> None:
    """The median of F1 over the runs, at every place up to where the shortest ends; and their range."""
    colour, dashes = style
    end = min(points[-1][unit] for points in runs)
    places = np.linspace(0, end, 61)
    values = np.array(
        [
            np.interp(places, [point[unit] for point in points], [point["f1"] for point in points])
            for points in runs
        ]
    )
    axes.plot(places / scale, np.median(values, axis=0), dashes, color=colour, linewidth=1.6, label=f"{name}")
    if len(runs) > 1:
        axes.fill_between(
            places / scale, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.1, linewidth=0
        )


def _floor(curves: Curves) -> float:
    """Where the picture begins: a little below the first model that is of any use."""
    firsts = [points[min(1, len(points) - 1)]["f1"] for own in curves.values() for points in own.values()]
    return max(0.0, float(np.floor(10 * (min(firsts) - 0.05)) / 10))
