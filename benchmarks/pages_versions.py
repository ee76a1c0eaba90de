"""The small tables of `benchmarks.pages_loader`: people, programs, and versions with their runs, snapshots and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from django.contrib.auth.models import Group, User
from django.utils import timezone

from annotation.models import Arrival, Correction, DocumentType, LabelImport, Source
from learner.models import Canary, CanaryDocument, Decision, ModelVersion, Run, Snapshot, VersionMove
from webapp.models import ApiToken, Delivery, WebhookEndpoint

LAST = 10  # versions of the type that has fewest; the number that extractions name at most
SHARES = {"receipts": 0.4, "invoices": 0.2, "ad-orders": 0.2, "agreements": 0.2}
PEOPLE = 12
FILES = 30_000  # of each source
DELIVERIES = 20_000  # to each address that is told of events
TRIED = 2_000  # corrections that a challenger on trial was compared on
FEWEST = 25  # corrections of the first snapshot


def people() -> None:
    """A lead, an operator, and the team that corrected; nobody has a password."""
    groups = {name: Group.objects.get_or_create(name=name)[0] for name in ("annotator", "lead", "operator")}
    accounts = {"lea": "lead", "otto": "operator"}
    accounts |= {f"person{n:02}": "annotator" for n in range(1, PEOPLE + 1)}
    for name, role in accounts.items():
        user = User.objects.create(username=name, email=f"{name}@docloop.example")
        user.groups.add(groups[role])


def connections(types: Mapping[str, DocumentType]) -> None:
    """Programs that ask, programs that are told, and labels that came from elsewhere."""
    lea = User.objects.get(username="lea")
    for n in range(5):
        ApiToken.issue(lea, f"program {n}")
        LabelImport.objects.create(
            document_type=types["receipts"],
            filename=f"export{n}.json",
            by="lea",
            state="done",
            tasks=200,
            received=200,
        )
    for n in range(3):
        source = Source.objects.create(
            name=f"scans{n}", kind="folder", settings={"path": f"/srv/{n}"}, created_by="otto"
        )
        Arrival.objects.bulk_create(
            Arrival(
                source=source,
                key=f"{file:064}",
                name=f"{file}.pdf",
                place={"path": f"{file}.pdf"},
                state="failed" if file % 100 == 0 else "taken",
                settled=True,
            )
            for file in range(FILES)
        )
        endpoint = WebhookEndpoint.objects.create(
            url=f"https://program{n}.example/hook",
            events=["correction.recorded"],
            salt=WebhookEndpoint.fresh_salt(),
            created_by="otto",
        )
        Delivery.objects.bulk_create(
            Delivery(
                endpoint=endpoint,
                event="correction.recorded",
                about=f"correction {about}",
                payload={"type": "correction.recorded", "data": {"id": about}},
                state=Delivery.State.DELIVERED,
                attempts=1,
                status=200,
            )
            for about in range(DELIVERIES)
        )


def versions(types: Mapping[str, DocumentType], count: int, *, seed: int) -> None:
    """About `count` of them, each with a run and what it learned from; every third was refused, the newest is the champion."""
    rng = np.random.default_rng(seed)
    for name, kind in types.items():
        known = Correction.objects.filter(document__document_type=kind, skipped=False)
        ids = list(known.order_by("pk").values_list("pk", flat=True))
        number = max(1, round(count * SHARES[name]))
        made = [_version(kind, n, number, ids, rng) for n in range(1, number + 1)]
        _others(kind)
        champion = made[-1]
        kind.champion, kind.champion_uri, kind.champion_sha256 = champion.name, champion.uri, champion.sha256
        kind.save()
        if number > 1:
            _on_trial(kind, made[-2], ids[-TRIED:])


def _on_trial(kind: DocumentType, version: ModelVersion, corrections: list[int]) -> None:
    """The version before the champion is tried out against it."""
    version.state = ModelVersion.State.CHALLENGER
    version.save()
    trial = Canary.objects.create(document_type=kind, version=version, champion=kind.champion, share=0.1)
    of = Correction.objects.filter(pk__in=corrections).values_list("pk", "document")
    figures = {"fields": 4, "wrong_before": 0, "wrong": 0, "edited": 0, "seconds": 20.0, "by_lot": False}
    CanaryDocument.objects.bulk_create(
        CanaryDocument(
            canary=trial,
            correction_id=correction,
            document_id=document,
            filled=correction % 10 == 0,
            took_before=0.05,
            took=0.05,
            **figures,
        )
        for document, correction in {document: correction for correction, document in of}.items()
    )
    kind.challenger, kind.challenger_uri, kind.challenger_sha256 = version.name, version.uri, version.sha256
    kind.challenger_share = trial.share
    kind.save()


def _version(
    kind: DocumentType, number: int, last: int, ids: list[int], rng: np.random.Generator
) -> ModelVersion:
    """The snapshots grow, the scores rise to a ceiling."""
    size = min(len(ids), FEWEST + round((len(ids) - FEWEST) * 0.98 * (number / last) ** 2))
    splits = rng.choice(["train", "validation", "gold"], size=size, p=[0.7, 0.1, 0.2])
    snapshot = Snapshot.objects.create(
        document_type=kind,
        hash=f"{kind.pk:032x}{number:032x}",
        items=[[pk, str(split)] for pk, split in zip(ids[:size], splits, strict=True)],
        fields=kind.fields,
    )
    began = timezone.now() - timedelta(days=90 * (1 - number / last), hours=3)
    run = Run.objects.create(
        document_type=kind,
        state=Run.State.FINISHED,
        trigger="25 new corrections",
        snapshot=snapshot,
        stage="finished",
        share=1,
        epoch=12,
        epochs=12,
        mlflow_run_id=f"{kind.pk:016x}{number:016x}",
        started_at=began,
        finished_at=began + timedelta(minutes=20),
    )
    promoted = number == last or number % 3 != 0
    version = ModelVersion.objects.create(
        document_type=kind,
        number=number,
        name=f"{kind.name}-v{number}",
        state=ModelVersion.State.CHAMPION if number == last else ModelVersion.State.RETIRED,
        run=run,
        uri=f"runs:/{run.mlflow_run_id}/model",
        sha256=f"{number:064x}",
        schema_hash=kind.schema.hash,
        figures=_figures(kind, number, size, rng),
    )
    _decided(version, promoted=promoted)
    return version


def _figures(kind: DocumentType, number: int, size: int, rng: np.random.Generator) -> dict[str, Any]:
    def score() -> dict[str, float]:
        f1 = float(np.clip(0.95 - 0.4 * (1 + number) ** -0.7 + rng.normal(0, 0.01), 0, 0.99))
        return {"f1": f1, "low": f1 - 0.02, "high": f1 + 0.01, "precision": f1 + 0.005, "recall": f1 - 0.005}

    return {
        "documents": size // 5,
        "overall": score(),
        "fields": {name: score() for name in kind.schema.names},
    }


def _decided(version: ModelVersion, *, promoted: bool) -> None:
    before = ModelVersion.objects.filter(document_type=version.document_type, number=version.number - 1)
    champion = before.first()

    def difference() -> dict[str, float]:
        return {"before": 0.9, "after": 0.91, "difference": 0.01, "low": -0.002, "high": 0.02}

    fields = {name: difference() for name in version.document_type.schema.names} if champion else {}
    Decision.objects.create(
        version=version,
        champion=champion,
        promote=promoted,
        reasons=["Promoted: better." if promoted else "Refused: it is no better."],
        figures={"documents": 100, "fields": fields} | ({"overall": difference()} if champion else {}),
    )
    moves = [("candidate", "champion" if promoted else "retired")]
    if promoted and version.state == ModelVersion.State.RETIRED:
        moves.append(("champion", "retired"))
    for earlier, later in moves:
        VersionMove.objects.create(
            version=version, before=earlier, after=later, reason="by the figures", by="the gate"
        )


def _others(kind: DocumentType) -> None:
    """Runs without a version, and one that goes on."""
    for _ in range(3):
        Run.objects.create(document_type=kind, state=Run.State.STOPPED, trigger="asked for by lea")
    if kind.name == "invoices":
        Run.objects.create(
            document_type=kind,
            state=Run.State.RUNNING,
            trigger="25 new corrections",
            stage="fine-tuning",
            share=0.4,
            epoch=5,
            epochs=12,
            started_at=timezone.now() - timedelta(minutes=8),
        )
