import threading
from contextlib import closing
from functools import partial

import pytest
import torch

from ra_bench.training.ahead import in_background, made_ahead
from ra_bench.training.augment import training_batch
from ra_bench.training.protocol import with_overrides
from ra_bench.training.standard import Spread

CPU = torch.device("cpu")


def threads_at_work() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("next-batch")]


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_batches_come_in_order(count):
    assert list(in_background(lambda number: number * 10, range(count))) == [number * 10 for number in range(count)]


def test_one_batch_is_made_while_the_one_before_is_used():
    started, second = [], threading.Event()

    def make(number: int) -> int:
        started.append((number, threading.current_thread().name))
        if number == 1:
            second.set()
        return number

    with closing(in_background(make, range(9))) as made:
        next(made)
        assert second.wait(10)
        assert [number for number, _ in started] == [0, 1]
    assert all(name.startswith("next-batch") for _, name in started)


def test_an_error_comes_at_its_turn_and_leaves_no_thread():
    def make(number: int) -> int:
        if number == 2:
            raise OSError("the disk is gone")
        return number

    made = in_background(make, range(9))
    assert [next(made), next(made)] == [0, 1]
    with pytest.raises(OSError, match="the disk is gone"):
        next(made)
    assert not threads_at_work()


def test_no_thread_is_left_when_the_user_of_the_batches_fails():
    with pytest.raises(ZeroDivisionError), closing(in_background(float, range(9))) as made:
        1 / next(made)
    assert not threads_at_work()


def test_no_thread_is_left_after_ctrl_c():
    made = in_background(float, range(9))
    next(made)
    with pytest.raises(KeyboardInterrupt):
        made.throw(KeyboardInterrupt)
    assert not threads_at_work()


def test_no_thread_is_left_at_the_end():
    list(in_background(float, range(9)))
    assert not threads_at_work()


def test_a_cpu_makes_nothing_ahead():
    made = []
    with closing(made_ahead(lambda number: made.append(number) or torch.ones(1), range(9), CPU)) as batches:
        next(batches)
        assert made == [0]
        assert not threads_at_work()


def test_films_made_in_the_background_are_the_same_to_the_bit(protocol, make_films):
    augmented = with_overrides(
        protocol,
        {"augmentation.smallest_scale": 0.8, "augmentation.flip": True, "augmentation.contrast": 0.2},
    )
    films, _ = make_films(12, augmented, name="f", seed=0)
    rule = {"protocol": augmented, "greys": Spread(mean=100.0, sd=30.0), "seed": 0, "epoch": 1, "device": CPU}
    make, batches = partial(training_batch, films, **rule), [[0, 5, 2], [7, 1, 3], [11, 4, 6]]
    ahead = list(in_background(make, batches))
    assert all(torch.equal(one, make(chosen)) for one, chosen in zip(ahead, batches, strict=True))
