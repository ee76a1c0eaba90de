"""gunicorn's own lines (starting, stopping, a worker that hangs) as every other line of the log: `--logger-class`."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from webapp.logs import Line


class Lines(Logger):  # type: ignore[misc]  # gunicorn has no types
    """A line of JSON each; requests are not written down, as before."""

    def setup(self, cfg: Any) -> None:  # gunicorn's own
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(Line())
