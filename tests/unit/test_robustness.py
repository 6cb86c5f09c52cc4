"""The default extractor on text that is odd, broken or meant to hang it: the same incidents, none, or a reason."""

from __future__ import annotations

import datetime as dt
import json
import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.batches.extraction import extract_one
from pipeline.extract.contract import parse_article
from pipeline.extract.protocol import get_extractor
from pipeline.records import Article, Extraction
from pipeline.text.clean import clean_text
from pipeline.text.guard import ITEM_SECONDS, Outcome, map_guarded
from pipeline.text.language import detect_language
from tests.golden.regenerate import sample_articles
from tests.unit.scaling import FACTOR, growth

TEXT = "MAIDUGURI, Nigeria – Seven soldiers were killed on Monday when Boko Haram fighters attacked a base in Konduga."
KONDUGA = ("Armed clash", dt.date(2025, 3, 3), "konduga", 7, ["boko haram"], ["soldiers"])


def article(text: str, **changes: Any) -> Article:
    """An article on Konduga's day."""
    given = {"article_id": "a", "text": text, "published_on": dt.date(2025, 3, 5), "language": "en"}
    return Article(**(given | changes))


def extract(text: str, **changes: Any) -> Extraction:
    """What the article says; every quote is verbatim."""
    extraction = get_extractor("rules").extract(article(text, **changes))
    assert_verbatim(text, extraction)
    return extraction


def assert_verbatim(text: str, extraction: Extraction) -> None:
    for row in [*extraction.incidents, *extraction.aggregate_claims, *extraction.responsibility_claims]:
        assert row.evidence
        assert all(text[e.start : e.end] == e.quote for e in row.evidence)
    assert all(text[f.start : f.end] == f.words for f in extraction.casualty_figures)


def told(extraction: Extraction) -> list[tuple[object, ...]]:
    """What counts of each incident, whatever its letters' case."""
    return [
        (i.sub_event_type, i.date_start, (i.place_name or "").casefold(), i.fatalities_best,
         [name.casefold() for name in i.perpetrators], [name.casefold() for name in i.targets])
        for i in extraction.incidents
    ]  # fmt: skip


def test_the_plain_text_tells_one_incident() -> None:
    assert told(extract(TEXT)) == [KONDUGA]


@pytest.mark.parametrize("text", ["", " \n\t\u00a0 \r\n", "\x00", "<p></p>", "...", "\u200b" * 50])
def test_a_text_without_words_tells_nothing(text: str) -> None:
    assert extract(text) == Extraction(article_id="a")


def test_without_a_publication_day_the_incident_has_no_day() -> None:
    assert told(extract(TEXT, published_on=None)) == [(*KONDUGA[:1], None, *KONDUGA[2:])]


@pytest.mark.parametrize(
    "title", [None, "", " ", "Seven soldiers killed", "<b>Seven</b> soldiers", "\ud800", "x " * 10**5]
)
def test_the_title_changes_no_incident(title: str | None) -> None:
    assert told(extract(TEXT, title=title)) == [KONDUGA]


