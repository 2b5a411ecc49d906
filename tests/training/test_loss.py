import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ra_bench.training.loss import loss_function, wang2022
from ra_bench.values import Loss

PUBLISHED = {"a": 0.6, "b": 0.0, "c": 1.0, "epsilon": 0.0}


def by_equations(predicted: np.ndarray, target: np.ndarray, *, a: float, b: float, c: float, epsilon: float) -> float:
    total = 0.0
    for y, y_hat in zip(target, predicted, strict=True):
        x = y - y_hat
        total += a * x**2 if abs(x) < c else abs(x) - b
    return math.sqrt(total / len(target) + epsilon)


def test_wang_loss_of_a_hand_computed_batch():
    predicted, target = torch.tensor([0.0, 0.0, 0.0]), torch.tensor([0.5, -2.0, 1.0])
    # 0.6 * 0.25 = 0.15; |-2| = 2; |1| is not below 1, so 1
    assert wang2022(**PUBLISHED)(predicted, target).item() == pytest.approx(math.sqrt((0.15 + 2 + 1) / 3))


def test_wang_loss_jumps_from_a_to_one_at_the_threshold():
    zero = torch.zeros(1)
    below, at = wang2022(**PUBLISHED)(zero, torch.tensor([1 - 1e-6])), wang2022(**PUBLISHED)(zero, torch.ones(1))
    assert (below.item() ** 2, at.item() ** 2) == pytest.approx((0.6, 1.0), abs=1e-5)


def test_wang_loss_is_continuous_where_a_c_squared_is_c_minus_b():
    zero, rule = torch.zeros(1), {"a": 0.5, "b": 1.0, "c": 2.0, "epsilon": 0.0}  # then it is b below c as well
    rule["b"] = rule["c"] - rule["a"] * rule["c"] ** 2
    below, at = wang2022(**rule)(zero, torch.tensor([2 - 1e-6])), wang2022(**rule)(zero, torch.tensor([2.0]))
    assert below.item() == pytest.approx(at.item(), abs=1e-5)


@given(
    values=st.lists(st.tuples(st.floats(-5, 5, width=32), st.floats(-5, 5, width=32)), min_size=1, max_size=20),
    a=st.floats(0.1, 2),
    b=st.floats(-1, 0.4),
    c=st.floats(0.5, 2),
)
def test_wang_loss_agrees_with_a_second_implementation(values, a, b, c):
    predicted, target = np.array(values).T
    rule = {"a": a, "b": b, "c": c, "epsilon": 1e-8}
    given_loss = wang2022(**rule)(torch.tensor(predicted), torch.tensor(target)).item()
    assert given_loss == pytest.approx(by_equations(predicted, target, **rule), rel=1e-9, abs=1e-9)


def test_wang_loss_has_a_finite_gradient_at_a_perfect_prediction():
    predicted = torch.zeros(4, requires_grad=True)
    loss_function(Loss(name="wang2022"))(predicted, torch.zeros(4)).backward()
    assert torch.isfinite(predicted.grad).all()


def test_wang_loss_takes_its_parameters_from_the_protocol():
    loss = loss_function(Loss(name="wang2022", a=1.0, b=0.5, c=3.0, epsilon=0.0))
    assert loss(torch.tensor([0.0, 0.0]), torch.tensor([2.0, 4.0])).item() == pytest.approx(math.sqrt((4 + 3.5) / 2))


@pytest.mark.parametrize("delta", [0.5, 1.0, 3.0])
def test_huber_turns_straight_at_the_delta_of_the_protocol(delta):
    predicted, target = torch.randn(2, 50, generator=torch.Generator().manual_seed(0)) * 3
    size = (predicted - target).abs()
    by_hand = torch.where(size < delta, size**2 / 2, delta * (size - delta / 2)).mean()
    given = loss_function(Loss(name="huber", delta=delta))(predicted, target)
    assert given.item() == pytest.approx(by_hand.item(), rel=1e-6)
    assert torch.equal(given, torch.nn.functional.huber_loss(predicted, target, delta=delta))


@pytest.mark.parametrize(("name", "value"), [("mse", 2.5), ("l1", 1.5), ("huber", 1.0)])
def test_common_losses_of_errors_one_and_two(name, value):
    # huber: 0.5 * 1² = 0.5 and 2 - 0.5 = 1.5
    assert loss_function(Loss(name=name))(torch.zeros(2), torch.tensor([1.0, -2.0])).item() == pytest.approx(value)
