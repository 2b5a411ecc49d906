"""One thread, as elsewhere with networks; what a check does to torch must not reach the next test."""

from __future__ import annotations

import pytest

from ra_bench.testing.global_state import apart


@pytest.fixture(autouse=True)
def _apart():
    import torch

    torch.set_num_threads(1)
    with apart():
        yield
