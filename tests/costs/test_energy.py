"""Energy is read off the GPU that is meant, or said not to be known, and why. The driver is handed in."""

from __future__ import annotations

import sys

import pytest
import torch

from ra_bench.costs.energy import meter_of, open_meter


class Driver:
    """What NVML tells of one GPU whose counter rises by 1500 mJ a reading."""

    class NVMLError(Exception):
        """As NVML's own."""

    def __init__(self, refusal: str = "") -> None:
        self.refusal, self.counter, self.uuids = refusal, 0, []

    def nvmlInit(self) -> None:  # noqa: N802 - NVML's names
        if self.refusal == "Driver Not Loaded":
            raise self.NVMLError(self.refusal)

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802
        self.uuids.append(uuid)
        return f"handle of {uuid}"

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:  # noqa: N802
        assert handle == f"handle of {self.uuids[-1]}"
        if self.refusal:
            raise self.NVMLError(self.refusal)
        self.counter += 1500
        return self.counter


def test_the_counter_is_read_in_joules():
    meter = meter_of("GPU-1", Driver())
    assert meter.read is not None
    before = meter.read()
    assert meter.read() - before == 1.5
    assert meter.unknown == ""


@pytest.mark.parametrize(("uuid", "asked"), [("0a-1b", "GPU-0a-1b"), ("GPU-0a-1b", "GPU-0a-1b"), ("MIG-2c", "MIG-2c")])
def test_the_gpu_is_found_by_its_uuid_with_or_without_prefix(uuid, asked):
    driver = Driver()
    meter_of(uuid, driver)
    assert driver.uuids == [asked]


@pytest.mark.parametrize("refusal", ["Not Supported", "Driver Not Loaded"])
def test_a_gpu_that_does_not_tell_is_not_measured_and_says_why(refusal):
    meter = meter_of("GPU-1", Driver(refusal))
    assert (meter.read, meter.unknown) == (None, f"NVML says: {refusal}")


def test_without_the_package_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    meter = meter_of("GPU-1")
    assert meter.read is None
    assert meter.unknown == "install nvidia-ml-py to have it: pip install 'ra-bench[nvml]'"


def test_a_cpu_does_not_tell():
    meter = open_meter(torch.device("cpu"), Driver())
    assert (meter.read, meter.unknown) == (None, "the device 'cpu' does not tell; NVIDIA GPUs do")
