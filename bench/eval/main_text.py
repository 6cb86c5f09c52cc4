"""Main text and publication dates on the pages of article-extraction-benchmark: ``python -m bench.eval.main_text FOLDER``.

FOLDER is a checkout of https://github.com/scrapinghub/article-extraction-benchmark (``ground-truth.json`` and ``html/``);
nothing of it is in this repository but the names of 54 pages with the dates they show. F1 is the benchmark's own: 4-grams of words,
each page of equal weight. Publication days were read off a random sample of 60 pages as a reader sees them, or from the
publisher's address of the page; six show none and are left out.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import gzip
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import trafilatura
from rich.console import Console
from rich.table import Table

from pipeline.sources.html_page import Page, article_of_page
from pipeline.sources.items import ParsedArticle, RejectedInput
from pipeline.text.candidates import is_candidate
from pipeline.text.decode import declared_charset, decode_text
from pipeline.text.html import gate_text, parse_page

DATES = Path(__file__).parent / "page_dates.csv"
_WORD = re.compile(r"\w+")
_LENGTH = 4


@dataclass(frozen=True)
class Score:
    """Agreement of texts with gold, means over pages."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of the two means, as the benchmark takes it."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Runs of four words with how often they occur; a shorter text is one run."""
    words = _WORD.findall(text)
    starts = range(max(1, len(words) - _LENGTH + 1)) if words else range(0)
    return Counter(tuple(words[start : start + _LENGTH]) for start in starts)


def score(pairs: list[tuple[str, str]]) -> Score:
    """Agreement of (gold, found) texts. A page without gold counts for recall nothing, one without text for precision."""
    precisions, recalls = [], []
    for gold, found in pairs:
        expected, got = shingles(gold), shingles(found)
        common = (expected & got).total()
        if got:
            precisions.append(common / got.total())
        if expected:
            recalls.append(common / expected.total())
    return Score(mean(precisions), mean(recalls))


def gold_days() -> dict[str, dt.date]:
    """Page to the day it says it was published."""
    with DATES.open(encoding="utf-8") as stream:
        return {row["page"]: dt.date.fromisoformat(row["published_on"]) for row in csv.DictReader(stream)}


def read_pages(folder: Path) -> dict[str, tuple[bytes, str, str | None]]:
    """Page to its bytes, gold text and address."""
    gold = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    return {
        name: (
            gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes()),
            entry.get("articleBody") or "",
            entry.get("url"),
        )
        for name, entry in sorted(gold.items())
    }


def read_article(name: str, content: bytes, url: str | None) -> ParsedArticle | None:
    """The article of a page as the pipeline reads it."""
    try:
        return article_of_page(Page(content=content, location=name, raw_sha256="0" * 64, url=url))
    except RejectedInput:
        return None


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    pages = read_pages(parser.parse_args().folder)
    html = {
        name: decode_text(content, declared=declared_charset(content), is_mended=True)[0]
        for name, (content, _, _) in pages.items()
    }
    gold = {name: text for name, (_, text, _) in pages.items()}
    readers = {
        "pipeline": lambda page: parse_page(page).text,
        "trafilatura fast": lambda page: trafilatura.extract(page, fast=True, include_comments=False),
        "the gate's text": gate_text,
    }
    table = Table("main text", "F1", "precision", "recall", "pages")
    for label, read in readers.items():
        found = score([(gold[name], read(page) or "") for name, page in html.items()])
        table.add_row(label, f"{found.f1:.3f}", f"{found.precision:.3f}", f"{found.recall:.3f}", str(len(html)))  # fmt: skip
    out = Console(highlight=False, soft_wrap=True, width=120)
    out.print(table)
    telling = {name for name, text in gold.items() if is_candidate(text)}
    passed = {name for name, page in html.items() if is_candidate(gate_text(page))}
    out.print(
        f"{len(telling)} pages have a candidate's text; {len(telling & passed)} of them pass the gate, and {len(passed - telling)} others."
    )
    days = gold_days()
    read_days = {name: read_article(name, pages[name][0], pages[name][2]) for name in days}
    dates = Table("certainty", "pages", "day right")
    right = {name for name, article in read_days.items() if article and article.published_on == days[name]}
    groups = Counter(a.published_at_certainty if a else "none found" for a in read_days.values())
    for certainty, count in groups.most_common():
        hits = sum(
            (a.published_at_certainty if a else "none found") == certainty and name in right
            for name, a in read_days.items()
        )
        dates.add_row(certainty, str(count), str(hits))
    dates.add_row("all", str(len(days)), f"{len(right)} ({len(right) / len(days):.1%})")
    out.print(dates)
    for name in sorted(days.keys() - right):
        article = read_days[name]
        out.print(f"{name[:12]}: gold {days[name]}, read {article and (article.published_on, article.published_at_source)}")  # fmt: skip


if __name__ == "__main__":
    main()
