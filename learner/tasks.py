"""The Celery tasks of the learner: each names one stage's function (see `webapp.wiring` for who rings)."""

from annotation import jobs
from learner import aliases, rechecking, selection, suspects, training, triggers

train = jobs.job("learner.train")(training.train)
rank_pool = jobs.job("learner.rank_pool")(selection.rank_pool)
learn_from_correction = jobs.job("learner.learn_from_correction")(triggers.learn_from_correction)
check_answer = jobs.job("learner.check_answer")(rechecking.check_answer)
find_suspects = jobs.job("learner.find_suspects")(suspects.find_suspects)
mirror_aliases = jobs.job("learner.mirror_aliases")(aliases.mirror_aliases)


@jobs.job("learner.reconcile")
def reconcile(_nothing: int) -> None:
    """Mend what a crash left: runs that nothing will finish, aliases that MLflow missed."""
    triggers.settle()
    aliases.mirror_all()
