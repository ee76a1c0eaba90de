"""What `annotation.rechecks` asks of Label Studio besides what everybody does; the way there is `annotation.label_studio`'s."""

from __future__ import annotations

from collections.abc import Collection

from annotation import label_studio
from annotation.task_views import Json, column_filter


def tasks_by_key(project_id: int, keys: Collection[str]) -> dict[str, list[int]]:
    """The tasks, oldest first, of each of these `doc_id`s that has any in the project."""
    found: dict[str, list[int]] = {}
    if keys:
        chosen = column_filter("data.doc_id", "in_list", "List", sorted(keys))
        for task in label_studio.list_tasks(project_id, [chosen], include="id,data"):
            found.setdefault(str(task["data"]["doc_id"]), []).append(task["id"])
    return found


def skip_in_advance(task_id: int, emails: Collection[str]) -> None:
    """Have Label Studio pass a task over for these people, as if they had skipped it themselves.

    Community can't assign tasks, but never offers one again to somebody who skipped it, and does to everybody else.
    People that it doesn't know are left out. Doing so twice changes nothing.
    """
    wanted = {email.casefold() for email in emails}
    users: Json = label_studio.request("GET", "users", "listing people") if wanted else []
    ids = {user["id"] for user in users if str(user["email"]).casefold() in wanted}
    if not ids:
        return
    what = f"task {task_id}"
    task: Json = label_studio.request("GET", f"tasks/{task_id}", what, or_none=True, resolve_uri=False)
    if task is None:
        return
    there = {(each["completed_by"] or {}).get("id") for each in task["annotations"]}
    for user_id in sorted(ids - there):
        body = {"result": [], "was_cancelled": True, "completed_by": user_id}
        label_studio.request("POST", f"tasks/{task_id}/annotations", f"passing over {what}", json=body)
