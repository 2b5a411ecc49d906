"""ResNet-50: its counts, its shapes, and that it trains. Multiply-adds are half of torch's count of operations."""

from fnmatch import fnmatchcase
from typing import Any, cast

import pytest
import torch
from timm import create_model
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ra_bench import ModelSpec
from ra_bench.testing import Check, plugin_checks
from ra_bench_resnet50.plugin import build, register_models


@pytest.fixture
def shapes_only() -> nn.Module:
    with torch.device("meta"):
        return build().eval()


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return build()


@pytest.mark.slow
@pytest.mark.parametrize("check", plugin_checks("ra-bench-resnet50"), ids=str)
def test_it_keeps_the_contract(check: Check) -> None:
    check()


def test_it_registers_itself_with_and_without_transfer() -> None:
    assert [(spec.name, spec.pretraining) for spec in register_models()] == [
        ("resnet50", None),
        ("resnet50-transfer", "synthetic-chest"),
    ]


@pytest.mark.parametrize("spec", register_models(), ids=lambda spec: spec.name)
def test_the_count_of_parameters_that_it_declares_is_exact(spec: ModelSpec, shapes_only: nn.Module) -> None:
    assert spec.parameters == sum(parameter.numel() for parameter in shapes_only.parameters()) == 23_502_401


@pytest.mark.parametrize("spec", register_models(), ids=lambda spec: spec.name)
def test_the_head_that_it_declares_gives_the_score(spec: ModelSpec, shapes_only: nn.Module) -> None:
    assert spec.head is not None
    head = shapes_only.get_submodule(spec.head)

    assert isinstance(head, nn.Conv2d)
    assert (head.in_channels, head.out_channels, head.kernel_size) == (2048, 1, (1, 1))


def test_it_needs_85_point_4_billion_multiply_adds_for_a_film_of_1024_x_1024(shapes_only: nn.Module) -> None:
    with FlopCounterMode(display=False) as counter:  # convolutions and linear layers, two operations a multiply-add
        shapes_only(torch.empty(1, 3, 1024, 1024, device="meta"))

    assert round(counter.get_total_flops() / 2e9, 1) == 85.4


def test_it_has_fifty_layers_not_counting_shortcuts(shapes_only: nn.Module) -> None:
    layers = [
        name
        for name, module in shapes_only.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear) and "downsample" not in name
    ]

    assert len(layers) == 1 + 16 * 3 + 1


def test_its_stages_have_3_4_6_and_3_blocks_and_widen_while_the_film_halves(shapes_only: nn.Module) -> None:
    film = torch.empty(1, 3, 1024, 1024, device="meta")
    sizes: list[tuple[int, ...]] = []
    stages = list(shapes_only.get_submodule("stages").children())
    [stage.register_forward_hook(lambda _module, _args, x: sizes.append(tuple(x.shape[1:]))) for stage in stages]
    shapes_only(film)

    assert [len(list(stage.get_submodule("blocks").children())) for stage in stages] == [3, 4, 6, 3]
    assert sizes == [(256, 256, 256), (512, 128, 128), (1024, 64, 64), (2048, 32, 32)]


def test_strided_shortcuts_average_before_they_project(shapes_only: nn.Module) -> None:
    pools = [name for name, module in shapes_only.named_modules() if isinstance(module, nn.AvgPool2d)]

    assert pools == [f"stages.{stage}.blocks.0.downsample.pool" for stage in (1, 2, 3)]


def test_the_ends_of_residual_branches_that_it_declares_are_all_there_are(shapes_only: nn.Module) -> None:
    names = dict(shapes_only.named_modules())
    blocks = [name for name, module in names.items() if type(module).__name__ == "PreActBottleneck"]
    (pattern,) = register_models()[0].residual_ends

    assert [name for name in names if fnmatchcase(name, pattern)] == [f"{block}.conv3" for block in blocks]
    assert len(blocks) == 16


def test_the_body_takes_every_weight_of_timms_and_differs_in_the_strided_shortcuts_alone(network: nn.Module) -> None:
    """Timm's own network with random weights, as `imagenet` gives them but for the numbers in them."""
    torch.manual_seed(3)
    theirs = create_model("resnetv2_50.a1h_in1k", pretrained=False).eval()
    weights = {name: value for name, value in theirs.state_dict().items() if not name.startswith("head.fc.")}
    left_out, surplus = network.load_state_dict(weights, strict=False)
    film = torch.randn(2, 3, 64, 96)

    assert (left_out, surplus) == (["head.fc.weight", "head.fc.bias"], [])
    ours = network.eval()
    torch.testing.assert_close(ours.get_submodule("stem")(film), theirs.get_submodule("stem")(film))
    stem = theirs.get_submodule("stem")(film)
    torch.testing.assert_close(  # no stride, so one and the same
        ours.get_submodule("stages.0")(stem), theirs.get_submodule("stages.0")(stem), rtol=1e-5, atol=1e-5
    )
    averaging = create_model("resnetv2_50", pretrained=False, avg_down=True).eval()
    averaging.load_state_dict(theirs.state_dict())
    torch.testing.assert_close(
        cast("Any", ours).forward_features(film), cast("Any", averaging).forward_features(film), rtol=1e-5, atol=1e-5
    )


def test_only_the_model_without_transfer_has_imagenet_weights() -> None:
    assert [(spec.name, spec.imagenet is not None) for spec in register_models()] == [
        ("resnet50", True),
        ("resnet50-transfer", False),
    ]
