"""The whole loop on one page: which fact wakes which task, when timed tasks are due, and where long work runs.

A fact is rung with ids (`annotation.doorbell.ring`): of a document for facts about documents, of a document type
for facts about types, of a training run for facts about runs.
"""

from __future__ import annotations

from datetime import timedelta

WIRING: dict[str, list[str]] = {
    # documents
    "document received": ["annotation.read_document"],
    "source due": ["annotation.look_at_source"],  # with the source's id
    "files found": ["annotation.take_arrivals"],  # in a source, with its id
    "document read": ["annotation.extract_document"],
    "document extracted": ["learner.note_signals"],
    "document without type read": ["annotation.route_document"],
    "labels given": ["annotation.record_given"],  # with a document that is read by now
    "import asked": ["annotation.import_labels"],  # with the import's id
    "correction recorded": [
        "learner.learn_from_correction",
        "learner.check_answer",
        "learner.watch_accepted",
        "learner.compare_models",  # if a challenger is tried out
        "learner.follow_drift",
        "webapp.announce_correction",
        "webapp.announce_finished",
    ],
    "document accepted": ["webapp.announce_finished"],  # unseen
    "document misfiled": ["annotation.follow_correction"],  # a person says that it is of another type
    "document refiled": ["annotation.finish_refiling", "learner.close_doubts"],  # with the refiling's id
    "extraction asked": ["annotation.extract_again"],  # by hand
    "document erased": ["annotation.finish_erasure"],  # with the erasure's id
    "router changed": ["annotation.route_waiting", "learner.mirror_aliases"],  # with the unknown type's id
    # document types
    "document type changed": ["annotation.sync_project", "annotation.extract_pool"],
    "extractions outdated": ["annotation.extract_pool"],
    "pool changed": ["learner.rank_pool"],
    "ranking changed": ["annotation.fill_queue"],
    "figures outdated": ["learner.renew_headline"],
    "champion changed": [
        "annotation.take_up",  # what it said before, in seconds; what it has not seen follows
        "annotation.extract_pool",
        "learner.mirror_aliases",
        "learner.work_out_thresholds",
        "learner.watch_drift",  # what comes in now is what it begins with
        "webapp.announce_champion",
    ],
    "stream grew": ["learner.watch_drift"],
    "drift detected": ["webapp.announce_drift"],
    "drift window closed": ["learner.report_drift"],  # with the window's id
    "targets changed": ["learner.work_out_thresholds"],
    "audit grew": ["learner.work_out_thresholds"],
    "accuracy fell": ["webapp.announce_drift"],  # below what auto-accept promised, by the audit
    "challenger changed": ["learner.mirror_aliases"],
    "canary changed": [
        "annotation.take_up",
        "annotation.extract_pool",
    ],  # a challenger's share, as it begins and ends
    # Label Studio tasks
    "task changed": ["annotation.collect_task"],
    "project in doubt": ["annotation.sweep_project"],
    # messages to other programs, by the id of their delivery
    "message due": ["webapp.deliver"],
    "examination asked": ["webapp.examine"],  # about all of Docloop
    # people, by the id of their account
    "account changed": ["webapp.follow_account"],
    # training runs
    "training asked": ["learner.train"],
    # with the document type's id; before it learned, the training looked for suspects among what it learns from
    "training finished": ["learner.find_suspects", "learner.draw_random_curve", "learner.renew_headline"],
}

# name → how often; `annotation.schedules` makes one run of each due time, however many beats there are
TIMETABLE: dict[str, timedelta] = {
    "annotation.sweep_all": timedelta(seconds=60),  # DOCLOOP_SWEEP_SECONDS
    "annotation.look_at_sources": timedelta(seconds=60),  # DOCLOOP_SOURCE_SECONDS
    "annotation.forget_jobs": timedelta(days=1),
    "annotation.extract_left": timedelta(minutes=5),
    "annotation.add_up_tallies": timedelta(minutes=1),
    "annotation.keep_figures": timedelta(hours=1),
    "learner.reconcile": timedelta(minutes=5),
    "learner.watch_all_drift": timedelta(minutes=10),
    "learner.watch_operations": timedelta(minutes=10),  # writes each hour once
    "learner.train_router": timedelta(minutes=5),
    "webapp.forget_deliveries": timedelta(days=1),
    "webapp.forget_sessions": timedelta(days=1),
}

# Tasks that don't belong into the queue for short work, through which corrections go: a thousand scans that were just
# uploaded must not keep the ranking waiting
QUEUES: dict[str, str] = {
    "annotation.look_at_source": "reading",  # a mail server may take its time
    "annotation.take_arrivals": "reading",
    "annotation.read_document": "reading",
    "annotation.route_document": "reading",
    "annotation.route_waiting": "reading",
    "annotation.extract_document": "reading",
    "annotation.extract_pool": "reading",
    "annotation.extract_again": "reading",
    "annotation.keep_figures": "reading",  # after an upgrade, all corrections so far
    "annotation.import_labels": "reading",
    "webapp.deliver": "reading",  # somebody else's program may take its time
    "learner.compare_models": "reading",
    "learner.note_signals": "reading",
    "learner.report_drift": "training",  # importing the library alone takes seconds
    "learner.train": "training",
    "learner.find_suspects": "training",
    "learner.draw_random_curve": "training",
    "webapp.examine": "training",  # it waits for what the workers of the other queues do
}

# tasks that nothing wakes but a person or a program
BY_HAND: list[str] = []
