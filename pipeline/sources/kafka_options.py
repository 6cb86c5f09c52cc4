"""The options of a declared source of the kind ``kafka``, checked before anything is read."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal

import msgspec

from pipeline.errors import ConfigError

_SECURITY_PREFIXES = ("security.", "sasl.", "ssl.", "enable.ssl.")
_FROM_ENVIRONMENT = "$"

Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]


class WaitingBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When waiting messages start a run: as soon as there are so many, or the oldest has waited so long."""

    messages: Positive = 500
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 5.0


class KafkaOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A topic and how much of it one batch takes."""

    servers: Annotated[str, msgspec.Meta(min_length=1)]
    topic: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
    security: dict[str, str | int | bool] = {}
    """Settings of librdkafka (``security.*``, ``sasl.*``, ``ssl.*``); ``$NAME`` stands for an environment variable."""
    max_messages: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1_000
    max_bytes: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] = 64_000_000
    """A batch ends with the message that reaches this."""
    max_seconds: Seconds = 30.0
    """How long a batch waits for the broker and its messages."""
    on_gap: Literal["fail", "continue"] = "fail"
    """What to do where messages that were not read are gone from the topic."""
    batch: WaitingBatch = WaitingBatch()

    def __post_init__(self) -> None:
        """Refuse settings of the client that are none of its security."""
        if foreign := sorted(key for key in self.security if not key.startswith(_SECURITY_PREFIXES)):
            raise ValueError(
                f"{', '.join(foreign)} under security, where only settings that begin with {', '.join(_SECURITY_PREFIXES)} belong"
            )


def client_settings(name: str, options: KafkaOptions) -> dict[str, Any]:
    """Settings that every client of the source shares.

    Raises:
        ConfigError: a setting names an environment variable that is not set.
    """
    security = {key: _resolved(name, key, value) for key, value in options.security.items()}
    return {
        **security,
        "bootstrap.servers": options.servers,
        "client.id": f"incidents-{name}",
        "reconnect.backoff.ms": 250,
    }


def _resolved(name: str, key: str, value: str | int | bool) -> str | int | bool:
    if not isinstance(value, str) or not value.startswith(_FROM_ENVIRONMENT):
        return value
    variable = value.removeprefix(_FROM_ENVIRONMENT)
    if variable not in os.environ:
        raise ConfigError(
            f"The source {name} takes {key} from the environment variable {variable}, which is not set. Set it."
        )
    return os.environ[variable]
