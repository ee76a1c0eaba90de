"""Every address of Docloop that answers GET, made from the URL conf with sample arguments: a new page is there by itself.

Tests of queries and measurements of speed walk the same addresses, each with its own samples.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")

# what readers ask of lists and parts, besides the bare address: URL name → queries; {braces} are samples
ASKED: dict[str, list[str]] = {
    "documents": [
        "type={name}",
        "state=extracted",
        "state=received",
        "type={name}&state=unreadable",
        "type={name}&state=confirmed",
        "order=oldest",
        "beyond={deep_id}",
        "type={name}&state=extracted&beyond={deep_id}",
        "order=oldest&beyond={deep_id}",
        "search=scan7",
        "search=northwind&state=skipped",
        "search=northwind&state=read",
        "search=0123456",
        "search=nothing-is-called-so",
        "type={name}&search=.pdf",
    ],
    "page-crop": ["box=0.1,0.1,0.6,0.2"],
    "type-quality": ["of=audit", "of=champion"],
    "type-examples": ["field=total&cause=misread"],
    "compare-versions": ["field=total"],
    "api:quality_examples": ["field=total&cause=misread"],
    "api:documents": ["before={deep_id}&limit=100", "document_type={name}&state=unreadable"],
    "api:corrections": ["after={deep_id}", "document_type={name}&limit=100"],
}

# addresses that say nothing without a query
ONLY_ASKED = {"page-crop", "api:quality_examples"}

# what is fetched to be kept, not to be looked at, and the addresses that only programs ask
NO_PAGES = {
    "api:api-root",
    "api:export",
    "api:openapi-json",
    "api:prometheus",
    "healthz",
    "readyz",
    "label-studio-webhook",
    "label-studio-backend",
    "task-page",
}


class NoSample(LookupError):
    """A page has an argument of which no sample is known; the message says what to add."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address to be asked with GET."""

    name: str  # of the URL, with its namespace
    route: str  # with arguments
    url: str
    query: str = ""

    @property
    def title(self) -> str:
        """How tables call it."""
        return f"{self.name}?{self.query}" if self.query else self.name


def routes(
    resolver: URLResolver | None = None, before: str = "/", space: str = ""
) -> Iterator[tuple[str, str]]:
    """Every (name with namespace, route) of the URL conf."""
    for each in (resolver or get_resolver()).url_patterns:
        route = f"{before}{each.pattern}"
        if isinstance(each, URLResolver):
            yield from routes(each, route, f"{each.namespace}:" if each.namespace else space)
        elif isinstance(each, URLPattern):
            yield f"{space}{each.name}", route


def addresses(samples: Mapping[str, object]) -> list[Address]:
    """All of them, and those of `ASKED`; `samples` are by argument, or by "URL name/argument" where that differs.

    Raises `NoSample` with everything that is missing.
    """
    found, missing = [], []
    for name, route in dict.fromkeys(routes()):
        if name in NO_PAGES:
            continue
        known = {
            argument: samples.get(f"{name}/{argument}", samples.get(argument))
            for argument in ARGUMENT.findall(route)
        }
        if unknown := [argument for argument, value in known.items() if value is None]:
            missing.append(f"{name} ({route}) needs a sample of {', '.join(map(repr, unknown))}")
            continue
        url = ARGUMENT.sub(lambda match, known=known: str(known[match[1]]), route)  # type: ignore[misc]
        if name not in ONLY_ASKED:
            found.append(Address(name, route, url))
        for query in ASKED.get(name, ()):
            filled = query.format(**samples)
            found.append(Address(name, route, f"{url}?{filled}", query))
    if missing:
        raise NoSample("; ".join(missing))
    return found
