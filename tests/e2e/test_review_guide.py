"""The worked example of ``docs/review.md`` does what it says, word for word."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.config import Settings
from pipeline.lake.snapshot import Snapshot

GUIDE = (Path(__file__).parents[2] / "docs" / "review.md").read_text(encoding="utf-8")


def keys(home: Settings) -> dict[str, str]:
    """What the words in capitals stand for by now."""
    if not home.database.exists():
        return {}
    with Snapshot(home.lake) as snapshot:
        rows = snapshot.rows(
            "SELECT 'QUARANTINED' AS word, quarantine_id AS key FROM quarantine UNION ALL "
            "SELECT 'REPORT', report_id FROM incident_reports WHERE place_name = 'Konduga'"
        )
    return {row["word"]: row["key"] for row in rows}


def test_the_example_does_what_it_says(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [articles] = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    [session] = re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("wire.jsonl").write_text(articles, encoding="utf-8")
    steps = re.findall(r"^\$ incidents (.*)\n((?:[^$].*\n)*)", session, re.MULTILINE)
    assert len(steps) == session.count("$ incidents") == 11
    for command, expected in steps:
        for word, key in keys(home).items():
            command = command.replace(word, key)
        done = CliRunner().invoke(app, shlex.split(command), catch_exceptions=False)
        shown = " ".join(done.output.split())
        for line in expected.splitlines():
            assert line in shown, f"{command}: {line!r} is not in {done.output}"
