"""A rehearsal's report as text for a terminal: the curves as a table, what each way took to the goals, what that saves."""

from __future__ import annotations

from typing import Any

Report = dict[str, Any]  # JSON, see `learner.rehearsal`


def shown(report: Report) -> str:
    """All that `rehearse` found."""
    documents, plan = report["documents"], report["plan"]
    seeds = len(report["seeds"])
    told = [
        f"{report['type']}: {documents['pool']} documents to label, {documents['test']} held back, "
        f"{seeds} seed{'s' if seeds > 1 else ''}; {report['learner']['name']} ({report['learner']['is']}), "
        f"trained after every {plan['batch']}",
        f"a person's seconds: {', '.join(f'{name} {value:g}' for name, value in plan['seconds'].items())}; "
        f"{plan['audit_share']:.0%} of the picks are the audit's",
        *_selective(report),
        "",
    ]
    for goal in report["goals"]:
        told += [
            f"to F1 {goal['f1']:.3f}, {goal['share']:.0%} of what all documents give (median of the seeds):",
            *(
                f"  {name:<22} {_count(way['documents']['median'])} documents, {_hours(way['seconds']['median'])}"
                for name, way in goal["ways"].items()
            ),
            "",
        ]
    told += [
        "trainings that the gate refused: "
        + ", ".join(
            f"{name} {gate['refused']} of {gate['trainings']}" for name, gate in report["gate"].items()
        ),
        "mean F1 up to the budget: "
        + ", ".join(f"{name} {value:.3f}" for name, value in report["mean_f1"].items()),
        "",
        *report["saved"],
        *(f"note: {note}" for note in report["notes"]),
        f"picture and figures in {report['folder']}",
    ]
    return "\n".join(told)


def _selective(report: Report) -> list[str]:
    """What was not asked for, where a plan leaves something out."""
    plan = report["plan"]
    if plan["assume_above"] is None:
        return []
    told = ", ".join(
        f"{name} {own['fields']} ({own['wrong']} of them wrong)"
        for name, own in report["unseen"].items()
        if own["fields"]
    )
    return [
        f"people are asked for fields that are less sure than {plan['assume_above']:g}, and for all of "
        f"{plan['whole_share']:.0%} of the documents; fields that nobody looked at: {told or 'none'}"
    ]


def _count(documents: float | None) -> str:
    return "not reached" if documents is None else f"{documents:11.0f}"


def _hours(seconds: float | None) -> str:
    return "not reached" if seconds is None else f"{seconds / 3600:.2f} h"
