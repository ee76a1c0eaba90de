"""Label Studio, in our words: the only module that speaks to it (1.23.2 Community, label-studio-sdk 2.1.2).

Every function is one or a few requests and holds no database transaction. Raises `LabelStudioUnreachable` when trying
again later can help, `LabelStudioRefused` when it can't. Nothing here quotes a document: Label Studio's own messages
do, and are cut before they reach an error.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import httpx
from django.conf import settings

from annotation.errors import LabelStudioRefused, LabelStudioUnreachable
from annotation.task_views import (
    LIGHT,
    Entry,
    Json,
    LabelTaskView,
    column_filter,
    document_id,
    entry_of,
    hidden_columns,
    parts,
    task_of,
)

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

TIMEOUT = 60  # seconds; an import of 100 tasks takes below 2
PAGE = 500  # tasks of one inventory request
SECRET_HEADER = "X-Docloop-Secret"  # noqa: S105  # its name
WEBHOOK_ACTIONS = (
    "ANNOTATION_CREATED",
    "ANNOTATIONS_CREATED",
    "ANNOTATION_UPDATED",
    "ANNOTATIONS_DELETED",
    "TASKS_DELETED",
)
# changes that can pass by themselves: time out, conflict, too many requests
PASSING = {408, 409, 429}
ONCE: Any = {"max_retries": 0}  # for requests that would do their work twice


@dataclass(frozen=True, slots=True)
class Project:
    """A project as it stands in Label Studio."""

    id: int
    label_config: str
    model_version: str


def labelling_url(project_id: int) -> str:
    """The page where a person is given one task after the other."""
    return f"{_public_url()}/projects/{project_id}/data?labeling=1"


def task_url(project_id: int, task_id: int) -> str:
    """The page of one task."""
    return f"{_public_url()}/projects/{project_id}/data?task={task_id}"


# projects


def find_project(description: str) -> int | None:
    """The oldest project with exactly this description."""
    listed = request("GET", "projects", "listing projects", include="id,description", page_size=10_000)
    return min((each["id"] for each in listed["results"] if each["description"] == description), default=None)


def create_project(title: str, description: str, label_config: str) -> int:
    """A new project; `title` has 3…50 characters. `find_project` first: a cut creation may have arrived."""
    with _speaking("creating a project"):
        made = _client().projects.create(
            title=title,
            description=description,
            label_config=label_config,
            sampling="Uncertainty sampling",
            maximum_annotations=1,
            show_collab_predictions=True,
            request_options=ONCE,
        )
    return int(made.id or 0)


def project(project_id: int) -> Project | None:
    """The project as it stands; None if there is none."""
    found = request("GET", f"projects/{project_id}", f"project {project_id}", or_none=True)
    if found is None:
        return None
    return Project(found["id"], found["label_config"], found["model_version"] or "")


def update_project(project_id: int, *, title: str, label_config: str) -> None:
    """Set title, labelling configuration and what our queue needs."""
    body = {
        "title": title,
        "label_config": label_config,
        "sampling": "Uncertainty sampling",
        "maximum_annotations": 1,
        "show_collab_predictions": True,
    }
    request("PATCH", f"projects/{project_id}", f"changing project {project_id}", json=body)


def set_model_version(project_id: int, model_version: str) -> None:
    """Show this version's predictions: refused by Label Studio while the project has none of them."""
    what = f"the model version of project {project_id}"
    request("PATCH", f"projects/{project_id}", what, json={"model_version": model_version})


def ensure_webhook(project_id: int, url: str, secret: str) -> bool:
    """See that exactly one active webhook of ours stands as it should; answers whether it had to be mended.

    Ours are those with our secret's header, or our address.
    """
    wanted = {
        "url": url,
        "project": project_id,
        "send_payload": True,
        "send_for_all_actions": False,
        "is_active": True,
        "actions": sorted(WEBHOOK_ACTIONS),
        "headers": {SECRET_HEADER: secret},
    }
    listed = request("GET", "webhooks", f"webhooks of project {project_id}", project=project_id)
    ours = [each for each in listed if each["url"] == url or SECRET_HEADER in (each["headers"] or {})]
    good = [each for each in ours if wanted.items() <= (each | {"actions": sorted(each["actions"])}).items()]
    if not good:  # before the old one goes: an event between the two would be lost
        request("POST", "webhooks", f"creating the webhook of project {project_id}", json=wanted)
    stale = [each for each in ours if each not in good[:1]]
    for each in stale:
        request("DELETE", f"webhooks/{each['id']}", f"webhook {each['id']}")
    return not good or bool(stale)


def forget_storage(project_id: int, path: str) -> None:
    """Have the project show no more files below `path`, as it did before tasks had keys to their pages."""
    what = f"the storage of project {project_id}"
    for each in request("GET", "storages/localfiles", what, project=project_id):
        if each["path"] == path:
            request("DELETE", f"storages/localfiles/{each['id']}", what, or_none=True)


