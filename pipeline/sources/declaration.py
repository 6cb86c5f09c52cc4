"""Declared sources: one YAML file each in ``INCIDENTS_HOME/sources``, saying where articles come from and what to expect."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import yaml
from croniter import croniter

from pipeline.errors import ConfigError

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
Options = TypeVar("Options")


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many articles a window should bring; outside of it the source has dried up or exploded."""

    window_hours: Annotated[float, msgspec.Meta(gt=0)] = 24.0
    minimum: Annotated[int, msgspec.Meta(ge=0)] = 0
    maximum: Annotated[int, msgspec.Meta(ge=1)] = 100_000

    @property
    def window(self) -> dt.timedelta:
        """The window as a duration."""
        return dt.timedelta(hours=self.window_hours)


class Declaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One source. ``options`` belong to its kind, which checks them."""

    name: str
    kind: str
    licence: str
    """What the publisher lets one do with the articles; shown, never guessed."""
    description: str = ""
    schedule: str | None = None
    """Cron expression (UTC) by which its Dag runs; without one it runs when it is asked to."""
    bounds: Bounds = Bounds()
    options: dict[str, Any] = {}


def declared_names(folder: Path) -> list[str]:
    """The names of all sources that are declared; none where there is no folder."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def declared(folder: Path, name: str) -> Declaration:
    """The declaration with this name.

    Raises:
        ConfigError: there is none, or it is none.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name of a source: sources and their files in {folder} bear names of a-z, 0-9, - and _, such as my-wire."
        )
    path = folder / f"{name}.yaml"
    if not path.is_file():
        raise ConfigError(f"No source {name!r} is declared: write {path}, or see `incidents sources`.")
    return _read(path)


def options_of(declaration: Declaration, kind: type[Options]) -> Options:
    """The declaration's options as its kind knows them (a msgspec struct that forbids unknown fields).

    Raises:
        ConfigError: an option is missing, unknown or wrong; the message names it.
    """
    try:
        return msgspec.convert(declaration.options, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"The options of the source {declaration.name} (kind {declaration.kind}) are wrong: {error}."
        ) from error


def _read(path: Path) -> Declaration:
    try:
        declaration = msgspec.convert({"name": path.stem} | _mapping(path), Declaration)
    except msgspec.ValidationError as error:
        raise ConfigError(f"The source declaration {path} is wrong: {error}.") from error
    if declaration.name != path.stem:
        raise ConfigError(
            f"The source declared in {path} is named {declaration.name!r}: file and source bear one name."
        )
    if declaration.schedule is not None and not croniter.is_valid(declaration.schedule):
        raise ConfigError(
            f"The schedule {declaration.schedule!r} of the source declared in {path} is no cron expression: write minute, hour, day, month and weekday, such as '*/30 * * * *'."
        )
    return declaration


def _mapping(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"The source declaration {path} cannot be read: {error}.") from error
    if not isinstance(content, dict):
        raise ConfigError(f"The source declaration {path} holds no fields: write kind and licence at least.")
    return content
