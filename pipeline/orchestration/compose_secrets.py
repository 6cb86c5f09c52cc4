"""Secrets for docker-compose.yml, made once: ``python -m pipeline.orchestration.compose_secrets [FOLDER]``.

Writes ``.env`` from ``.env.example`` and the generated password of Airflow's user; neither is ever overwritten.
"""

from __future__ import annotations

import base64
import json
import secrets
import sys
from pathlib import Path

from pipeline.files import write_atomically


def make_value(name: str) -> str:
    """A fresh secret of the form its setting needs."""
    if name == "FERNET_KEY":
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(32)


def filled_example(example: str) -> str:
    """The example with a fresh secret after every empty setting."""
    lines = []
    for line in example.splitlines():
        is_empty = line.endswith("=") and not line.startswith("#")
        lines.append(line + make_value(line.removesuffix("=")) if is_empty else line)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write both files where they are missing."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    environment, passwords = folder / ".env", folder / ".airflow-passwords.json"
    if not environment.exists():
        write_atomically(
            environment, filled_example((folder / ".env.example").read_text(encoding="utf-8")).encode()
        )
    if not passwords.exists():
        write_atomically(passwords, json.dumps({"admin": secrets.token_urlsafe(16)}).encode())
        passwords.chmod(0o644)  # read by the container's user, who is not this one
    print(f"Secrets are in {environment} and {passwords}; Airflow's user is admin.")


if __name__ == "__main__":
    main()
