"""Observers among the plugins: told what the suite's own observer is told, and left out when they raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ra_bench.plugins import Registry
    from ra_bench.specs import Observers
    from ra_bench.values import EpochReport, Failure, Job, RunRecord


def with_guests(registry: Registry, observers: Observers, complain: Callable[[str], None]) -> Observers:
    """Observers that also tell every plugin that observes.

    A plugin that raises is complained of once, and told nothing more; the run goes on.
    """
    return _Telling(registry, observers, complain)


class _Telling:
    """Passes events on to one observer and to the plugins' hooks."""

    def __init__(self, registry: Registry, first: Observers, complain: Callable[[str], None]) -> None:
        self._hooks = registry.hooks
        self._first = first
        self._complain = complain
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
        # One by one: pluggy stops at the first that raises, and the others would not be told.
        for implementation in getattr(self._hooks, event).get_hookimpls():
            plugin = implementation.plugin_name
            if plugin in self._left_out:
                continue
            try:
                implementation.function(*(facts[name] for name in implementation.argnames))
            except Exception as error:  # noqa: BLE001 - a guest may raise anything, and must not stop a run
                self._left_out.add(plugin)
                self._complain(
                    f"Plugin '{plugin}': {event} failed: {type(error).__name__}: {error}. "
                    "It is told nothing more in this run; mend it, or leave it out."
                )
