import random

import numpy as np
import pytest
import torch

from ra_bench.errors import TrainingError
from ra_bench.training.device import moved, reproducible, resolve

CPU = torch.device("cpu")


def test_auto_is_a_device_that_is_there():
    expected = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert resolve("auto").type == expected


def test_cpu_is_always_there():
    assert resolve("cpu") == CPU


@pytest.mark.parametrize("name", ["gpu", "", "cpu:1", "cuda:x", "mps:0"])
def test_an_unknown_device_names_those_that_can_be_asked_for(name):
    with pytest.raises(TrainingError, match=f"no device '{name}'. Use auto, cpu, cuda, cuda:N or mps"):
        resolve(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_an_absent_device_names_those_that_are_there():
    with pytest.raises(TrainingError, match=r"'cuda:0' is not there: this torch .* Found: cpu"):
        resolve("cuda:0")


def test_the_same_seed_gives_the_same_draws_from_every_generator():
    def draws() -> tuple[float, float, float]:
        return random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002 - the one that plugins may use

    with reproducible(5, CPU):
        first = draws()
    with reproducible(5, CPU):
        assert draws() == first


def test_deterministic_algorithms_are_on_inside_and_as_before_outside():
    with reproducible(0, CPU):
        assert torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()


def test_moving_to_the_cpu_gives_the_same_values():
    assert torch.equal(moved(torch.arange(3), CPU), torch.arange(3))
