"""Text of articles, made fit to be shown."""

from __future__ import annotations

import unicodedata
from typing import Any


def shown_text(value: Any) -> str:
    """Text for a reader: control and direction characters, which could forge what is seen, become visible."""
    if value is None:
        return ""
    text = str(value)
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"} else f"\\u{ord(c):04x}"
        for c in text
    )
