"""How fast Docloop's pages are with a million documents behind them: every address that answers GET, as browsers ask it.

PostgreSQL as `make up` starts it, loaded by `benchmarks.pages_loader`; gunicorn with the workers and threads of `make up`;
both, and the browser, on two cores. New pages are measured as they come: `benchmarks.pages_addresses` walks the URL conf.

`python -m benchmarks.pages CORES` prints the rows as JSON; with `--database URL` of one that is loaded already.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np

from benchmarks.goal_tables import SEEN
from benchmarks.tables import table
from models.errors import DocloopError
from webapp.config import CHECKOUT
from webapp.embedded import postgres
from webapp.embedded.programs import WEB
from webapp.embedded.supervisor import dying_with_us

if TYPE_CHECKING:
    from playwright.sync_api import Page

REQUESTS = 40  # of each page, each about another document, person or place in the list
PAINTS = 3  # of each page, with an empty cache
MOST_MS, MOST_QUERIES, MOST_PAINT_MS, MOST_KB = 200, 15, 1000, 500
CHROMIUM = "/usr/bin/chromium"
MOST_WAIT = 10  # seconds for what a page fetches later
# what a page is asked in the browser
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"
FETCHED = """['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind))
  .reduce((sum, each) => sum + each.transferSize, 0)"""

Row = dict[str, Any]  # JSON: names, counts, milliseconds


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a page, by a browser that knows nothing of it."""

    paint: float  # milliseconds after the click until something is seen
    weight: int  # bytes as sent, of all that was fetched until it was quiet


@dataclass(frozen=True, slots=True)
class Measured:
    """One page."""

    page: str  # URL name, and what is asked of it
    requests: int
    p50: float  # milliseconds until the whole answer was there
    p95: float
    queries: int  # most
    html: int  # bytes as sent
    weight: int  # bytes as sent, with everything that a browser fetches for it; of parts, the part alone
    paint: float | None  # median milliseconds until something is seen, with an empty cache; None for parts


def measure(*, threads: int = 2, say: Callable[[str], None] = lambda _: None) -> Row:
    """All pages, in a process of its own, for it is kept to `threads` cores with all it starts."""
    say(f"pages: loading a million documents on {threads} cores takes some minutes")
    command = [sys.executable, "-m", "benchmarks.pages", str(threads)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: Row = json.loads(done.stdout.splitlines()[-1])
    return found


def _told(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages")
    parser.add_argument("threads", type=int)
    parser.add_argument("--database", help="a loaded one; else a database is made, loaded and thrown away")
    parser.add_argument("--only", nargs="+", help="only pages whose names begin so")
    parser.add_argument(
        "--documents", type=int, default=1_000_000, help="to try it out: fewer, and less of the rest"
    )
    given = parser.parse_args(arguments)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-given.threads :])
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        database = given.database or postgres.start(data / "postgres", durable=True)
        _configure(data, database)
        began = time.perf_counter()
        if not given.database:
            _load(given.documents)
        loaded = (time.perf_counter() - began) / 60
        with _server(data) as url:
            pages = list(_pages(url, given.only or [""]))
    told = {"pages": [asdict(page) for page in pages], "loading_minutes": loaded, "load": os.getloadavg()[1]}
    print(json.dumps(told))
    return 0


def _configure(data: Path, database: str) -> None:
    """Docloop in this process and in those that it starts: our database, and none of the other services."""
    for name in [name for name in os.environ if name.startswith("DOCLOOP_")]:
        del os.environ[name]
    port = postgres.free_port()
    os.environ |= {
        "DOCLOOP_DATA": str(data),
        "DOCLOOP_DATABASE_URL": database,
        "DOCLOOP_PORT": str(port),
        "DOCLOOP_URL": f"http://127.0.0.1:{port}",
        "DOCLOOP_BROKER_URL": "memory://",
        "DOCLOOP_SECRET_KEY": "only-for-benchmarks-and-long-enough-to-sign-with-012345",
        "DJANGO_SETTINGS_MODULE": "benchmarks.pages_settings",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)


def _load(documents: int) -> None:
    from benchmarks.pages_loader import load, size_of
    from learner import headlines

    load(size_of(documents), say=_told)
    headlines.renew_all()  # a worker does that


@contextmanager
def _server(data: Path) -> Iterator[str]:
    """Gunicorn as `make up` starts it; answers its address."""
    from django.conf import settings

    url = settings.CONFIG.url
    bind = f"127.0.0.1:{settings.CONFIG.port}"
    command = [sys.executable, "-m", "gunicorn", "webapp.wsgi", "--bind", bind, *WEB]
    with (data / "web.log").open("wb") as log:
        process = subprocess.Popen(dying_with_us(command), cwd=CHECKOUT, stdout=log, stderr=log)
    try:
        for _ in range(600):
            try:
                httpx.get(f"{url}/sign-in/").raise_for_status()
                break
            except httpx.HTTPError:
                if process.poll() is not None:
                    raise DocloopError(f"gunicorn ended: {(data / 'web.log').read_text()[-2000:]}") from None
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _pages(url: str, only: Sequence[str]) -> Iterator[Measured]:
    """Every page as an operator sees it; what is for strangers, as a stranger does: an operator is sent on from there."""
    from benchmarks import pages_samples
    from benchmarks.pages_addresses import addresses
    from webapp.dashboard.urls import PUBLIC
    from webapp.settings import SESSION_COOKIE_NAME

    operator = {SESSION_COOKIE_NAME: pages_samples.session("otto")}
    urls: dict[str, list[str]] = {}
    for samples in pages_samples.samples(REQUESTS):
        for address in addresses(samples):
            if any(address.title.startswith(each) for each in only):
                urls.setdefault(address.title, []).append(address.url)
    with _browser(url) as visit:
        for title, each in urls.items():
            cookies = {} if title in PUBLIC else operator
            with httpx.Client(base_url=url, cookies=cookies, timeout=60) as client:
                found = _page(client, title, each, partial(visit, cookies=cookies))
            if found:
                _told(f"  {found}")
                yield found


def _page(
    client: httpx.Client, title: str, urls: Sequence[str], visit: Callable[[str], Visit]
) -> Measured | None:
    """None for what only answers POST, and for what only leads on: that shows nothing which could be weighed.

    The pages it leads to are measured by their own names, unless they are Label Studio's. Raises `DocloopError` for a
    page that fails.
    """
    times, queries, html = [], 0, 0
    first = client.get(urls[0])
    if first.is_redirect or first.status_code == httpx.codes.METHOD_NOT_ALLOWED:
        return None
    for url in urls:
        began = time.perf_counter()
        answer = client.get(url)
        times.append(1000 * (time.perf_counter() - began))
        if not answer.is_success:
            raise DocloopError(f"{url} answers {answer.status_code}")
        queries = max(queries, int(answer.headers["X-Queries"]))
        html = max(html, answer.num_bytes_downloaded)
    p50, p95 = (float(each) for each in np.quantile(times, [0.5, 0.95]))
    if not answer.headers["Content-Type"].startswith("text/html") or not _whole(answer.text):
        return Measured(title, len(urls), p50, p95, queries, html, html, None)
    bare = "?" not in title
    visits = [visit(urls[n % len(urls)]) for n in range(PAINTS if bare else 1)]
    paint = float(np.median([each.paint for each in visits])) if bare else None
    weight = max(each.weight for each in visits)
    return Measured(title, len(urls), p50, p95, queries, html, weight, paint)


def _whole(html: str) -> bool:
    """Whether it is a page, and not a part of one."""
    return html.lstrip()[:15].lower() == "<!doctype html>"


@contextmanager
def _browser(base: str) -> Iterator[Callable[..., Visit]]:
    """Answers what a browser that has these cookies sees and fetches at an address of ours."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        def visit(url: str, *, cookies: Mapping[str, str]) -> Visit:
            context = browser.new_context(base_url=base)
            context.add_cookies([{"name": n, "value": v, "url": base} for n, v in cookies.items()])
            page = context.new_page()
            page.goto(url, wait_until="networkidle")  # with what scripts fetch, and images that are in sight
            page.wait_for_function(f"({PAINTED}) >= 0")
            found = Visit(float(page.evaluate(PAINTED)), _all_fetched(page))
            context.close()
            return found

        yield visit
        browser.close()


def _all_fetched(page: Page) -> int:
    """Bytes as sent, once a second has brought no more."""
    fetched = [int(page.evaluate(FETCHED))]
    while len(fetched) < 2 or fetched[-1] != fetched[-2]:
        if len(fetched) > MOST_WAIT:  # it asks again and again, for news
            break
        page.wait_for_timeout(1000)
        fetched.append(int(page.evaluate(FETCHED)))
    return fetched[-1]


# what it comes to


def report(found: Row) -> str:
    """The table of all pages, the slowest first."""
    pages = sorted((Measured(**page) for page in found["pages"]), key=lambda page: -page.p95)
    body = [
        [
            f"`{page.page}`",
            f"{page.p50:.0f}",
            f"{page.p95:.0f}",
            str(page.queries),
            f"{page.html / 1000:.1f}",
            f"{page.weight / 1000:.0f}",
            "" if page.paint is None else f"{page.paint:.0f}",
        ]
        for page in pages
    ]
    header = [
        "page, or part of one",
        "p50 ms",
        "p95 ms",
        "queries",
        "HTML kB",
        "with all kB",
        "first paint ms",
    ]
    return (
        f"Each address {REQUESTS} times, one after the other, about another document or place each time; PostgreSQL, gunicorn "
        f"and browser share the cores. Loading took {found['loading_minutes']:.0f} minutes. The machine's load over five minutes "
        f"was {found['load']:.1f} at the end.\n\n{table(header, body)}"
    )


def goals(found: Row) -> list[Row]:
    """Lines for the table of goals."""
    pages = [Measured(**page) for page in found["pages"]]
    slow = [page for page in pages if page.p95 > MOST_MS]
    seen = [page for page in pages if page.paint is not None]
    return [
        _goal("pages", max(pages, key=lambda page: page.p95), lambda page: page.p95, MOST_MS, "ms", slow),
        _goal(
            "queries", max(pages, key=lambda page: page.queries), lambda page: page.queries, MOST_QUERIES, ""
        ),
        _goal("paint", max(seen, key=_paint), _paint, MOST_PAINT_MS, "ms"),
        _goal(
            "weight", max(pages, key=lambda page: page.weight), lambda page: page.weight / 1000, MOST_KB, "kB"
        ),
    ]


def _paint(page: Measured) -> float:
    return page.paint or 0.0


def _goal(
    name: str,
    worst: Measured,
    figure: Callable[[Measured], float],
    most: float,
    unit: str,
    missed: Sequence[Measured] = (),
) -> Row:
    value = figure(worst)
    others = f"; above it: {', '.join(page.page for page in missed)}" if missed else ""
    return {
        "figure": SEEN[name][0],
        "goal": SEEN[name][1],
        "measured": f"{value:.0f} {unit}".strip(),
        "reached": bool(value <= most),
        "note": f"{worst.page}{others}",
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