# tasks


def push_tasks(
    project_id: int, tasks: Sequence[tuple[Mapping[str, Json], Mapping[str, Json] | None]]
) -> list[int]:
    """Import (data, prediction) pairs, all or none; answers the tasks' ids in the same order.

    Sent once only: Label Studio takes the same task twice without a word, so look it up before sending again.
    """
    if not tasks:
        return []
    request: Json = [
        {"data": data, "predictions": [prediction] if prediction else []} for data, prediction in tasks
    ]
    what = f"importing {len(tasks)} tasks into project {project_id}"
    with _speaking(what):
        answer: Json = _client().projects.import_tasks(
            id=project_id, request=request, return_task_ids=True, request_options=ONCE
        )
    ids = [int(task_id) for task_id in answer.task_ids or ()]
    if len(ids) != len(tasks):
        raise LabelStudioRefused(f"{what}: it took {len(ids)}", status=200)
    return ids


def tasks_by_document(project_id: int, document_ids: Collection[int]) -> dict[int, list[int]]:
    """The tasks, oldest first, of each of these documents that has any in the project."""
    wanted = [str(each) for each in document_ids]
    if not wanted:
        return {}
    found: dict[int, list[int]] = {}
    chosen = column_filter("data.doc_id", "in_list", "List", wanted)
    for task in list_tasks(project_id, [chosen], include="id,data"):
        if (document := document_id(task)) is not None:
            found.setdefault(document, []).append(task["id"])
    return found


def fetch_task(task_id: int) -> LabelTaskView | None:
    """A task with all its annotations; None if there is none."""
    task = request("GET", f"tasks/{task_id}", f"task {task_id}", or_none=True, resolve_uri=False)
    return None if task is None else task_of(task)


def inventory(project_id: int) -> Iterator[Entry]:
    """Every task of a project by growing id, without any content; refused (404) if there is no such project."""
    return map(entry_of, list_tasks(project_id, [], include=LIGHT))


def delete_untouched(
    project_id: int, task_ids: Collection[int], *, skipped_too: bool = False
) -> frozenset[int] | None:
    """Delete those of these tasks that nobody has answered, drafted or been given; answers which are gone.

    A skip is an answer, unless `skipped_too`.

    Label Studio checks and deletes in one request, so that nobody's work can come in between. None, and nothing is
    deleted, if it is not set up to tell what the labelling page has given to people: it tells with
    LABEL_STUDIO_DATA_MANAGER_FILTER_ALLOWLIST=locks__expire_at in its environment.
    """
    if not task_ids:
        return frozenset()
    untouched = [
        column_filter("total_annotations", "equal", "Number", 0),
        column_filter("draft_exists", "equal", "Boolean", "false"),
        column_filter("locks__expire_at", "empty", "Unknown", "true"),
    ]
    if not skipped_too:
        untouched.append(column_filter("cancelled_annotations", "equal", "Number", 0))
    try:
        _delete(project_id, task_ids, filters={"conjunction": "and", "items": untouched})
    except LabelStudioRefused as refusal:
        if refusal.status == 400:
            return None
        raise
    left = list_tasks(project_id, [column_filter("id", "in_list", "List", sorted(task_ids))], include="id")
    return frozenset(task_ids) - {task["id"] for task in left}


def delete_tasks(project_id: int, task_ids: Collection[int]) -> None:
    """Delete these tasks with all that people did to them."""
    if task_ids:
        _delete(project_id, task_ids)


def _delete(project_id: int, task_ids: Collection[int], **more: Json) -> None:
    chosen = {"all": False, "included": sorted(task_ids)}
    body = {"project": project_id, "ordering": [], "selectedItems": chosen} | more
    what = f"deleting {len(task_ids)} tasks of project {project_id}"
    request("POST", "dm/actions", what, json=body, id="delete_tasks", project=project_id)


# predictions


def add_predictions(project_id: int, predictions: Mapping[int, Mapping[str, Json]]) -> None:
    """Give tasks (by id) a prediction each, unless they have one of its version; tasks that are gone are passed over.

    Older ones stay: Label Studio refuses what a person submits if the prediction they began with is gone.
    """
    if not predictions:
        return
    chosen = column_filter("id", "in_list", "List", sorted(predictions))
    there = list_tasks(project_id, [chosen], include="id,predictions_model_versions")
    missing: Json = [
        {"task": task["id"], **predictions[task["id"]]}
        for task in there
        if predictions[task["id"]]["model_version"] not in parts(task.get("predictions_model_versions"))
    ]
    if not missing:
        return
    what = f"{len(missing)} predictions for project {project_id}"
    with _speaking(what):
        answer = _client().projects.import_predictions(id=project_id, request=missing, request_options=ONCE)
    if answer.created != len(missing):
        raise LabelStudioRefused(f"{what}: it took {answer.created}", status=200)


