"""The revision check of declared sources, whatever order consumers read and publish in, searched by Hypothesis."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from pipeline import stages
from pipeline.config import Settings
from pipeline.errors import SupersededError
from pipeline.lake.catalog import SourceState, read_catalog
from pipeline.lake.snapshot import Snapshot
from pipeline.sources import streams
from pipeline.sources.declaration import Declaration
from pipeline.sources.fetched import Fetched, State
from tests.articles import AnyOptions

CONSUMERS = ("a", "b", "c")
STEPS = st.permutations([(act, consumer) for consumer in CONSUMERS for act in ("read", "publish") * 2])
"""Each consumer reads and publishes twice, in any order; one that reads again has forgotten what it held."""


@dataclass
class Arrivals:
    """A source whose items stand in a list; each is a line that is no article, so that only counting costs time."""

    items: list[str] = field(default_factory=list)
    at_most: int = 3

    def fetch(self, _declaration: Declaration, state: State, folder: Path) -> Fetched:
        """The next items, a bounded number of them."""
        first = state.get("next", 0)
        found = self.items[first : first + self.at_most]
        if not found:
            return Fetched([], state)
        path = folder / "items.jsonl"
        path.write_text("".join(f"{item}\n" for item in found))
        return Fetched([path], {"next": first + len(found)})

    def arrive(self, count: int) -> None:
        """So many items more."""
        self.items += [f"item {len(self.items) + number}" for number in range(count)]


@dataclass
class Consumers:
    """Consumers of one source, each with the batch it has read and not yet published."""

    home: Settings
    held: dict[str, str] = field(default_factory=dict)

    def state(self) -> SourceState:
        return read_catalog(self.home.lake).source("list")

    def read(self, consumer: str) -> None:
        batch_id = stages.ingest_source("list", self.home)
        if batch_id is not None:
            stages.extract(batch_id, self.home)
            stages.validate(batch_id, self.home)
            self.held[consumer] = batch_id

    def publish(self, consumer: str) -> None:
        if consumer in self.held:
            try:
                stages.publish(self.held.pop(consumer), self.home)
            except SupersededError:
                return


@settings(max_examples=2, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(steps=STEPS)
@example(steps=[("read", "a"), ("read", "b"), ("publish", "b"), ("publish", "a")])
@example(steps=[("read", "a"), ("read", "b"), ("publish", "a"), ("read", "a"), ("publish", "b")])
def test_every_item_is_published_once_in_whatever_order_consumers_read_and_publish(
    steps: list[tuple[str, str]],
) -> None:
    arrivals = Arrivals()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        home = Settings(home=Path(folder), lake=Path(folder) / "lake", workers=1)
        home.sources.mkdir()
        declaration = {"kind": "list", "licence": "invented for tests"}
        (home.sources / "list.yaml").write_text(yaml.safe_dump(declaration))
        patch.setattr(streams, "STREAMS", (streams.Stream("list", "a list", arrivals.fetch, AnyOptions),))
        consumers = Consumers(home)
        for act, consumer in steps:
            before = consumers.state()
            arrivals.arrive(1)
            (consumers.read if act == "read" else consumers.publish)(consumer)
            after = consumers.state()
            assert after.revision in (before.revision, before.revision + 1)
            assert (after.revision > before.revision) == (after.state != before.state)
            assert after.state.get("next", 0) >= before.state.get("next", 0)
        arrivals.arrive(1)
        while stages.run_source("list", home):
            continue
        with Snapshot(home.lake) as snapshot:
            shown = [row["row_json"] for row in snapshot.rows("SELECT row_json FROM quarantine")]
            [counts] = snapshot.rows("SELECT sum(items_fetched) AS items, count(*) AS batches FROM batches")
        assert sorted(line.strip() for line in shown) == sorted(arrivals.items)
        assert counts == {"items": len(arrivals.items), "batches": consumers.state().revision}
