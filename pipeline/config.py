"""Where things are: the state folder, the lake, the data files shipped with the package."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).parent


def _shipped(name: str) -> Path:
    """A data folder: beside the package in an installed wheel, at the repository's root in a checkout."""
    inside = _PACKAGE / f"_{name}"
    return inside if inside.is_dir() else _PACKAGE.parent / name


SCHEMAS_DIR = _shipped("schemas")
DAGS_DIR = _shipped("dags")
SAMPLES_DIR = _shipped("samples")


@dataclass(frozen=True)
class Settings:
    """Settings of one installation, read from the environment by :func:`settings`; nothing is created here."""

    home: Path
    """``INCIDENTS_HOME``: the one folder that holds all state (default ``./data``)."""
    lake: Path
    """``INCIDENTS_LAKE``: the lake's folder (default ``<home>/lake``)."""
    workers: int
    """``INCIDENTS_WORKERS``: processes that extract (default: the number of cores, at most 8)."""
    is_gated: bool = False
    """``INCIDENTS_GATE=1``: pages of web archives without a word of conflict are counted and not read further."""

    @property
    def database(self) -> Path:
        """The DuckDB file of views that analysts open."""
        return self.home / "incidents.duckdb"

    @property
    def inbox(self) -> Path:
        """The watched drop folder."""
        return self.home / "inbox"

    @property
    def sources(self) -> Path:
        """Declarations of sources, one YAML file each."""
        return self.home / "sources"

    @property
    def staging(self) -> Path:
        """Unpublished batches, one folder each; never read by analysts."""
        return self.home / "staging"

    @property
    def raw(self) -> Path:
        """Original bytes of everything that arrived, content-addressed."""
        return self.home / "raw"

    @property
    def reports(self) -> Path:
        """Data-quality reports, one self-contained HTML file a batch."""
        return self.home / "reports"

    @property
    def airflow_home(self) -> Path:
        """Airflow's own state (its database, logs and generated passwords)."""
        return self.home / "airflow"


def settings() -> Settings:
    """Read the settings from the environment; paths are made absolute."""
    home = Path(os.environ.get("INCIDENTS_HOME") or "data").expanduser().absolute()
    lake = Path(os.environ.get("INCIDENTS_LAKE") or home / "lake").expanduser().absolute()
    workers = int(os.environ.get("INCIDENTS_WORKERS") or min(8, os.cpu_count() or 1))
    return Settings(home=home, lake=lake, workers=workers, is_gated=os.environ.get("INCIDENTS_GATE") == "1")
