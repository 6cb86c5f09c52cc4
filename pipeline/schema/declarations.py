"""What the files of ``schemas`` declare, parsed by libyaml, which takes a tenth of the time of the parser in Python."""

from __future__ import annotations

from typing import Any

import yaml

from pipeline.config import SCHEMAS_DIR

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_declaration(name: str) -> Any:
    """The content of ``schemas/{name}.yaml``."""
    return yaml.load((SCHEMAS_DIR / f"{name}.yaml").read_bytes(), Loader=_LOADER)  # noqa: S506
