"""The errors of the product: one drawn tree. A message says what happened, with which value, and what to do."""

from __future__ import annotations


class PipelineError(Exception):
    """Anything the product raises on purpose; the command line prints it without a traceback."""


class ConfigError(PipelineError):
    """A setting, an installation or a schema file is wrong; nothing was read or written."""


class SourceError(PipelineError):
    """An input as a whole cannot be read (a path that does not exist, a folder without permission)."""


class LakeError(PipelineError):
    """The lake cannot be read or written; what was committed before is untouched."""


class ContractError(PipelineError):
    """Counts of a stage do not add up: the run fails and publishes nothing."""


class StoppedError(ContractError):
    """An expectation of severity ``stop`` failed: the batch publishes nothing, and a file under ``reports/`` says what."""


class SupersededError(ContractError):
    """Another batch of the same source was published meanwhile: this one may not be, and is read anew."""


class OutdatedError(ContractError):
    """A person has decided about rows of the batch since they were checked: they are checked again."""


class ReviewError(PipelineError):
    """A person's decision names what is not there, or sets what cannot be; nothing was written."""


class QueryError(PipelineError):
    """A user's SQL failed or was refused."""
