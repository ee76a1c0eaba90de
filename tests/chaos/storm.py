"""People at work in the fake Label Studio: what they do, and how often it is told of, drawn from one seed."""

from __future__ import annotations

import random
from typing import Any

from annotation.models import DocumentType
from models.extractors.base import Answer
from tests.chaos.processes import Installation
from tests.factories import place_of
from tests.journeys.annotator import drawn

PEOPLE = ("ann@example.org", "amy@example.org", "leo@example.org")
ACTS = {
    "submit": 10,
    "edit": 8,
    "edit back": 4,
    "skip": 1,
    "delete": 1,
    "flag": 1,
    "propagate": 2,
    "make draft": 1,
    "merge": 1,
    "import": 1,
    "delete task": 1,
}


class Storm:
    """The people of one document type's project."""

    def __init__(self, installation: Installation, document_type: DocumentType, seed: int) -> None:
        self.installation = installation
        self.document_type = document_type
        self.chance = random.Random(seed)
        self.documents = {each.pk: each for each in document_type.documents.prefetch_related("pages")}
        self.hooks = True
        self.said = 0

    def content(self, document_id: int) -> list[dict[str, Any]]:
        """A correction that nobody made before."""
        self.said += 1
        page = self.documents[document_id].word_pages[0]
        items = []
        for name, text, stands in (
            ("company", "ACME LTD", "ACME LTD"),
            ("total", f"{self.said}.90", "12.90"),
        ):
            answer = Answer(name, text, place_of(page, stands))
            items += [each | {"id": f"region-{name}"} for each in drawn(answer, (1000, 1400))]
        return items

    def event(self) -> None:
        """One thing that somebody does, as far as there is anything to do it with."""
        tasks = [each for each in self.installation.told("tasks") if each["document"] in self.documents]
        annotated = [(task, each) for task in tasks for each in task["annotations"]]
        act = self.chance.choices(list(ACTS), list(ACTS.values()))[0]
        delays = [self.chance.uniform(0, 2) for _ in range(self.chance.choice([0, 0, 1, 1, 2, 3]))]
        more: dict[str, Any] = {"delays": delays if self.hooks else []}
        free = [task for task in tasks if not task["annotations"]]
        if not annotated or (act == "submit" and free):
            task = self.chance.choice(free or tasks)
            content = self.content(task["document"])
            by = self.chance.choice(PEOPLE)
            self.installation.act("submit", task=task["id"], result=content, by=by, **more)
            return
        task, annotation = self.chance.choice(annotated)
        more |= {"task": task["id"], "annotation": annotation["id"]}
        if act == "import":
            document = self.chance.choice(list(self.documents))
            project = {"project": task["project"], "document": document}
            self.installation.act("import", results=[self.content(document)], **project)
        elif act == "propagate":
            self.installation.act(act, to=self.chance.choice(tasks)["id"], **more)
        elif act == "merge":
            doubles = [each for each in tasks if each["document"] == task["document"] and each != task]
            if doubles:
                self.installation.act(act, into=doubles[0]["id"], **more)
        elif act == "edit back":
            earlier = self.installation.told("versions", annotation["id"])
            self.installation.act("edit", result=self.chance.choice(earlier)["result"], **more)
        elif act in ("submit", "edit"):
            self.installation.act("edit", result=self.content(task["document"]), **more)
        else:
            self.installation.act(act, **more)
