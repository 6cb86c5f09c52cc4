"""Which language an article is in, from its first 600 characters: two detectors vote, and what was declared is checked."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pycld2

NEWS_LANGUAGES = ["ar", "bn", "de", "en", "es", "fa", "fr", "ha", "he", "hi", "id", "it", "ja", "ko", "my", "nl", "pl", "ps",
                  "pt", "ru", "so", "sw", "th", "tl", "tr", "uk", "ur", "vi", "zh"]  # fmt: skip
_HEAD_CHARACTERS = 600
_TAG = re.compile(r"^([A-Za-z]{2,3})(?:[-_].*)?$")
_RENAMED = {"iw": "he", "zh-Hant": "zh", "in": "id", "fil": "tl"}
# What the second detector takes for broken UTF-8: controls, halves of characters, and code points that are none. Told by what
# is none of these, which is looked up eight times faster.
_HIGHER_PLANES = "".join(f"{chr(plane << 16)}-{chr((plane << 16) + 0xFFFD)}" for plane in range(1, 17))
_UNREADABLE = re.compile(rf"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd{_HIGHER_PLANES}]")


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages([language for language in NEWS_LANGUAGES if language in identifier.nb_classes])
    # The scores are counted in this type and row by row: as it is loaded, the table would be turned into it for each text.
    identifier.nb_ptc = np.ascontiguousarray(identifier.nb_ptc, dtype=np.float32)
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
