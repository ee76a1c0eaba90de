"""The whole examination in order: what was set, the services, Label Studio, and a probe through all of them."""

from __future__ import annotations

from collections.abc import Iterator

from webapp.config import Config
from webapp.doctor import label_studio_checks, probe, service_checks, settings_checks
from webapp.doctor.findings import Finding, Grade, skipped

# the probe can't travel without them, and what it would say has been said
NEEDED = (
    "database",
    "tables",
    "broker",
    "worker light",
    "worker reading",
    "Label Studio",
    "Label Studio's token",
)


def examine(config: Config, *, with_probe: bool = True) -> Iterator[Finding]:
    """Every finding as it is made, in the order in which they should be mended. Takes up to a minute with the probe."""
    failures = []
    for look in (settings_checks.look, service_checks.look, label_studio_checks.look):
        for finding in look(config):
            if finding.grade == Grade.FAILED:
                failures.append(finding.check)
            yield finding
    if not with_probe:
        return
    if missing := [check for check in NEEDED if check in failures]:
        yield skipped("probe", f"not sent before this is mended: {', '.join(missing)}")
    else:
        yield from probe.send()
