"""Every message exactly once, counted by id: consumers at once, a zombie, rewound offsets, and kill -9 at random moments."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from pipeline import stages
from pipeline.batches.publication import published_ledger
from pipeline.config import Settings
from pipeline.errors import SupersededError
from pipeline.lake.catalog import SourceState, read_catalog, write_catalog, writer_lock
from pipeline.quality.ledger import balances
from tests.articles import record
from tests.broker import Broker, as_values, declare_topic, declared_topic, held_ids, rows
from tests.forks import fork_server

KILLS = 4
DRILL_KILLS = 100
REWIND = 1_000
FETCH = ["fetch", "wire", "--json"]


@pytest.fixture
def topic(home: Settings, broker: Broker) -> str:
    """A topic of three partitions, declared as the source `wire`."""
    return declared_topic(home, broker, partitions=3)


def short(number: int) -> dict[str, object]:
    """An article that is read in no time, for tests that count."""
    return record(number, title=None, text=f"Seven soldiers were killed in Konduga on Monday ({number}).")


def produce(broker: Broker, topic: str, numbers: range) -> list[str]:
    """One message a number, spread over the partitions, a bad message after each hundred; the ids."""
    for partition in range(3):
        mine = [number for number in numbers if number % 3 == partition]
        values: list[bytes | None] = []
        for number, value in zip(mine, as_values(map(short, mine)), strict=True):
            values += [value, f"bad {number}".encode()] if number % 100 == 0 else [value]
        broker.produce(topic, values, partition)
    return [f"t-{number}" for number in numbers]


def drain(home: Settings) -> None:
    """Run until nothing is new."""
    while stages.run_source("wire", home):
        continue


def assert_exactly_once(home: Settings, ids: list[str]) -> None:
    """Nothing lost, nothing twice, and the conservation ledger of every batch holds."""
    assert held_ids(home) == sorted(ids)
    bad = [number for number in ids if int(number.removeprefix("t-")) % 100 == 0]
    assert rows(home, "SELECT count(*) AS n, count(DISTINCT input_location) AS d FROM quarantine") == [
        {"n": len(bad), "d": len(bad)}
    ]
    for batch in rows(home, "SELECT batch_id FROM batches"):
        ledger = published_ledger(batch["batch_id"], home.lake)
        assert ledger is not None
        assert all(left == right for _, left, right in balances(ledger))
    assert rows(home, "SELECT count(*) AS n FROM batches WHERE source = 'wire'") == [
        {"n": read_catalog(home.lake).source("wire").revision}
    ]


def rewind(home: Settings, by: int) -> None:
    """Set the state in the catalog back, as a careless hand or a restored backup would."""
    with writer_lock(home.lake):
        catalog = read_catalog(home.lake)
        held = catalog.source("wire")
        offsets = {partition: max(0, end - by) for partition, end in held.state["offsets"].items()}
        earlier = SourceState(held.revision, held.state | {"offsets": offsets})
        write_catalog(
            home.lake, msgspec.structs.replace(catalog, sources=catalog.sources | {"wire": earlier})
        )


def test_offsets_rewound_at_the_broker_or_in_the_catalog_bring_nothing_twice(
    home: Settings, broker: Broker, topic: str
) -> None:
    ids = produce(broker, topic, range(1, 1_501))
    drain(home)
    assert_exactly_once(home, ids)
    reached = read_catalog(home.lake).source("wire")
    for partition in range(3):
        broker.set_group_offset("incidents-wire", topic, 0, partition)
    assert stages.run_source("wire", home) is None
    assert read_catalog(home.lake).source("wire") == reached
    rewind(home, REWIND)
    ids += produce(broker, topic, range(1_501, 1_601))
    drain(home)
    assert_exactly_once(home, ids)
    again = rows(home, "SELECT sum(articles_duplicate) AS n FROM batches")
    assert again == [{"n": 1_500}]


def test_a_zombie_that_read_before_another_published_publishes_nothing(
    home: Settings, broker: Broker, topic: str
) -> None:
    ids = produce(broker, topic, range(1, 7))
    zombie = stages.ingest_source("wire", home)
    assert zombie is not None
    stages.extract(zombie, home)
    stages.validate(zombie, home)
    ids += produce(broker, topic, range(7, 10))
    drain(home)
    reached = read_catalog(home.lake)
    with pytest.raises(SupersededError, match="another run was faster"):
        stages.publish(zombie, home)
    assert read_catalog(home.lake) == reached
    assert_exactly_once(home, ids)


def test_consumers_alive_at_once_share_no_message(home: Settings, broker: Broker, topic: str) -> None:
    declare_topic(home, "wire", servers=broker.servers, topic=topic, max_messages=20)
    ids = produce(broker, topic, range(1, 61))

    def consume(_number: int) -> str:
        command = [sys.executable, "-m", "pipeline.cli", *FETCH]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stderr if done.returncode else ""

    with ThreadPoolExecutor(2) as consumers:
        assert list(consumers.map(consume, range(2))) == ["", ""]
    drain(home)
    assert_exactly_once(home, ids)


def test_a_consumer_that_was_slower_leaves_a_twin_its_batch(
    home: Settings, broker: Broker, topic: str
) -> None:
    ids = produce(broker, topic, range(1, 7))
    twin = stages.ingest_source("wire", home)
    assert twin is not None

    def let_another_publish(line: str) -> None:
        if line.startswith("validate"):
            ids.extend(produce(broker, topic, range(7, 10)))
            drain(home)

    assert stages.run_source("wire", home, progress=let_another_publish) is None
    stages.extract(twin, home)
    stages.validate(twin, home)
    with pytest.raises(SupersededError, match="another run was faster"):
        stages.publish(twin, home)
    assert_exactly_once(home, ids)


def _kill_and_count(home: Settings, broker: Broker, topic: str, kills: int) -> None:
    """Kill a consumer ``kills`` times, at moments spread over its whole run, while messages go on arriving."""
    moments = random.Random(20250101)
    declare_topic(home, "wire", servers=broker.servers, topic=topic, max_messages=2_000)
    ids = produce(broker, topic, range(1, 31))
    with fork_server() as server:
        server.run(home.home, "doctor")
        started = time.monotonic()
        assert server.run(home.home, *FETCH).code == 0
        length = time.monotonic() - started
        killed = 0
        while killed < kills:
            ids += produce(broker, topic, range(len(ids) + 1, len(ids) + 31))
            if moments.random() < 0.2:
                rewind(home, REWIND)
            consumer = server.start(home.home, *FETCH)
            if not consumer.is_over(moments.uniform(0.02, 1.0) * length):
                consumer.kill()
                killed += 1
            assert consumer.wait().code in (0, -signal.SIGKILL)
            held = held_ids(home)
            assert len(set(held)) == len(held)
            assert set(held) <= set(ids)
    drain(home)
    assert_exactly_once(home, ids)


def test_a_few_kills_lose_nothing_and_double_nothing(home: Settings, broker: Broker, topic: str) -> None:
    _kill_and_count(home, broker, topic, KILLS)


@pytest.mark.drill
@pytest.mark.timeout(3600)
def test_a_hundred_kills_lose_nothing_and_double_nothing(home: Settings, broker: Broker, topic: str) -> None:
    _kill_and_count(home, broker, topic, DRILL_KILLS)
