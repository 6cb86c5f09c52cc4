"""Near duplicates: is one text a copy of another, edited, cut or retold only in its headline?

A text is its set of word 5-grams. MinHash signatures of these sets, cut into bands, tell which texts may be alike; the exact
Jaccard similarity of the sets decides. Everything here depends on the texts alone, never on what else was read or when, and is
the same on every machine.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import rensa

SHINGLE_WORDS = 5
PERMUTATIONS = 128
BANDS = 32
SEED = 20_250_101
MIN_JACCARD = 0.5
WINDOW_DAYS = 14
"""Articles published further apart are not compared."""
MAX_NEIGHBOURS = 5
"""An article is compared with so many before it and after it, by publication, among those that share a band."""
MIN_SHINGLES = 20
"""A text with fewer says too little: only one with the same words is its duplicate."""
BEGINNING_WORDS = 60
"""A text that was cut short is found by its first words; bands are also made of these alone."""
BEGINNING_BANDS = 8
MIN_FIGURES = 3
MIN_SHARED_FIGURES = 0.5
"""Of texts with three figures or more, half must be the same: today's bulletin is no copy of yesterday's."""
METHOD = f"words-5/rensa-{rensa.RMinHash.ALGORITHM_VERSION}/{PERMUTATIONS}/{BANDS}+{BEGINNING_BANDS}/j{MIN_JACCARD}/f{MIN_SHARED_FIGURES}/w{WINDOW_DAYS}/n{MAX_NEIGHBOURS}/1"
"""Names all of the above; signatures of another method are made anew."""

_ROWS = PERMUTATIONS // BANDS
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_FIGURE_BIT = np.uint64(1)
_WORDS_KEPT = 500_000
Hashes = npt.NDArray[np.uint64]

# Scripts written without spaces: each character is a word.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_WORD = re.compile(r"[^\W_]+")
_DATELINE = re.compile(
    r"\A\s*[A-Z\u00c0-\u00de][\w.'’/ -]{1,40}(?:,[\w.'’/, -]{1,40})?(?:\s*\([^()\n]{1,40}\))?\s*(?:[–—]|--?)\s+"
    r"(?:\([^()\n]{1,40}\)\s*[–—-]*\s*)?"
)
_CREDIT = re.compile(
    r"[(\[]\s*(?:(?:additional )?(?:reporting|writing|editing|compiled|translated)\b[^()\[\]]{0,300}|"
    r"AP|AFP|ANI|Reuters|Xinhua|IANS|PTI|dpa|UPI|TASS|EFE|ANSA)\s*[)\]]"
)
_BOILERPLATE_LINE = re.compile(
    r"^\W*(?:by [A-Z][^.\n]{2,80}|(?:additional )?(?:reporting|writing|editing) by .{2,200}"
    r"|(?:©|\(c\)|copyright\b).{0,200}|.{0,120}\ball rights reserved\b.{0,120}"
    r"|(?:read (?:more|also|next)|also read|see also|related|advertisement|sign up|subscribe|follow us|share this|click here"
    r"|photo|image|file photo|source|credit)\b.{0,160}"
    r"|this (?:article|story|report) (?:was|has been|is) (?:originally |first |auto-)?(?:published|generated|supplied).{0,200})\W*$",
    re.IGNORECASE | re.MULTILINE,
)
_FIGURE_WORDS = frozenset(
    [
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "seventy",
        "eighty",
        "ninety",
        "hundred",
        "hundreds",
        "dozen",
        "dozens",
        "thousand",
        "thousands",
        "million",
    ]
)


class CopyRule(StrEnum):
    """Why two texts are near duplicates."""

    SAME_WORDS = "same_words"
    SIMILAR = "similar"
    CUT_SHORT = "cut_short"


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two near duplicates are: the Jaccard similarity of their word 5-grams, and the rule that holds."""

    jaccard: float
    rule: CopyRule


@dataclass(frozen=True, slots=True)
class Shingles:
    """A text as it is compared, all as hashes."""

    words: Hashes
    """Its words, in order."""
    runs: Hashes
    """Each five words in a row, in order."""
    grams: Hashes
    """The distinct ones of these."""
    figures: Hashes
    """Its distinct figures, in digits or words."""

    @property
    def is_short(self) -> bool:
        """True where only a text with the same words can be a duplicate."""
        return len(self.grams) < MIN_SHINGLES


