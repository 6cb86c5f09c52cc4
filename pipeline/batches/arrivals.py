"""Arrivals: what a declared source brings since the state its last batch committed."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path

from pipeline.batches.intake import stage_arrival
from pipeline.batches.publication import advance_source
from pipeline.batches.staging import SourceAdvance
from pipeline.batches.sweep import ARRIVALS_PREFIX
from pipeline.config import Settings
from pipeline.errors import PipelineError, SourceError
from pipeline.files import held_folder
from pipeline.ids import make_id
from pipeline.lake.catalog import read_catalog
from pipeline.sources.declaration import declared
from pipeline.sources.fetched import SourceUnavailable
from pipeline.sources.registry import keep_files
from pipeline.sources.streams import stream_of


def ingest_source(name: str, settings: Settings, *, now: dt.datetime) -> str | None:
    """Stage what a declared source has that is new; see ``pipeline.stages.ingest_source``."""
    declaration = declared(settings.sources, name)
    held = read_catalog(settings.lake).source(name)
    settings.staging.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=ARRIVALS_PREFIX, dir=settings.staging) as folder,
        held_folder(Path(folder)),
    ):
        try:
            fetched = stream_of(declaration).fetch(declaration, held.state, Path(folder))
        except SourceUnavailable as error:
            advance_source(SourceAdvance(name, held.revision, error.state), settings)
            raise
        except PipelineError:
            raise
        except Exception as error:  # whatever a kind's function did not expect
            raise SourceError(
                f"The source {name} (kind {declaration.kind}) cannot be read: {type(error).__name__}: {error}. "
                "Nothing of it is published, and the next fetch tries again."
            ) from error
        if not fetched.files:
            advance_source(SourceAdvance(name, held.revision, fetched.state), settings)
            return None
        kept, unreadable = keep_files(fetched.files, settings.raw)
    objects = [replace(raw, location=f"{name}/{raw.name}") for raw in kept]
    identity = sorted(f"{raw.name}:{raw.sha256}" for raw in objects)
    gate = ["gated"] if settings.is_gated else []
    batch_id = make_id("b", "source", name, str(held.revision), *identity, *gate)
    advance = SourceAdvance(
        source=name, revision=held.revision, state=fetched.state, maximum=declaration.bounds.maximum
    )
    inputs = [raw.location for raw in objects]
    return stage_arrival(objects, unreadable, inputs, batch_id, settings, now=now, advance=advance)
