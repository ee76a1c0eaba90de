"""The life of a model version: the only writer of its state, with a row of history per move.

The database is the truth of which version is champion; MLflow's aliases are its image, set after the commit and
mended by `learner.aliases` whenever a crash came in between.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Subquery
from django.db.models.functions import Now

from annotation import audit_trail, doorbell
from annotation.errors import IllegalMove, Refused
from annotation.models import DocumentType
from learner.models import Canary, ModelVersion, VersionMove

State = ModelVersion.State

MAY_FOLLOW: dict[ModelVersion.State, set[ModelVersion.State]] = {
    State.CANDIDATE: {State.CHALLENGER, State.RETIRED},
    State.CHALLENGER: {State.CHAMPION, State.RETIRED},
    State.CHAMPION: {State.RETIRED},
    State.RETIRED: {State.CHAMPION},  # rolled back to, or promoted by hand against the gate
}


def move(version: ModelVersion, to: ModelVersion.State, *, by: str, reason: str) -> None:
    """Move one version, and leave that on the trail; to where it is already is no move. Raises `IllegalMove`.

    Needs the type's lock (`_locked`).
    """
    before = State(ModelVersion.objects.select_for_update().get(pk=version.pk).state)
    if before == to:
        return
    if to not in MAY_FOLLOW[before]:
        raise IllegalMove(f"{version} is {before}, it can't become {to}")
    VersionMove.objects.create(version=version, before=before, after=to, reason=reason[:500], by=by)
    ModelVersion.objects.filter(pk=version.pk).update(state=to)
    version.state = to
    if before == State.CHALLENGER:
        _end_trial(version, promoted=to == State.CHAMPION, why=reason)
    action = "retired" if to == State.RETIRED else f"made {to.value}"
    audit_trail.record(by=by, action=action, subject=version.name, why=reason)


@transaction.atomic
def challenge(version: ModelVersion, *, by: str, reason: str) -> None:
    """Make a candidate its type's challenger; an older challenger that was never decided on is retired."""
    _locked(version.document_type_id)
    older = ModelVersion.objects.filter(document_type=version.document_type_id, state=State.CHALLENGER)
    for left in older.exclude(pk=version.pk):
        move(left, State.RETIRED, by=by, reason=f"followed by {version} before it was decided on")
    move(version, State.CHALLENGER, by=by, reason=reason)
    doorbell.ring("challenger changed", version.document_type_id)


@transaction.atomic
def refuse(version: ModelVersion, *, by: str, reason: str) -> None:
    """Retire a challenger that the gate did not let through."""
    _locked(version.document_type_id)
    move(version, State.RETIRED, by=by, reason=reason)
    doorbell.ring("challenger changed", version.document_type_id)


@transaction.atomic
def promote(version: ModelVersion, *, by: str, reason: str) -> None:
    """Make a challenger, or a retired version, the champion of its type, and ring that it changed.

    In one transaction: whoever reads sees the old champion or the new one, never none and never two. Promoting
    the champion again changes nothing. Raises `Refused` if the version knows other fields than its type has now.
    """
    document_type = _locked(version.document_type_id)
    version.refresh_from_db()
    if version.state == State.CHAMPION:
        return
    if version.forgotten:
        raise Refused(f"{version} learned from a document that was erased, and its files were deleted")
    if version.schema_hash != document_type.schema.hash:
        raise Refused(
            f"{version} was trained for other fields than {document_type.name} has now; train a new version"
        )
    for old in ModelVersion.objects.filter(document_type=document_type, state=State.CHAMPION):
        move(old, State.RETIRED, by=by, reason=f"followed by {version}")
    others = ModelVersion.objects.filter(document_type=document_type, state=State.CHALLENGER)
    for tried in others.filter(canary__isnull=False).exclude(pk=version.pk):
        move(
            tried,
            State.RETIRED,
            by=by,
            reason=f"the champion that it was compared with gave way to {version}",
        )
    move(version, State.CHAMPION, by=by, reason=reason)
    DocumentType.every.filter(pk=document_type.pk).update(
        champion=version.name, champion_uri=version.uri, champion_sha256=version.sha256
    )
    if document_type.unknown:
        doorbell.ring("router changed", document_type.pk)
    else:
        doorbell.ring("champion changed", document_type.pk)


def previous_champion(document_type: DocumentType) -> ModelVersion | None:
    """The newest version before the present champion that was champion once; rolling back twice goes back two."""
    versions = ModelVersion.objects.filter(document_type=document_type)
    champion = versions.filter(state=State.CHAMPION).values("number")
    once = VersionMove.objects.filter(after=State.CHAMPION).values("version")
    earlier = versions.filter(number__lt=Subquery(champion[:1]), pk__in=once)
    return earlier.exclude(made_with__has_key="forgotten").order_by("-number").first()


@transaction.atomic
def roll_back(document_type: DocumentType, *, by: str) -> ModelVersion:
    """Put the previous champion back to work and answer it; raises `Refused` if there is none."""
    _locked(document_type.pk)
    previous = previous_champion(document_type)
    if previous is None:
        raise Refused(f"{document_type.name} has no earlier champion to go back to")
    promote(previous, by=by, reason=f"rolled back by {by}")
    return previous


def _locked(type_id: int) -> DocumentType:
    """The document type, locked until the transaction ends, so that its versions move one after the other."""
    return DocumentType.every.select_for_update().get(pk=type_id)


def _end_trial(version: ModelVersion, *, promoted: bool, why: str) -> None:
    """Close the trial of a version that is no challenger any more, if it has one."""
    outcome = Canary.Outcome.PROMOTED if promoted else Canary.Outcome.STOPPED
    running = Canary.objects.filter(version=version, ended_at=None)
    if running.update(ended_at=Now(), outcome=outcome, why=why[:500]):
        DocumentType.objects.filter(pk=version.document_type_id).update(
            challenger="", challenger_uri="", challenger_sha256="", challenger_share=0.0
        )
        doorbell.ring("canary changed", version.document_type_id)
