"""A Kafka topic, read from given offsets: partitions are assigned, never joined for, and nothing is committed to the broker."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from pipeline.errors import ConfigError, SourceError
from pipeline.sources.kafka_file import KafkaMessage
from pipeline.sources.kafka_options import KafkaOptions, client_settings

if TYPE_CHECKING:
    from confluent_kafka import Consumer, KafkaError, Message

LOG = logging.getLogger(__name__)
_POLL_SECONDS = 0.5
_TOPIC_ID_SECONDS = 5.0


class Gap(msgspec.Struct, frozen=True):
    """A partition that does not hold the next offset: it holds ``first`` up to, but without, ``end``."""

    partition: int
    wanted: int
    first: int
    end: int

    def __str__(self) -> str:
        if self.wanted < self.first:
            return (
                f"partition {self.partition}: the messages from offset {self.wanted} to {self.first - 1} "
                f"({self.first - self.wanted:,}) are gone; the earliest is now {self.first}"
            )
        return (
            f"partition {self.partition}: the source is published up to offset {self.wanted - 1}, "
            f"but the partition ends at {self.end - 1}: it was cut, or made anew"
        )


@dataclass
class Taken:
    """What one reading took: messages, and the next offset of every partition."""

    next_offsets: dict[int, int]
    messages: list[KafkaMessage] = field(default_factory=list)
    byte_count: int = 0
    gaps: list[Gap] = field(default_factory=list)

    def add(self, message: KafkaMessage) -> None:
        """Take one message more."""
        self.messages.append(message)
        self.byte_count += len(message.key or b"") + len(message.value or b"")
        self.next_offsets[message.partition] = message.offset + 1


class KafkaTopic:
    """One topic of one cluster, as the declared source ``name`` sees it."""

    def __init__(
        self, name: str, options: KafkaOptions, consumer: Consumer, problems: list[KafkaError]
    ) -> None:
        self.name = name
        self.options = options
        self.consumer = consumer
        self.problems = problems
        """What went wrong between client and brokers, the last at the end."""

    def partitions(self) -> list[int]:
        """The numbers of the topic's partitions.

        Raises:
            SourceError: no broker answers in time, or there is no such topic.
        """
        from confluent_kafka import KafkaException

        try:
            found = self.consumer.list_topics(self.options.topic, timeout=self.options.max_seconds)
        except KafkaException as error:
            raise self.unreachable(error.args[0]) from error
        topic = found.topics[self.options.topic]
        if topic.error is not None or not topic.partitions:
            raise SourceError(
                f"The source {self.name} cannot read the topic {self.options.topic} on {self.options.servers}: "
                f"{topic.error or 'it has no partitions'}. Create the topic, or correct the declaration."
            )
        return sorted(topic.partitions)

    def bounds(self, partition: int) -> tuple[int, int]:
        """The earliest offset of a partition, and the one after its last.

        Raises:
            SourceError: no broker answers in time.
        """
        from confluent_kafka import KafkaException, TopicPartition

        place = TopicPartition(self.options.topic, partition)
        try:
            found = self.consumer.get_watermark_offsets(place, timeout=self.options.max_seconds)
        except KafkaException as error:
            raise self.unreachable(error.args[0]) from error
        if found is None:
            raise self.unreachable(None)
        return found

    def topic_id(self) -> str | None:
        """What tells the topic from another of its name that was made later; ``None`` where brokers do not say."""
        from confluent_kafka import KafkaException, TopicCollection, Uuid
        from confluent_kafka.admin import AdminClient

        admin = AdminClient(client_settings(self.name, self.options), logger=LOG)
        asked = TopicCollection([self.options.topic])
        patience = min(_TOPIC_ID_SECONDS, self.options.max_seconds)
        try:
            described = admin.describe_topics(asked, request_timeout=patience)[self.options.topic].result()
        except KafkaException as error:
            LOG.info("The brokers of the source %s tell no topic id: %s", self.name, error)
            return None
        return str(described.topic_id) if described.topic_id != Uuid(0, 0) else None

    def unreachable(self, error: KafkaError | None) -> SourceError:
        """The error for brokers that do not answer."""
        self.consumer.poll(0)  # lets the client say what is behind it
        problem = self.problems[-1] if self.problems else error
        return SourceError(
            f"The source {self.name} got no answer from Kafka on {self.options.servers} within "
            f"{self.options.max_seconds:g} seconds{f' ({problem.str()})' if problem is not None else ''}. "
            "Check that the brokers run, and the servers and security of the declaration. Nothing is lost: the next run reads on."
        )

    def take(self, starts: Mapping[int, int]) -> Taken:
        """Read from the offsets to the ends of the partitions, or as much as a batch may hold.

        Each partition has the same share of the batch, and what some do not need goes to the others: a partition
        with a long backlog never keeps the others waiting. Partitions with a gap are not read.

        Raises:
            SourceError: no broker answers in time.
        """
        taken = Taken(dict(starts))
        deadline = time.monotonic() + self.options.max_seconds
        behind = set(starts)
        while behind and (room := self.options.max_messages - len(taken.messages)) > 0:
            behind = self._take_share(taken, behind, max(1, room // len(behind)), deadline)
        return taken

    def _take_share(self, taken: Taken, behind: set[int], share: int, deadline: float) -> set[int]:
        """Read up to ``share`` messages of each partition that is behind; those that may have more for this batch."""
        from confluent_kafka import KafkaError, TopicPartition

        topic, next_offsets = self.options.topic, taken.next_offsets
        self.consumer.assign(
            [TopicPartition(topic, number, next_offsets[number]) for number in sorted(behind)]
        )
        left = dict.fromkeys(behind, share)
        reached: set[int] = set()
        while left:
            message = self.consumer.poll(max(0.0, min(_POLL_SECONDS, deadline - time.monotonic())))
            if message is None:
                self._note_cut(taken, left)
            elif (error := message.error()) is None:
                found = _kafka_message(message)
                if found.partition in left:
                    taken.add(found)
                    left[found.partition] -= 1
                    if not left[found.partition]:
                        self._leave(found.partition, left)
                        reached.add(found.partition)
                if self._is_full(taken):
                    return set()
            elif (partition := _number(message.partition())) not in left:
                self.problems.append(error)
            elif error.code() == KafkaError._PARTITION_EOF:
                next_offsets[partition] = _number(message.offset())
                self._leave(partition, left)
            elif error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
                taken.gaps.append(Gap(partition, next_offsets[partition], *self.bounds(partition)))
                self._leave(partition, left)
            else:
                self.problems.append(error)
            if left and time.monotonic() >= deadline:
                self._tell_out_of_time(taken, left)
                return set()
        return reached

    def _is_full(self, taken: Taken) -> bool:
        return len(taken.messages) >= self.options.max_messages or taken.byte_count >= self.options.max_bytes

    def _leave(self, partition: int, left: dict[int, int]) -> None:
        """Read no more of a partition, nor fetch any."""
        from confluent_kafka import TopicPartition

        del left[partition]
        self.consumer.incremental_unassign([TopicPartition(self.options.topic, partition)])

    def _note_cut(self, taken: Taken, left: dict[int, int]) -> None:
        """Brokers may also say no more than that a partition ends before the offset asked for."""
        from confluent_kafka import TopicPartition

        for partition in list(left):
            place = TopicPartition(self.options.topic, partition)
            seen = self.consumer.get_watermark_offsets(place, cached=True)
            if seen is not None and 0 <= seen[1] < taken.next_offsets[partition]:
                taken.gaps.append(Gap(partition, taken.next_offsets[partition], max(seen[0], 0), seen[1]))
                self._leave(partition, left)

    def _tell_out_of_time(self, taken: Taken, left: dict[int, int]) -> None:
        if not taken.messages and not taken.gaps:
            raise self.unreachable(None)
        LOG.warning(
            "The source %s ran out of its %g seconds; partitions %s are read on by the next batch",
            self.name,
            self.options.max_seconds,
            ", ".join(map(str, sorted(left))),
        )


@contextmanager
def open_topic(name: str, options: KafkaOptions) -> Iterator[KafkaTopic]:
    """The topic, with a client of its own.

    Raises:
        ConfigError: the Kafka client is not installed, or refuses a setting.
    """
    try:
        from confluent_kafka import Consumer, KafkaException
    except ImportError as error:
        raise ConfigError(
            f"The source {name} is read from Kafka, whose client is not installed: "
            "`pip install 'incident-pipeline[kafka]'`."
        ) from error
    problems: list[KafkaError] = []
    settings = client_settings(name, options) | {
        "group.id": f"incidents-{name}",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "fetch.wait.max.ms": 100,
        "error_cb": problems.append,
    }
    try:
        consumer = Consumer(settings, logger=LOG)
    except KafkaException as error:
        raise ConfigError(
            f"The Kafka client refuses the settings of the source {name}: {error.args[0].str()}."
        ) from error
    try:
        yield KafkaTopic(name, options, consumer, problems)
    finally:
        consumer.close()


def _kafka_message(message: Message) -> KafkaMessage:
    kind, moment = message.timestamp()
    return KafkaMessage(
        topic=str(message.topic()),
        partition=_number(message.partition()),
        offset=_number(message.offset()),
        timestamp=moment if kind else None,
        key=message.key(),
        value=message.value(),
    )


def _number(given: int | None) -> int:
    """A partition or offset; what the client tells of no place has none."""
    return -1 if given is None else given
