"""Which of the articles read are new, an update, a duplicate, or contradict another version."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.sources.items import FailedItem, GatedPage, ParsedArticle


@dataclass(frozen=True)
class KnownVersion:
    """What the lake holds of one article version."""

    version: str
    text_sha256: str
    published_at: dt.datetime
    modified_at: dt.datetime | None = None


Rank = tuple[dt.datetime, dt.datetime]
"""The order of the versions of an article: when they were published, then when they were changed."""


def _rank(version: ParsedArticle | KnownVersion) -> Rank:
    return version.published_at, version.modified_at or dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass
class Intake:
    """Articles by what they are; every parsed article is in one of the four groups."""

    new: list[ParsedArticle] = field(default_factory=list)
    updated: list[ParsedArticle] = field(default_factory=list)
    duplicates: int = 0
    conflicting: list[tuple[ParsedArticle, str]] = field(default_factory=list)
    """Versions that are not published, each with the version shown in its place."""
    failed: list[FailedItem] = field(default_factory=list)
    gated: int = 0
    """Pages of web archives that hold no word of conflict."""

    @property
    def published(self) -> list[ParsedArticle]:
        """Versions that go on to extraction."""
        return [*self.new, *self.updated]


def sort_intake(
    items: Iterable[ParsedArticle | GatedPage | FailedItem], known: Mapping[str, list[KnownVersion]]
) -> Intake:
    """Sort items by what the lake knows (article id to its versions). The order of the items does not matter.

    A later publication time makes an update, and so does a later change by the source. Two texts of one id, one
    publication time and one time of change contradict each other: the version with the smaller key is shown, the
    other goes to quarantine.
    """
    intake = Intake()
    groups: dict[str, dict[str, ParsedArticle]] = defaultdict(dict)
    for item in items:
        if isinstance(item, FailedItem):
            intake.failed.append(item)
            continue
        if isinstance(item, GatedPage):
            intake.gated += 1
            continue
        first = groups[item.article_id].setdefault(item.version, item)
        if first is not item:
            intake.duplicates += 1
            groups[item.article_id][item.version] = min(
                first, item, key=lambda a: (_rank(a), a.input_location)
            )
    for article_id in sorted(groups):
        _sort_versions(list(groups[article_id].values()), known.get(article_id, []), intake)
    return intake


def _sort_versions(read: list[ParsedArticle], known: list[KnownVersion], intake: Intake) -> None:
    held = {version.version for version in known}
    is_known = bool(known)
    shown_by_time: dict[Rank, tuple[str, str]] = {}
    for version, text, moment in sorted(
        [(a.version, a.text_sha256, _rank(a)) for a in read]
        + [(k.version, k.text_sha256, _rank(k)) for k in known]
    ):
        shown_by_time.setdefault(moment, (version, text))
    for article in sorted(read, key=lambda a: (_rank(a), a.version)):
        shown_version, shown_text = shown_by_time[_rank(article)]
        if article.version in held:
            intake.duplicates += 1
        elif shown_text != article.text_sha256:
            intake.conflicting.append((article, shown_version))
        elif is_known:
            intake.updated.append(article)
        else:
            intake.new.append(article)
            is_known = True
