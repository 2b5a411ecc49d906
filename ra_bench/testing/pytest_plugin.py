"""Fixtures for tests of plugins; pytest loads them where ra-bench is installed, and makes none that is not asked for.

Each name begins with `ra_bench_`, so that it meets none of yours. What they give stands in `ra_bench.testing.tiny`,
which is imported when one is asked for: neither torch nor numpy is at the start of pytest.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ra_bench.specs import FitTask
    from ra_bench.values import Cohort, Protocol


@pytest.fixture
def ra_bench_protocol() -> Protocol:
    """A protocol of two epochs, for films of 32 x 32."""
    from ra_bench.testing.tiny import TINY

    return TINY


@pytest.fixture
def ra_bench_cohort() -> Cohort:
    """A cohort of 24 films, two of a patient, with two readers."""
    from ra_bench.testing.tiny import tiny_cohort

    return tiny_cohort()


@pytest.fixture
def ra_bench_films() -> Callable[..., object]:
    """Make films whose brightness is their score: `films, scores = ra_bench_films(12)`."""
    from ra_bench.testing.tiny import tiny_films

    return tiny_films


@pytest.fixture
def ra_bench_task(tmp_path: Path) -> Callable[..., FitTask]:
    """Make what a trainer gets, for a model: `ra_bench_task(spec, overrides={"epochs": 1})`."""
    from ra_bench.testing.tiny import tiny_task

    return partial(tiny_task, tmp_path)
