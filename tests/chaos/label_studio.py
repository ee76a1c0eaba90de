"""Label Studio over HTTP in a process of its own, for chaos: the stand-in of `tests.annotation`, asked as the real one is.

It has what was measured of Label Studio 1.23.2: a webhook is sent once and never again, without signature, id or time;
`ANNOTATIONS_DELETED` names no task; several things that people do are never announced (`LabelStudioInMemory`), a
project takes its webhooks along, and the same task is taken twice without a word. What the network does comes on top,
as the test orders it: a notice arrives 0 to 3 times, late and in any order, and answers of the API fail in every way.

    python -m tests.chaos.label_studio PORT SEED
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django
import httpx

django.setup()

from annotation.task_views import AnnotationView, LabelTaskView  # noqa: E402
from tests.annotation.stand_in import ANN, SERVICE_ACCOUNT, LabelStudioInMemory  # noqa: E402

Json = Any
NOTHING: dict[str, Any] = {"down": False, "rate": 0.0, "kinds": [], "hang": 2.0}
WEBHOOK_TIMEOUT = 1.0  # seconds, as Label Studio comes


class Answer(Exception):
    """An HTTP answer that isn't 200."""

    def __init__(self, status: int, body: Json = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class LabelStudio(LabelStudioInMemory):
    def __init__(self, seed: int) -> None:
        super().__init__()
        self.lock = threading.RLock()
        self.chance = random.Random(seed)
        self.described: dict[int, dict[str, Json]] = {}
        self.data: dict[int, dict[str, Json]] = {}
        self.predictions: dict[int, list[dict[str, Json]]] = {}
        self.hooks: dict[int, dict[str, Json]] = {}
        self.storages: list[dict[str, Json]] = []
        self.ml: dict[int, dict[str, Json]] = {}
        self.ever: dict[int, list[dict[str, Json]]] = {}
        self.sent: Counter[str] = Counter()
        self.calls: list[tuple[float, str]] = []
        self.faults = dict(NOTHING)
        self.postmen = ThreadPoolExecutor(16)

    def now(self) -> datetime:
        self._clock = max(self._clock + timedelta(microseconds=1), datetime.now(UTC))
        return self._clock

    def _put(self, task_id: int, annotations: list[AnnotationView], more: dict[str, Any]) -> None:
        super()._put(task_id, annotations, more)
        for annotation in annotations:
            versions = self.ever.setdefault(annotation.id, [])
            if (version := essence(annotation)) not in versions:
                versions.append(version)

    def found(self, task_id: int) -> LabelTaskView:
        task = self.task(task_id)
        if task is None:
            raise Answer(404, {"detail": "Not found."})
        return task

    # what people do, and what is told of it

    def act(self, order: dict[str, Json]) -> Json:
        """One thing that somebody does; `copies` notices of it arrive, each `delays` seconds later."""
        name, task_id, annotation_id = order["act"], order.get("task"), order.get("annotation")
        with self.lock:
            made: Json = None
            told: dict[str, Json] | None = None
            project_id = self.found(task_id).project_id if task_id is not None else order["project"]
            if name == "submit":
                made = self.submit(task_id, order["result"], completed_by=order.get("by", ANN))
                told = self.about("ANNOTATION_CREATED", task_id, made)
            elif name in ("edit", "skip"):
                more = {"result": order["result"]} if "result" in order else {}
                self.edit(task_id, annotation_id, skipped=name == "skip", **more)
                told = self.about("ANNOTATION_UPDATED", task_id, annotation_id)
            elif name == "delete":
                self.delete(task_id, annotation_id)
                told = {"action": "ANNOTATIONS_DELETED", "annotations": [{"id": annotation_id}]}
            elif name == "delete task":
                self.delete_task(task_id)
                told = {"action": "TASKS_DELETED", "tasks": [{"id": task_id}]}
            elif name == "flag":
                self.flag(task_id, annotation_id)
                told = self.about("ANNOTATION_UPDATED", task_id, annotation_id)
            elif name == "propagate":
                annotation = next(a for a in self.found(task_id).annotations if a.id == annotation_id)
                self.propagate(annotation, order["to"])
            elif name == "make draft":
                self.make_draft(task_id, annotation_id)
            elif name == "merge":
                self.data.setdefault(order["into"], {})
                self.merge(task_id, order["into"])
            elif name == "import":
                made = self.take(project_id, {"data": {"doc_id": str(order["document"])}})
                for each in order["results"]:
                    self.submit(made, each)
            elif name == "predict":
                self.predict(task_id)
            elif name == "delete project":
                self.delete_project(project_id)
                self.described.pop(project_id, None)
                self.hooks = {pk: each for pk, each in self.hooks.items() if each["project"] != project_id}
            else:
                raise Answer(400, {"detail": f"no act {name}"})
            if told:
                self.tell(project_id, told, order.get("delays", [0.0]))
            return made

    def about(self, action: str, task_id: int, annotation_id: int) -> dict[str, Json]:
        task = self.found(task_id)
        annotation = next(each for each in task.annotations if each.id == annotation_id)
        return {
            "action": action,
            "annotation": annotation_json(annotation, task),
            "task": {"id": task.id, "data": self.data.get(task.id, {})},
        }

    def tell(self, project_id: int, body: dict[str, Json], delays: list[float]) -> None:
        project = {"project": {"id": project_id, "title": self.described.get(project_id, {}).get("title")}}
        for hook in self.hooks.values():
            if hook["project"] == project_id and hook["is_active"] and body["action"] in hook["actions"]:
                for delay in delays:
                    self.postmen.submit(self.deliver, hook, body | project, delay)

    def deliver(self, hook: dict[str, Json], body: dict[str, Json], delay: float) -> None:
        """Once: what goes wrong is nobody's business."""
        time.sleep(delay)
        try:
            answer = httpx.post(hook["url"], json=body, headers=hook["headers"], timeout=WEBHOOK_TIMEOUT)
            self.sent["taken" if answer.is_success else f"HTTP {answer.status_code}"] += 1
        except httpx.HTTPError as problem:
            self.sent[type(problem).__name__] += 1

    def take(self, project_id: int, each: dict[str, Json]) -> int:
        task_id = self.add_task(project_id, int(each["data"]["doc_id"]))
        self.data[task_id] = each["data"]
        self.predictions[task_id] = []
        for prediction in each.get("predictions") or ():
            self.add_prediction(task_id, prediction)
        return task_id

    def add_prediction(self, task_id: int, prediction: dict[str, Json]) -> None:
        kept = prediction | {"id": next(self._ids), "created_at": self.now().isoformat()}
        self.predictions[task_id].append(kept)
        self.predict(task_id)

    # the API

    def answer(self, method: str, path: str, query: dict[str, str], body: Json) -> tuple[int, Json]:
        parts = path.strip("/").split("/")
        if parts == ["health"]:
            return 200, {"status": "UP"}
        if parts[0] == "fake":
            return 200, self.told(parts[1], body)
        name, rest = parts[1], parts[2:]
        with self.lock:
            return getattr(self, f"api_{name.replace('-', '_')}")(method, rest, query, body)

    def told(self, what: str, body: Json) -> Json:
        """The test's own questions and orders."""
        if what == "act":
            return self.act(body)
        with self.lock:
            if what == "faults":
                self.faults = NOTHING | body
            elif what == "calls":
                return self.calls
            elif what == "forget-calls":
                self.calls.clear()
            elif what == "versions":
                return self.ever[body]
            elif what in ("tasks", "truth"):
                tasks = [self.truth_of(task) for held in self.projects.values() for task in held.values()]
                if what == "tasks":
                    return tasks
                return {"tasks": tasks, "ever": self.ever, "sent": self.sent, "hooks": len(self.hooks)}
            return None

    def truth_of(self, task: LabelTaskView) -> dict[str, Json]:
        return {
            "id": task.id,
            "project": task.project_id,
            "document": task.document_id,
            "annotations": [
                essence(each) | {"id": each.id, "updated_at": each.updated_at.isoformat()}
                for each in task.annotations
            ],
        }

    def api_current_user(self, _method: str, _rest: list[str], _query: Json, _body: Json) -> tuple[int, Json]:
        return 200, {"id": 1, "email": SERVICE_ACCOUNT, "username": "service"}

    def api_projects(self, method: str, rest: list[str], _query: Json, body: Json) -> tuple[int, Json]:
        if not rest and method == "GET":
            return 200, {"count": len(self.described), "results": list(self.described.values())}
        if not rest:
            pk = next(self._ids)
            self.projects[pk] = {}
            self.described[pk] = {"model_version": ""} | body | {"id": pk}
            return 201, self.described[pk]
        pk = int(rest[0])
        if pk not in self.projects:
            raise Answer(404, {"detail": "Not found."})
        if rest[1:] == ["import"]:
            ids = [self.take(pk, each) for each in body]
            return 201, {"task_count": len(ids), "task_ids": ids}
        if rest[1:] == ["import", "predictions"]:
            for each in body:
                self.add_prediction(each["task"], each)
            return 201, {"created": len(body)}
        if method == "PATCH":
            self.described[pk] |= body
        return 200, self.described[pk]

    def api_webhooks(self, method: str, rest: list[str], query: Json, body: Json) -> tuple[int, Json]:
        if method == "POST":
            pk = next(self._ids)
            self.hooks[pk] = body | {"id": pk}
            return 201, self.hooks[pk]
        if method == "DELETE":
            self.hooks.pop(int(rest[0]), None)
            return 204, None
        return 200, [each for each in self.hooks.values() if each["project"] == int(query["project"])]

    def api_storages(self, method: str, _rest: list[str], query: Json, body: Json) -> tuple[int, Json]:
        if method == "POST":
            self.storages.append(body)
            return 201, body
        return 200, [each for each in self.storages if each["project"] == int(query["project"])]

    def api_ml(self, method: str, rest: list[str], query: Json, body: Json) -> tuple[int, Json]:
        if method == "POST":
            pk = next(self._ids)
            self.ml[pk] = body | {"id": pk, "state": "CO"}
            return 201, self.ml[pk]
        if method == "DELETE":
            self.ml.pop(int(rest[0]), None)
            return 204, None
        return 200, [each for each in self.ml.values() if each["project"] == int(query["project"])]

    def api_dm(self, _method: str, _rest: list[str], _query: Json, body: Json) -> tuple[int, Json]:
        """The one action that Docloop takes: delete these tasks, as far as the filters hold."""
        items = body.get("filters", {}).get("items", [])
        chosen = [
            task
            for task in map(self.task, body["selectedItems"]["included"])
            if task and all(holds(self.listed(task), item) for item in items)
        ]
        for task in chosen:
            self.delete_task(task.id)
        if chosen:
            gone = {"action": "TASKS_DELETED", "tasks": [{"id": task.id} for task in chosen]}
            self.tell(body["project"], gone, [0.0])
        return 200, {"processed_items": len(chosen)}

    def api_tasks(self, _method: str, rest: list[str], query: Json, _body: Json) -> tuple[int, Json]:
        if rest:
            task = self.found(int(rest[0]))
            whole = self.listed(task) | {"project": task.project_id}
            whole["annotations"] = [annotation_json(each, task) for each in task.annotations]
            return 200, whole | {"predictions": self.predictions.get(task.id, [])}
        project_id = int(query["project"])
        if project_id not in self.projects:
            raise Answer(404, {"detail": "Not found."})
        items = json.loads(query["query"])["filters"]["items"]
        rows = [self.listed(task) for _, task in sorted(self.projects[project_id].items())]
        rows = [row for row in rows if all(holds(row, item) for item in items)]
        return 200, {"tasks": rows[: int(query["page_size"])], "total": len(rows)}

    def listed(self, task: LabelTaskView) -> dict[str, Json]:
        skipped = sum(each.skipped for each in task.annotations)
        versions = {str(each.get("model_version", "")) for each in self.predictions.get(task.id, [])}
        return {
            "id": task.id,
            "data": self.data.get(task.id, {}),
            "updated_at": task.updated_at.isoformat(),
            "annotations_ids": ",".join(str(each.id) for each in task.annotations),
            "total_annotations": len(task.annotations) - skipped,
            "cancelled_annotations": skipped,
            "draft_exists": task.drafted,
            "predictions_model_versions": ",".join(sorted(versions)),
        }


def essence(annotation: AnnotationView) -> dict[str, Json]:
    """What an annotation says, and who says it."""
    return {
        "result": annotation.result,
        "skipped": annotation.skipped,
        "ground_truth": annotation.ground_truth,
        "by": annotation.completed_by,
    }


def annotation_json(annotation: AnnotationView, task: LabelTaskView) -> dict[str, Json]:
    return {
        "id": annotation.id,
        "task": task.id,
        "project": task.project_id,
        "result": annotation.result,
        "was_cancelled": annotation.skipped,
        "ground_truth": annotation.ground_truth,
        "completed_by": {"id": 2, "email": annotation.completed_by},
        "created_at": annotation.created_at.isoformat(),
        "updated_at": annotation.updated_at.isoformat(),
        "draft_created_at": None,
        "lead_time": annotation.lead_time,
        "parent_prediction": annotation.parent_prediction,
    }


def holds(row: dict[str, Json], item: dict[str, Json]) -> bool:
    """Whether a condition of the data manager holds for a task."""
    column = item["filter"].removeprefix("filter:tasks:")
    if column == "locks__expire_at":  # nobody is being shown a task
        return True
    value = row["data"].get(column.removeprefix("data.")) if column.startswith("data.") else row[column]
    wanted = item["value"]
    if item["operator"] == "in_list":
        return str(value) in set(map(str, wanted))
    if item["operator"] == "greater":
        return bool(value > int(wanted))
    return str(value).lower() == str(wanted).lower()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    studio: LabelStudio

    def serve(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        studio = self.studio
        kind = ""
        if parts.path.startswith("/api/"):
            studio.calls.append((time.time(), f"{self.command} {parts.path}"))
            faults = studio.faults
            if faults["down"]:
                kind = "cut"
            elif studio.chance.random() < faults["rate"]:
                kind = studio.chance.choice(faults["kinds"])
            # half of what fails was done all the same: only its answer is lost
            if kind and (faults["down"] or kind == "429" or studio.chance.random() < 0.5):
                return self.fail(kind, b'{"detail": "nothing was done"}')
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        try:
            status, body = studio.answer(self.command, parts.path, query, json.loads(raw) if raw else None)
        except Answer as answer:
            status, body = answer.status, answer.body
        content = b"" if status == 204 else json.dumps(body).encode()
        if kind:
            return self.fail(kind, content)
        self.send(status, content)

    def fail(self, kind: str, content: bytes) -> None:
        if kind in ("timeout", "half-open"):
            if kind == "half-open":
                self.send(200, content[: len(content) // 2], length=len(content))
            time.sleep(self.studio.faults["hang"])
            self.close_connection = True
        elif kind == "cut":
            self.close_connection = True
        elif kind == "truncated":
            self.send(200, content[: len(content) // 2])
        else:
            self.send(int(kind), b"<html>it is not so well</html>")

    def send(self, status: int, content: bytes, *, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    do_GET = do_POST = do_PATCH = do_DELETE = serve

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def main(port: int, seed: int) -> None:
    Handler.studio = LabelStudio(seed)
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
