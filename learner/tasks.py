"""The Celery tasks of the learner: each names one stage's function (see `webapp.wiring` for who rings)."""

from annotation import jobs
from learner import (
    aliases,
    automation,
    automation_watch,
    canary,
    drift,
    drift_concept,
    drift_operations,
    drift_reports,
    headlines,
    random_curve,
    rechecking,
    selection,
    stream,
    suspects,
    training,
    triggers,
)

train = jobs.job("learner.train", "run")(training.train)
rank_pool = jobs.job("learner.rank_pool", "document_type")(selection.rank_pool)
learn_from_correction = jobs.job("learner.learn_from_correction", "document")(triggers.learn_from_correction)
check_answer = jobs.job("learner.check_answer", "document")(rechecking.check_answer)
work_out_thresholds = jobs.job("learner.work_out_thresholds", "document_type")(automation.work_out)
compare_models = jobs.job("learner.compare_models", "document")(canary.compare)
watch_accepted = jobs.job("learner.watch_accepted", "document")(automation_watch.watch)
renew_headline = jobs.job("learner.renew_headline", "document_type")(headlines.renew)
find_suspects = jobs.job("learner.find_suspects", "document_type")(suspects.find_suspects)
close_doubts = jobs.job("learner.close_doubts", "refiling")(suspects.close_doubts)
draw_random_curve = jobs.job("learner.draw_random_curve", "document_type")(random_curve.compare)
note_signals = jobs.job("learner.note_signals", "document")(stream.note)
watch_drift = jobs.job("learner.watch_drift", "document_type")(drift.look)
follow_drift = jobs.job("learner.follow_drift", "document")(drift_concept.follow)
report_drift = jobs.job("learner.report_drift", "window")(drift_reports.report)
mirror_aliases = jobs.job("learner.mirror_aliases", "document_type")(aliases.mirror_aliases)


@jobs.job("learner.train_router")
def train_router(_nothing: int) -> None:
    triggers.train_router()


@jobs.job("learner.watch_all_drift")
def watch_all_drift(_nothing: int) -> None:
    drift.look_at_all()


@jobs.job("learner.watch_operations")
def watch_operations(_nothing: int) -> None:
    drift_operations.watch()


@jobs.job("learner.reconcile")
def reconcile(_nothing: int) -> None:
    """Mend what was left: runs that nothing will finish, aliases that MLflow missed, figures of yesterday, who was to be asked."""
    triggers.settle()
    rechecking.ask_left()
    headlines.renew_all()
    aliases.mirror_all()
