import re
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from ra_bench.errors import TrainingError
from ra_bench.training.arithmetic import cast, compiled, loss_scaler, take_step, tensor_cores
from ra_bench.training.loop import fit
from ra_bench.values import Compute

CPU = torch.device("cpu")


class Watched(nn.Module):
    """Keeps the type of what its first layer gave."""

    def __init__(self, net: nn.Module, seen: set[torch.dtype]) -> None:
        super().__init__()
        self.net, self.seen = net, seen
        next(net.children()).register_forward_hook(lambda module, given, result: self.seen.add(result.dtype))

    def forward(self, films: torch.Tensor) -> torch.Tensor:
        return self.net(films)


@pytest.mark.parametrize(("precision", "kind"), [("bf16", torch.bfloat16), ("fp16", torch.float16)])
def test_in_half_precision_layers_compute_in_it_and_weights_stay_whole(make_task, drain, small_net, precision, kind):
    seen: set[torch.dtype] = set()
    net = Watched(small_net(), seen)
    task = make_task(build=lambda: net, overrides={"compute.precision": precision, "epochs": 1})
    _, fitted = drain(fit(task))
    assert seen == {torch.float32, kind}  # the first is the count of multiply-adds
    assert {weight.dtype for weight in net.parameters()} == {torch.float32}
    assert np.isfinite(fitted.test).all()


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_network_learns_in_half_precision(make_task, drain, precision):
    task = make_task(train=48, overrides={"epochs": 12, "compute.precision": precision})
    reports, _ = drain(fit(task))
    assert min(report.validation_rmse for report in reports) < 0.35 * task.validation_scores.std()


def test_full_precision_is_the_usual_and_changes_nothing(make_task, drain):
    (_, plain), (_, told) = (drain(fit(make_task(overrides=rule))) for rule in ({}, {"compute.precision": "fp32"}))
    assert np.array_equal(plain.test, told.test)


def test_a_step_whose_gradient_overflows_is_left_out_and_the_scale_halved():
    weight = nn.Parameter(torch.ones(1))
    optimiser = torch.optim.SGD([weight], lr=0.1)
    scaler = loss_scaler(Compute(precision="fp16"), CPU)
    scaler.scale(weight.sum() * float("inf")).backward()
    before = scaler.get_scale()
    take_step(optimiser, scaler, clip=None)
    assert weight.item() == 1
    assert scaler.get_scale() == before / 2


def test_the_scale_does_not_change_a_step_that_fits():
    stepped = []
    for precision in ("fp32", "fp16"):
        weight = nn.Parameter(torch.tensor([1.0, 2.0]))
        scaler = loss_scaler(Compute(precision=precision), CPU)
        scaler.scale(weight.square().sum()).backward()
        take_step(torch.optim.SGD([weight], lr=0.1), scaler, clip=None)
        stepped.append(weight.tolist())
    assert stepped[0] == stepped[1] == pytest.approx([0.8, 1.6])


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_gradient_is_cut_to_the_norm_that_the_protocol_allows(precision):
    weight = nn.Parameter(torch.tensor([3.0, 4.0]))  # the gradient of half the square is the weight: of norm 5
    scaler = loss_scaler(Compute(precision=precision), CPU)
    scaler.scale(weight.square().sum() / 2).backward()
    take_step(torch.optim.SGD([weight], lr=1.0), scaler, clip=1.0)
    assert weight.tolist() == pytest.approx([3 - 0.6, 4 - 0.8])


def test_clipping_is_a_key_of_the_protocol(make_task, drain):
    (_, free), (_, cut) = (drain(fit(make_task(overrides={"optimiser.clip": clip}))) for clip in (None, 1e-6))
    assert not np.array_equal(free.test, cut.test)


@pytest.mark.parametrize("allowed", [True, False])
def test_tf32_is_as_asked_inside_and_as_before_outside(allowed):
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    with tensor_cores(tf32=allowed):
        assert (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32) == (allowed, allowed)
    assert (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32) == before


def test_single_precision_is_not_cast():
    with cast(Compute(), CPU):
        assert not torch.is_autocast_enabled("cpu")


def test_compiling_needs_a_compiler_and_says_so(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(TrainingError, match=re.escape("needs a C++ compiler on a CPU, and there is no 'no-such-com")):
        compiled(nn.Linear(1, 1), Compute(compile=True), CPU)


@pytest.mark.slow
def test_a_network_is_compiled_only_when_asked_for():
    compilers = [compiled(nn.Linear(1, 1), Compute(compile=asked), CPU)._compiled_call_impl for asked in (False, True)]
    assert [compiler is not None for compiler in compilers] == [False, True]


@pytest.mark.slow
def test_a_compiled_network_gives_what_a_plain_one_does(small_net, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "compiled"))
    net, films = small_net(), torch.randn(4, 3, 32, 32)
    twin = compiled(deepcopy(net), Compute(compile=True), CPU)
    twin(films).sum().backward()
    net(films).sum().backward()
    assert list(twin.state_dict()) == list(net.state_dict())
    assert torch.allclose(twin.head.weight.grad, net.head.weight.grad, rtol=1e-4)
    assert torch.allclose(twin(films), net(films), rtol=1e-4)
