"""Addresses: one spelling for each, and never one for two articles."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.sources.urls import canonical_url


@pytest.mark.parametrize(
    "spelling",
    [
        "https://news.example/a/b?id=5",
        "HTTPS://News.EXAMPLE/a/b?id=5",
        "https://news.example:443/a/b?id=5",
        "https://news.example/a/b?id=5#comments",
        "https://news.example/a/b?id=5&utm_source=rss&utm_medium=feed&UTM_Campaign=x",
        "https://news.example/a/b?fbclid=abc&id=5&gclid=1&mc_cid=2&igshid=3&msclkid=4&xtor=RSS-1",
        "https://news.example/a/./x/../b?id=5",
        "https://news.example/%61/b?id=5",
        "  https://news.example/a/b?id=5\n",
    ],
)
def test_spellings_of_one_address(spelling: str) -> None:
    assert canonical_url(spelling) == "https://news.example/a/b?id=5"


@pytest.mark.parametrize(
    ("given_url", "canonical"),
    [
        ("https://news.example", "https://news.example/"),
        ("https://news.example/index.html", "https://news.example/"),
        ("https://news.example/a/Index.php?id=3", "https://news.example/a/?id=3"),
        ("https://news.example/a/default.aspx", "https://news.example/a/"),
        ("http://news.example:80/", "http://news.example/"),
        ("https://news.example/?b=2&a=1", "https://news.example/?a=1&b=2"),
        ("https://xn--zrich-kva.example/", "https://zürich.example/"),
        ("https://news.example/%d8%a7", "https://news.example/%D8%A7"),
    ],
)
def test_what_is_taken_out(given_url: str, canonical: str) -> None:
    assert canonical_url(given_url) == canonical


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://news.example/a.php?cid=1", "https://news.example/a.php?cid=2"),
        ("https://news.example/a?gallery=1", "https://news.example/a?gallery=2"),
        ("https://news.example/?p=1", "https://news.example/?p=2"),
        ("https://news.example/?source=1", "https://news.example/?source=2"),
        ("https://news.example/a%2Fb", "https://news.example/a/b"),
        ("https://news.example/a", "https://news.example/A"),
        ("https://news.example:8080/", "https://news.example/"),
        ("https://news.example/indexes.html", "https://news.example/"),
        ("https://news.example/?a=", "https://news.example/"),
        ("https://news.example/?q=%FF", "https://news.example/?q=%FE"),
    ],
)
def test_addresses_of_two_articles_stay_two(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


@pytest.mark.parametrize("text", ["", "news.example/a", "ftp://news.example/", "http://", "http://a@b.example/", "http://[::1", "mailto:a@b.example", "javascript:alert(1)"])  # fmt: skip
def test_what_is_no_plain_web_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical_url(text)


_PART = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12)
_URLS = st.builds(
    lambda scheme, host, port, path, query, fragment: f"{scheme}://{host}{port}/{path}?{query}#{fragment}",
    st.sampled_from(["http", "https", "HTTP"]),
    st.sampled_from(["news.example", "NEWS.example", "xn--zrich-kva.example", "zürich.example", "[::1]", "xn--a.example", "a.b.example."]),
    st.sampled_from(["", ":80", ":443", ":8080", ":"]),
    _PART, _PART, _PART,
)  # fmt: skip


@given(_URLS)
@example("http://news.example/%2e%2e/a")
@example("http://news.example//index.html/index.html")
@example("http://news.example/%25%36%31")
@example("http://news.example/a;b?c;d&&e==f&%ff=%zz")
def test_the_canonical_spelling_is_its_own(url: str) -> None:
    try:
        once = canonical_url(url)
    except ValueError:
        return
    assert canonical_url(once) == once
    assert urlsplit(once).scheme in {"http", "https"}
    assert "#" not in once


@given(_URLS, st.sampled_from(["utm_source=x", "fbclid=y", "gclid=z"]))
def test_tracking_changes_nothing(url: str, tracking: str) -> None:
    try:
        expected, parts = canonical_url(url), urlsplit(url.strip())
    except ValueError:
        return
    query = f"{parts.query}&{tracking}" if parts.query else tracking
    assert canonical_url(parts._replace(query=query).geturl()) == expected
