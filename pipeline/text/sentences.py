"""Text to sentences: paragraph by paragraph, abbreviations and initials kept whole, offsets in the article's text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_SENTENCE_CHARACTERS = 2_000
_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s+[\"'“‘(\[]?[A-Z0-9À-Þ])|[.!?…]+[\"'”’)\]]*$|[.!?](?=[\"”])")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"“])(?:[A-Z]|[A-Z]\.[A-Z]|Mr|Mrs|Ms|Dr|Prof|Gen|Lt|Col|Maj|Capt|Sgt|Cpl|Pvt|Brig|Adm|Cmdr|Gov|Sen|Rep|Rev|Hon|St|Jr|Sr|No|vs|etc|Inc|Ltd|Co"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|approx|Mt|Ft|al)\.$"
)
_PARAGRAPH = re.compile(r"[^\n]+")
_WRAP = re.compile(r"(?<=[^\s.!?…:;\"”’)])[ \t]*(\r?\n)(?=[ \t]*[a-zà-þ(])")
_HARD_WRAP = re.compile(r"(?<=[^\s.!?…:;\"”’)])[ \t]*(\r?\n)(?=[ \t]*\S)")
_STOP = re.compile(r"[.!?…][\"'”’)]*(?:\s|$)")
_LINES_A_SENTENCE = 8
_WRAPS = 3
_FULL_LINE = 25


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence; offsets are code points of the article's text, half-open."""

    start: int
    end: int
    paragraph: int
    text: str


def split_sentences(text: str) -> list[Sentence]:
    """The sentences of a text. A line break ends one, but is a space inside one; over-long ones are cut at a space."""
    found = []
    text = _unwrapped(text)
    for number, paragraph in enumerate(_PARAGRAPH.finditer(text)):
        for start, end in _spans(paragraph[0]):
            for piece_start, piece_end in _pieces(paragraph[0], start, end):
                begin = paragraph.start() + piece_start
                found.append(
                    Sentence(
                        begin, paragraph.start() + piece_end, number, paragraph[0][piece_start:piece_end]
                    )
                )
    return found


def _unwrapped(text: str) -> str:
    """The text with the line breaks inside its sentences as spaces; lengths stay the same.

    A break before a small letter is inside a sentence; where three are, lines are wrapped, and full ones run on.
    """
    breaks = [match.span(1) for match in _WRAP.finditer(text)]
    if len(_STOP.findall(text)) * _LINES_A_SENTENCE < len(breaks):
        return text
    if len(breaks) >= _WRAPS:
        breaks = [
            match.span(1)
            for match in _HARD_WRAP.finditer(text)
            if match.start() - text.rfind("\n", 0, match.start()) > _FULL_LINE
        ]
    if not breaks:
        return text
    pieces, last = [], 0
    for start, end in breaks:
        pieces += [text[last:start], " " * (end - start)]
        last = end
    return "".join([*pieces, text[last:]])


def _spans(paragraph: str) -> Iterator[tuple[int, int]]:
    start = 0
    for end in _END.finditer(paragraph):
        head = paragraph[max(start, end.start() - 12) : end.start() + 1]
        if _ABBREVIATION.search(head) and end.end() < len(paragraph):
            continue
        yield from _stripped(paragraph, start, end.end())
        start = end.end()
    yield from _stripped(paragraph, start, len(paragraph))


def _stripped(paragraph: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = paragraph[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    if any(character.isalnum() for character in piece):
        yield start + left, start + right


def _pieces(paragraph: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > MAX_SENTENCE_CHARACTERS:
        cut = paragraph.rfind(" ", start + MAX_SENTENCE_CHARACTERS // 2, start + MAX_SENTENCE_CHARACTERS)
        cut = cut if cut > 0 else start + MAX_SENTENCE_CHARACTERS
        yield start, cut
        start = cut
    yield start, end
