"""What an extractor is, and which there are."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Protocol

from pipeline.errors import ConfigError
from pipeline.records import Article, Extraction


class Extractor(Protocol):
    """Article in, extraction out: a pure function of the article, with a name and a version that rows carry."""

    name: str
    version: str

    def extract(self, article: Article) -> Extraction:
        """Everything one article says."""
        ...


def _rules() -> Extractor:
    from pipeline.extract.rules import RulesExtractor

    return RulesExtractor()


EXTRACTORS: dict[str, Callable[[], Extractor]] = {"rules": _rules}
"""Extractors by name; a new one is a module and a line here."""


@cache
def get_extractor(name: str) -> Extractor:
    """The extractor called ``name``; raises :class:`ConfigError` for an unknown one."""
    if name not in EXTRACTORS:
        raise ConfigError(f"There is no extractor {name!r}; known: {', '.join(EXTRACTORS)}.")
    return EXTRACTORS[name]()
