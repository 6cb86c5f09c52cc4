"""Kafka: messages become incidents, bad ones are quarantined by offset, and what is gone is never passed over in silence."""

from __future__ import annotations

import logging
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from multiprocessing import parent_process
from pathlib import Path

import pytest
from confluent_kafka import Producer

from pipeline import stages
from pipeline.batches.publication import published_ledger
from pipeline.config import Settings
from pipeline.errors import ConfigError, SourceError
from pipeline.lake.catalog import read_catalog
from pipeline.quality.ledger import balances
from pipeline.sources.items import FailedItem, ParsedArticle
from pipeline.sources.kafka_file import (
    KAFKA_ENDING,
    KafkaMessage,
    KeptMessage,
    read_messages,
    write_messages,
)
from pipeline.sources.raw import keep_raw
from pipeline.sources.registry import parse_messages, source_of
from tests.articles import record
from tests.broker import Broker, as_values, declare_topic, held_ids, rows, running_broker


@pytest.fixture
def topic(broker: Broker) -> str:
    name = f"reports-{uuid.uuid4().hex[:12]}"
    broker.create(name, partitions=3)
    return name


@pytest.fixture
def declare(home: Settings, broker: Broker, topic: str) -> Callable[..., None]:
    """Declares the topic as the source `wire`."""

    def declared(**options: object) -> None:
        declare_topic(home, "wire", **({"servers": broker.servers, "topic": topic} | options))

    declared()
    return declared


def offsets(home: Settings) -> dict[str, int]:
    found: dict[str, int] = read_catalog(home.lake).source("wire").state["offsets"]
    return found


def test_messages_become_incidents_and_the_offsets_move_with_them(
    home: Settings, broker: Broker, topic: str, declare: Callable[..., None]
) -> None:
    for partition in range(3):
        broker.produce(topic, as_values([record(10 * partition + n) for n in range(2)]), partition)
    batch_id = stages.run_source("wire", home)
    assert held_ids(home) == ["t-0", "t-1", "t-10", "t-11", "t-20", "t-21"]
    assert rows(home, "SELECT count(*) AS n, min(fatalities_best) AS low FROM incident_reports") == [
        {"n": 6, "low": 2}
    ]
    [place] = rows(home, "SELECT input_location AS at FROM articles WHERE source_article_id = 't-11'")
    assert place == {"at": f"wire/messages{KAFKA_ENDING}:{topic}/1/1"}
    assert offsets(home) == {"0": 2, "1": 2, "2": 2}
    assert rows(home, "SELECT source FROM batches") == [{"source": "wire"}]
    assert batch_id is not None
    assert stages.run_source("wire", home) is None


def test_a_batch_is_bounded_and_the_next_goes_on_in_the_middle_of_a_record_batch(
    home: Settings, broker: Broker, topic: str, declare: Callable[..., None]
) -> None:
    declare(max_messages=4)
    broker.produce(topic, as_values([record(n) for n in range(10)]))
    sizes = []
    while batch_id := stages.run_source("wire", home):
        ledger = published_ledger(batch_id, home.lake)
        assert ledger is not None
        sizes.append(ledger["items_fetched"])
    assert sizes == [4, 4, 2]
    assert held_ids(home) == sorted(f"t-{n}" for n in range(10))


def test_a_batch_is_bounded_by_bytes_too(
    home: Settings, broker: Broker, topic: str, declare: Callable[..., None]
) -> None:
    declare(max_bytes=1)
    broker.produce(topic, as_values([record(1), record(2)]))
    assert stages.run_source("wire", home)
    assert held_ids(home) == ["t-1"]


