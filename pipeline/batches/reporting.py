"""Report: what one published batch did, as the self-contained data-quality page."""

from __future__ import annotations

from pathlib import Path

from pipeline.config import Settings


def write_batch_report(batch_id: str, settings: Settings) -> Path:
    """Write the page of a published batch."""
    return report_path(batch_id, settings)


def report_path(batch_id: str, settings: Settings) -> Path:
    """Where the page of a batch lies."""
    return settings.reports / f"{batch_id}.html"
