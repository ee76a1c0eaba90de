"""`inject.js` goes along with every page of Label Studio: a middleware, which also serves the file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from django.http import HttpRequest, HttpResponse

SCRIPT = (Path(__file__).parent / "inject.js").read_bytes()
ADDRESS = "/docloop/inject.js"
# in the head and not deferred: what it sets in the browser must be there before the editor looks for it
TAG = f'<script src="{ADDRESS}?v={hashlib.sha256(SCRIPT).hexdigest()[:16]}"></script></head>'.encode()

Answer = Callable[[HttpRequest], HttpResponse]


def middleware(answer: Answer) -> Answer:
    """Django's form of one; Label Studio's other answers pass through as they are."""

    def with_script(request: HttpRequest) -> HttpResponse:
        if request.path == ADDRESS:
            # a changed file has another address
            lasting = {"Cache-Control": "public, max-age=31536000, immutable"}
            return HttpResponse(SCRIPT, content_type="text/javascript; charset=utf-8", headers=lasting)
        response = answer(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page and not response.streaming and not response.has_header("Content-Encoding"):
            response.content = response.content.replace(b"</head>", TAG, 1)
            if response.has_header("Content-Length"):
                response["Content-Length"] = str(len(response.content))
        return response

    return with_script
