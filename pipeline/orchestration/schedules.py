"""The declared sources that run by a schedule."""

from __future__ import annotations

import logging

from pipeline.config import settings
from pipeline.errors import ConfigError
from pipeline.sources.declaration import Declaration, survey

_LOG = logging.getLogger(__name__)


def scheduled_sources() -> list[Declaration]:
    """The declarations with a schedule. A broken one is told in the log, and does not take the others along."""
    scheduled = []
    for name, found in survey(settings().sources).items():
        if isinstance(found, ConfigError):
            _LOG.error("The source %s has no Dag: %s", name, found)
        elif found.schedule is not None:
            scheduled.append(found)
    return scheduled
