"""Each page's data as an API call: a command to copy, for exactly what the page shows."""

from __future__ import annotations

import shlex
from typing import Any
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.urls import reverse

register = template.Library()


@register.inclusion_tag("parts/curl.html")
def api_call(name: str, *arguments: Any, query: str = "", **parameters: Any) -> dict[str, str]:
    """`{% api_call "documents" query=asked.query %}`: the operation's name, what its address holds, what is asked for.

    `query` is the part after the question mark, ready made; `parameters` are added to it unless they are empty.
    """
    return {"command": command(name, *arguments, query=query, **parameters)}


def command(name: str, *arguments: Any, query: str = "", **parameters: Any) -> str:
    """The command; $DOCLOOP_TOKEN stands for the reader's token."""
    more = urlencode({key: value for key, value in parameters.items() if value not in ("", None)})
    asked = "&".join(part for part in (query, more) if part)
    address = settings.CONFIG.url.rstrip("/") + reverse(f"api:{name}", args=arguments)
    address += f"?{asked}" if asked else ""
    return f'curl -H "Authorization: Bearer $DOCLOOP_TOKEN" {shlex.quote(address)}'
