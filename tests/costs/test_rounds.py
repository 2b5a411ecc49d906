"""Processes of several models: in turn, medians over them, and what fails does not stop the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ra_bench.costs.measure import measure
from ra_bench.costs.rounds import measure_all, together
from ra_bench.costs.values import Measured, NotMeasured
from ra_bench.suite import measure_costs


@pytest.fixture
def cost(small, bench):
    return measure(small, bench)


def test_times_are_medians_and_memories_are_the_largest(cost):
    steps, memories = (0.3, 0.1, 0.2), (5, 9, 7)
    found = together(
        [
            replace(cost, step_seconds=step, training_host_memory=memory, training_joules=10 * step)
            for step, memory in zip(steps, memories, strict=True)
        ]
    )
    assert (found.cost.step_seconds, found.cost.training_host_memory, found.cost.training_joules) == (0.2, 9, 2)
    assert (found.spread.slower, found.spread.faster) == pytest.approx((0.5, 0.5))
    assert found.rounds == 3


def test_what_one_process_could_not_measure_is_not_measured(cost):
    assert together([replace(cost, training_joules=1.0), cost]).cost.training_joules is None


@pytest.mark.slow
def test_models_are_measured_in_turn_and_one_that_fails_is_not_tried_again(bench):
    said = []
    first, second = measure_all(["raises", "tiny-net"], bench, rounds=2, say=said.append)
    assert said == [
        "Round 1 of 2: raises",
        "Not measured: raises: RuntimeError: the net is torn",
        "Round 1 of 2: tiny-net",
        "Round 2 of 2: tiny-net",
    ]
    assert first == NotMeasured(model="raises", reason="RuntimeError: the net is torn")
    assert isinstance(second, Measured)
    assert (second.cost.model, second.cost.parameters, second.rounds) == ("tiny-net", 125, 2)


@pytest.mark.slow
def test_resnet50_is_measured_too_and_that_is_said(tiny_suite, tiny_protocol, tmp_path):
    said = []
    suite = tiny_suite(tmp_path)
    options = {"protocol": str(tiny_protocol), "device": "cpu", "threads": 1, "seconds": 0.0, "rounds": 1}
    _, found = measure_costs(suite, ["tiny-net"], **options, say=said.append)
    assert [(one.cost.model, one.cost.parameters) for one in found] == [("tiny-net", 125), ("resnet50", 23_502_401)]
    assert said[0] == "resnet50 is measured too: it is what the others are compared with."
