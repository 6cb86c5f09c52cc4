"""What a correction of a published row would break: the expectations that the row meets now and would fail then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.batches.replay import stored_articles
from pipeline.extract.rows import EXTRACTED_TABLES
from pipeline.lake.snapshot import Snapshot
from pipeline.quality.related import related
from pipeline.quality.revisions import revise_rows
from pipeline.quality.validation import validate_rows
from pipeline.schema.tables import Table

Row = dict[str, Any]


def failed_anew(spec: Table, row: Row, revisions: Sequence[Row], snapshot: Snapshot) -> list[str]:
    """Sentences of the expectations that reject the row as the revisions make it, but not as it is published."""
    version = (row["article_id"], row["article_version"])
    told = {
        name: snapshot.rows(f"SELECT * FROM {name} WHERE article_version = ?", [version[1]])
        for name in EXTRACTED_TABLES
    }
    [article] = stored_articles(snapshot, {version})
    earlier = snapshot.rows("SELECT * FROM revisions WHERE article_version = ?", [version[1]])
    rows = [*revise_rows(spec, [row], earlier).rows, *revise_rows(spec, [row], [*earlier, *revisions]).rows]
    failed = validate_rows(spec, rows, {version: article}, related(told)).failed
    return [sentence for sentence in failed.get(1, []) if sentence not in failed.get(0, [])]
