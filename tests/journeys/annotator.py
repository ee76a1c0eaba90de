"""A person at Label Studio's front end, as far as its server can tell: signs in, asks for the next task, submits."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from annotation.bands import field_of
from models.extractors.base import Answer
from models.schema import Schema


@dataclass
class Annotator:
    """A signed-in session. Requests are those that the front end of Label Studio 1.23.2 sends."""

    client: httpx.Client

    @classmethod
    def sign_in(cls, url: str, email: str, password: str) -> Annotator:
        client = httpx.Client(base_url=url, timeout=60)
        client.get("/user/login/").raise_for_status()
        person = cls(client)
        answer = client.post(
            "/user/login/",
            data={
                "email": email,
                "password": password,
                "csrfmiddlewaretoken": person.csrf_token,
                "persist_session": "on",
            },
            headers={"Referer": f"{url}/user/login/"},
        )
        assert answer.status_code == 302, f"{email} could not sign in to Label Studio: {answer.status_code}"
        return person

    @property
    def csrf_token(self) -> str:
        """From Label Studio's cookie, by the name that it has with one-click sign-in or by Django's."""
        return self.client.cookies.get("label_studio_csrf") or self.client.cookies["csrftoken"]

    def post(self, path: str, **more: Any) -> httpx.Response:
        """A request as the front end sends it, with the token that Label Studio wants of browsers."""
        return self.client.post(
            path,
            headers={"X-CSRFToken": self.csrf_token, "Referer": str(self.client.base_url)},
            **more,
        )

    def next_task(self, project_id: int) -> dict[str, Any] | None:
        """What 'Label All Tasks' shows next, with its predictions; None when there is nothing to show just now.

        That is an empty queue, or a task that was withdrawn between being handed out and being opened: the front end
        says that it is gone, and the person, who has not seen it yet, asks again.
        """
        answer = self.post("/api/dm/actions", params={"id": "next_task", "project": project_id}, json={})
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        task_id = answer.json()["id"]
        task = self.client.get(f"/api/tasks/{task_id}", params={"project": project_id})
        return None if task.status_code == 404 else task.raise_for_status().json()

    def submit(self, task: dict[str, Any], result: list[dict[str, Any]], *, seconds: float = 8.0) -> int:
        """Press Submit; answers the annotation's id."""
        shown = shown_prediction(task)
        answer = self.post(
            f"/api/tasks/{task['id']}/annotations",
            params={"project": task["project"]},
            json={
                "result": result,
                "lead_time": seconds,
                "parent_prediction": shown["id"] if shown else None,
                "parent_annotation": None,
            },
        )
        answer.raise_for_status()
        return int(answer.json()["id"])

    def skip(self, task: dict[str, Any], result: list[dict[str, Any]]) -> None:
        """Press Skip: the pre-filled result goes along, as the front end does it."""
        self.post(
            f"/api/tasks/{task['id']}/annotations",
            params={"project": task["project"]},
            json={"result": result, "lead_time": 2.0, "was_cancelled": True},
        ).raise_for_status()


def shown_prediction(task: dict[str, Any]) -> dict[str, Any] | None:
    """The newest prediction: what the editor pre-fills."""
    return max(task["predictions"], key=lambda each: each["id"], default=None)


def corrected(
    task: dict[str, Any], truth: Sequence[Answer], schema: Schema, *, size: tuple[int, int] = (1000, 1400)
) -> list[dict[str, Any]]:
    """What a careful person submits: right regions kept, wrong ones put right or deleted, missing ones drawn."""
    shown = shown_prediction(task)
    regions: dict[str, list[dict[str, Any]]] = {}
    loose = []
    for item in shown["result"] if shown else []:
        if "x" in item["value"]:
            regions.setdefault(item["id"], []).append(item)
        else:
            loose.append(item)
    wanted = list(truth)
    kept: list[dict[str, Any]] = []
    wrong: list[list[dict[str, Any]]] = []
    for items in regions.values():
        field, text = field_and_text(items)
        match = next((a for a in wanted if a.field == field and schema[field].same(a.text, text)), None)
        if match is None:
            wrong.append(items)
        else:
            wanted.remove(match)
            kept += items
    for items in wrong:  # what stands for a field that is there is put right; the rest is deleted
        match = next((answer for answer in wanted if answer.field == field_and_text(items)[0]), None)
        if match is not None:
            wanted.remove(match)
            kept += retyped(items, match)
    return loose + kept + [item for answer in wanted for item in drawn(answer, size)]


def retyped(items: Sequence[dict[str, Any]], answer: Answer) -> list[dict[str, Any]]:
    """The same region, dragged to where the answer stands, with its text: origin and score stay, as the front end's."""
    place = answer.place.box.to_percent() if answer.place else {}
    page = {"item_index": answer.place.page} if answer.place else {}
    return [
        item
        | page
        | {"value": item["value"] | place | ({"text": [answer.text]} if "text" in item["value"] else {})}
        for item in items
    ]


def field_and_text(items: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """The label and the text of one region's items."""
    named = [item["value"]["rectanglelabels"][0] for item in items if "rectanglelabels" in item["value"]]
    labels = [field_of(label) for label in named]
    texts = [item["value"]["text"][0] for item in items if item["value"].get("text")]
    return labels[0], texts[0] if texts else ""


def drawn(answer: Answer, size: tuple[int, int]) -> list[dict[str, Any]]:
    """A region drawn by hand: a box with a label, and its text."""
    if answer.place is None:
        return []
    common = {
        "id": secrets.token_urlsafe(8)[:10],
        "to_name": "pages",
        "origin": "manual",
        "item_index": answer.place.page,
        "image_rotation": 0,
        "original_width": size[0],
        "original_height": size[1],
    }
    place = answer.place.box.to_percent() | {"rotation": 0}
    return [
        common
        | {
            "from_name": "field",
            "type": "rectanglelabels",
            "value": place | {"rectanglelabels": [answer.field]},
        },
        common | {"from_name": "transcription", "type": "textarea", "value": place | {"text": [answer.text]}},
    ]
