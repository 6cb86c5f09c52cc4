"""Which language an article is in, from its first 600 characters: two detectors vote, and what was declared is checked."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pycld2
from numpy.typing import NDArray

NEWS_LANGUAGES = ["ar", "bn", "de", "en", "es", "fa", "fr", "ha", "he", "hi", "id", "it", "ja", "ko", "my", "nl", "pl", "ps",
                  "pt", "ru", "so", "sw", "th", "tl", "tr", "uk", "ur", "vi", "zh"]  # fmt: skip
_HEAD_CHARACTERS = 600
_LONGEST_FEATURE = 6
"""Bytes of the longest feature of the first detector."""
_NO_FEATURE = b"\0"
"""A byte that no feature holds."""
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


class _Detector:
    """The first detector with its walk over the bytes of a text made for all bytes at once.

    Its state behind a byte depends on that byte and the five before it alone, as no feature is longer. So the states
    behind all bytes are found in as many steps as a feature has bytes, where py3langid takes one step a byte: that was
    half of the time of reading a record. Features and scores are the same.
    """

    def __init__(self) -> None:
        self._model = model = _identifier()
        self._next = np.asarray(model.tk_nextmove)
        # Where the moves of a state begin in the table above.
        self._row = np.asarray(model._rowbase, dtype=np.int32)
        self._feature = np.asarray(model.tk_output, dtype=np.int32)
        behind_one = self._row[self._next[:256]]
        self._row_behind_two = self._row[self._next[behind_one[:, None] + np.arange(256)]].ravel()

    def features(self, text: bytes) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        """The features of a text in their order, and how often each occurs."""
        # Behind a byte that no feature holds the walk is where it begins.
        letters = np.frombuffer(_NO_FEATURE * (_LONGEST_FEATURE - 1) + text, dtype=np.uint8).astype(np.intp)
        count = len(text)
        rows = self._row_behind_two.take((letters[:count] << 8) + letters[1 : count + 1])
        for ahead in range(2, _LONGEST_FEATURE - 1):
            rows = self._row.take(self._next.take(rows + letters[ahead : ahead + count]))
        found = self._feature.take(self._next.take(rows + letters[_LONGEST_FEATURE - 1 :]))
        found = np.sort(found[found >= 0])
        first = np.flatnonzero(np.diff(found, prepend=-1))
        return found[first], np.diff(first, append=found.size)

    def language(self, text: str) -> str:
        """The likeliest language; that of the first class where no feature occurs, as py3langid has it."""
        features, counts = self.features(self._model._encode(text))
        weights = np.log1p(counts, dtype=np.float32)
        scores = weights @ self._model.nb_ptc[features] + self._model.nb_pc if features.size else [0]
        return str(self._model.nb_classes[int(np.argmax(scores))])


_detector = cache(_Detector)


def detect_language(text: str) -> str:
    """ISO 639-1 code of the text's language among those that conflict news is written in."""
    return _detector().language(_head(text))


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
