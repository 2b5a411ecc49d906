"""One promise of a plugin, bound to what it is asked of; and what came of asking."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from ra_bench.errors import RaBenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: A function named after what it asks, whose docstring's first line is the promise. It raises where the promise is
#: broken, with what is wrong, where, and how to mend it; it may give a remark, such as a figure.
Promise: TypeAlias = "Callable[..., str | None]"

#: Files whose lines are not the plugin's: ours, Python's own modules, what networks and metrics are made of.
_OURS, _PYTHON = Path(__file__).parent.parent, Path(traceback.__file__).parent
_LIBRARIES = frozenset({"numpy", "scipy", "pandas", "torch", "torchvision", "timm"})

#: Promises without which those after them make no sense.
FOUNDATIONS = ("loads", "builds", "output-shape", "finite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A promise, asked of one thing that a plugin brings.

    Calling it asks, and raises where the promise is broken. As text it is a name, for `pytest.mark.parametrize`.

    Examples
    --------
    >>> def is_short(text):
    ...     '''It has at most three letters.'''
    ...     if len(text) > 3:
    ...         raise ValueError(f"{text} has {len(text)} letters.")
    >>> check = Check(about="word 'four'", name="is-short", promise="It is short.", ask=lambda: is_short("four"))
    >>> str(check), check.run().said
    ("word 'four': is-short", 'ValueError: four has 4 letters.')
    """

    about: str
    name: str
    promise: str
    ask: Callable[[], str | None]
    #: Names of checks of the same thing without which this one says nothing of use.
    rests_on: tuple[str, ...] = ()

    def __call__(self) -> str:
        """Ask; a remark, "" where there is none."""
        return self.ask() or ""

    def __str__(self) -> str:
        """A name."""
        return f"{self.about}: {self.name}"

    def run(self) -> Checked:
        """Ask, and keep what was said in place of raising it."""
        started = time.perf_counter()
        state: Literal["ok", "failed"] = "ok"
        try:
            said = self()
        except RaBenchError as error:
            state, said = "failed", str(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a guest may raise anything, and the next check is due
            state, said = "failed", raised(error)
        seconds = time.perf_counter() - started
        return Checked(
            about=self.about, name=self.name, promise=self.promise, state=state, said=said, seconds=round(seconds, 3)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of a check: `said` is the remark of one that is ok, the advice of one that failed."""

    about: str
    name: str
    promise: str
    state: Literal["ok", "failed", "not asked"]
    said: str
    seconds: float


def run_all(checks: Iterable[Check]) -> Iterator[Checked]:
    """Ask one after the other; what rests on a promise that is broken is not asked: it would only mislead."""
    broken: set[tuple[str, str]] = set()
    for check in checks:
        missing = [name for name in check.rests_on if (check.about, name) in broken]
        if missing:
            said = f"mend '{missing[0]}' first"
            yield Checked(
                about=check.about, name=check.name, promise=check.promise, state="not asked", said=said, seconds=0.0
            )
            continue
        checked = check.run()
        if checked.state == "failed":
            broken.add((check.about, check.name))
        yield checked


def bound(about: str, promises: Iterable[Promise], *given: object, rests_on: tuple[str, ...] = ()) -> Iterator[Check]:
    """A check for each promise, asked with what is given; each rests on the foundations before it."""
    for promise in promises:
        name = name_of(promise)
        yield Check(
            about=about, name=name, promise=promise_of(promise), ask=partial(promise, *given), rests_on=rests_on
        )
        rests_on += (name,) if name in FOUNDATIONS else ()


def name_of(promise: Promise) -> str:
    """The name of a promise, as it is printed.

    Examples
    --------
    >>> def output_shape(spec): '''It gives one number a film.'''
    >>> name_of(output_shape), promise_of(output_shape)
    ('output-shape', 'It gives one number a film.')
    """
    return promise.__name__.replace("_", "-")


def promise_of(promise: Promise) -> str:
    """What is promised, in a sentence."""
    return (promise.__doc__ or "").strip().partition("\n")[0]


def raised(error: BaseException) -> str:
    """What an error says, and where in the plugin's code it came from."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_guest(frame.filename)]
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}".rstrip(". ") + f"{where}."


def in_short(error: Exception) -> str:
    """What a library's error says, on one line and not for pages."""
    return " ".join(str(error).split())[:200].rstrip(". ")


def _is_guest(file: str) -> bool:
    """Whether a file is code of the plugin's, and not ours, Python's or a library's."""
    path = Path(file)
    of_python = path.is_relative_to(_PYTHON) and "site-packages" not in path.parts
    return path.is_file() and not (of_python or path.is_relative_to(_OURS) or _LIBRARIES & set(path.parts))
