"""Where things are: the state folder, the lake, the data files shipped with the package."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigError

_PACKAGE = Path(__file__).parent
_UNUSABLE = re.compile(r"[*?\[\]%\\|^\x00-\x1f]")


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

    @property
    def reprocessing(self) -> Path:
        """What is left to do of a reprocessing that is on its way."""
        return self.home / "reprocessing"

    @property
    def own_paths(self) -> tuple[Path, ...]:
        """What holds the product's own state, and no article that is to be read; the drop folder is not among them."""
        return (
            self.lake,
            self.database,
            self.sources,
            self.staging,
            self.raw,
            self.reports,
            self.airflow_home,
            self.reprocessing,
            self.home / "gazetteer",
        )


def _folder(variable: str, default: Path) -> Path:
    given = os.environ.get(variable) or default
    try:
        path = Path(given).expanduser().resolve()
    except (OSError, RuntimeError) as error:
        raise ConfigError(
            f"The path {str(given)!r} of {variable} leads nowhere ({error}). Go to a folder that is there, or give a whole path."
        ) from error
    if found := _UNUSABLE.search(str(path)):
        raise ConfigError(
            f"The path {str(path)!r} of {variable} holds the character {found[0]!r}, which DuckDB takes for a pattern or Delta Lake for "
            "another path. Choose a folder without it."
        )
    return path


def _workers() -> int:
    given = os.environ.get("INCIDENTS_WORKERS") or str(min(8, os.cpu_count() or 1))
    if not given.isdecimal() or int(given) < 1:
        raise ConfigError(
            f"INCIDENTS_WORKERS is {given!r}: give the number of processes that extract, 1 or more."
        )
    return int(given)


def settings() -> Settings:
    """Read the settings from the environment; paths are made absolute, without links.

    Raises:
        ConfigError: a path has a character that the libraries below the lake take for something else, or a number is none.
    """
    home = _folder("INCIDENTS_HOME", Path("data"))
    lake = _folder("INCIDENTS_LAKE", home / "lake")
    return Settings(
        home=home, lake=lake, workers=_workers(), is_gated=os.environ.get("INCIDENTS_GATE") == "1"
    )
