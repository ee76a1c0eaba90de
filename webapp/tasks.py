"""The Celery tasks of the web app: telling other programs what happened, and the doctor (see `webapp.wiring` for who rings)."""

from annotation import jobs
from webapp import notifications, people, sessions
from webapp.doctor import asked

announce_correction = jobs.job("webapp.announce_correction", "document")(notifications.announce_correction)
announce_finished = jobs.job("webapp.announce_finished", "document")(notifications.announce_finished)
announce_champion = jobs.job("webapp.announce_champion", "document_type")(notifications.announce_champion)
announce_drift = jobs.job("webapp.announce_drift", "document_type")(notifications.announce_drift)
deliver = jobs.job("webapp.deliver", "delivery")(notifications.deliver)
follow_account = jobs.job("webapp.follow_account", "user")(people.follow_account)

examine = jobs.job(asked.TASK)(asked.examine)


@jobs.job("webapp.forget_deliveries")
def forget_deliveries(_nothing: int) -> None:
    notifications.forget_deliveries()


@jobs.job("webapp.forget_sessions")
def forget_sessions(_nothing: int) -> None:
    sessions.forget()
