"""Report: what one published batch did, as the self-contained data-quality page."""

from __future__ import annotations

from pathlib import Path

from pipeline.config import Settings


def write_batch_report(batch_id: str, settings: Settings) -> Path:
    """Write the page of a published batch."""
    raise NotImplementedError
