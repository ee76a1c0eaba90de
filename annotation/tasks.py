"""The Celery tasks of documents and Label Studio: each names one stage's function (see `webapp.wiring` for who rings)."""

from celery import shared_task

from annotation import (
    erasure,
    extraction,
    imports,
    inbox,
    jobs,
    outcomes,
    projects,
    queueing,
    reading,
    refiling,
    routing,
    schedules,
    state_counts,
    sweep,
    tallies,
)
from annotation.sources import looking, taking


@shared_task(name="annotation.tick", ignore_result=True)
def tick() -> None:
    """Beat's only task: what is due by the timetable."""
    schedules.tick()


read_document = jobs.job("annotation.read_document", "document")(reading.read_document)
route_document = jobs.job("annotation.route_document", "document")(routing.route_document)
route_waiting = jobs.job("annotation.route_waiting", "document_type")(routing.route_waiting)
extract_document = jobs.job("annotation.extract_document", "document")(extraction.extract_document)
extract_again = jobs.job("annotation.extract_again", "document")(extraction.extract_again)
extract_pool = jobs.job("annotation.extract_pool", "document_type")(extraction.extract_pool)
take_up = jobs.job("annotation.take_up", "document_type")(extraction.take_up)
record_given = jobs.job("annotation.record_given", "document")(imports.record_given)
import_labels = jobs.job("annotation.import_labels", "import")(imports.run_import)
finish_erasure = jobs.job("annotation.finish_erasure", "erasure")(erasure.finish)
finish_refiling = jobs.job("annotation.finish_refiling", "refiling")(refiling.finish)
follow_correction = jobs.job("annotation.follow_correction", "document")(refiling.follow)
sync_project = jobs.job("annotation.sync_project", "document_type")(projects.sync_project)
fill_queue = jobs.job("annotation.fill_queue", "document_type")(queueing.fill_queue)
collect_task = jobs.job("annotation.collect_task", "label_studio_task")(inbox.collect_task)
sweep_project = jobs.job("annotation.sweep_project", "document_type")(sweep.sweep_project)
look_at_sources = jobs.job("annotation.look_at_sources")(looking.look_at_all)
look_at_source = jobs.job("annotation.look_at_source", "source")(looking.look_at)
take_arrivals = jobs.job("annotation.take_arrivals", "source")(taking.take_arrivals)


@jobs.job("annotation.sweep_all")
def sweep_all(_nothing: int) -> None:
    sweep.sweep_all()


@jobs.job("annotation.forget_jobs")
def forget_jobs(_nothing: int) -> None:
    jobs.forget()


@jobs.job("annotation.add_up_tallies")
def add_up_tallies(_nothing: int) -> None:
    tallies.add_up()


@jobs.job("annotation.extract_left")
def extract_left(_nothing: int) -> None:
    extraction.extract_left()


@jobs.job("annotation.keep_figures")
def keep_figures(_nothing: int) -> None:
    outcomes.keep_missing()
    state_counts.count_states()
