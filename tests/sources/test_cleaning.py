"""What is read out of pages: characters by the right rule, language, title, authors, publication date, and the gate."""

from __future__ import annotations

import datetime as dt
import random
from itertools import permutations
from pathlib import Path

import pytest
import yaml
from py3langid.langid import visit_counts

from pipeline import stages
from pipeline.batches.publication import published_ledger
from pipeline.config import SAMPLES_DIR, Settings, settings
from pipeline.quality.ledger import balances
from pipeline.sources.html_page import Page, read_page
from pipeline.sources.items import FailedItem, GatedPage, ParsedArticle
from pipeline.text.candidates import is_candidate
from pipeline.text.damage import is_mojibake
from pipeline.text.decode import UndecodableText, codec_of, declared_charset, decode_text
from pipeline.text.html import gate_text, hostile_feature
from pipeline.text.language import _Detector, _identifier, judge_language
from pipeline.text.metadata import StatedDate
from pipeline.text.moments import read_moment
from pipeline.text.publication import choose_publication, infer_publication
from tests.sources.test_warc import member, page

TEXTS: dict[str, list[str]] = {
    language: entries[:3]
    for language, entries in yaml.safe_load(
        (Path(__file__).parent / "languages.yaml").read_text(encoding="utf-8")
    ).items()
}
HEADLINES: dict[str, list[str]] = {
    language: entries[3]
    for language, entries in yaml.safe_load(
        (Path(__file__).parent / "languages.yaml").read_text(encoding="utf-8")
    ).items()
}
PAIRS = [
    ("fr", "cp1252"), ("de", "cp1252"), ("es", "cp1252"), ("it", "cp1252"), ("pl", "cp1250"), ("pl", "iso8859_2"),
    ("tr", "cp1254"), ("ru", "cp1251"), ("ru", "koi8_r"), ("uk", "cp1251"), ("he", "cp1255"), ("ar", "cp1256"),
    ("fa", "cp1256"), ("ja", "cp932"), ("ja", "euc_jp"), ("zh", "gb18030"), ("zh", "big5"), ("ko", "cp949"),
]  # fmt: skip
LABELS = {"cp1252": "iso-8859-1", "cp1250": "windows-1250", "iso8859_2": "latin2", "cp1254": "iso-8859-9", "cp1251": "windows-1251", "koi8_r": "koi8-r",
          "cp1255": "windows-1255", "cp1256": "windows-1256", "cp932": "x-sjis", "euc_jp": "euc-jp", "gb18030": "gb2312", "big5": "big5", "cp949": "ks_c_5601-1987"}  # fmt: skip


def encoded(text: str, charset: str) -> tuple[bytes, str]:
    """The text in a character set, without the few characters that it lacks."""
    content = text.encode(charset, errors="ignore")
    return content, content.decode(charset)


@pytest.mark.parametrize(("language", "charset"), PAIRS)
def test_a_declared_charset_is_read_by_its_label(language: str, charset: str) -> None:
    content, text = encoded("\n".join(TEXTS[language]), charset)
    label = LABELS[charset]
    assert decode_text(content, header=label)[0] == text
    read, rule = decode_text(content, declared=label)
    assert (read, rule) == (text, f"declared:{codec_of(label)}")


@pytest.mark.parametrize(("language", "charset"), PAIRS)
def test_an_undeclared_charset_is_detected_at_article_length(language: str, charset: str) -> None:
    content, text = encoded("\n".join(TEXTS[language]), charset)
    read, rule = decode_text(content)
    assert read == text
    assert rule.startswith("detected:")


def test_at_least_95_percent_of_undeclared_texts_are_read_also_short_ones() -> None:
    texts = [(t, charset) for language, charset in PAIRS for t in TEXTS[language] + HEADLINES[language]]
    right = 0
    for given, charset in texts:
        content, text = encoded(given, charset)
        right += decode_text(content)[0] == text
    assert right / len(texts) >= 0.95


