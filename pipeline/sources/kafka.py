"""Kafka: a topic whose messages are records. Offsets live in the catalog, committed with the articles, never with the broker.

So a consumer that was killed, one that was thought dead and came back, and offsets set back at the broker all end the
same way: the next batch begins where the last published one ended.
"""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from pipeline.errors import ConfigError, SourceError
from pipeline.sources.declaration import Declaration, options_of
from pipeline.sources.fetched import Fetched, State
from pipeline.sources.kafka_file import KAFKA_ENDING, write_messages
from pipeline.sources.kafka_options import KafkaOptions
from pipeline.sources.kafka_topic import Gap, KafkaTopic, open_topic

LOG = logging.getLogger(__name__)


class KafkaState(msgspec.Struct, frozen=True):
    """How far a topic is published: the next offset by partition."""

    topic: str
    topic_id: str | None = None
    offsets: dict[int, int] = {}


def fetch_kafka(declaration: Declaration, state: State, folder: Path) -> Fetched:
    """The messages of a topic since the state, as many as a batch holds.

    Raises:
        ConfigError: the options are wrong, or the Kafka client is not installed.
        SourceError: no broker answers, or messages that were not read are gone and the source is to fail then.
    """
    options = options_of(declaration, KafkaOptions)
    held = held_state(declaration.name, options, state)
    with open_topic(declaration.name, options) as topic:
        partitions = topic.partitions()
        topic_id = topic.topic_id()
        offsets = _checked_offsets(topic, held, partitions, topic_id)
        starts = {n: offsets[n] if n in offsets else topic.bounds(n)[0] for n in partitions}
        taken = topic.take(starts)
        if taken.gaps:
            _meet_gaps(topic, [str(gap) for gap in taken.gaps])
            taken = topic.take(starts | {gap.partition: gap.first for gap in taken.gaps})
    if not taken.messages:
        return Fetched([], state)
    path = folder / f"messages{KAFKA_ENDING}"
    write_messages(path, taken.messages)
    reached = KafkaState(options.topic, topic_id or held.topic_id, taken.next_offsets)
    return Fetched([path], msgspec.to_builtins(reached, str_keys=True))


def waiting_messages(topic: KafkaTopic, state: State) -> int:
    """About how many messages wait behind the state; a partition that ends before it counts as one, for a run to look at."""
    held = held_state(topic.name, topic.options, state)
    waiting = 0
    for partition in topic.partitions():
        first, end = topic.bounds(partition)
        wanted = held.offsets.get(partition, first)
        waiting += end - wanted if end >= wanted else 1
    return waiting


def held_state(name: str, options: KafkaOptions, state: State) -> KafkaState:
    """The state as the kind keeps it.

    Raises:
        ConfigError: it is of another topic than the declared one.
    """
    if not state:
        return KafkaState(options.topic)
    held = msgspec.convert(state, KafkaState, strict=False)
    if held.topic != options.topic:
        raise ConfigError(
            f"The source {name} was read from the topic {held.topic} so far and now declares {options.topic}: "
            "its offsets say nothing about that. Declare the new topic as a source of its own."
        )
    return held


def _checked_offsets(
    topic: KafkaTopic, held: KafkaState, partitions: list[int], topic_id: str | None
) -> dict[int, int]:
    """The offsets to go on from; none where the topic is another one than before."""
    if held.topic_id and topic_id and held.topic_id != topic_id:
        ends = ", ".join(f"{partition} at {offset}" for partition, offset in sorted(held.offsets.items()))
        lost = f"it was deleted and made anew since; what stood after the published offsets (partition {ends}) is gone"
        _meet_gaps(topic, [lost])
        return {}
    missing = sorted(held.offsets.keys() - set(partitions))
    if missing:
        _meet_gaps(topic, [str(Gap(partition, held.offsets[partition], 0, 0)) for partition in missing])
    return dict(held.offsets)


def _meet_gaps(topic: KafkaTopic, lost: list[str]) -> None:
    """Fail, or go on and tell the log what is lost, as the declaration says."""
    told = f"The topic {topic.options.topic} of the source {topic.name} has a gap: {'; '.join(lost)}."
    if topic.options.on_gap == "fail":
        raise SourceError(
            f"{told} Nothing was published. Bring the messages back into the topic, or set the option on_gap: continue "
            "to go on from the earliest message that is left (what is read twice is published once)."
        )
    LOG.warning("%s Going on from the earliest message that is left", told)
