"""MobileNetV2: its counts, its shapes, and that it trains. Multiply-adds are half of torch's count of operations."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import mobilenet_v2

from ra_bench import ModelSpec
from ra_bench.testing import Check, plugin_checks
from ra_bench_mobilenetv2.plugin import build, register_models


@pytest.fixture
def shapes_only() -> nn.Module:
    with torch.device("meta"):
        return build().eval()


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return build()


@pytest.mark.parametrize("check", plugin_checks("ra-bench-mobilenetv2"), ids=str)
def test_it_keeps_the_contract(check: Check) -> None:
    check()


def test_it_registers_itself_with_and_without_transfer() -> None:
    assert [(spec.name, spec.pretraining) for spec in register_models()] == [
        ("mobilenetv2", None),
        ("mobilenetv2-transfer", "synthetic-chest"),
    ]


@pytest.mark.parametrize("spec", register_models(), ids=lambda spec: spec.name)
def test_the_count_of_parameters_that_it_declares_is_exact(spec: ModelSpec, shapes_only: nn.Module) -> None:
    assert spec.parameters == sum(parameter.numel() for parameter in shapes_only.parameters()) == 2_225_153


@pytest.mark.parametrize("spec", register_models(), ids=lambda spec: spec.name)
def test_the_head_that_it_declares_gives_the_score(spec: ModelSpec, shapes_only: nn.Module) -> None:
    assert spec.head is not None
    head = shapes_only.get_submodule(spec.head)

    assert isinstance(head, nn.Linear)
    assert (head.in_features, head.out_features) == (1280, 1)


def test_it_needs_6_point_3_billion_multiply_adds_for_a_film_of_1024_x_1024(shapes_only: nn.Module) -> None:
    with FlopCounterMode(display=False) as counter:  # convolutions and linear layers, two operations a multiply-add
        shapes_only(torch.empty(1, 3, 1024, 1024, device="meta"))

    assert round(counter.get_total_flops() / 2e9, 1) == 6.3


def test_it_has_53_layers_in_17_inverted_residuals(shapes_only: nn.Module) -> None:
    layers = [module for module in shapes_only.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    blocks = [module for module in shapes_only.modules() if type(module).__name__ == "InvertedResidual"]

    assert (len(layers), len(blocks)) == (53, 17)


def test_the_film_is_halved_five_times_before_the_average(shapes_only: nn.Module) -> None:
    features = shapes_only.get_submodule("features")(torch.empty(1, 3, 1024, 1024, device="meta"))

    assert features.shape == (1, 1280, 32, 32)


def test_nothing_is_dropped_in_training(shapes_only: nn.Module) -> None:
    assert [module.p for module in shapes_only.modules() if isinstance(module, nn.Dropout)] == [0.0]


def test_the_ends_of_residual_branches_that_it_declares_are_all_there_are(shapes_only: nn.Module) -> None:
    residual = [name for name, module in shapes_only.named_modules() if getattr(module, "use_res_connect", False)]

    assert register_models()[0].residual_ends == tuple(f"{name}.conv.3" for name in residual)
    assert isinstance(shapes_only.get_submodule(f"{residual[0]}.conv.3"), nn.BatchNorm2d)


def test_the_body_with_torchvisions_weights_gives_what_torchvisions_gives(network: nn.Module) -> None:
    """torchvision's own network with random weights, as `imagenet` gives them but for the numbers in them."""
    torch.manual_seed(3)
    theirs = mobilenet_v2(weights=None).eval()
    weights = {name: value for name, value in theirs.state_dict().items() if not name.startswith("classifier.1.")}
    left_out, surplus = network.load_state_dict(weights, strict=False)
    film = torch.randn(2, 3, 64, 96)

    assert (left_out, surplus) == (["classifier.1.weight", "classifier.1.bias"], [])
    ours = network.eval().get_submodule("features")(film)
    torch.testing.assert_close(ours, theirs.get_submodule("features")(film), rtol=1e-5, atol=1e-5)


def test_the_weights_that_are_fetched_lie_where_the_source_says() -> None:
    from torchvision.models import MobileNet_V2_Weights

    (imagenet,) = [spec.imagenet for spec in register_models() if spec.imagenet is not None]

    assert imagenet.source.endswith(MobileNet_V2_Weights.IMAGENET1K_V2.url)
