"""What `annotation.projects` asks of Label Studio about its "ML backends"; the way there is `annotation.label_studio`'s."""

from __future__ import annotations

from annotation import label_studio
from annotation.task_views import Json

TITLE = "Docloop reads drawn boxes"  # no model version is called so
CONNECTED = "CO"


def ensure_backend(project_id: int, url: str, user: str, password: str) -> bool:
    """See that Label Studio asks us, and nobody else in our name, about boxes that are drawn; answers whether that
    had to be mended.

    Label Studio asks `url` at once whether it is there, with the password that it has: it is refused (400) where it
    isn't, or doesn't know the password. To list the backends asks each of them too.
    """
    what = f"the ML backend of project {project_id}"
    listed = label_studio.request("GET", "ml", what, project=project_id)
    ours = [each for each in listed if each["title"] == TITLE or each["url"] == url]
    good = [each for each in ours if _is_good(each, url)]
    if not good:
        _connect(project_id, url, user, password)
    stale = [each for each in ours if each not in good[:1]]
    for each in stale:
        label_studio.request("DELETE", f"ml/{each['id']}", what)
    return not good or bool(stale)


def _is_good(backend: dict[str, Json], url: str) -> bool:
    return bool(backend["url"] == url and backend["is_interactive"] and backend["state"] == CONNECTED)


def _connect(project_id: int, url: str, user: str, password: str) -> None:
    what = f"connecting the ML backend of project {project_id}"
    before = label_studio.project(project_id)
    body = {
        "project": project_id,
        "url": url,
        "title": TITLE,
        "description": "Fills in the text under a box that somebody draws",
        "is_interactive": True,
        "auth_method": "BASIC_AUTH",
        "basic_auth_user": user,
        "basic_auth_pass": password,
    }
    label_studio.request("POST", "ml", what, json=body)
    # Label Studio makes two things of its own along with it. A webhook for everything that happens: ours does that, and
    # each one keeps the annotator waiting.
    for each in label_studio.request("GET", "webhooks", what, project=project_id):
        if each["url"] == f"{url}/webhook":
            label_studio.request("DELETE", f"webhooks/{each['id']}", what)
    # And the backend's title as the version whose predictions are shown, where there is none yet
    if before is not None and not before.model_version:
        label_studio.request("PATCH", f"projects/{project_id}", what, json={"model_version": ""})