def in_capitals(reason: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(reason=f"in capital letters {reason}", strict=True)


@pytest.mark.parametrize(
    "title",
    [
        "Army says it killed 20 militants in Borno",
        "Blast at Quetta police post",
        "Dissidents attack police station in Cauca",
        "Two tolls given after market blast in Sadr City",
        pytest.param("Missiles hit Kharkiv apartment block", marks=in_capitals("“Russian forces” is no party")),
        "Rebels seize town in North Kivu",
        pytest.param("Air strike on Sagaing village", marks=in_capitals("the injured are not counted")),
    ],
)  # fmt: skip
def test_upper_case_tells_the_same_incidents(title: str) -> None:
    [sample] = [a for a in sample_articles() if a.title == title]

    def read(text: str) -> list[tuple[object, ...]]:
        extraction = extract(text, published_on=sample.published_on, title=None)
        where_and_hurt = [(i.country_code, i.injured_best) for i in extraction.incidents]
        return [*told(extraction), *where_and_hurt]

    assert read(sample.text)
    assert read(sample.text.upper()) == read(sample.text)


@pytest.mark.parametrize(
    "text",
    [
        f"Soldiers killed in attack\n{TEXT}",
        TEXT,
    ],
)
def test_text_without_punctuation_tells_the_same_incident(text: str) -> None:
    bare = re.sub(r"[^\w\s]", "", text)
    assert told(extract(bare)) == [KONDUGA]


LEFT_OVERS: dict[str, Callable[[str], str]] = {
    "a paragraph tag": lambda text: f'<p class="lead">{text}</p>',
    "bold words": lambda text: text.replace("Seven soldiers", "<b>Seven</b> <em>soldiers</em>"),
    "a tag inside a word": lambda text: text.replace("Konduga", "Kon<wbr>duga"),
    "a link": lambda text: text.replace("Boko Haram", '<a href="https://test.example/?a=1&b=2">Boko Haram</a>'),
    "line breaks": lambda text: f"<br/>{text}<br />",
    "a tag that never ends": lambda text: f"{text}\n<a href=\nTwo paragraphs follow.",
    "entities": lambda text: text.replace(" ", "&nbsp;").replace("–", "&#8211;"),
    "hexadecimal entities": lambda text: text.replace("–", "&#x2013;"),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "thin spaces": lambda text: text.replace(" ", "\u2009"),
    "a byte-order mark": lambda text: "\ufeff" + text,
    "zero-width characters": lambda text: text.replace("o", "o\u200b").replace(" ", " \u200d"),
    "soft hyphens": lambda text: text.replace("sol", "sol\u00ad"),
    "NULs": lambda text: text.replace("e", "e\x00"),
    "other controls": lambda text: text.replace("e", "\x08e\x7f\x9f"),
    "lone surrogates": lambda text: f"\udfff{text.replace('Seven', 'Seven' + chr(0xD800))} \ud800\ud800",
    "marks of direction": lambda text: text.replace("Boko Haram", "\u202bBoko Haram\u202c\u200e").replace("Konduga", "\u2067Konduga\u2069"),
    "right-to-left names": lambda text: text.replace("Boko Haram", "Boko Haram (\u2067بوكو حرام\u2069)").replace("Konduga", "Konduga (כונדוגה)"),
    "line ends of another system": lambda text: f"{text}\r\n\r\n{text[:0]}",
}  # fmt: skip


@pytest.mark.parametrize("left_over", LEFT_OVERS)
def test_left_overs_change_no_incident(left_over: str) -> None:
    text = LEFT_OVERS[left_over](TEXT)
    assert text != TEXT
    assert told(extract(text)) == [KONDUGA]


def test_quotes_are_the_words_as_they_came() -> None:
    text = TEXT.replace("Seven soldiers", "<b>Seven</b>&nbsp;sol\u00addiers")
    [incident] = extract(text).incidents
    assert any("Seven</b>&nbsp;sol\u00addiers" in e.quote for e in incident.evidence)


@pytest.mark.parametrize(
    "text", ["1 < 2 and 3 > 2", "AT&T; R&D", "<3", "<Ali> said &nothing;", "a\nb", "x <b y"]
)
def test_what_only_looks_like_markup_stays(text: str) -> None:
    assert clean_text(text).text == text


@pytest.mark.parametrize(
    ("original", "clean"),
    [
        ("a&amp;b", "a&b"),
        ("<p>a</p>b", "\na\nb"),
        ("a\u200bb", "ab"),
        ("a\u00a0b", "a b"),
        ("&lt;b&gt;", "<b>"),
    ],
)
def test_every_character_leads_back(original: str, clean: str) -> None:
    found = clean_text(original)
    assert found.text == clean
    assert found.origin(0, len(clean)) == (0, len(original))
    plain = [n for n, character in enumerate(clean) if character in "ab" and len(original) > len(clean)]
    assert all(original[slice(*found.origin(n, n + 1))] == clean[n] for n in plain if clean != "<b>")


@pytest.mark.drill
@pytest.mark.parametrize("unit", ["<a ", "<", "&a", "&#1", "\u200b", "<p>", "</"])
def test_cleaning_time_grows_with_the_text_and_not_its_square(unit: str) -> None:
    assert growth(clean_text, unit, 50_000) < 3 * FACTOR


FOREIGN = {
    "fr": "Au moins sept soldats ont été tués lundi lors d’une attaque de Boko Haram contre une base à Konduga, a annoncé l’armée. ",
    "ar": "قتل سبعة جنود على الأقل يوم الاثنين في هجوم شنته بوكو حرام على قاعدة في كوندوغا، حسبما أعلن الجيش. ",
    "ru": "По меньшей мере семь солдат погибли в понедельник при нападении «Боко Харам» на базу в Кондуге, сообщила армия. ",
    "zh": "军方表示，周一博科圣地组织袭击孔杜加的一个基地，造成至少七名士兵死亡，另有数人受伤。",
}  # fmt: skip


@pytest.mark.parametrize("language", FOREIGN)
@pytest.mark.parametrize("is_declared", [True, False])
def test_another_language_is_refused_and_nothing_guessed(language: str, is_declared: bool) -> None:
    text = FOREIGN[language] * 8
    assert detect_language(text) == language
    line = {"id": "a", "text": text, "published_at": "2025-03-05"} | (
        {"language": language} if is_declared else {}
    )
    extraction = get_extractor("rules").extract(parse_article(json.dumps(line).encode()))
    assert extraction == Extraction(
        article_id="a", error=f"Language '{language}' is not supported; only English articles are read."
    )


@pytest.mark.parametrize("language", FOREIGN)
def test_a_short_text_in_another_language_makes_no_incident(language: str) -> None:
    line = json.dumps({"id": "a", "text": FOREIGN[language], "published_at": "2025-03-05"})
    assert get_extractor("rules").extract(parse_article(line.encode())).incidents == []


def test_an_undeclared_english_text_is_read() -> None:
    line = json.dumps({"id": "a", "text": f"{TEXT} " * 4, "published_at": "2025-03-05"})
    assert told(get_extractor("rules").extract(parse_article(line.encode()))) == [KONDUGA]


def _numbers(count: int) -> str:
    chance = random.Random(1)
    return " ".join(str(chance.randint(1, 10**6)) for _ in range(count))


HUGE: dict[str, str] = {
    "an article of 5 MB": f"{TEXT}\n" * (5_000_000 // len(TEXT)),
    "100,000 numbers": _numbers(100_000),
    "one sentence of 200 kB": ("Seven soldiers were killed in Konduga on Monday and " * 4_000)[:200_000],
    "the news behind 90,000 line breaks": "\n" * 90_000 + TEXT,
}
HOSTILE: dict[str, str] = {
    "5 MB of blanks": " " * 5_000_000,
    "5 MB of one word": "a" * 5_000_000,
    "5 MB of single letters": "A " * 2_500_000,
    "100,000 small numbers": " ".join(str(n % 90) for n in range(100_000)),
    "100,000 counts": ", ".join(f"{n} killed" for n in range(100_000)),
    "a place again and again": "Konduga, " * 22_000,
    "a group again and again": "Boko Haram and " * 13_000,
    "days": "on Monday 3 March 2025 " * 9_000,
    "one digit": "7" * 200_000,
    "number words": "seven hundred thousand " * 9_000,
    "short words": "the " * 50_000,
    "quotation marks": '"' * 200_000,
    "full stops": "." * 200_000,
    "brackets": "(" * 200_000,
    "apostrophes": "’" * 200_000,
    "hyphens": "Al-" * 66_000,
    "open tags": "<a " * 66_000,
    "combining marks": "Konduga" + "\u0301" * 200_000,
    "short lines": "Seven killed\n" * 15_000,
}


def guarded(text: str) -> Outcome[tuple[str, Article], Extraction]:
    """What becomes of the text in the pool that the pipeline uses."""
    [outcome] = map_guarded(extract_one, [("rules", article(text))], workers=1)
    return outcome


@pytest.mark.parametrize("name", [*HUGE, *(pytest.param(name, marks=pytest.mark.drill) for name in HOSTILE)])
def test_a_huge_text_is_finished_or_refused_with_a_reason(name: str) -> None:
    text = (HUGE | HOSTILE)[name]
    outcome = guarded(text)
    if outcome.made is None:
        assert outcome.is_limit
        assert outcome.failure == f"it took more than {ITEM_SECONDS:g} seconds"
    else:
        assert_verbatim(text, outcome.made)


@pytest.mark.parametrize("name", ["an article of 5 MB", "the news behind 90,000 line breaks"])
def test_of_a_huge_article_the_beginning_is_read(name: str) -> None:
    assert told(extract(HUGE[name])) == [KONDUGA]
