"""What a kind of declared source hands over: files of a known input kind, and the state to go on from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError

State = dict[str, Any]


@dataclass(frozen=True)
class Fetched:
    """What a source brought: files to ingest (none where nothing is new), and the state they lead to (JSON)."""

    files: list[Path]
    state: State


class SourceUnavailable(SourceError):
    """A source cannot be read now; ``state`` keeps when it may be asked again."""

    def __init__(self, message: str, state: State) -> None:
        super().__init__(message)
        self.state = state
