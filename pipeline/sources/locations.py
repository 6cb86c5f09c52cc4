"""Locations of items: the file that was read, and the place in it where one holds many."""

from __future__ import annotations

from pathlib import Path

from pipeline.sources.kafka_file import KAFKA_ENDING


def file_of(location: str) -> Path:
    """``/data/a.jsonl:17`` to ``/data/a.jsonl``, ``reports/a.kafka.parquet:topic/3/1041`` to ``reports/a.kafka.parquet``."""
    name, _, place = location.rpartition(":")
    is_place = place.isdigit() or (name.endswith(KAFKA_ENDING) and place.count("/") == 2)
    return Path(name) if name and is_place else Path(location)


def place_in_file(location: str) -> str:
    """The rest of a location: ``:17``, or nothing where the item is the file."""
    return location.removeprefix(str(file_of(location)))
