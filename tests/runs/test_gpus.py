"""Which GPUs jobs get, with a count that is handed in: no test needs one."""

from __future__ import annotations

import pytest

from ra_bench.errors import TrainingError
from ra_bench.runs.gpus import check_gpus, count_gpus, gpus_for


def must_not_be_asked():
    raise AssertionError


@pytest.mark.parametrize(
    ("visible", "found", "names"),
    [
        (None, 0, ()),
        (None, 2, ("0", "1")),
        ("3, 1", 2, ("3", "1")),
        ("GPU-8932f937,MIG-3e6a", 2, ("GPU-8932f937", "MIG-3e6a")),
        ("1,-1,0", 1, ("1",)),  # what stands after a wrong one is not visible
        ("", 0, ()),
    ],
)
def test_gpus_are_named_as_the_user_made_them_visible(monkeypatch, visible, found, names):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus_for("cuda", count=lambda: found) == names


@pytest.mark.parametrize("device", ["cpu", "mps", "cuda:1"])
def test_on_another_device_nobody_counts_gpus(device):
    assert gpus_for(device, count=must_not_be_asked) == ()


def test_auto_does_not_wake_torch_where_no_driver_is(tmp_path):
    assert gpus_for("auto", count=must_not_be_asked, drivers=[tmp_path / "nvidiactl"]) == ()


def test_auto_takes_the_gpus_where_a_driver_is(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (tmp_path / "nvidiactl").touch()
    assert gpus_for("auto", count=lambda: 1, drivers=[tmp_path / "kfd", tmp_path / "nvidiactl"]) == ("0",)


@pytest.mark.parametrize(("usable", "found"), [(True, 3), (False, 0)])
def test_gpus_that_torch_cannot_use_do_not_count(monkeypatch, usable, found):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: usable)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert count_gpus() == found


@pytest.mark.parametrize(
    ("device", "devices", "gpus"),
    [
        ("cuda", 2, ("0", "1")),
        ("auto", 2, ("0", "1", "2")),
        ("auto", 2, ()),
        ("cpu", 9, ()),
        ("cuda", 1, ()),
        ("mps", 1, ()),
    ],
)
def test_as_many_devices_as_there_are_gpus_are_fine_and_any_number_on_a_cpu(device, devices, gpus):
    check_gpus(device, devices, gpus)


@pytest.mark.parametrize(
    ("device", "gpus", "said"),
    [
        ("cuda", (), "--devices 4 needs as many GPUs, and 0 are visible: none. Use --devices 1, make more visible"),
        (
            "auto",
            ("3", "5"),
            "--devices 4 needs as many GPUs, and 2 are visible: 3, 5. Use --devices 2, make more visible",
        ),
        ("mps", (), "--devices 4 needs GPUs of CUDA or a CPU; there is one mps. Leave out --devices."),
    ],
)
def test_more_devices_than_gpus_are_an_error_that_names_those(device, gpus, said):
    with pytest.raises(TrainingError) as raised:
        check_gpus(device, 4, gpus)
    assert str(raised.value).startswith(said)
