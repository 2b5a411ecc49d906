"""Observers told beside the suite's own: the plugins, and other observers; left out when they raise."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ra_bench.plugins import Registry
    from ra_bench.specs import Observers
    from ra_bench.values import EpochReport, Failure, Job, RunRecord


def with_guests(
    registry: Registry,
    observers: Observers,
    complain: Callable[[str], None],
    others: Mapping[str, Observers] = MappingProxyType({}),
) -> Observers:
    """Observers that also tell `others`, by name, and every plugin that observes.

    One of these that raises is complained of once, and told nothing more; the run goes on.
    """
    return _Telling(registry, observers, complain, others)


class _Telling:
    """Passes events on to one observer, which may not fail, to others, and to the plugins' hooks."""

    def __init__(
        self,
        registry: Registry,
        first: Observers,
        complain: Callable[[str], None],
        others: Mapping[str, Observers],
    ) -> None:
        self._hooks = registry.hooks
        self._first = first
        self._complain = complain
        self._others = others
        self._left_out: set[str] = set()

    def on_job_start(self, *, job: Job) -> None:
        self._first.on_job_start(job=job)
        self._tell("on_job_start", job=job)

    def on_epoch_end(self, *, job: Job, report: EpochReport) -> None:
        self._first.on_epoch_end(job=job, report=report)
        self._tell("on_epoch_end", job=job, report=report)

    def on_job_end(self, *, job: Job, record: RunRecord | Failure) -> None:
        self._first.on_job_end(job=job, record=record)
        self._tell("on_job_end", job=job, record=record)

    def _tell(self, event: str, **facts: Any) -> None:
        for name, tell in self._listening(event, facts):
            if name in self._left_out:
                continue
            try:
                tell()
            except Exception as error:  # noqa: BLE001 - a guest may raise anything, and must not stop a run
                self._left_out.add(name)
                self._complain(
                    f"{name}: {event} failed: {type(error).__name__}: {error}. "
                    "It is told nothing more in this run; mend it, or leave it out."
                )

    def _listening(self, event: str, facts: dict[str, Any]) -> Iterator[tuple[str, Callable[[], None]]]:
        """Who is to be told, with the call that does so."""
        for name, observer in self._others.items():
            yield name, partial(getattr(observer, event), **facts)
        # One by one: pluggy stops at the first that raises, and the others would not be told.
        for implementation in getattr(self._hooks, event).get_hookimpls():
            told = [facts[name] for name in implementation.argnames]
            yield f"Plugin '{implementation.plugin_name}'", partial(implementation.function, *told)
