"""The same work for many films, on all cores; everything that went wrong is told at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import warnings
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from itertools import islice
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from ra_bench.cohorts.images import refuse_films
from ra_bench.errors import FilmError, RaBenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Below this, starting processes takes longer than the work.
_FEW = 24

#: Films that a process is handed at a time, and how often that for each process: what is under way, in memory, and
#: lost when the program is killed.
_AT_A_TIME, _AHEAD = 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a film cannot be used, in a sentence that names it."""

    sentence: str


def try_each_film(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    names: Sequence[str],
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[Result | Problem]:
    """Give `work(item)` of every item, in order, or what is wrong with it; few are held in memory.

    `work` and items must be picklable: functions of modules, or `functools.partial` of them. `names` are told in
    problems, `on_progress` gets (done, of).
    """
    for done, (name, result) in enumerate(zip(names, _results(work, items), strict=True), start=1):
        if isinstance(result, Problem) and name not in result.sentence:
            yield Problem(sentence=f"{name}: {result.sentence}")
        else:
            yield result
        if on_progress is not None:
            on_progress(done, len(items))


def for_each_film(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    names: Sequence[str],
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[Result]:
    """`try_each_film` where every film must do; those that do are given whatever becomes of the others.

    Raises
    ------
    FilmError
        After the last item, if any failed: all of them, with what each said.
    """
    problems: list[str] = []
    for result in try_each_film(work, items, names=names, on_progress=on_progress):
        if isinstance(result, Problem):
            problems.append(result.sentence)
        else:
            yield result
    refuse_films(problems, len(items))


def attempt(work: Callable[[Item], Result], item: Item) -> Result | Problem:
    """Give `work(item)`, or what is wrong with the film."""
    try:
        return work(item)
    except FilmError as error:
        return Problem(sentence=str(error))
    except RaBenchError:
        raise  # the disk is full: not this film's fault
    except Exception as error:  # noqa: BLE001  a guest's film may fail in any way; the message must name the film
        return Problem(sentence=f"{type(error).__name__}: {error}")


def _results(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result | Problem]:
    processes = min(os.cpu_count() or 1, len(items))
    # A daemonic process (a job of some launchers) may have no children.
    if len(items) < _FEW or processes == 1 or multiprocessing.current_process().daemon:
        yield from map(partial(attempt, work), items)
        return
    # As in torch's DataLoader: fork where it is safe, so that no script needs an `if __name__ == "__main__"`. The
    # children decode with numpy and Pillow only, and print nothing, so what other threads hold does not matter.
    method = "fork" if sys.platform == "linux" else "spawn"
    pool = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context(method), initializer=_start)
    parts = (items[start : start + _AT_A_TIME] for start in range(0, len(items), _AT_A_TIME))
    submit = partial(pool.submit, partial(_attempts, work))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of any fork beside threads
            running = deque(map(submit, islice(parts, _AHEAD * processes)))
        while running:
            results = running.popleft().result()
            running.extend(map(submit, islice(parts, 1)))
            yield from results
    except BrokenProcessPool as error:
        raise FilmError(
            "A process that decodes films was ended from outside, most likely for want of memory. "
            "Close other programs, or use smaller films."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _start() -> None:
    """What a process does first: leave ctrl-C to its parent, and see to it that it ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # a parent that was killed cannot tell; its children would wait for ever, with its locks held


def _attempts(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result | Problem]:
    return [attempt(work, item) for item in items]
