"""Every error that ra-bench raises on purpose.

RaBenchError
├── UnknownNameError        a model, dataset, metric, trainer, protocol, launcher or renderer that nobody registered
├── PluginError             a plugin that cannot be loaded, or that hands over something wrong
├── ProtocolError           a protocol file that cannot be read, or does not fit the model or the films
├── CohortError             a cohort that cannot be used
│   ├── DescriptionError    cohort.toml is malformed or names what is not there
│   ├── TableError          the table: a column, a row, a cell
│   ├── FilmError           films that are missing or cannot be decoded
│   └── LeakError           one patient on two sides of a split
├── TrainingError           a job that cannot go on
│   ├── NonFiniteLossError  the loss became nan or infinite
│   └── WeightsError        a file of weights that cannot be read, or does not fit the model
├── AttentionError          where a model looks cannot be found
├── LauncherError           a place where jobs run that cannot be reached, or that was lost
├── RecordError             a run record or board file that cannot be read
├── BusyError               another process works in the same folder
└── StorageError            a file could not be written: no space left, read-only

Each message says what is wrong, what was found and what to do.
"""

from collections.abc import Iterable
from difflib import get_close_matches

#: More names than this are not all listed in an error, only those near the one that was asked for.
_MANY, _NEAR = 50, 5


class RaBenchError(Exception):
    """Base of every deliberate error. The command line prints it without a traceback and exits with 1."""


class UnknownNameError(RaBenchError):
    """A name that nobody registered: offers the nearest one, lists all (or those near it of many), says what to do.

    Examples
    --------
    >>> print(UnknownNameError("model", "resnet5", ["resnet50", "mobilenetv2"]))
    No model named 'resnet5'. Did you mean 'resnet50'? Known: mobilenetv2, resnet50.
    Run 'ra-bench plugins' to see where each comes from.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], advice: str = "") -> None:
        names = sorted(known)
        nearest = get_close_matches(name, names, n=_NEAR)
        guess = f" Did you mean '{nearest[0]}'?" if nearest else ""
        listed = names if len(names) <= _MANY else nearest
        more = [f"{len(names) - len(listed):,} {'more' if listed else 'names'}"] if len(names) > len(listed) else []
        super().__init__(
            f"No {kind} named '{name}'.{guess} Known: {', '.join([*listed, *more]) or 'none'}.\n"
            + (advice or "Run 'ra-bench plugins' to see where each comes from.")
        )


class PluginError(RaBenchError):
    """A plugin that cannot be loaded, or that hands over something wrong; `where` is "file:line", if it is known."""

    def __init__(self, said: str, where: str = "") -> None:
        super().__init__(f"{said}\nSee {where}" if where else said)
        self.said, self.where = said, where


class ProtocolError(RaBenchError):
    """A protocol file that cannot be read, or does not fit the model or the films."""


class CohortError(RaBenchError):
    """A cohort that cannot be used."""


class DescriptionError(CohortError):
    """A cohort.toml that is malformed or names what is not there."""


class TableError(CohortError):
    """A table with a missing column or an unusable cell."""


class FilmError(CohortError):
    """Films that are missing or cannot be decoded; all of them are listed at once."""


class LeakError(CohortError):
    """One patient on two sides of a split."""


class TrainingError(RaBenchError):
    """A job that cannot go on."""


class NonFiniteLossError(TrainingError):
    """The loss became nan or infinite."""


class WeightsError(TrainingError):
    """A file of weights that cannot be read, or does not fit the model."""


class AttentionError(RaBenchError):
    """Where a model looks cannot be found: no finished run, no feature map, or no library for it."""


class LauncherError(RaBenchError):
    """A place where jobs run that cannot be reached, or that was lost."""


class RecordError(RaBenchError):
    """A run record or board file that cannot be read."""


class BusyError(RaBenchError):
    """Another process works in the same folder."""


class StorageError(RaBenchError):
    """A file could not be written."""
