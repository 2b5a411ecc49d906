import numpy as np
import pytest
import torch

from ra_bench.errors import NonFiniteLossError
from ra_bench.training.batches import Losses, epoch_batches, steps_per_epoch


@pytest.mark.parametrize("count", [2, 3, 8, 9, 10, 24, 25])
def test_every_film_is_seen_once_but_for_a_single_one_left_over(count):
    batches = epoch_batches(count, 8, seed=0, epoch=1)
    seen = np.concatenate(batches)
    assert len(set(seen)) == len(seen) == (count - 1 if count % 8 == 1 else count)
    assert min(len(batch) for batch in batches) > 1


@pytest.mark.parametrize("count", range(2, 30))
def test_the_number_of_steps_is_known_beforehand(count):
    assert steps_per_epoch(count, 8) == len(epoch_batches(count, 8, seed=0, epoch=1))


def test_the_order_depends_on_seed_and_epoch_only():
    first, again, later, other = (
        np.concatenate(epoch_batches(30, 8, seed=seed, epoch=epoch)).tolist()
        for seed, epoch in ((0, 1), (0, 1), (0, 2), (1, 1))
    )
    assert first == again
    assert len({tuple(first), tuple(later), tuple(other)}) == 3


@pytest.fixture
def losses(protocol, make_films):
    films, _ = make_films(5, protocol, name="film", seed=0)
    return Losses(epoch=2, epochs=9, films=films, batches=[np.array([0, 3, 1]), np.array([4, 2])])


def test_the_mean_loss_is_over_films(losses):
    losses.add(torch.tensor(1.0))
    losses.add(torch.tensor(6.0))
    assert losses.mean() == pytest.approx((3 * 1 + 2 * 6) / 5)


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_loss_that_is_not_finite_names_epoch_batch_and_films(losses, value):
    losses.add(torch.tensor(1.0))
    with pytest.raises(
        NonFiniteLossError,
        match=rf"became {value} in epoch 2 of 9, batch 2 of 2, films film4, film2\.\nLower optimiser\.learning_rate",
    ):
        losses.add(torch.tensor(float(value)))