def test_a_long_backlog_in_one_partition_keeps_no_other_waiting(
    home: Settings, broker: Broker, topic: str, declare: Callable[..., None]
) -> None:
    declare(max_messages=9)
    broker.produce(topic, as_values([record(n) for n in range(50)]), 0)
    broker.produce(topic, as_values([record(100)]), 1)
    broker.produce(topic, as_values([record(200 + n) for n in range(4)]), 2)
    assert stages.run_source("wire", home)
    assert offsets(home) == {"0": 5, "1": 1, "2": 3} or offsets(home) == {"0": 4, "1": 1, "2": 4}


POISON = {
    b"no json": "broken_message",
    b"\xff\xfe\x00\x01binary": "broken_message",
    b'{"id": "p", "text": 7, "published_at": "2025-03-05"}': "wrong_type",
    b'{"id": "p", "published_at": "2025-03-05"}': "missing_text",
    b'{"id": "../p", "text": "Seven killed.", "published_at": "2025-03-05"}': "id_unsafe",
    b'{"id": "p", "text": "Seven killed.", "published_at": "some day"}': "bad_published_at",
    b"[" * 100_000: "wrong_type",
    b'{"a":' * 100_000: "broken_message",
    b'{"text": "' + b"a" * 20_000_000 + b'"}': "message_too_large",
    b"  \n": "empty_message",
    b"": "empty_message",
    None: "empty_message",
}


def test_poison_is_quarantined_by_its_offset_and_the_partition_moves_on(
    home: Settings, broker: Broker, topic: str, declare: Callable[..., None]
) -> None:
    values = [value for poison in POISON for value in (poison, *as_values([record(1)]))]
    broker.produce(topic, [*values, *as_values([record(2)])])
    batch_id = stages.run_source("wire", home)
    assert batch_id is not None
    ledger = published_ledger(batch_id, home.lake)
    assert ledger is not None
    assert ledger["items_failed"] == len(POISON)
    assert all(left == right for _, left, right in balances(ledger))
    assert held_ids(home) == ["t-1", "t-2"]
    quarantined = {
        row["input_location"]: (row["reason_code"], row["stage"])
        for row in rows(home, "SELECT * FROM quarantine")
    }
    file = f"wire/messages{KAFKA_ENDING}"
    assert quarantined == {
        f"{file}:{topic}/0/{2 * n}": (code, "ingest") for n, code in enumerate(POISON.values())
    }
    [shown] = rows(home, f"SELECT reason FROM quarantine WHERE input_location = '{file}:{topic}/0/0'")
    assert shown["reason"].startswith("The Kafka message is no valid JSON: JSON is malformed")


def test_a_quarantined_message_can_be_replayed(
    home: Settings, broker: Broker, topic: str, declare: Callable[..., None]
) -> None:
    broker.produce(topic, [b"no json", *as_values([record(1)])])
    stages.run_source("wire", home)
    before = rows(home, "SELECT * FROM quarantine")
    batch_id = stages.finish(stages.ingest_quarantined([], home), home)
    ledger = published_ledger(batch_id, home.lake)
    assert ledger is not None
    assert (ledger["items_failed"], ledger["articles_duplicate"]) == (1, 1)
    assert rows(home, "SELECT * FROM quarantine") == before


class Bomb(KeptMessage, frozen=True, kw_only=True):
    """A message that kills the process which parses it."""

    fuse: str

    @property
    def location(self) -> str:
        """Asked for by the parser, in a process of its own, and by the test's."""
        if parent_process() is not None:
            with Path(self.fuse).open("a") as burnt:
                burnt.write("tried\n")
            os._exit(9)
        return KeptMessage(message=self.message, raw=self.raw).location


