"""Row checks that no stock expectation covers, by the names that ``schemas/tables/*.yaml`` call them.

A check looks at one row, the article it was read from and the rows of the same batch that it refers to. ``None`` values
never fail a check: what the text does not say cannot be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from pipeline.quality import article_checks, bookkeeping_checks, claim_checks, incident_checks, party_checks
from pipeline.quality.related import Related

Row = Mapping[str, Any]
Check = Callable[[Row, Row, Related], bool]


def _checks(module: ModuleType) -> dict[str, Check]:
    return {
        name: found
        for name, found in vars(module).items()
        if callable(found) and not name.startswith("_") and found.__module__ == module.__name__
    }


CHECKS: dict[str, Check] = {
    name: check
    for module in (article_checks, incident_checks, party_checks, claim_checks, bookkeeping_checks)
    for name, check in _checks(module).items()
}
"""Row checks by name: every public function of the modules of checks."""
