"""What a declared source hands over: files of a known input kind, and how far they take it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

State = dict[str, Any]


@dataclass(frozen=True)
class Fetched:
    """What a source brought: files to ingest (none where nothing is new), and the state they lead to (JSON)."""

    files: list[Path]
    state: State
