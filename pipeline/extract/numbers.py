"""Counts in digits and words, with how exact they are."""

from __future__ import annotations

import re

from pipeline.extract.mentions import NumberMention
from pipeline.records import Qualifier

_UNITS = {w: n for n, w in enumerate(
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"])}  # fmt: skip
_TENS = {
    w: 10 * n
    for n, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
# ACLED's codebook: an unknown number of dozens counts 12, of tens 10, of hundreds 100.
_VAGUE = {"dozens": 12, "scores": 20, "tens": 10, "hundreds": 100, "thousands": 1000, "several": None, "many": None, "a number": None,
          "numerous": None, "some people": None, "a few": None, "an unknown number": None}  # fmt: skip
_WORD = "|".join([*_TENS, *sorted(_UNITS, key=len, reverse=True)])
WORDS = rf"(?:(?:{'|'.join(_TENS)})[- ](?:one|two|three|four|five|six|seven|eight|nine)|{_WORD})"
DIGITS = r"\d{1,3}(?:,\d{3})+|\d{1,6}"
_SINGLE = rf"(?:(?:a|one|two|three|half a) dozen|(?:a|{WORDS}) hundred(?: and {WORDS})?|{WORDS}|{DIGITS})"
_VAGUE_WORDS = "|".join(sorted(_VAGUE, key=len, reverse=True))
_QUALIFIERS: tuple[tuple[Qualifier, str], ...] = (
    (
        "at_least",
        r"at least|no fewer than|no less than|not less than|more than|over|a minimum of|as few as|upwards of",
    ),
    ("at_most", r"up to|as many as|at most|no more than|fewer than|less than|a maximum of"),
    ("about", r"about|around|approximately|some|nearly|almost|roughly|close to|an estimated|estimated"),
)
_PREFIX = "|".join(f"(?P<{name}>{words})" for name, words in _QUALIFIERS)
_RANGE = (
    rf"between\s+(?P<low>{_SINGLE})\s+(?:and|to)\s+(?P<high>{_SINGLE})"
    rf"|(?P<low2>{_SINGLE})\s+(?:to|or)\s+(?P<high2>{_SINGLE})|(?P<low3>{DIGITS})\s*[-–]\s*(?P<high3>{DIGITS})"
)
NUMBER = re.compile(
    rf"(?<![\w.,$€£/:-])(?:(?:{_PREFIX})\s+)?(?:{_RANGE}|(?P<single>{_SINGLE})|(?P<vague>{_VAGUE_WORDS}))"
    r"(?!\s*(?:%|percent|per cent|st\b|nd\b|rd\b|th\b))(?![\w]|[.,:/]\d|-[a-z])",
    re.IGNORECASE,
)


def number_value(words: str) -> int:
    """The value of digits or number words ("twenty-one", "a dozen", "1,200")."""
    text = words.casefold().replace(",", "").strip()
    if text.isdigit():
        return int(text)
    if text.endswith("dozen"):
        count = text.removesuffix("dozen").strip()
        return {"a": 12, "one": 12, "two": 24, "three": 36, "half a": 6}[count]
    head, _, rest = text.partition(" hundred")
    if rest or text.endswith("hundred"):
        return (1 if head == "a" else number_value(head)) * 100 + (
            number_value(rest.strip().removeprefix("and ")) if rest else 0
        )
    return sum(_TENS.get(part, _UNITS.get(part, 0)) for part in re.split(r"[- ]", text))


def find_numbers(text: str) -> list[NumberMention]:
    """All counts of a text. ``A and B`` is a range only after "between", a hyphen only between digits."""
    return [mention for match in NUMBER.finditer(text) if (mention := _mention(match)) is not None]


def _mention(match: re.Match[str]) -> NumberMention | None:
    words = match[0]
    qualifier: Qualifier = next((name for name, _ in _QUALIFIERS if match[name]), "exact")
    if match["vague"]:
        return NumberMention(
            match.start(), match.end(), words, _VAGUE[match["vague"].casefold()], None, None, "vague"
        )
    for low_name, high_name in (("low", "high"), ("low2", "high2"), ("low3", "high3")):
        if match[low_name]:
            low, high = number_value(match[low_name]), number_value(match[high_name])
            if low >= high:
                return _single(match, match[low_name], qualifier, match.end(low_name))
            return NumberMention(match.start(), match.end(), words, low, None, high, "between")
    return _single(match, match["single"], qualifier, match.end())


def _single(match: re.Match[str], digits: str, qualifier: Qualifier, end: int) -> NumberMention:
    value = number_value(digits)
    words = match.string[match.start() : end]
    if qualifier == "at_least":
        return NumberMention(match.start(), end, words, value, value, None, qualifier)
    if qualifier == "at_most":
        return NumberMention(match.start(), end, words, None, None, value, qualifier)
    return NumberMention(match.start(), end, words, value, value, value, qualifier)
