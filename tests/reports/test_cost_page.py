"""What costs look like: measured figures, shares of resnet50, and published ones under a heading that says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ra_bench.costs.values import Bench, Cost, Measured, NotMeasured, Spread
from ra_bench.reports.cost_page import cost_page, cost_values, published_shares
from ra_bench.reports.pages import page_text
from ra_bench.suite import BUILTINS
from ra_bench.training.protocol import SHIPPED, read_protocol

BENCH = Bench(
    protocol=read_protocol(SHIPPED / "quick.toml"),
    device="cpu",
    threads=2,
    batch_size=None,
    seconds=1.0,
    builtins=BUILTINS,
)
BASE = Cost(
    model="resnet50",
    parameters=20_000_000,
    madds=4_000_000_000,
    uncounted=(),
    batch_size=16,
    step_seconds=2.0,
    latency=0.08,
    inference_seconds=0.8,
    training_host_memory=4 * 2**30,
    inference_host_memory=2**30,
    training_device_memory=None,
    inference_device_memory=None,
    training_joules=None,
    inference_joules=None,
    energy_unknown="the device 'cpu' does not tell; NVIDIA GPUs do",
    trainer="standard",
    device="cpu",
    environment={"processor": "x86_64, 2 cores", "threads": "2", "torch": "2.14.1"},
)
SMALL = replace(
    BASE,
    model="mobilenetv2",
    parameters=2_000_000,
    madds=1_000_000_000,
    step_seconds=1.0,
    latency=0.06,
    inference_seconds=0.2,
    training_host_memory=3 * 2**30,
)


def measured(*costs: Cost) -> list[Measured | NotMeasured]:
    return [Measured(cost=cost, spread=Spread(slower=0.04, faster=0.07), rounds=3) for cost in costs]


def lines(*costs: Cost) -> list[str]:
    """The page as a wide terminal shows it, without the blanks that make columns."""
    return [" ".join(line.split()) for line in page_text(cost_page(measured(*costs), BENCH), width=400).splitlines()]


def test_the_published_shares_are_those_of_the_paper():
    assert {name: round(share, 2) for name, share in published_shares().items()} == {
        "resnet50": 1.00,
        "resnet50-dsc": 0.47,
        "resnet-dwise50": 0.50,
        "mobilenetv2": 0.45,
    }


def test_what_was_measured_stands_with_its_unit():
    nothing = "not measured not measured not measured not measured"
    assert f"mobilenetv2 2 1 1 s 16 2:49 60 ms 80 3 1 {nothing}" in lines(SMALL, BASE)


def test_shares_are_of_resnet50_and_the_published_one_stands_in_a_column_that_says_so():
    shown = lines(SMALL, BASE)
    heading = "Model Parameters MAdds Epoch Latency Inference, a film Peak memory, training PUBLISHED epoch"
    assert any(line.startswith(heading) for line in shown)
    assert "mobilenetv2 0.10 0.25 0.50 0.75 0.25 0.75 0.45" in shown
    assert "resnet50 1.00 1.00 1.00 1.00 1.00 1.00 1.00" in shown


def test_the_share_of_an_epoch_is_a_film_a_film_where_batches_differ():
    shown = lines(replace(SMALL, batch_size=8), BASE)
    assert "mobilenetv2 0.10 0.25 1.00 0.75 0.50 0.75 0.45" in shown
    assert any(line.startswith("mobilenetv2 2 1 8 1 s 8 ") for line in shown)


def test_a_model_that_the_paper_does_not_have_has_no_published_share():
    assert "mine 0.10 0.25 0.50 0.75 0.25 0.75 n/a" in lines(replace(SMALL, model="mine"), BASE)


def test_memory_is_compared_on_the_device_where_there_is_one():
    small, base = replace(SMALL, training_device_memory=2**30), replace(BASE, training_device_memory=4 * 2**30)
    assert "mobilenetv2 0.10 0.25 0.50 0.75 0.25 0.25 0.45" in lines(small, base)


def test_without_resnet50_there_are_no_shares():
    shown = lines(SMALL)
    assert "- resnet50 could not be measured, so there is nothing to divide by." in shown
    assert cost_values(measured(SMALL), BENCH)["measured"][0]["share_of_base"] is None


def test_operations_that_are_not_counted_are_named():
    shown = lines(replace(SMALL, uncounted=("aten._fft_r2c",)), BASE)
    assert any(line.startswith("mobilenetv2 2 more than 1 ") for line in shown)
    assert "- mobilenetv2: MAdds not counted: aten._fft_r2c. There are more than said." in shown


def test_a_model_with_a_trainer_of_its_own_is_told_of():
    shown = lines(replace(SMALL, trainer="weight-averaging"), BASE)
    told = "- mobilenetv2 is trained by 'weight-averaging'; its step was measured as that of 'standard'."
    assert told in shown


def test_energy_that_is_known_is_shown_and_nothing_is_said_of_it():
    known = replace(BASE, training_joules=12.5, inference_joules=1.25, energy_unknown="")
    shown = lines(known)
    assert any(line.endswith(" 12.5 1.25") for line in shown)
    assert not any("Energy is not measured" in line for line in shown)


def test_energy_that_is_not_known_says_why():
    assert "- Energy is not measured: the device 'cpu' does not tell; NVIDIA GPUs do." in lines(BASE)


def test_how_far_the_processes_were_apart_is_said():
    text = page_text(cost_page(measured(BASE), BENCH), width=400)
    assert "up to 7% off" in " ".join(text.split())


def test_a_model_that_could_not_be_measured_stands_with_its_reason():
    found = [*measured(BASE), NotMeasured(model="mean", reason="It has no network.")]
    assert "Not measured\n------------\n- mean: It has no network." in page_text(cost_page(found, BENCH))
    assert cost_values(found, BENCH)["not_measured"] == [found[1]]


def test_json_keeps_published_figures_apart():
    values = cost_values(measured(SMALL, BASE), BENCH)
    assert values["published"]["epoch_share_of_resnet50"]["mobilenetv2"] == pytest.approx(162 / 359)
    entry = values["measured"][0]
    assert (entry["share_of_base"]["epoch"], entry["epoch_seconds"], entry["training_films_per_second"]) == (
        0.5,
        2700 / 16,
        16,
    )
    assert "published" not in str(entry)
