"""The gate of bulk archives: whether a page can tell of political violence at all, by its words."""

from __future__ import annotations

import re
from functools import cache

from pipeline.schema.declarations import read_declaration

_KNOWN_WORDS = 200_000
_EDGES = "\"'“”‘’«»()[]{}.,;:!?…–—"


class _Vocabulary(dict[str, bool]):
    """Whether a word tells of conflict or killing; each word is looked up in the lexicon once, and then known."""

    def __init__(self) -> None:
        patterns = [*_patterns("relevance", "conflict"), *_patterns("candidates", "killing")]
        self._telling = re.compile("|".join(patterns), re.IGNORECASE)
        self.phrases = _patterns("candidates", "phrases")

    def __missing__(self, word: str) -> bool:
        if len(self) >= _KNOWN_WORDS:
            self.clear()
        self[word] = found = self._telling.search(word) is not None
        return found


def _patterns(lexicon: str, heading: str) -> list[str]:
    read = read_declaration(f"lexicons/{lexicon}")
    return list(read[heading])


_vocabulary = cache(_Vocabulary)


def is_candidate(text: str) -> bool:
    """True where the text holds a word of conflict or killing (``schemas/lexicons``); English ones, as the extractor reads."""
    vocabulary, lowered = _vocabulary(), text.lower()
    return any(vocabulary[word.strip(_EDGES)] for word in set(lowered.split())) or any(
        phrase in lowered for phrase in vocabulary.phrases
    )
