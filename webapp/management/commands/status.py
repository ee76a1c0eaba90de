"""`manage.py status`: the numbers of the overview, for the shell."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from learner import glances
from learner.glances import Glance


class Command(BaseCommand):
    help = "Say how far every document type is: documents, queue, champion, training"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="as JSON, with everything the overview knows")

    def handle(self, *args: Any, **options: Any) -> None:
        found = glances.glances()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(each) for each in found], cls=DjangoJSONEncoder, indent=2))
            return
        if not found:
            self.stdout.write("no document types yet; create one: manage.py document_type FILE.yaml")
        for report in found:
            self.stdout.write("\n".join(lines(report)))


def lines(report: Glance) -> list[str]:
    """A type's figures, a line each."""
    counts = ", ".join(f"{count} {state}" for state, count in report.counts.items() if count)
    said = [
        f"{report.title} ({report.name})",
        f"  documents      {report.documents}" + (f": {counts}" if counts else ""),
        f"  queue          {report.open_tasks} waiting in Label Studio",
        f"  corrections    {report.corrections}, {report.new_corrections} of {report.retrain_after} "
        "towards the next training",
        f"  champion       {_champion(report)}",
    ]
    if run := report.live_run:
        stage = f" {run.stage}," if run.stage else ""
        left = "" if run.minutes_left is None else f", {run.minutes_left:.0f} minutes left"
        said.append(f"  training       {run.state},{stage} {run.share:.0%}{left}")
    if decision := report.last_decision:
        verdict = "promoted" if decision.promote else "not promoted"
        said.append(f"  last decision  {decision.version} {verdict}: {' '.join(decision.reasons)}")
    return said


def _champion(report: Glance) -> str:
    champion = report.champion
    if champion is None:
        return f"none yet; documents are read by {report.untaught}" if report.untaught else "none yet"
    if champion.overall is None:
        return champion.name
    score = champion.overall
    return f"{champion.name}, F1 {score.f1:.3f} ({score.low:.3f}–{score.high:.3f})"
