"""Which language an article is in, from its first 600 characters: two detectors vote, and what was declared is checked."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pycld2

NEWS_LANGUAGES = ["ar", "bn", "de", "en", "es", "fa", "fr", "ha", "he", "hi", "id", "it", "ja", "ko", "my", "nl", "pl", "ps",
                  "pt", "ru", "so", "sw", "th", "tl", "tr", "uk", "ur", "vi", "zh"]  # fmt: skip
_HEAD_CHARACTERS = 600
_TAG = re.compile(r"^([A-Za-z]{2,3})(?:[-_].*)?$")
_RENAMED = {"iw": "he", "zh-Hant": "zh", "in": "id", "fil": "tl"}
# What the second detector takes for broken UTF-8: controls, halves of characters, and code points that are none.
_NO_CHARACTERS = "".join(chr((plane << 16) + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_UNREADABLE = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NO_CHARACTERS}]")


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages([language for language in NEWS_LANGUAGES if language in identifier.nb_classes])
    return identifier


def detect_language(text: str) -> str:
    """ISO 639-1 code of the text's language among those that conflict news is written in."""
    return str(_identifier().classify(_head(text))[0])


def judge_language(declared: str | None, text: str) -> tuple[str, bool]:
    """The language of an article, and whether it is certain.

    A declared language stands; it is uncertain where the second detector names another one. What is not declared is
    detected; it is certain where both detectors say the same.
    """
    said, vote = normalize_language(declared), _second_vote(text)
    if said is not None:
        return said, vote in (None, said)
    detected = detect_language(text)
    return detected, detected == vote


def normalize_language(declared: str | None) -> str | None:
    """``en-GB`` to ``en``; ``None`` for what is no language tag."""
    match = _TAG.match((declared or "").strip())
    if match is None:
        return None
    code = match[1].lower()
    return _RENAMED.get(code, code)


def _second_vote(text: str) -> str | None:
    """What the second detector says, where it is sure and names a language of conflict news."""
    readable = _UNREADABLE.sub(" ", _head(text))
    is_reliable, _, found = pycld2.detect(readable, bestEffort=True)
    code = _RENAMED.get(found[0][1], found[0][1])
    return code if is_reliable and code in NEWS_LANGUAGES else None


def _head(text: str) -> str:
    head = text[:_HEAD_CHARACTERS]
    return head.lower() if head.isupper() else head