# people


def service_account() -> str:
    """The e-mail of the account whose token we use: what it submits, no person said."""
    with _speaking("asking who we are"):
        return str(_client().users.whoami().email)


# how it is done


@lru_cache(maxsize=1)
def _connect(url: str, token: str) -> LabelStudio:
    from label_studio_sdk import LabelStudio  # 2 s to import, and the web process only wants addresses

    return LabelStudio(base_url=url, api_key=token, timeout=TIMEOUT)  # type: ignore[no-untyped-call]


def _client() -> LabelStudio:
    config = settings.CONFIG
    return _connect(config.label_studio_url.rstrip("/"), config.label_studio_token.get_secret_value())


def _public_url() -> str:
    config = settings.CONFIG
    return (config.label_studio_public_url or config.label_studio_url).rstrip("/")


@contextmanager
def _speaking(what: str) -> Iterator[None]:
    """Turn the SDK's and the network's errors into ours; `what` says what was being done."""
    from label_studio_sdk.core.api_error import ApiError

    try:
        yield
    except ApiError as problem:
        raise _error(what, problem.status_code or 0, problem.body) from None
    except httpx.TransportError as problem:
        raise LabelStudioUnreachable(
            f"Label Studio does not answer at {settings.CONFIG.label_studio_url} "
            f"({type(problem).__name__}; {what}): is it running, and is DOCLOOP_LABEL_STUDIO_URL right?"
        ) from None


def _error(what: str, status: int, body: Json) -> LabelStudioUnreachable | LabelStudioRefused:
    # the SDK gives up at an answer that broke off, whatever its status was
    if not 400 <= status < 500 or status in PASSING:
        return LabelStudioUnreachable(f"Label Studio failed ({what}: HTTP {status})")
    if status == 401:
        return LabelStudioRefused(
            f"Label Studio does not know our token ({what}): is DOCLOOP_LABEL_STUDIO_TOKEN right, "
            "and was LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN=true set at its very first start?",
            status=status,
        )
    return LabelStudioRefused(f"Label Studio refused ({what}: HTTP {status}){_reason(body)}", status=status)


def _reason(body: Json) -> str:
    """Label Studio's own short reason, without what it quotes of the request."""
    if not isinstance(body, dict):
        return ""
    detail = str(body.get("detail") or "")
    errors = body.get("validation_errors")
    fields = f" ({', '.join(map(str, errors))})" if isinstance(errors, dict) else ""
    return f": {detail[:200]}{fields}" if detail else ""


def request(
    method: str, path: str, what: str, *, json: Json = None, or_none: bool = False, **parameters: Json
) -> Json:
    """One request to the API, for what the SDK has no call for or can only do with all of a task's content.

    With `or_none`, None if Label Studio says that there is no such thing.
    """
    with _speaking(what):
        # the SDK's own connection, with its token and its retries of 408, 429 and 5xx
        answer = _client()._client_wrapper.httpx_client.request(
            f"api/{path}" if path.startswith("ml/") else f"api/{path}/",  # its addresses differ in the end
            method=method,
            params=parameters,
            json=json,
            request_options=ONCE if method == "POST" else None,
        )
    try:
        body = answer.json() if answer.content else None
        if isinstance(body, dict) and "remedy" in body:
            raise ValueError("Docloop's own")
    except ValueError:
        # a proxy's page: its 404 must not look as if Label Studio's tasks were gone
        raise LabelStudioUnreachable(f"not Label Studio but something else answered ({what})") from None
    if or_none and answer.status_code == 404:
        return None
    if answer.status_code >= 400:
        raise _error(what, answer.status_code, body)
    return body


def list_tasks(
    project_id: int, filters: Sequence[dict[str, Json]], *, include: str, **more: Json
) -> Iterator[dict[str, Json]]:
    """Tasks by growing id, `PAGE` a request, with the named fields only.

    Each request asks for ids above the last one: with numbered pages a task that is deleted meanwhile would hide
    another.
    """
    last = 0
    while True:
        items = [*filters, column_filter("id", "greater", "Number", last)]
        query = {
            "filters": {"conjunction": "and", "items": items},
            "ordering": ["tasks:id"],
            "hiddenColumns": hidden_columns(include.split(",")),
        }
        answer = request(
            "GET",
            "tasks",
            f"listing tasks of project {project_id}",
            project=project_id,
            **{"fields": "task_only", **more},
            include=include,
            page_size=PAGE,
            query=json.dumps(query),
        )
        yield from answer["tasks"]
        if len(answer["tasks"]) < PAGE:
            return
        last = answer["tasks"][-1]["id"]
