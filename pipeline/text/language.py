"""Which language an article is in, from its first 600 characters."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

NEWS_LANGUAGES = ["ar", "bn", "de", "en", "es", "fa", "fr", "ha", "he", "hi", "id", "it", "ja", "ko", "my", "nl", "pl", "ps",
                  "pt", "ru", "so", "sw", "th", "tl", "tr", "uk", "ur", "vi", "zh"]  # fmt: skip
_HEAD_CHARACTERS = 600
_TAG = re.compile(r"^([A-Za-z]{2,3})(?:[-_].*)?$")


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages([language for language in NEWS_LANGUAGES if language in identifier.nb_classes])
    return identifier


def detect_language(text: str) -> str:
    """ISO 639-1 code of the text's language among those that conflict news is written in."""
    head = text[:_HEAD_CHARACTERS]
    lowered = head.lower() if head.isupper() else head
    return str(_identifier().classify(lowered)[0])


def normalize_language(declared: str | None) -> str | None:
    """``en-GB`` to ``en``; ``None`` for what is no language tag."""
    match = _TAG.match((declared or "").strip())
    return match[1].lower() if match else None
