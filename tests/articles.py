"""Small invented articles for tests."""

from __future__ import annotations

from typing import Any

import msgspec


def record(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One good record; ``changes`` replace fields."""
    return {
        "id": f"t-{number}",
        "title": f"Clash number {number}",
        "text": f"MAIDUGURI, Nigeria – {number + 2} soldiers were killed on Monday when Boko Haram fighters attacked a base in Konduga.",
        "published_at": "2025-03-05",
        "source": "Test Wire",
        "url": f"https://test.example/{number}",
        "language": "en",
    } | changes


class AnyOptions(msgspec.Struct):
    """The options of a kind of source that a test makes up: none that it knows."""
