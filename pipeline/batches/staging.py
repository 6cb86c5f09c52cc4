"""A batch on its way: what one stage leaves for the next, in one folder a batch that no analyst reads.

Every file is written whole or not at all, so a stage that was killed is simply run again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import ContractError
from pipeline.files import replacing, write_atomically
from pipeline.schema.tables import arrow_table

Row = dict[str, Any]
_LEFT_BY = {"replay": "ingest", "revise": "ingest"}
"""Folders that are not named after the stage that writes them."""


class SourceAdvance(msgspec.Struct, frozen=True):
    """How far a batch takes its declared source: read at ``revision``, going on at ``state``."""

    source: str
    revision: int
    state: dict[str, Any]
    maximum: int | None = None
    """Articles that its declaration expects at most of a window, as it stood when the batch was read."""


class _Note(dict[str, Any]):
    """A stage's note. A key that it lacks is damage: every note is written whole."""

    def __init__(self, content: dict[str, Any], damaged: Callable[[str], ContractError]) -> None:
        super().__init__(content)
        self._damaged = damaged

    def __missing__(self, key: str) -> Any:
        raise self._damaged(key)


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
            ContractError: the stage did not run for this batch, or what it left is damaged.
        """
        path = self.folder / stage / f"{table_name}.parquet"
        if not path.exists():
            raise ContractError(
                f"Batch {self.batch_id} has no {stage} of {table_name}; run the stage {stage} first."
            )
        try:
            return pq.read_table(path, partitioning=None)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(path, str(error)) from error

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
            ContractError: the stage did not finish for this batch, or its note is damaged.
        """
        path = self.folder / f"{stage}.json"
        if not path.exists():
            raise ContractError(f"Stage {stage} of batch {self.batch_id} did not finish; run it first.")
        try:
            note = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        except (msgspec.DecodeError, OSError) as error:
            raise self._damaged(path, str(error)) from error
        return _Note(note, lambda key: self._damaged(path, f"it has no {key}"))

    def advance(self) -> SourceAdvance | None:
        """How far the batch takes its declared source; ``None`` where it has none."""
        noted = self.read_note("ingest")["advance"]
        try:
            return msgspec.convert(noted, SourceAdvance | None)
        except msgspec.ValidationError as error:
            raise self._damaged(self.folder / "ingest.json", str(error)) from error

    def remove(self) -> None:
        """Forget the batch; it is published or will never be."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _damaged(self, path: Path, what: str) -> ContractError:
        stage = path.relative_to(self.folder).parts[0].removesuffix(".json")
        told = " ".join(what.split()).rstrip(".")[:200]
        return ContractError(
            f"The file {path} of batch {self.batch_id} is damaged ({told}). Run the stage "
            f"{_LEFT_BY.get(stage, stage)} again; or remove the folder {self.folder} and start anew."
        )
