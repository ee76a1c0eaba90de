"""What `annotation.rebuilding` asks of Label Studio: many tasks with all that people said; the way there is `annotation.label_studio`'s."""

from __future__ import annotations

from collections.abc import Collection

from annotation import label_studio
from annotation.task_views import LabelTaskView, column_filter, task_of

WHOLE = "id,project,data,updated_at,draft_exists,annotations,predictions"


def fetch_tasks(project_id: int, task_ids: Collection[int]) -> list[LabelTaskView]:
    """Those of these tasks that the project has, each as `label_studio.fetch_task` answers it."""
    if not task_ids:
        return []
    chosen = column_filter("id", "in_list", "List", sorted(task_ids))
    # people come with their e-mails, as in the answer for one task, and not as numbers
    more = {"fields": "all", "expand": "annotations.completed_by", "resolve_uri": False}
    return [task_of(task) for task in label_studio.list_tasks(project_id, [chosen], include=WHOLE, **more)]
