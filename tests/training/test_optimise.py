import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR

from ra_bench.errors import TrainingError
from ra_bench.training.optimise import learning_rate, make_optimiser, set_learning_rate
from ra_bench.values import Optimiser


def rates_of(scheduler: torch.optim.lr_scheduler.LRScheduler, steps: int) -> list[float]:
    rates = scheduler.get_last_lr()
    for _ in range(steps - 1):
        scheduler.optimizer.step()
        scheduler.step()
        rates += scheduler.get_last_lr()
    return rates


def sgd() -> torch.optim.SGD:
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)


def test_constant_schedule_stays():
    rule = Optimiser(name="sgd", learning_rate=0.1, schedule="constant")
    assert {learning_rate(rule, step, 10) for step in range(10)} == {0.1}


def test_cosine_schedule_matches_torch():
    rule = Optimiser(name="sgd", learning_rate=0.1, schedule="cosine")
    ours = [learning_rate(rule, step, 30) for step in range(30)]
    assert ours == pytest.approx(rates_of(CosineAnnealingLR(sgd(), T_max=30), 30), abs=1e-12)


@pytest.mark.parametrize(("steps", "warmup"), [(40, 0.25), (33, 0.3), (7, 0.5)])
def test_one_cycle_schedule_matches_torch(steps, warmup):
    rule = Optimiser(name="sgd", learning_rate=0.1, schedule="one-cycle", warmup=warmup)
    ours = [learning_rate(rule, step, steps) for step in range(steps)]
    theirs = OneCycleLR(
        sgd(), max_lr=0.1, total_steps=steps, pct_start=warmup, cycle_momentum=False, final_div_factor=1e12
    )
    assert ours == pytest.approx(rates_of(theirs, steps), abs=1e-9)


@pytest.mark.parametrize(("steps", "warmup"), [(1, 0.3), (1, 1.0), (2, 0.0), (2, 1.0), (3, 0.3)])
def test_one_cycle_schedule_of_very_few_steps_stays_between_nothing_and_the_rate(steps, warmup):
    rule = Optimiser(name="sgd", learning_rate=0.1, schedule="one-cycle", warmup=warmup)
    assert all(0 <= learning_rate(rule, step, steps) <= 0.1 for step in range(steps))


def test_adamw_takes_momentum_as_its_first_beta():
    rule = Optimiser(name="adamw", learning_rate=0.1, momentum=0.8, weight_decay=0.01)
    optimiser = make_optimiser(rule, [nn.Parameter(torch.zeros(1))])
    assert (optimiser.defaults["betas"], optimiser.defaults["weight_decay"]) == ((0.8, 0.999), 0.01)


def test_sgd_step_is_that_of_the_formula():
    weight = nn.Parameter(torch.tensor([2.0]))
    optimiser = make_optimiser(Optimiser(name="sgd", learning_rate=0.1, momentum=0.9, weight_decay=0.5), [weight])
    set_learning_rate(optimiser, 0.01)
    weight.grad = torch.tensor([3.0])
    optimiser.step()
    assert weight.item() == pytest.approx(2 - 0.01 * (3 + 0.5 * 2))


def test_a_model_without_parameters_is_refused():
    with pytest.raises(TrainingError, match=r"no parameter to train.*register a trainer of your own"):
        make_optimiser(Optimiser(name="sgd", learning_rate=0.1), [])
