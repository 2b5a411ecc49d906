import logging

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ra_bench.errors import TrainingError
from ra_bench.training.loop import fit
from ra_bench.training.out_of_memory import is_out_of_gpu_memory, is_out_of_memory
from ra_bench.training.parts import cut, parts_that_fit


class Greedy(nn.Module):
    """A network for which the memory of a device is enough up to so many films at a time in training."""

    def __init__(self, net: nn.Module, most: int, error: Exception) -> None:
        super().__init__()
        self.net, self.most, self.error = net, most, error
        self.shown: list[int] = []

    def forward(self, films: torch.Tensor) -> torch.Tensor:
        if self.training:
            if len(films) > self.most:
                raise self.error
            self.shown.append(len(films))
        return self.net(films)


def out_of_memory() -> Exception:
    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


@given(films=st.integers(2, 200), parts=st.integers(1, 50))
def test_parts_hold_every_film_once_in_order_and_two_at_least(films, parts):
    cuts = cut(films, parts)
    assert [place for part in cuts for place in range(films)[part]] == list(range(films))
    sizes = [part.stop - part.start for part in cuts]
    assert min(sizes) >= 2
    assert max(sizes) - min(sizes) <= 1
    assert len(cuts) == min(parts, films // 2)


@pytest.mark.parametrize("loss", ["mse", "wang2022", "huber", "l1"])
def test_a_batch_in_parts_is_the_batch_where_nothing_is_normalised_over_it(make_task, drain, plain_net, loss):
    (whole, one), (parts, three) = (
        drain(fit(make_task(build=plain_net, overrides={"loss.name": loss, "compute.parts": parts})))
        for parts in (1, 3)
    )
    assert three.test == pytest.approx(one.test, rel=1e-3)
    assert [r.train_loss for r in parts] == pytest.approx([r.train_loss for r in whole], rel=1e-4)
    assert (one.batch_parts, three.batch_parts) == (1, 3)


def test_a_batch_that_does_not_fit_goes_in_parts_that_do(make_task, drain, small_net, caplog):
    net = Greedy(small_net(), 3, out_of_memory())
    task = make_task(train=16, build=lambda: net, overrides={"batch_size": 8, "compute.fit_batch": True, "epochs": 1})
    with caplog.at_level(logging.WARNING, logger="ra_bench"):
        reports, fitted = drain(fit(task))
    assert fitted.batch_parts == 4
    assert set(net.shown) == {2}
    assert reports[0].films == 16
    assert "a batch of 8 films does not fit in memory: cut into 4 parts" in caplog.text


def test_without_fit_batch_a_batch_is_never_cut(make_task, drain, small_net):
    net = Greedy(small_net(), 3, out_of_memory())
    with pytest.raises(torch.OutOfMemoryError):
        drain(fit(make_task(train=16, build=lambda: net, overrides={"batch_size": 8})))


def test_looking_for_what_fits_changes_nothing(make_task, drain):
    (_, plain), (_, looked) = (drain(fit(make_task(overrides={"compute.fit_batch": asked}))) for asked in (False, True))
    assert np.array_equal(plain.test, looked.test)
    assert looked.batch_parts == 1


def test_films_of_which_not_even_two_fit_are_an_error_that_says_what_to_do(make_task, drain, small_net):
    net = Greedy(small_net(), 1, out_of_memory())
    task = make_task(train=16, build=lambda: net, overrides={"batch_size": 8, "compute.fit_batch": True})
    with pytest.raises(TrainingError, match=r"not fit in the memory of cpu, even two at a time\. Make height"):
        drain(fit(task))


def test_another_error_of_the_network_is_not_taken_for_memory(make_task, small_net):
    task = make_task(overrides={"compute.fit_batch": True})
    net = Greedy(small_net(), 0, RuntimeError("sizes do not match"))
    with pytest.raises(RuntimeError, match="sizes do not match"):
        parts_that_fit(net, task.protocol, 8, torch.device("cpu"), net)


def test_torch_still_says_it_so_when_the_memory_of_the_machine_is_not_enough():
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(raised.value)
    assert not is_out_of_gpu_memory(raised.value)
