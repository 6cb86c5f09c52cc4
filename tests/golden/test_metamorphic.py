"""What must not change the incidents of an article: white space, advertisements, and how its address is written."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from pipeline.batches.extraction import article_of
from pipeline.batches.intake import article_row
from pipeline.extract.protocol import get_extractor
from pipeline.sources.items import ParsedArticle
from tests.golden.regenerate import SHOWN, sample_articles

ARTICLES = sample_articles()
ADS = (
    "Advertisement",
    "Sign up for our newsletter",
    "Read more: Ten recipes for the weekend",
    "Share this article",
)


def _between_paragraphs(text: str, line: str) -> str:
    return re.sub(r"\n+", lambda found: f"{found[0]}{line}\n", text)


CHANGES: dict[str, Callable[[str], str]] = {
    "blank lines": lambda text: text.replace("\n", "\n\n\n"),
    "trailing spaces": lambda text: re.sub(r"(?m)$", "  ", text),
    "space around": lambda text: f"\n\n  {text}\n\n",
    "doubled spaces": lambda text: re.sub(r"(?<=\S) (?=\S)", "  ", text),
    "no-break spaces": lambda text: re.sub(r"(?<=\d) (?=\S)", "\N{NO-BREAK SPACE}", text),
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
} | {f"an advertisement, {ad!r}": lambda text, ad=ad: f"{_between_paragraphs(text, ad)}\n{ad}" for ad in ADS}


def _said(article: ParsedArticle, text: str) -> dict[str, Any]:
    row = article_row(article, dt.datetime(2025, 1, 1, tzinfo=dt.UTC)) | {"text": text}
    made = msgspec.to_builtins(get_extractor("rules").extract(article_of(row)))
    assert made["error"] is None or made["incidents"] == []
    return {
        "incidents": [{name: incident[name] for name in SHOWN} for incident in made["incidents"]],
        "aggregates": [
            {k: v for k, v in claim.items() if k != "evidence"} for claim in made["aggregate_claims"]
        ],
    }


@pytest.mark.parametrize("change", CHANGES)
def test_does_not_change_what_an_article_says(change: str) -> None:
    differing = {
        str(article.title): (_said(article, article.text), changed)
        for article in ARTICLES
        if (changed := _said(article, CHANGES[change](article.text))) != _said(article, article.text)
    }
    assert differing == {}
