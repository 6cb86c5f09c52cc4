"""What stops a batch: failed expectations of severity ``stop``, written to a file that the error names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from pipeline.errors import StoppedError
from pipeline.files import write_atomically
from pipeline.quality.engine import prepare
from pipeline.quality.related import Related
from pipeline.quality.validation import ExpectationOutcome, failed_stops, validate_rows
from pipeline.schema.tables import table

OWN_TABLES = (
    "batches",
    "quarantine",
    "near_duplicates",
    "article_signatures",
    "superseded_versions",
    "reprocessed_versions",
    "revisions",
    "quality_results",
)


def check_stops(batch_id: str, outcomes: Sequence[ExpectationOutcome], reports: Path) -> None:
    """Go on where nothing stops the batch.

    Raises:
        StoppedError: an expectation that must hold failed; what failed is in ``reports/<batch>.stopped.json``.
    """
    path = reports / f"{batch_id}.stopped.json"
    stopping = failed_stops(outcomes)
    if not stopping:
        path.unlink(missing_ok=True)
        return
    failed = [msgspec.to_builtins(outcome) for outcome in outcomes if not outcome.is_passed]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, msgspec.json.format(msgspec.json.encode({"batch_id": batch_id, "failed": failed})))
    named = "; ".join(f"{o.table_name}: {o.sentence} ({o.unexpected_count} rows fail)" for o in stopping)
    raise StoppedError(
        f"The batch {batch_id} fails expectations that must hold: {named}. Nothing was published. All that failed: {path}"
    )


def prepare_own_checks() -> None:
    """Have the library and the expectations ready that :func:`check_own_rows` needs under the writer's lock."""
    prepare(OWN_TABLES)


def check_own_rows(
    batch_id: str, rows: dict[str, list[dict[str, Any]]], batch: Related, reports: Path
) -> None:
    """Check what the pipeline itself wrote about the batch; the outcomes join its quality results.

    Raises:
        StoppedError: an expectation that must hold failed.
    """
    outcomes: list[ExpectationOutcome] = []
    for name in OWN_TABLES:
        owned = [{"batch_id": batch_id, **row} for row in rows.get(name, [])]
        found = validate_rows(table(name), owned, {}, batch).outcomes
        outcomes += found
        results = [msgspec.to_builtins(outcome) | {"batch_id": batch_id} for outcome in found]
        rows["quality_results"] = [*rows["quality_results"], *results]
    check_stops(batch_id, outcomes, reports)