class _WordHashes(dict[str, int]):
    """Hash of a word, computed once; odd for a figure."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _WORDS_KEPT:
            self.clear()
        digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        is_figure = word[0].isdecimal() or word in _FIGURE_WORDS
        value = self[word] = int.from_bytes(digest, "little") & ~1 | is_figure
        return value


_word_hashes = _WordHashes()


def normal_words(text: str) -> list[str]:
    """The words of a text without case, punctuation, dateline, agency credit and lines that only a website adds.

    A text of nothing else keeps its words, so that it still has some.
    """
    body = _BOILERPLATE_LINE.sub(" ", _CREDIT.sub(" ", text))
    return _words(_DATELINE.sub("", body.lstrip(), count=1)) or _words(text)


def _words(text: str) -> list[str]:
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    if not folded.isascii() and _UNSPACED.search(folded):
        folded = _UNSPACED.sub(r" \g<0> ", folded)
    return _WORD.findall(folded)


def shingles(text: str) -> Shingles:
    """A text as it is compared."""
    words = normal_words(text)
    hashes = np.fromiter(map(_word_hashes.__getitem__, words), dtype=np.uint64, count=len(words))
    runs = _runs(hashes)
    return Shingles(hashes, runs, _distinct(runs), _distinct(hashes[(hashes & _FIGURE_BIT) != 0]))


def _runs(words: Hashes) -> Hashes:
    """A hash of each five words in a row; arithmetic modulo 2**64."""
    count = max(0, len(words) - SHINGLE_WORDS + 1)
    mixed = np.zeros(count, dtype=np.uint64)
    for place in range(SHINGLE_WORDS):
        mixed *= _MULTIPLIER
        mixed += words[place : place + count]
    return mixed ^ (mixed >> np.uint64(31))


def _distinct(hashes: Hashes) -> Hashes:
    """The distinct ones, sorted; faster than ``numpy.unique`` on as few as an article has."""
    found = np.sort(hashes)
    if len(found) > 1:
        found = found[np.concatenate([[True], found[1:] != found[:-1]])]
    return found


def band_keys(texts: Sequence[Shingles]) -> list[npt.NDArray[np.int64]]:
    """Of each text the keys of its bands: texts that share none are not compared."""
    whole = _bands([text.grams for text in texts], BANDS, salt=1)
    beginnings = _bands([_beginning(text, BEGINNING_WORDS) for text in texts], BEGINNING_BANDS, salt=2)
    keys = []
    for text, of_whole, of_beginning in zip(texts, whole, beginnings, strict=True):
        found = _same_words_key(text) if text.is_short else np.concatenate([of_whole, of_beginning])
        keys.append(_distinct(found).view(np.int64))
    return keys


def _bands(sets: list[Hashes], bands: int, *, salt: int) -> Hashes:
    """Keys of the bands, a row a set; the key of a band holds its number."""
    permutations = bands * _ROWS
    offsets = np.concatenate([[0], np.cumsum([len(found) for found in sets])]).astype(np.uint64)
    flat = np.concatenate([np.empty(0, dtype=np.uint64), *sets])
    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(flat, offsets, permutations, SEED + salt)
    digests = np.array(matrix.to_rows(), dtype=np.uint64).reshape(len(sets), bands, _ROWS)
    numbers = np.arange(bands, dtype=np.uint64) + np.uint64(salt * 1000)
    mixed = np.broadcast_to(numbers, digests.shape[:2])
    for place in range(_ROWS):
        mixed = (mixed ^ digests[:, :, place]) * _MULTIPLIER
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _beginning(text: Shingles, words: int) -> Hashes:
    return text.runs[: words - SHINGLE_WORDS + 1]


def _same_words_key(text: Shingles) -> Hashes:
    digest = hashlib.blake2b(text.words.astype("<u8").tobytes(), digest_size=8).digest()
    return np.array([int.from_bytes(digest, "little")], dtype=np.uint64)


def likeness(first: Shingles, second: Shingles) -> Likeness | None:
    """How alike two texts are; ``None`` where neither is a copy of the other."""
    if np.array_equal(first.words, second.words):
        return Likeness(1.0, CopyRule.SAME_WORDS)
    if first.is_short or second.is_short:
        return None
    whole = jaccard(first.grams, second.grams)
    if whole >= MIN_JACCARD:
        return Likeness(whole, CopyRule.SIMILAR) if _share_figures(first, second) else None
    length = min(len(first.words), len(second.words))
    if length < BEGINNING_WORDS or not _share_figures(first, second):
        return None
    beginnings = jaccard(_distinct(_beginning(first, length)), _distinct(_beginning(second, length)))
    return Likeness(whole, CopyRule.CUT_SHORT) if beginnings >= MIN_JACCARD else None


def jaccard(first: Hashes, second: Hashes) -> float:
    """Exact Jaccard similarity of two sets of distinct hashes."""
    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared / (len(first) + len(second) - shared)


def _share_figures(first: Shingles, second: Shingles) -> bool:
    fewer = min(len(first.figures), len(second.figures))
    if fewer < MIN_FIGURES:
        return True
    shared = np.intersect1d(first.figures, second.figures, assume_unique=True)
    return len(shared) >= MIN_SHARED_FIGURES * fewer
