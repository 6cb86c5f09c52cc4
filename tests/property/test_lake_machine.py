"""The lake as a machine: whatever is done to it in whatever order, and wherever it dies, nothing is lost and nothing is there twice.

Real stages, extractor, expectations and Delta tables; after every step the whole lake is held against a small model of it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pipeline import stages
from pipeline.batches import publication, rebuild
from pipeline.batches.lake_check import check_lake
from pipeline.batches.maintenance import compact_lake, vacuum_lake
from pipeline.batches.reprocess import Selection
from pipeline.batches.review import Decision
from pipeline.config import Settings
from pipeline.errors import SourceError
from pipeline.lake import store
from pipeline.lake.catalog import read_catalog
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.views import refresh_database
from pipeline.quality.ledger import balances
from pipeline.schema.tables import Column, tables
from tests.articles import record

ARTICLES, EDITIONS = 4, 3
CRASH_POINTS = ("append", "write_catalog", "refresh_database", "check_conservation")


class Killed(BaseException):
    """The process dies here."""


def edition(number: int, part: int) -> dict[str, Any]:
    """A version of an article; a later edition has another toll and a later date."""
    text = record(number)["text"].replace(f"{number + 2} soldiers", f"{number + 2 + 10 * part} soldiers")
    return record(number, text=text, published_at=f"2025-03-0{5 + part}")


UNREADABLE = ("{broken", json.dumps(record(90, text="")), json.dumps(record(91, published_at=None)))
FOREIGN = json.dumps(record(92, language="fr"))
EARLY = json.dumps(record(93, published_at="2199-01-01"))
LINES = st.one_of(
    st.tuples(st.integers(0, ARTICLES - 1), st.integers(0, EDITIONS - 1)),
    st.sampled_from([*UNREADABLE, FOREIGN, EARLY]),
)


class LakeMachine(RuleBasedStateMachine):
    """Ingest, duplicate, edit, crash, restart, quarantine, replay, retract, reprocess, compact, vacuum, schema change, rebuild."""

    @initialize()
    def begin(self) -> None:
        """An empty lake, and an empty model."""
        self.folder = Path(tempfile.mkdtemp(prefix="lake-machine-"))
        self.home = Settings(home=self.folder / "home", lake=self.folder / "home" / "lake", workers=1)
        self.versions: dict[str, set[int]] = {}
        self.retracted: set[str] = set()
        self.unfinished: list[tuple[Path, list[Any]]] = []
        self.files = 0
        self.is_begun = False
        self.is_shown = True
        self.declared = tables()["articles"]

    def teardown(self) -> None:
        """Leave nothing behind."""
        tables()["articles"] = self.declared
        store._read_table.cache_clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, lines: list[Any]) -> Path:
        self.files += 1
        path = self.folder / f"{self.files}.jsonl"
        content = [line if isinstance(line, str) else json.dumps(edition(*line)) for line in lines]
        path.write_text("\n".join(content) + "\n", encoding="utf-8")
        return path

    def _published(self, lines: list[Any]) -> None:
        self.is_begun = True
        for line in lines:
            if not isinstance(line, str):
                self.versions.setdefault(f"t-{line[0]}", set()).add(line[1])
            elif line == FOREIGN:
                self.versions.setdefault("t-92", set()).add(0)

    @rule(lines=st.lists(LINES, min_size=1, max_size=4))
    def ingest(self, lines: list[Any]) -> None:
        """New articles, duplicates, editions in any order, bad input."""
        stages.run([self._write(lines)], self.home)
        self._published(lines)

    @rule(
        lines=st.lists(LINES, min_size=1, max_size=3),
        point=st.sampled_from(CRASH_POINTS),
        calls=st.integers(0, 4),
    )
    def crash(self, lines: list[Any], point: str, calls: int) -> None:
        """The process dies while it publishes; what it had committed by then is there, whole."""
        path, real, left = self._write(lines), getattr(publication, point), [calls]

        def dying(*args: Any, **kwargs: Any) -> Any:
            if not left[0]:
                raise Killed
            left[0] -= 1
            return real(*args, **kwargs)

        before = read_catalog(self.home.lake).version
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(publication, point, dying)
            try:
                stages.run([path], self.home)
            except Killed:
                self.unfinished.append((path, lines))
                self.is_shown = point != "refresh_database"
        if read_catalog(self.home.lake).version > before:
            self._published(lines)

    @precondition(lambda self: self.unfinished)
    @rule()
    def restart(self) -> None:
        """What died is run again."""
        path, lines = self.unfinished.pop()
        stages.run([path], self.home)
        self._published(lines)

    @precondition(lambda self: self.is_begun)
    @rule()
    def replay(self) -> None:
        """Everything in quarantine is tried again; nothing is mended, so nothing changes."""
        with contextlib.suppress(SourceError):  # nothing is in quarantine
            stages.finish(stages.ingest_quarantined([], self.home), self.home)

    @precondition(lambda self: self.versions.keys() - {"t-92"} - self.retracted)
    @rule(data=st.data())
    def retract(self, data: st.DataObject) -> None:
        """A person takes a published report back."""
        with Snapshot(self.home.lake) as snapshot:
            rows = snapshot.rows(
                "SELECT report_id, source_article_id FROM incident_reports AS r JOIN articles AS a "
                "ON a.article_id = r.article_id AND a.version = r.article_version "
                "ANTI JOIN superseded_versions AS s ON s.article_id = a.article_id AND s.version = a.version ORDER BY ALL"
            )
        if not rows:
            return
        row = data.draw(st.sampled_from(rows))
        decision = Decision("retract", row["report_id"], "told twice", "A. Reviewer")
        stages.finish(stages.ingest_decisions([decision], self.home), self.home)
        self.retracted.add(row["report_id"])

    @precondition(lambda self: self.is_begun)
    @rule()
    def reprocess(self) -> None:
        """All articles are read again by the same extractor."""
        list(stages.reprocess(Selection(), self.home))

    @precondition(lambda self: self.is_begun)
    @rule()
    def maintain(self) -> None:
        """Small files are written together, and what no kept state needs is deleted."""
        compact_lake(self.home)
        vacuum_lake(self.home)

    @precondition(lambda self: self.is_begun)
    @rule()
    def make_again(self) -> None:
        """The lake is made again from what is kept of the originals and decisions."""
        made = rebuild.rebuild(self.home, extractor="rules", progress=lambda _line: None, now=stages._now())
        assert made.problems == []

    @rule()
    def change_schema(self) -> None:
        """The product is updated to one that declares a column more."""
        older = tables()["articles"]
        later = Column(f"later_{len(older.columns)}", "string", "Came later.")
        tables()["articles"] = dataclasses.replace(older, columns=(*older.columns, later))
        store._read_table.cache_clear()  # an update is another process

    @invariant()
    def every_ledger_adds_up(self) -> None:
        """Conservation, batch by batch."""
        with Snapshot(self.home.lake) as snapshot:
            for batch in snapshot.rows("SELECT * FROM batches"):
                assert all(left == right for _, left, right in balances(batch)), batch

    @invariant()
    def what_was_published_is_there_once(self) -> None:
        """Article versions, the one that is shown, and its reports are those of the model."""
        if not self.is_shown:  # it died between the commit and the views: any next run, or this, makes them
            refresh_database(self.home.database, self.home.lake)
            self.is_shown = True
        if not self.home.database.exists():
            assert self.versions == {}
            return
        with duckdb.connect(str(self.home.database), read_only=True) as connection:
            held = connection.execute(
                "SELECT source_article_id, count(*), count(DISTINCT version) FROM versions.articles GROUP BY ALL"
            ).fetchall()
            shown = connection.execute("SELECT source_article_id, day(published_on) FROM articles").fetchall()
            reports = connection.execute(
                "SELECT source_article_id, report_id, fatalities_best FROM incident_reports JOIN articles USING (article_id)"
            ).fetchall()
        assert {key: (n, n) for key, n, _ in held} == {
            key: (len(v), len(v)) for key, v in self.versions.items()
        }
        assert all(n == d for _, n, d in held)
        assert dict(shown) == {key: 5 + max(parts) for key, parts in self.versions.items()}
        assert not {report for _, report, _ in reports} & self.retracted
        tolls = {key: toll for key, _, toll in reports}
        assert len(tolls) == len(reports)
        for key, toll in tolls.items():
            assert toll == int(key[2:]) + 2 + 10 * max(self.versions[key])

    @invariant()
    def nothing_is_damaged(self) -> None:
        """Every file can be read, and what must hold among the rows of all tables holds."""
        if self.is_begun:
            damages = check_lake(self.home, is_raw_read=False, progress=lambda _line: None).damages
            assert [
                found for found in damages if self.is_shown or found.file != str(self.home.database)
            ] == []


def _run(examples: int, steps: int, seed: int) -> None:
    run_state_machine_as_test(
        hypothesis.seed(seed)(type("LakeMachine", (LakeMachine,), {})),
        settings=hypothesis.settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[hypothesis.Phase.generate],  # a history takes seconds: what fails is shown as it was
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_history_of_a_lake_keeps_it_whole() -> None:
    _run(examples=3, steps=8, seed=0)


@pytest.mark.drill
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(1, 11))
def test_many_histories_of_a_lake_keep_it_whole(seed: int) -> None:
    _run(examples=20, steps=30, seed=seed)
