"""Reports of trials as text for a terminal: a table of the fields, then what else is to be known."""

from __future__ import annotations

from typing import Any

Report = dict[str, Any]  # JSON, see `learner.trials` and `models.judging`

HEADER = (
    "field",
    "F1",
    "95 %",
    "precision",
    "recall",
    "token F1",
    "right",
    "said",
    "true",
    "not in text",
    "ECE",
    "of absences",
)


def evaluation(report: Report) -> str:
    """All that `evaluate` found."""
    figures, model = report["figures"], report["model"]
    trained = model["trained_on"]
    told = [
        f"{report['type']}: {model['origin']} ({model['extractor']})"
        + (f", trained on {trained['train']} + {trained['validation']} documents" if trained else ""),
        f"{report['documents']} documents, {report['pages']} pages of {report['pack']}",
        f"fields of {report['schema_from']}",
        "",
        *table(figures),
        "",
        *_apart(report["apart"]),
        f"{report['seconds_per_page']:.4f} s a page ({1 / max(1e-9, report['seconds_per_page']):.1f} pages a second), "
        f"words given, on {_machine(report)}",
        *_notes(report),
    ]
    return "\n".join(told)


def training(report: Report) -> str:
    """What `train` made, and how good it is on its validation documents."""
    documents, validation = report["documents"], report["validation"]
    told = [
        f"{report['type']}: {report['extractor']} trained on {documents['train']} documents of {report['pack']} "
        f"in {report['training_seconds']:.0f} s on {_machine(report)}",
        f"fields of {report['schema_from']}",
        "",
    ]
    if validation:
        told += [
            f"On its {documents['validation']} validation documents, by which it was stopped and calibrated, so this is "
            "rather too good:",
            *table(validation["figures"]),
            "",
        ]
    return "\n".join([*told, *_notes(report), f"model {report['model']['folder']}"])


def table(figures: Report) -> list[str]:
    """A line for each field and one for all values together."""
    rows = [_row(name, own) for name, own in figures["fields"].items()]
    rows.append(_row("all", figures["overall"]))
    widths = [max(len(row[i]) for row in (HEADER, *rows)) for i in range(len(HEADER))]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (HEADER, *rows)
    ]


def _row(name: str, own: Report) -> tuple[str, ...]:
    f1 = own["f1"]
    values, absences = own["calibration"]["values"], own["calibration"]["absences"]
    return (
        name,
        f"{f1['value']:.3f}",
        f"{f1['low']:.2f}–{f1['high']:.2f}",
        f"{own['precision']['value']:.3f}",
        f"{own['recall']['value']:.3f}",
        f"{own['token_f1']['value']:.3f}" if "token_f1" in own else "",
        str(own["right"]),
        str(own["predicted"]),
        str(own["true"]),
        str(own["unreachable"]) if own.get("unreachable") else "",
        _error(values),
        _error(absences),
    )


def _error(calibration: Report) -> str:
    return f"{calibration['error']:.3f} ({calibration['count']})" if calibration["count"] else ""


def _apart(apart: Report) -> list[str]:
    lines = [
        f"{mark} {name} in training: F1 {part['overall']['f1']['value']:.3f} "
        f"({part['overall']['f1']['low']:.2f}–{part['overall']['f1']['high']:.2f}) on {part['documents']} documents"
        for mark, parts in apart.items()
        for name, part in parts.items()
    ]
    return [*lines, ""] if lines else []


def _machine(report: Report) -> str:
    machine = report["machine"]
    return f"{machine['processor']}, {machine['cores']} cores"


def _notes(report: Report) -> list[str]:
    return [f"note: {note}" for note in report["notes"]]
