"""Which version of an article is current: the one published last, of those the one modified last, then the smaller key.

All others are superseded, and stay so whatever comes later: the set only grows, and as a set it does not depend on the order
in which versions came. It is kept as a table, so that views leave out what it names instead of sorting all versions.
"""

from __future__ import annotations

SUPERSEDED = "superseded_versions"
RANK = ("published_at", "modified_at")
"""What orders the versions of an article; a version that was never modified comes before any that was."""


def superseded_select(articles: str) -> str:
    """All superseded versions, found by sorting the versions of each article."""
    ordered = "PARTITION BY article_id ORDER BY published_at DESC, modified_at DESC NULLS LAST, version"
    return (
        f"SELECT article_id, version, first_value(version) OVER ({ordered}) AS superseding_version, batch_id "
        f"FROM {articles} QUALIFY row_number() OVER ({ordered}) > 1"
    )


def misjudged_select(articles: str) -> str:
    """Versions that the kept set and the articles themselves disagree about; none in a lake that is well."""
    expected = f"SELECT article_id, version FROM ({superseded_select(articles)})"
    kept = f"SELECT article_id, version FROM {SUPERSEDED}"
    return f"({expected} EXCEPT {kept}) UNION ({kept} EXCEPT {expected})"
