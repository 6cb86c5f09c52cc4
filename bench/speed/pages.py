"""Invented pages as news sites build them: the article is a small part between scripts, menus, teasers and forms."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random

from bench.speed.texts import BODIES, PEOPLE, TOWNS, invented_article
from pipeline.records import Article

_MENU = ["Home", "World", "Politics", "Business", "Science", "Sport", "Culture", "Travel", "Weather", "Video", "Letters", "Archive"]  # fmt: skip
_SCRIPT_BYTES = 100_000
_STYLE_BYTES = 12_000
_TEASERS = 30
_MENUS = 5

REPORT = (
    "{town} – At least {number} people were killed on {day} when gunmen attacked a market near {town}, the police said.",
    "A spokesman for {body} said soldiers had been sent to the area and that {number} of the wounded were in hospital.",
    "{person}, who sells cloth there, said the attackers came on motorcycles and set {number} stalls on fire.",
)


def invented_page(number: int, *, is_candidate: bool) -> bytes:
    """The page of that number: always the same, about 150 kB."""
    chance = random.Random(number)
    article = invented_article(number)
    paragraphs = [_report(chance)] * is_candidate + article.text.split("\n") * 3
    sentences = [sentence for paragraph in paragraphs for sentence in paragraph.split(". ")]
    body = "".join(
        f'<p class="t-{chance.randint(1, 9)}" data-n="{n}">{_marked(chance, text)}</p>{_aside(chance, n)}'
        for n, text in enumerate(sentences)
    )
    return "".join(
        [
            f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{article.title} | The Courier</title>',
            _head(number, article),
            f"<style>{_noise(chance, _STYLE_BYTES, '.c{0}-{1}{{margin:{0}px;color:#{1:06x}}}')}</style>",
            f"<script>{_noise(chance, _SCRIPT_BYTES, 'window.q{0}=[{1},function(a){{return a&&a.b({0})}}];')}</script></head><body>",
            "".join(_menu(chance) for _ in range(_MENUS)),
            f'<main><article class="story"><h1>{article.title}</h1><div class="byline">By <a rel="author" href="/a/{number}">{chance.choice(PEOPLE)}</a></div>',
            body,
            "</article></main><aside>",
            "".join(_teaser(chance) for _ in range(_TEASERS)),
            "</aside><footer>",
            "".join(_menu(chance) for _ in range(3)),
            "</footer></body></html>",
        ]
    ).encode()


def warc_member(number: int, content: bytes) -> bytes:
    """The page as a member of a packed web archive."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + content
    digest = base64.b32encode(hashlib.sha1(block, usedforsecurity=False).digest()).decode()
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{number:012}>\r\n"
        f"WARC-Date: 2025-03-05T00:00:00Z\r\nWARC-Target-URI: https://courier.example/{number}\r\nWARC-Block-Digest: sha1:{digest}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + block + b"\r\n\r\n", mtime=0)


def _head(number: int, article: Article) -> str:
    linked = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.title,
        "datePublished": "2025-03-05T08:00:00+01:00",
        "author": [{"@type": "Person", "name": PEOPLE[number % len(PEOPLE)]}],
        "publisher": {"@type": "Organization", "name": "The Courier"},
    }
    meta = "".join(f'<meta name="m{n}" content="value {n}">' for n in range(25))
    return (
        f'{meta}<meta property="article:published_time" content="2025-03-05T08:00:00+01:00">'
        f'<link rel="canonical" href="https://courier.example/{number}"><script type="application/ld+json">{json.dumps(linked)}</script>'
    )


def _report(chance: random.Random) -> str:
    return " ".join(_fill(chance, sentence) for sentence in REPORT)


def _fill(chance: random.Random, sentence: str) -> str:
    return sentence.format(
        town=chance.choice(TOWNS),
        person=chance.choice(PEOPLE),
        body=chance.choice(BODIES),
        number=chance.randint(2, 90),
        day=chance.choice(["Monday", "Tuesday", "Friday"]),
    )


def _noise(chance: random.Random, size: int, pattern: str) -> str:
    parts = []
    while size > 0:
        parts.append(pattern.format(chance.randint(1, 9999), chance.randint(1, 16_000_000)))
        size -= len(parts[-1])
    return "".join(parts)


def _menu(chance: random.Random) -> str:
    links = "".join(
        f'<li class="menu-item item-{chance.randint(1, 99)}"><a href="/{name.lower()}/{chance.randint(1, 999)}"><span>{name}</span></a></li>'
        for name in _MENU
    )
    return f'<nav class="menu"><div class="wrap"><ul>{links}</ul></div></nav>'


def _aside(chance: random.Random, place: int) -> str:
    return _teaser(chance) if place % 9 == 8 else ""


def _marked(chance: random.Random, text: str) -> str:
    """A sentence with a link and a word set off, as editors do."""
    words = text.split()
    for place, tag in ((chance.randrange(len(words)), "strong"), (chance.randrange(len(words)), "em")):
        words[place] = f"<{tag}>{words[place]}</{tag}>"
    place = chance.randrange(len(words))
    words[place] = f'<a href="/topic/{chance.randint(1, 999)}" data-track="body">{words[place]}</a>'
    return " ".join(words) + "."


def _teaser(chance: random.Random) -> str:
    town, number = chance.choice(TOWNS), chance.randint(1, 99_999)
    return (
        f'<div class="teaser card-{number % 7}"><a href="/{number}" class="card-link"><img src="/i/{number}.jpg" alt="{town}" width="320" height="180" loading="lazy">'
        f'<h3 class="card-title"><span>{town}: {number} readers wrote to us</span></h3></a><div class="meta"><time datetime="2025-02-0{number % 9 + 1}">{number % 9 + 1} February</time>'
        f'<span class="tag">{chance.choice(_MENU)}</span></div></div>'
    )
