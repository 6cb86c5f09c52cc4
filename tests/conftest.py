"""Fixtures that every tier shares: a home of its own for each test, a small article."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import Settings, settings
from tests.broker import Broker, running_broker

# A gazetteer that a developer loaded into ./data would change what the extractor finds.
os.environ["INCIDENTS_HOME"] = str(Path(__file__).parent / "no_home")
EVAL = Path(__file__).parents[2] / "shared" / "eval"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an empty installation."""
    monkeypatch.setenv("INCIDENTS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("INCIDENTS_WORKERS", "1")
    monkeypatch.delenv("INCIDENTS_LAKE", raising=False)
    return settings()


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    """A running broker for the tests of a module."""
    with running_broker() as running:
        yield running


@pytest.fixture
def write_jsonl(tmp_path: Path) -> Callable[..., Path]:
    """Writes records as a JSONL file and returns its path."""

    def write(name: str, *records: dict[str, Any]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def evaluation() -> Path:
    """The evaluation data beside the repository; tests that need it are skipped where it is absent."""
    if not EVAL.is_dir():
        pytest.skip(f"the evaluation data is not at {EVAL}")
    return EVAL
