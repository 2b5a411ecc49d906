"""An error of a model's own code, told with its model, plugin and line."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ra_bench.diagnosis import place_of, place_of_error, said
from ra_bench.errors import AttentionError, RaBenchError

if TYPE_CHECKING:
    from collections.abc import Iterator


def called(model: str, plugin: str) -> str:
    """The model in a sentence on it; `plugin` is the distribution or file that it is from, if that is known.

    Examples
    --------
    >>> called("net", "nets 1.0")
    "the model 'net' (nets 1.0)"
    """
    return f"the model '{model}'{f' ({plugin})' if plugin else ''}"


@contextmanager
def code_of(model: str, function: Any, *, name: str, advice: str = "Correct it.") -> Iterator[None]:
    """Tell of any error within as one of `name` of `model`, as `called` gives it; `function` lies where its code does.

    Raises
    ------
    AttentionError
        Something else than an error of ours was raised, `SystemExit` included.
    """
    try:
        yield
    except RaBenchError:
        raise
    except (Exception, SystemExit) as error:
        package = str(getattr(function, "__module__", "")).partition(".")[0]
        where = place_of_error(error, package) or place_of(function)
        raise AttentionError(
            f"`{name}` of {model} failed: {said(error)}. {advice}" + (f"\nSee {where}" if where else "")
        ) from error
