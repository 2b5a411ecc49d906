"""One model in this process: what is counted, what is timed, and on which films."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import torch

from ra_bench.costs.energy import Meter
from ra_bench.costs.measure import LEAST, MOST, WARM_UP, measure, noise_films, timed
from ra_bench.errors import TrainingError

CPU, SILENT = torch.device("cpu"), Meter(read=None)


def test_counts_are_those_of_the_network(small, bench):
    cost = measure(small, bench)
    assert cost.parameters == (3 * 4 + 4) + (4 + 1)
    assert cost.madds == 3 * 4 * 32 * 40 + 4
    assert cost.uncounted == ()


def test_films_a_second_are_the_batch_over_the_seconds_of_a_step(small, bench):
    cost = replace(measure(small, bench), batch_size=4, step_seconds=0.5, inference_seconds=0.2)
    assert (cost.training_films_per_second, cost.inference_films_per_second) == (8, 20)


def test_latency_is_of_one_film_and_inference_and_training_of_a_batch(small, bench):
    shown = {True: set(), False: set()}

    def build():
        net = small.build()
        net.register_forward_hook(lambda module, films, scores: shown[module.training].add(tuple(films[0].shape)))
        return net

    measure(replace(small, build=build), bench)
    assert shown == {True: {(4, 3, 32, 40)}, False: {(1, 3, 32, 40), (4, 3, 32, 40)}}


def test_a_training_step_changes_the_weights(small, bench):
    net = small.build()
    before = net[0].weight.clone()
    protocol = replace(bench.protocol, initialisation="model")
    measure(replace(small, build=lambda: net), replace(bench, protocol=protocol))
    assert not torch.equal(net[0].weight, before)


def test_a_model_is_measured_with_its_own_overrides(small, bench):
    assert measure(replace(small, overrides={"batch_size": 6}), bench).batch_size == 6


def test_the_batch_that_was_asked_for_wins(small, bench):
    own = replace(small, overrides={"batch_size": 6})
    assert measure(own, replace(bench, batch_size=8)).batch_size == 8


def test_memory_of_a_training_holds_that_of_inference_and_a_cpu_has_none_of_a_device(small, bench):
    cost = measure(small, bench)
    assert cost.training_host_memory >= cost.inference_host_memory > 2**20
    assert (cost.training_device_memory, cost.inference_device_memory) == (None, None)


def test_the_threads_that_were_asked_for_are_used_and_told(small, bench):
    assert measure(small, bench).environment["threads"] == "1"


def test_energy_is_not_measured_on_a_cpu_and_it_is_said_why(small, bench):
    cost = measure(small, bench)
    assert (cost.training_joules, cost.inference_joules) == (None, None)
    assert "the device 'cpu' does not tell" in cost.energy_unknown


def test_a_model_without_a_network_is_refused(small, bench):
    with pytest.raises(TrainingError, match=r"'small' has no network: `build` gives a dict for the trainer 'closed-fo"):
        measure(replace(small, build=dict, trainer="closed-form"), bench)


def test_a_network_of_the_wrong_shape_is_refused(small, bench):
    with pytest.raises(TrainingError, match=r"The model 'small' gives a tensor of shape \(1, 4\)"):
        measure(replace(small, build=lambda: small.build()[:-1]), bench)


def test_a_call_is_timed():
    found = timed(lambda: time.sleep(0.01), CPU, 0, SILENT)
    assert 0.01 <= found.seconds < 0.1
    assert found.joules is None


@pytest.mark.parametrize(("seconds", "groups"), [(0, LEAST), (1e6, MOST)])
def test_a_call_is_repeated_at_least_and_at_most_so_often(seconds, groups):
    calls = []
    timed(lambda: calls.append(1), CPU, seconds, SILENT, group=2)
    assert len(calls) == WARM_UP + 2 * groups


def test_the_time_of_a_group_is_shared_among_its_calls():
    assert 0.01 <= timed(lambda: time.sleep(0.01), CPU, 0, SILENT, group=5).seconds < 0.03


def test_energy_is_that_of_the_timed_calls_alone():
    calls = []
    meter = Meter(read=lambda: 5.0 * len(calls))  # a call takes 5 J
    assert timed(lambda: calls.append(1), CPU, 0, meter, group=3).joules == 5


def test_films_of_noise_are_stored_at_the_base_size(bench):
    films = noise_films(bench.protocol)
    assert films.films.shape == (4, 36, 45)  # 32 x 40 over 0.9
    assert len(set(films.ids)) == 4
