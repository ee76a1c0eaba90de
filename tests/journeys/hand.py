"""A person's hand at Label Studio's real page, in a headless Chromium: what it does is done with keys and the mouse, and counted.

A chord (Ctrl+Enter) is one key; typing a text is told apart from keys that do something; a drag is no click. Milliseconds
are taken within the page, from the event that the browser got to the first frame that shows what was waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Locator, Page

from models.pages import Box
from tests.journeys.browser import browsing

TEXTS = "input.lsf-textarea-tag__input"  # the texts of regions, beside the page

# The task that is shown: its picture is there, and so is a text for each of its regions that has one.
SHOWN = f"""() => {{
    const store = window.Htx, annotation = store?.annotationStore?.selected;
    const picture = annotation?.names?.get("pages")?.currentImageEntity;
    if (!store?.task || store.isLoading || !picture?.imageLoaded) return null;
    const texts = annotation.results.filter((each) => each.from_name.name === "transcription");
    return document.querySelectorAll("{TEXTS}").length >= texts.length ? store.task.id : null;
}}"""
# ms from the next event of a kind to the first frame in which `done(before)` holds
STOPWATCH = """([kind, done, before]) => {
    done = eval(done);
    window.took = null;
    addEventListener(kind, () => {
        const began = performance.now();
        const look = () => requestAnimationFrame(() => {
            if (!done(before)) return look();
            requestAnimationFrame(() => (window.took = performance.now() - began));
        });
        look();
    }, { capture: true, once: true });
}"""
FILLED = f"(before) => [...document.querySelectorAll('{TEXTS}')].filter((each) => each.value).length > before"
SAYS = f"(text) => [...document.querySelectorAll('{TEXTS}')].some((each) => each.value === text)"
ANOTHER = f"(before) => {{ const now = ({SHOWN})(); return now && now !== before; }}"


@dataclass
class Hand:
    """Counts what it does; `forget` begins anew."""

    page: Page
    keys: int = 0
    clicks: int = 0
    drags: int = 0
    typed: list[str] = field(default_factory=list)

    @property
    def motions(self) -> dict[str, int]:
        """Without what was typed."""
        return {"keys": self.keys, "clicks": self.clicks, "drags": self.drags}

    def forget(self) -> None:
        self.keys = self.clicks = self.drags = 0
        self.typed = []

    # motions

    def press(self, key: str) -> None:
        self.keys += 1
        self.page.keyboard.press(key)

    def click(self, target: Locator) -> None:
        self.clicks += 1
        target.click()

    def type(self, text: str) -> None:
        self.typed.append(text)
        self.page.keyboard.type(text)

    def drag(self, box: Box) -> None:
        """Draw a box on the page that is shown, from its top left to its bottom right."""
        self._drag((box.x0, box.y0), (box.x1, box.y1))

    def _drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """From one point of the page that is shown to another, in shares of it."""
        self.drags += 1
        canvas = self.page.locator("canvas").first.bounding_box()
        assert canvas is not None
        (x0, y0), (x1, y1) = [
            (canvas["x"] + x * canvas["width"], canvas["y"] + y * canvas["height"]) for x, y in (start, end)
        ]
        mouse = self.page.mouse
        mouse.move(x0, y0)
        mouse.down()
        mouse.move((x0 + x1) / 2, (y0 + y1) / 2, steps=3)
        mouse.move(x1, y1, steps=3)
        mouse.up()

    # what it does with them

    def draw(self, name: str, box: Box) -> None:
        """Draw the box of a field: its key, and a drag."""
        self.press(self.key_of(name))
        self.drag(box)

    def submit(self) -> float:
        """Submit, and wait for the next task; answers the ms until it was shown."""
        self._watch("keydown", ANOTHER, self.task())
        self.press("Control+Enter")
        return self._took()

    def draw_and_wait(self, name: str, box: Box) -> float:
        """Draw the box of a field, and wait for its text; answers the ms from letting go of the mouse."""
        self._watch("mouseup", FILLED, len(self.texts()))
        self.draw(name, box)
        return self._took()

    def move_and_wait(self, before: Box, after: Box, text: str) -> float:
        """Drag the box that lies on `before` to `after`, and wait until a region says `text`; ms from letting go of it."""
        self._watch("mouseup", SAYS, text)
        self._drag(*[((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2) for box in (before, after)])
        return self._took()

    def _watch(self, event: str, done: str, before: int | str) -> None:
        self.page.evaluate(STOPWATCH, [event, done, before])

    def _took(self) -> float:
        self.page.wait_for_function("window.took", polling=20)
        return float(self.page.evaluate("window.took"))

    # what it sees

    def open(self, address: str) -> int:
        """Go to a page that shows a task, and wait until it does; answers the task's id."""
        self.page.goto(address)
        return self.wait_for_task()

    def wait_for_task(self) -> int:
        self.page.wait_for_function(SHOWN)
        return self.task()

    def task(self) -> int:
        return int(self.page.evaluate(SHOWN) or 0)

    def texts(self) -> list[str]:
        """The texts of all regions that have one, as they stand beside the page."""
        return [each.input_value() for each in self.page.locator(TEXTS).all() if each.input_value()]

    def text(self, value: str) -> Locator:
        """The input of the region that says `value`."""
        inputs = self.page.locator(TEXTS)
        return inputs.nth([each.input_value() for each in inputs.all()].index(value))

    def regions(self) -> list[dict[str, Any]]:
        """What would be submitted."""
        return list(self.page.evaluate("Htx.annotationStore.selected.serializeAnnotation()"))

    def key_of(self, name: str, *, control: str = "field") -> str:
        """The key that chooses a field's label, or another control's choice, as the page shows it beside it."""
        key = self.page.evaluate(
            "([control, name]) => Htx.annotationStore.selected.names.get(control).children"
            ".find((label) => label.alias === name).hotkey",
            [control, name],
        )
        return str(key)


@contextmanager
def at_label_studio(url: str, email: str, password: str) -> Iterator[Hand]:
    """Somebody who has signed in to Label Studio with a browser that was never there before."""
    with browsing(width=1440) as context:
        page = context.new_page()
        page.goto(f"{url}/user/login/")
        page.fill("input[name=email]", email)
        page.fill("input[name=password]", password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda there: "/user/login" not in there)
        yield Hand(page)