def test_the_rules_come_in_their_order() -> None:
    text = "Une école près du marché"
    latin, utf8 = text.encode("cp1252"), text.encode()
    assert decode_text(b"\xef\xbb\xbf" + utf8, header="koi8-r")[1] == "bom:utf-8-sig"
    assert decode_text(latin, header="iso-8859-1", declared="koi8-r") == (text, "header:cp1252")
    assert decode_text(latin, header="utf-8", declared="latin1") == (text, "declared:cp1252")
    assert decode_text(latin, header="nonsense", declared="utf-8")[1].startswith("detected:")
    assert decode_text(utf8, header="utf-8") == (text, "header:utf-8")
    assert decode_text(utf8, declared="utf-16") == (text, "utf-8")
    assert decode_text(utf8, header="iso-8859-1") == (text, "utf-8"), "the bytes refute the label"
    assert decode_text(text.encode("utf-16-le"), header="utf-16") == (text, "header:utf-16-le")
    assert decode_text(utf8[:-1] + b"\xff" + utf8, is_mended=True)[1] == "damaged:utf-8"
    with pytest.raises(UndecodableText):
        decode_text(utf8[:-1])


@pytest.mark.parametrize(
    ("head", "label"),
    [
        (b'<meta charset="koi8-r">', "koi8-r"),
        (b"<META http-equiv=Content-Type content='text/html; charset=gb2312'>", "gb2312"),
        (b'<?xml version="1.0" encoding="euc-jp"?>', "euc-jp"),
        (b"<p>charset=utf-8</p>", None),
        (b" " * 3000 + b'<meta charset="utf-8">', None),
    ],
)
def test_a_page_declares_its_charset(head: bytes, label: str | None) -> None:
    assert declared_charset(head) == label


def test_mojibake_is_told_from_what_is_written_so() -> None:
    for language, paragraphs in TEXTS.items():
        text = "\n".join(paragraphs)
        assert not is_mojibake(text), language
        if sum(character > "\x7f" for character in text) > 10:
            assert is_mojibake(text.encode().decode("latin-1")), language


def test_24_languages_are_told_apart_at_article_and_headline_length() -> None:
    articles = [(a, "\n".join(order)) for a, texts in TEXTS.items() for n in (2, 3) for order in permutations(texts, n)]  # fmt: skip
    headlines = [(language, line) for language, lines in HEADLINES.items() for line in lines]
    assert len(TEXTS) == 24
    for given, least in ((articles, 0.99), (headlines, 0.98)):
        assert sum(judge_language(None, text)[0] == language for language, text in given) / len(given) >= least  # fmt: skip
    assert sum(judge_language(None, text)[1] for _, text in articles) / len(articles) >= 0.95


def test_a_declared_language_stands_and_is_doubted_where_the_text_is_another() -> None:
    english = "\n".join(TEXTS["en"])
    assert judge_language("en-GB", english) == ("en", True)
    assert judge_language("fr", english) == ("fr", False)
    assert judge_language("fr", "12:30") == ("fr", True)


def test_features_of_a_text_are_those_of_the_detectors_own_walk() -> None:
    model, detector, chance = _identifier(), _Detector(), random.Random(7)
    texts = [text.encode() for given in TEXTS.values() for text in given]
    texts += [chance.randbytes(size) for size in range(300)]
    texts += [b"".join(chance.choices(texts, k=3))[chance.randrange(9) :] for _ in range(100)]
    for text in texts:
        walked = visit_counts(model.tk_nextmove, model._rowbase, model.tk_output, text) or {}
        features, counts = detector.features(text)
        assert list(zip(features.tolist(), counts.tolist(), strict=True)) == sorted(walked.items())
    for text in [*texts, b"", b"12:30"]:
        readable = text.decode("utf-8", errors="replace")[:600]
        assert detector.language(readable) == model.classify(readable)[0]


def test_tags_left_open_are_hostile_and_stray_closing_ones_do_not_hide_them() -> None:
    assert hostile_feature(b"<b>" * 1_001) == "tags nested 1,001 deep"
    assert hostile_feature(b"</b>" * 600 + b"<b>" * 1_001) == "tags nested 1,001 deep"
    assert hostile_feature(b"<b></br>" * 2_000) == "tags nested 2,000 deep"
    assert hostile_feature(b"<p>a</p>" * 5_000) is None
    assert hostile_feature(b"<br>" * 5_000) is None
    assert hostile_feature(b"<") is None
    assert hostile_feature(b"") is None
    assert hostile_feature(b"<p " + b"a=1 " * 2_001 + b"<") == "a tag with over 2,000 attributes"


