"""Canonical URLs: one spelling of one address, and never one of two."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.urls import canonical_url


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://News.Example.COM:443/a/b", "https://news.example.com/a/b"),
        ("http://news.example:80", "http://news.example/"),
        ("http://news.example.:8080/x", "http://news.example:8080/x"),
        ("https://news.example/a?utm_source=x&UTM_medium=y&fbclid=1&gclid=2&mc_cid=3", "https://news.example/a"),
        ("https://news.example/a?b=2&a=1#comments", "https://news.example/a?a=1&b=2"),
        ("https://news.example/a?a=2&a=1&empty=", "https://news.example/a?a=2&a=1&empty="),
        ("https://news.example/land/index.html", "https://news.example/land/"),
        ("https://news.example/index.php?id=5", "https://news.example/?id=5"),
        ("https://news.example/a/./b/../c/%7euser%2fx", "https://news.example/a/c/~user%2Fx"),
        ("https://news.example/straße", "https://news.example/stra%C3%9Fe"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://news.example/#!story/5", "https://news.example/#!story/5"),
        ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]/"),
        ("  https://news.example/a \n", "https://news.example/a"),
        ("mailto:desk@news.example", "mailto:desk@news.example"),
        ("http://[broken", "http://[broken"),
        ("https://.//http://", "https://.//http://"),
        ("http://news.example:port/", "http://news.example:port/"),
    ],
)  # fmt: skip
def test_spellings_of_one_address_become_one(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize("other", ["cid=2", "id=1", "source=5", "page=2", "ref=3", "article_id=7", "gcid=1"])
def test_parameters_that_may_name_a_document_stay(other: str) -> None:
    assert canonical_url(f"https://news.example/a?{other}") == f"https://news.example/a?{other}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
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


PIECES = st.sampled_from(
    ["http://", "https://", "HTTP://", "a.example", "ä.example", ":80", ":443", ":99999", "/", "//", ".", "..", "%2e", "%41", "%zz", "%25",
     "index.html", "default.aspx", "?", "&", "=", "utm_source=x", "fbclid", "q=1", "#", "#!", "!", "[", "]", "@", " ", "é", ";", "\ud800"]
)  # fmt: skip


@given(st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=60)))
@settings(max_examples=500, deadline=None)
def test_a_canonical_url_stays_as_it_is(url: str) -> None:
    assert canonical_url(canonical_url(url)) == canonical_url(url)


@given(st.lists(PIECES, max_size=12).map(lambda pieces: "https://" + "".join(pieces)))
@settings(max_examples=500, deadline=None)
def test_a_canonical_url_of_an_address_stays_as_it_is(url: str) -> None:
    assert canonical_url(canonical_url(url)) == canonical_url(url)