def test_a_message_that_kills_its_parser_is_tried_three_times_and_quarantined_by_its_offset(
    tmp_path: Path,
) -> None:
    file, fuse = tmp_path / f"a{KAFKA_ENDING}", tmp_path / "fuse"
    messages = [
        KafkaMessage(topic="t", partition=3, offset=1040 + n, value=value)
        for n, value in enumerate(as_values([record(n) for n in range(3)]))
    ]
    write_messages(file, messages)
    raw = keep_raw(file, tmp_path / "raw")
    kept: list[KeptMessage | FailedItem] = list(read_messages(raw))
    kept[1] = Bomb(message=messages[1], raw=raw, fuse=str(fuse))
    items = list(parse_messages(kept, workers=1))
    assert [item.source_article_id for item in items if isinstance(item, ParsedArticle)] == ["t-0", "t-2"]
    [failed] = [item for item in items if isinstance(item, FailedItem)]
    assert failed.input_location == f"{file}:t/3/1041"
    assert (failed.reason_code, failed.value) == ("parse_failed", "its process died (exit code 9)")
    assert fuse.read_text().count("tried") == 3


def test_without_the_client_the_extra_is_named(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    declare_topic(home, "wire", servers="127.0.0.1:1", topic="t")
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    with pytest.raises(ConfigError, match=r"pip install 'incident-pipeline\[kafka\]'"):
        stages.run_source("wire", home)


@pytest.mark.parametrize("content", [b"PAR1", b"no table", b""])
def test_a_file_that_only_bears_the_ending_is_refused_whole(
    home: Settings, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / f"a{KAFKA_ENDING}"
    path.write_bytes(content)
    stages.run([path], home)
    [row] = rows(home, "SELECT reason_code FROM quarantine")
    assert row["reason_code"] == ("broken_parquet" if content else "empty_file")


def test_the_longest_ending_tells_the_kind() -> None:
    for name, kind in {"A.KAFKA.PARQUET": "kafka", "a.parquet": "parquet", "a.warc.gz": "warc"}.items():
        source = source_of(name)
        assert source is not None
        assert source.name == kind


def test_partitions_added_later_are_read_from_their_beginning(
    home: Settings, broker: Broker, topic: str, declare: Callable[..., None]
) -> None:
    from pipeline.sources.kafka import KafkaState, held_state
    from pipeline.sources.kafka_options import KafkaOptions

    broker.produce(topic, as_values([record(1)]), 0)
    broker.produce(topic, as_values([record(2)]), 2)
    options = KafkaOptions(servers=broker.servers, topic=topic)
    assert held_state("wire", options, {}) == KafkaState(topic)
    stages.run_source("wire", home)
    broker.produce(topic, as_values([record(3)]), 1)
    stages.run_source("wire", home)
    assert held_ids(home) == ["t-1", "t-2", "t-3"]


def test_a_topic_made_anew_is_noticed_though_it_has_grown_past_the_offsets(
    home: Settings, broker: Broker, topic: str, declare: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    broker.produce(topic, as_values([record(1), record(2)]))
    stages.run_source("wire", home)
    broker.remove(topic)
    broker.create(topic, partitions=1)
    broker.produce(topic, as_values([record(n) for n in range(2, 7)]))
    with pytest.raises(SourceError, match=r"made anew since.*partition 0 at 2.*on_gap: continue"):
        stages.run_source("wire", home)
    declare(on_gap="continue")
    with caplog.at_level(logging.WARNING):
        stages.run_source("wire", home)
    assert "made anew since" in caplog.text
    assert held_ids(home) == [f"t-{n}" for n in range(1, 7)]
    assert offsets(home) == {"0": 5}
    assert stages.run_source("wire", home) is None


def test_a_partition_that_ends_before_the_offset_is_a_gap(
    home: Settings, broker: Broker, topic: str, declare: Callable[..., None]
) -> None:
    from pipeline.sources.declaration import declared
    from pipeline.sources.kafka import fetch_kafka

    broker.produce(topic, as_values([record(1), record(2)]))
    ahead = {"topic": topic, "offsets": {"0": 700}}
    with pytest.raises(SourceError, match="published up to offset 699, but the partition ends at 1"):
        fetch_kafka(declared(home.sources, "wire"), ahead, home.home)


@pytest.fixture(scope="module")
def retention() -> Iterator[tuple[Producer, str]]:
    """The test cluster of librdkafka, which keeps 5 MB a partition and drops what is older."""
    producer = Producer({"bootstrap.servers": "none", "test.mock.num.brokers": 1, "log_level": 3})
    [member] = producer.list_topics("aged", timeout=30).brokers.values()
    yield producer, f"{member.host}:{member.port}"
    producer.flush(30)


def test_messages_past_retention_are_told_by_their_offsets(
    home: Settings, retention: tuple[Producer, str], caplog: pytest.LogCaptureFixture
) -> None:
    producer, servers = retention
    declare_topic(home, "wire", servers=servers, topic="aged", max_seconds=2, max_messages=2)
    [first] = as_values([record(1)])
    producer.produce("aged", first, partition=0)
    producer.flush(30)
    stages.run_source("wire", home)
    assert offsets(home) == {"0": 1, "1": 0, "2": 0, "3": 0}
    for _ in range(10):
        producer.produce("aged", b"x" * 900_000, partition=0)
        producer.flush(30)
    for value in as_values([record(2), record(3)]):
        producer.produce("aged", value, partition=0)
    producer.flush(30)
    with pytest.raises(SourceError, match=r"partition 0: the messages from offset 1 to \d+ \(\d+\) are gone"):
        stages.run_source("wire", home)
    declare_topic(home, "wire", servers=servers, topic="aged", max_seconds=2, on_gap="continue")
    with caplog.at_level(logging.WARNING):
        stages.run_source("wire", home)
    assert "the messages from offset 1 to" in caplog.text
    assert held_ids(home) == ["t-1", "t-2", "t-3"]
    assert offsets(home)["0"] == 13


def test_brokers_that_do_not_answer_are_an_error_and_lose_nothing(home: Settings) -> None:
    with running_broker() as short_lived:
        short_lived.create("gone")
        short_lived.produce("gone", as_values([record(1)]))
        declare_topic(home, "wire", servers=short_lived.servers, topic="gone", max_seconds=1)
        stages.run_source("wire", home)
    before = read_catalog(home.lake)
    with pytest.raises(SourceError, match=r"no answer from Kafka on 127\.0\.0\.1:\d+ within 1 seconds \("):
        stages.run_source("wire", home)
    assert read_catalog(home.lake) == before


def test_a_topic_that_does_not_exist_is_named(home: Settings, broker: Broker) -> None:
    declare_topic(home, "wire", servers=broker.servers, topic="nowhere")
    with pytest.raises(SourceError, match=r"cannot read the topic nowhere.*Create the topic"):
        stages.run_source("wire", home)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_messages": 0}, r"max_messages"),
        ({"topic": "a/b"}, r"topic"),
        ({"speed": 3}, r"unknown field `speed`"),
        ({"on_gap": "ignore"}, r"Invalid enum value 'ignore'"),
        ({"security": {"enable.auto.commit": True}}, r"enable\.auto\.commit under security"),
        ({"security": {"sasl.password": "$NO_SUCH_SECRET"}}, r"environment variable NO_SUCH_SECRET"),
        ({"security": {"security.protocol": "magic"}}, r"refuses the settings of the source wire.*magic"),
    ],
)
def test_a_wrong_option_is_named(home: Settings, options: dict[str, object], said: str) -> None:
    declare_topic(home, "wire", **({"servers": "127.0.0.1:1", "topic": "t"} | options))
    with pytest.raises(ConfigError, match=said):
        stages.run_source("wire", home)


def test_a_source_is_of_one_topic_for_ever(
    home: Settings, broker: Broker, topic: str, declare: Callable[..., None]
) -> None:
    broker.produce(topic, as_values([record(1)]))
    stages.run_source("wire", home)
    declare(topic="another")
    with pytest.raises(ConfigError, match=rf"read from the topic {topic} so far and now declares another"):
        stages.run_source("wire", home)
