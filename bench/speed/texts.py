"""The texts that speed is measured on: reports of incidents, and news that holds none, invented from templates."""

from __future__ import annotations

import datetime as dt
import json
import random
from itertools import cycle, islice
from pathlib import Path

from pipeline.batches.extraction import article_of
from pipeline.batches.intake import article_row
from pipeline.extract.contract import parse_article
from pipeline.records import Article
from tests.golden.regenerate import sample_articles

EVAL = Path(__file__).parents[3] / "shared" / "eval"
RELEVANT_OF_MIXED = 10
"""One article in so many of the mixed stream is relevant."""
_PUBLISHED_ON = dt.date(2025, 3, 5)
_SENTENCES = 18

TOWNS = ["Lisbon", "Utrecht", "Nairobi", "Leeds", "Cebu", "Kumasi", "Porto", "Accra", "Lyon", "Erbil", "Karachi", "Tunis"]  # fmt: skip
PEOPLE = ["Ana Lopes", "Peter Vos", "Grace Wanjiru", "John Marsh", "Amina Bello", "Marta Silva", "Omar Haddad"]  # fmt: skip
BODIES = ["the city council", "the transport ministry", "the central bank", "the national library", "the port authority", "a group of investors"]  # fmt: skip
TEMPLATES = [
    "{town} – {body} said on {day} that {number} new buses will run between {town} and the airport from {month}.",
    "{person}, who has led the programme since 2019, said the first results were better than expected.",
    "The work will cost about {number} million dollars and is paid for by a loan agreed in {month}.",
    "At least {number} visitors came to the opening on {day}, the organisers said.",
    "“We have waited for this for {number} years,” {person} told reporters outside the hall in {town}.",
    "Prices of bread and rice rose by {number} percent in {month}, according to {body}.",
    "The team from {town} won {number} of its matches this season and meets the champions on {day}.",
    "Heavy rain is expected in {town} until {day}; schools stay open, {body} said.",
    "Researchers in {town} followed {number} families for a decade and published their findings in {month}.",
    "{person} will present the plan to {body} next week, and a decision is expected in {month}.",
    "The museum shows {number} paintings, many of which have never left {town} before.",
    "Farmers near {town} sold {number} tonnes of coffee, a little less than in the year before.",
    "A spokeswoman for {body} declined to give details but said talks with {person} continue.",
    "The new line will carry {number},000 passengers a day once the second station opens in {month}.",
    "Critics say that {body} should have asked the people of {town} first.",
    "Shares of the company fell by {number} percent on {day} after it lowered its forecast.",
]  # fmt: skip


def relevant_articles() -> list[Article]:
    """The sample articles in English and, where the evaluation data is present, its articles on armed conflict."""
    seen_at = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    found = [article_of(article_row(a, seen_at)) for a in sample_articles() if a.language == "en"]
    conflict = EVAL / "incidents" / "articles.jsonl"
    if conflict.exists():
        found += [parse_article(line) for line in conflict.read_bytes().splitlines()]
    return found


def neutral_articles() -> tuple[list[Article], str]:
    """News that is not about incidents, and where it is from: the evaluation data's, else invented."""
    if not (EVAL / "geo").is_dir():
        return [invented_article(number) for number in range(500)], "invented from templates"
    records = [
        json.loads(line)
        for path in sorted((EVAL / "geo").glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]
    articles = [
        Article(article_id=str(r["id"]), title=r.get("title"), text=r["text"], published_on=_PUBLISHED_ON, language="en")
        for r in records
    ]  # fmt: skip
    return articles, "the evaluation data on places"


def invented_article(number: int) -> Article:
    """The neutral article of that number: always the same."""
    chance = random.Random(number)
    sentences = [
        chance.choice(TEMPLATES).format(
            town=chance.choice(TOWNS),
            person=chance.choice(PEOPLE),
            body=chance.choice(BODIES),
            number=chance.randint(2, 90),
            day=chance.choice(["Monday", "Tuesday", "Friday"]),
            month=chance.choice(["April", "June", "October"]),
        )
        for _ in range(_SENTENCES)
    ]
    paragraphs = [" ".join(sentences[start : start + 3]) for start in range(0, _SENTENCES, 3)]
    return Article(
        article_id=f"neutral-{number}",
        title=f"News of the day, {number}",
        text="\n".join(paragraphs),
        published_on=_PUBLISHED_ON,
        language="en",
    )


def relevant_stream(count: int) -> list[Article]:
    """So many relevant articles, the same ones again where there are fewer."""
    return list(islice(cycle(relevant_articles()), count))


def mixed_stream(count: int) -> tuple[list[Article], str]:
    """So many articles, one in ten relevant, and where the others are from."""
    relevant = cycle(relevant_articles())
    others, origin = neutral_articles()
    neutral = cycle(others)
    stream = [next(relevant if n % RELEVANT_OF_MIXED == 0 else neutral) for n in range(count)]
    return stream, origin
