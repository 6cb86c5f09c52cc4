"""The declared sources that Dags are made of."""

from __future__ import annotations

import logging

from pipeline.config import settings
from pipeline.errors import ConfigError
from pipeline.sources.declaration import Declaration
from pipeline.sources.streams import survey

_LOG = logging.getLogger(__name__)


def scheduled_sources() -> list[Declaration]:
    """The declarations with a schedule."""
    return [source for source in sound_sources() if source.schedule is not None]


def sound_sources() -> list[Declaration]:
    """All declarations. A broken one is told in the log, and does not take the others along."""
    sound = []
    for name, found in survey(settings().sources).items():
        if isinstance(found, ConfigError):
            _LOG.error("The source %s has no Dag: %s", name, found)
        else:
            sound.append(found)
    return sound
