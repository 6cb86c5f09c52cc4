"""Opaque ids, made from raw values so that cleaning can improve without renaming anything; and content hashes."""

from __future__ import annotations

import hashlib


def sha256_text(*parts: str | None) -> str:
    """SHA-256 of the parts, each with its length, so that no two lists of parts collide; ``None`` differs from ""."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = b"" if part is None else part.encode("utf-8")
        digest.update(b"-:" if part is None else b"%d:" % len(encoded))
        digest.update(encoded)
    return digest.hexdigest()


def make_id(prefix: str, *parts: str | None) -> str:
    """``prefix-`` and 20 hexadecimal digits (80 bits) of the parts' hash."""
    return f"{prefix}-{sha256_text(*parts)[:20]}"