PLUS_ONE = "2025-03-05T08:00:00+01:00"


@pytest.mark.parametrize(
    ("value", "day", "is_exact"),
    [
        (PLUS_ONE, "2025-03-05", True),
        ("2025-03-05 07:00:00 +0000", "2025-03-05", True),
        ("Wed, 05 Mar 2025 10:00:00 GMT", "2025-03-05", True),
        ("Wed Mar 05 2025 10:00:00 GMT+0000 (Coordinated Universal Time)", "2025-03-05", True),
        ("2025-03-05T08:00:00", "2025-03-05", False),
        ("2025-03-05T00:00:00Z", "2025-03-05", False),
        ("March 5th, 2025", "2025-03-05", False),
        ("5 March 2025", "2025-03-05", False),
        ("25/03/2025", "2025-03-25", False),
        ("03/25/2025", "2025-03-25", False),
    ],
)
def test_dates_are_read_as_publishers_write_them(value: str, day: str, is_exact: bool) -> None:
    moment = read_moment(value)
    assert moment is not None
    assert (moment.day.isoformat(), moment.is_exact) == (day, is_exact)


@pytest.mark.parametrize("value", ["03/04/2025", "yesterday", "", "2190-01-01", "0025-01-01", "2025-02-30", "0001-01-01T00:00:00+12:00", "9" * 80, "31/31/2025", "Mon, 32 Jan 2025 99:99:99"])  # fmt: skip
def test_what_is_no_date_or_has_two_readings_is_not_guessed_at(value: str) -> None:
    assert read_moment(value) is None


def stated(*dates: tuple[str, str]) -> list[StatedDate]:
    return [StatedDate(value, source) for value, source in dates]


@pytest.mark.parametrize(
    ("dates", "source", "certainty"),
    [
        ([(PLUS_ONE, "json_ld"), ("2025-03-05T07:00:00Z", "open_graph")], "json_ld", "exact_time"),
        ([("soon", "json_ld"), (PLUS_ONE, "open_graph")], "open_graph", "exact_time"),
        ([("2025-03-05", "json_ld")], "json_ld", "day"),
        ([(PLUS_ONE, "json_ld"), ("2025-03-05T09:30:00Z", "open_graph")], "json_ld", "day"),
        ([(PLUS_ONE, "json_ld"), ("2025-03-09", "meta")], "json_ld", "disputed"),
        ([(PLUS_ONE, "json_ld"), ("2025-03-01", "time_element")], "json_ld", "exact_time"),
        ([("03/04/2025", "meta"), ("Wed, 05 Mar 2025 10:00:00 GMT", "feed")], "feed", "exact_time"),
    ],
)
def test_disagreement_makes_a_date_less_certain(
    dates: list[tuple[str, str]], source: str, certainty: str
) -> None:
    found = choose_publication(stated(*dates))
    assert found is not None
    assert (found.source, found.certainty, found.moment.day) == (source, certainty, dt.date(2025, 3, 5))


@pytest.mark.parametrize(
    ("more", "page_text", "url"),
    [
        ([("2025-03-05 19:30:05", "meta")], "", None),
        ([], "", "https://a.example/2025/03/05/story"),
        ([], "<p>By Ana Lopes, March 5, 2025 at 7:30 pm ET</p>", None),
    ],
)
def test_a_day_told_in_utc_is_placed_where_the_publisher_is(
    more: list[tuple[str, str]], page_text: str, url: str | None
) -> None:
    found = choose_publication(stated(("2025-03-06T00:30:05Z", "json_ld"), *more), page=page_text, url=url)
    assert found is not None
    assert (found.moment.day, found.moment.instant.day) == (dt.date(2025, 3, 5), 6)


def test_a_date_in_the_text_is_inferred_unless_it_has_two_readings() -> None:
    found = infer_publication(
        '<html><body><span class="date">5 March 2025</span><p>Words.</p></body></html>', None
    )
    assert found is not None
    assert (found.moment.day, found.source, found.certainty) == (dt.date(2025, 3, 5), "page_text", "inferred")
    assert infer_publication('<html><body><span class="date">03/04/2025</span></body></html>', None) is None


