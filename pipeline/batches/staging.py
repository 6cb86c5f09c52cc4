"""A batch on its way: what one stage leaves for the next, in one folder a batch that no analyst reads.

Every file is written whole or not at all, so a stage that was killed is simply run again.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import ContractError
from pipeline.files import replacing, write_atomically
from pipeline.schema.tables import arrow_table

Row = dict[str, Any]


class SourceAdvance(msgspec.Struct, frozen=True):
    """How far a batch takes its declared source: read at ``revision``, going on at ``state``."""

    source: str
    revision: int
    state: dict[str, Any]
    maximum: int | None = None
    """Articles that its declaration expects at most of a window, as it stood when the batch was read."""


class StagedBatch:
    """The folder of one batch: rows by stage and table (Parquet), notes by stage (JSON)."""

    def __init__(self, staging: Path, batch_id: str) -> None:
        self.batch_id = batch_id
        self.folder = staging / batch_id

    def write_rows(self, stage: str, table_name: str, rows: list[Row]) -> None:
        """Leave rows of one table, marked with the batch."""
        owned = [{**row, "batch_id": self.batch_id} for row in rows]
        with replacing(self.folder / stage / f"{table_name}.parquet") as staged:
            pq.write_table(arrow_table(table_name, owned), staged, compression="zstd")

    def read_arrow(self, stage: str, table_name: str) -> pa.Table:
        """Rows that ``stage`` left.

        Raises:
            ContractError: the stage did not run for this batch.
        """
        path = self.folder / stage / f"{table_name}.parquet"
        if not path.exists():
            raise ContractError(
                f"Batch {self.batch_id} has no {stage} of {table_name}; run the stage {stage} first."
            )
        return pq.read_table(path, partitioning=None)

    def read_rows(self, stage: str, table_name: str) -> list[Row]:
        """Rows that ``stage`` left, one dict a row."""
        rows: list[Row] = self.read_arrow(stage, table_name).to_pylist()
        return rows

    def write_note(self, stage: str, note: dict[str, Any]) -> None:
        """Leave a stage's counts and settings; written last, it marks the stage as done."""
        write_atomically(self.folder / f"{stage}.json", msgspec.json.encode(note))

    def read_note(self, stage: str) -> dict[str, Any]:
        """What ``stage`` noted.

        Raises:
            ContractError: the stage did not finish for this batch.
        """
        path = self.folder / f"{stage}.json"
        if not path.exists():
            raise ContractError(f"Stage {stage} of batch {self.batch_id} did not finish; run it first.")
        note: dict[str, Any] = msgspec.json.decode(path.read_bytes())
        return note

    def advance(self) -> SourceAdvance | None:
        """How far the batch takes its declared source; ``None`` where it has none."""
        noted = self.read_note("ingest")["advance"]
        return None if noted is None else msgspec.convert(noted, SourceAdvance)

    def remove(self) -> None:
        """Forget the batch; it is published or will never be."""
        shutil.rmtree(self.folder, ignore_errors=True)
