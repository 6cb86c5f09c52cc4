"""Properties that hold for any input, searched by Hypothesis."""

from __future__ import annotations

import datetime as dt
import itertools
import random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.extract.contract import contract_line
from pipeline.extract.dates import find_dates
from pipeline.extract.protocol import get_extractor
from pipeline.records import Article
from pipeline.sources.intake import KnownVersion, sort_intake
from pipeline.sources.items import ParsedArticle
from pipeline.text.sentences import split_sentences

WORDS = st.sampled_from(
    [
        "Ten",
        "soldiers",
        "were",
        "killed",
        "on",
        "Thursday",
        "in",
        "Makhmour",
        "when",
        "ISIS",
        "attacked",
        "a",
        "base",
        ".",
        "ISIS",
        "claimed",
        "responsibility",
        ",",
        "Gunmen",
        "shot",
        "dead",
        "3",
        "farmers",
        "near",
        "Kidal",
        "Mali",
        "and",
        "wounded",
        "two",
        "others",
        ";",
        "no",
        "one",
        "was",
        "hurt",
        "between",
        "10",
        "and",
        "15",
        "from",
        "March",
        "3",
        "to",
        "April",
        "2",
        "\n",
        "BAGHDAD",
        "–",
        "A",
        "suicide",
        "bomber",
        "dozens",
        "at",
        "least",
    ]
)
TEXTS = st.one_of(st.lists(WORDS, max_size=60).map(" ".join), st.text(max_size=200))


def article(key: str, text: str, hour: int) -> ParsedArticle:
    """A parsed article with an id, a text and an hour of publication."""
    return ParsedArticle(
        source_article_id=key, source_name="s", url=None, title=None, text=text, language="en",
        published_at=dt.datetime(2025, 1, 1, hour, tzinfo=dt.UTC), published_on=dt.date(2025, 1, 1), published_at_source="record",
        content_type="jsonl", charset="utf-8", input_location="f:1", raw_sha256="0" * 64,
    )  # fmt: skip


@given(TEXTS, st.dates(dt.date(1990, 1, 1), dt.date(2026, 1, 1)))
@settings(max_examples=150, deadline=None)
def test_every_text_is_read_and_every_quote_is_verbatim(text: str, published_on: dt.date) -> None:
    extraction = get_extractor("rules").extract(Article(article_id="a", text=text, published_on=published_on))
    for row in [*extraction.incidents, *extraction.aggregate_claims, *extraction.responsibility_claims]:
        assert row.evidence
        assert all(text[e.start : e.end] == e.quote for e in row.evidence)
    for figure in extraction.casualty_figures:
        assert text[figure.start : figure.end] == figure.words
    for incident in extraction.incidents:
        bounds = [
            b
            for b in (incident.fatalities_low, incident.fatalities_best, incident.fatalities_high)
            if b is not None
        ]
        assert bounds == sorted(bounds)
        assert (
            incident.date_start is None
            or incident.date_end is None
            or incident.date_start <= incident.date_end
        )
    assert contract_line(extraction)


@given(TEXTS)
@example(". Ten \n soldiers")
@settings(max_examples=150, deadline=None)
def test_sentences_lie_in_the_text_in_order_and_lose_no_letter(text: str) -> None:
    sentences = split_sentences(text)
    for sentence in sentences:
        there = text[sentence.start : sentence.end]
        assert len(there) == len(sentence.text)
        # a line break inside a sentence is read as a space
        assert {(a, b) for a, b in zip(there, sentence.text, strict=True) if a != b} <= {("\n", " ")}
    assert all(a.end <= b.start for a, b in itertools.pairwise(sentences))
    outside = "".join(
        text[a:b]
        for a, b in zip(
            [0, *(s.end for s in sentences)], [*(s.start for s in sentences), len(text)], strict=True
        )
    )
    assert not any(character.isalnum() for character in outside)


@given(TEXTS, st.dates(dt.date(1990, 1, 1), dt.date(2026, 1, 1)))
@settings(max_examples=150, deadline=None)
def test_dates_lie_in_the_text_and_never_end_before_they_start(text: str, published_on: dt.date) -> None:
    for mention in find_dates(text, published_on):
        assert text[mention.start : mention.end] == mention.text
        assert (
            mention.date_start is None or mention.date_end is None or mention.date_start <= mention.date_end
        )


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["x", "y", "z"]), st.integers(0, 2)), max_size=12
    ),
    st.integers(0, 12),
    st.randoms(use_true_random=False),
)
@settings(max_examples=200, deadline=None)
def test_order_and_chunks_do_not_matter_to_what_is_shown(
    rows: list[tuple[str, str, int]], cut: int, order: random.Random
) -> None:
    articles = [article(*row) for row in rows]

    def shown(chunks: list[list[ParsedArticle]]) -> tuple[dict[str, tuple[dt.datetime, str]], set[str]]:
        known: dict[str, list[KnownVersion]] = {}
        held: set[str] = set()
        for chunk in chunks:
            intake = sort_intake(chunk, known)
            assert len(chunk) == len(intake.published) + intake.duplicates + len(intake.conflicting)
            held |= {a.version for a in intake.published}
            for a in intake.published:
                known.setdefault(a.article_id, []).append(
                    KnownVersion(a.version, a.text_sha256, a.published_at)
                )
        current = {
            key: max((k.published_at, [-ord(c) for c in k.version], k.version) for k in versions)
            for key, versions in known.items()
        }
        return {key: (value[0], value[2]) for key, value in current.items()}, held

    shuffled = order.sample(articles, len(articles))
    assert shown([articles])[0] == shown([shuffled[:cut], shuffled[cut:]])[0]