def test_a_date_that_only_a_script_writes_is_not_that_of_the_page() -> None:
    paragraphs = "".join(f"<p>{text}</p>" for text in TEXTS["en"])
    script = "<script><!--\ndocument.write('<b>A reader</b> <i>2018-02-24 10:15:59</i>')\n//--></script>"
    html = f"<html><body><article>{paragraphs}</article>{script}</body></html>"
    found = read_page(Page(content=html.encode(), location="page.html", raw_sha256="0" * 64))
    assert isinstance(found, FailedItem)
    assert found.reason_code == "missing_published_at"


def test_authors_and_title_are_read_from_where_they_stand() -> None:
    linked = '{"@graph": [{"@type": "WebPage", "name": "x"}, {"@type": ["NewsArticle"], "headline": "Clash\\nat dawn", "author": [{"name": "Ana Lopes"}, "https://a.example/u", {"name": "Omar Haddad"}]}]}'
    given = page(1, more=f'<script type="application/ld+json">{linked}</script>')
    article = read_page(Page(content=given, location="a:1", raw_sha256="0" * 64))
    assert isinstance(article, ParsedArticle)
    assert (article.title, article.authors) == ("Clash at dawn", ("Ana Lopes", "Omar Haddad"))
    assert (article.published_at_source, article.published_at_certainty) == ("open_graph", "day")


def test_the_gate_lets_every_sample_with_incidents_pass() -> None:
    for path in sorted((SAMPLES_DIR / "articles").glob("*.html")):
        assert is_candidate(path.read_text(encoding="utf-8")), path.name
    assert is_candidate("Police opened fire on the march.")
    assert not is_candidate("The city council opened a new library; warm words, soldierly bearing aside.")


def test_gated_pages_are_counted_and_nothing_disappears(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = (
        b"<html><head><title>Library</title></head><body><p>" + b"The council opened a library in town. " * 9
    )
    archive = tmp_path / "a.warc.gz"
    archive.write_bytes(member(page(1), 1) + member(calm, 2) + member(b"<div>" * 100_000, 3))
    monkeypatch.setenv("INCIDENTS_GATE", "1")
    gated = published_ledger(stages.run([archive], settings()), home.lake)
    assert gated is not None
    assert (gated["items_fetched"], gated["items_parsed"], gated["items_failed"], gated["items_gated"]) == (3, 1, 1, 1)  # fmt: skip
    monkeypatch.delenv("INCIDENTS_GATE")
    whole = published_ledger(stages.run([archive], settings()), home.lake)
    assert whole is not None, "without the gate it is another batch"
    assert (whole["items_fetched"], whole["articles_duplicate"], whole["items_gated"]) == (3, 1, 0)
    assert all(left == right for ledger in (gated, whole) for _, left, right in balances(ledger))


def test_the_gate_finds_a_text_that_stands_in_no_paragraphs() -> None:
    calm = "The council opened a library in town. " * 9
    told = "Gunmen killed seven people in Konduga on Monday, the police said. "
    for body in (
        f"<div>{told}<br>{calm}</div><p>{calm}</p>",
        f"<P>{told}</P><P>{calm}</P>",
        f"<pre>{calm}</pre><p class=a>{told}",
    ):
        assert is_candidate(gate_text(f"<html><body>{body}</body></html>")), body
    around = (
        f'<article><p>{calm * 4}</p></article><nav class="menu"><a href="/war">War</a></nav><pre>{told}</pre>'
    )
    assert not is_candidate(gate_text(f"<html><body>{around}</body></html>"))


def test_the_gate_reads_candidates_and_counts_the_rest() -> None:
    calm = Page(content=b"<p>" + b"The council opened a library in town. " * 9, location="a:1", raw_sha256="0" * 64)  # fmt: skip
    assert isinstance(read_page(calm, is_gated=True), GatedPage)
    assert isinstance(read_page(calm), FailedItem)
    told = Page(content=page(1), location="a:2", raw_sha256="0" * 64)
    assert isinstance(read_page(told, is_gated=True), ParsedArticle)
