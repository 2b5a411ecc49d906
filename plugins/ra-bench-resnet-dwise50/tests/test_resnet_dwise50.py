"""ResNet-Dwise50: its counts, its shapes, and that it trains. Multiply-adds are half of torch's count of operations."""

from fnmatch import fnmatchcase

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ra_bench import ModelSpec
from ra_bench.testing import Check, plugin_checks
from ra_bench_resnet_dwise50.net import Block, resnet_dwise50
from ra_bench_resnet_dwise50.plugin import register_models

MODELS = {spec.name: spec for spec in register_models()}
every_model = pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)


def shapes_only(spec: ModelSpec) -> nn.Module:
    with torch.device("meta"):
        network: nn.Module = spec.build().eval()
    return network


def multiply_adds(network: nn.Module, channels: int, size: int) -> int:
    with FlopCounterMode(display=False) as counter:  # convolutions and linear layers, two operations a multiply-add
        network(torch.empty(1, channels, size, size, device="meta"))
    return int(counter.get_total_flops()) // 2


@pytest.mark.slow
@pytest.mark.parametrize("check", plugin_checks("ra-bench-resnet-dwise50"), ids=str)
def test_it_keeps_the_contract(check: Check) -> None:
    check()


def test_it_registers_four_models() -> None:
    assert list(MODELS) == ["resnet-dwise50", "resnet-dwise50-transfer", "resnet50-dsc", "resnet-dwise50-table1"]


def test_only_the_transfer_model_is_pretrained() -> None:
    pretraining = {name: spec.pretraining for name, spec in MODELS.items() if spec.pretraining}

    assert pretraining == {"resnet-dwise50-transfer": "synthetic-chest"}


def test_table_1_word_for_word_runs_only_when_asked_for_by_name() -> None:
    assert [name for name, spec in MODELS.items() if not spec.in_all] == ["resnet-dwise50-table1"]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("resnet-dwise50", 4_408_897),
        ("resnet-dwise50-transfer", 4_408_897),
        ("resnet50-dsc", 3_972_609),
        ("resnet-dwise50-table1", 5_452_801),
    ],
)
def test_the_count_of_parameters_that_it_declares_is_exact(name: str, parameters: int) -> None:
    network = shapes_only(MODELS[name])

    assert MODELS[name].parameters == sum(p.numel() for p in network.parameters()) == parameters


@pytest.mark.parametrize(
    ("name", "billions"), [("resnet-dwise50", 35.8), ("resnet50-dsc", 17.8), ("resnet-dwise50-table1", 23.4)]
)
def test_its_multiply_adds_for_a_film_of_1024_x_1024_are_those_on_its_page(name: str, billions: float) -> None:
    assert round(multiply_adds(shapes_only(MODELS[name]), channels=3, size=1024) / 1e9, 1) == billions


@every_model
def test_the_head_that_it_declares_gives_the_score(spec: ModelSpec) -> None:
    assert spec.head is not None
    head = shapes_only(spec).get_submodule(spec.head)

    assert isinstance(head, nn.Linear)
    assert (head.in_features, head.out_features) == (1024, 1)


@every_model
def test_it_has_fifty_layers_not_counting_shortcuts(spec: ModelSpec) -> None:
    layers = [
        name
        for name, module in shapes_only(spec).named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear) and "shortcut" not in name
    ]

    assert len(layers) == 1 + 16 * 3 + 1


@every_model
def test_its_stages_put_out_what_table_1_prints(spec: ModelSpec) -> None:
    network = shapes_only(spec)
    sizes: list[tuple[int, ...]] = []
    ends = [network.get_submodule(f"blocks.{block}") for block in (2, 6, 12, 15)]  # of stages of 3, 4, 6, 3 blocks
    [end.register_forward_hook(lambda _module, _args, x: sizes.append(tuple(x.shape[1:]))) for end in ends]
    network(torch.empty(1, 3, 1024, 1024, device="meta"))

    assert sizes == [(128, 256, 256), (256, 128, 128), (512, 64, 64), (1024, 32, 32)]


@every_model
def test_every_3x3_convolution_works_on_each_channel_by_itself(spec: ModelSpec) -> None:
    convolutions = [module for module in shapes_only(spec).modules() if isinstance(module, nn.Conv2d)]
    depthwise = [c for c in convolutions if c.kernel_size == (3, 3)]

    assert len(depthwise) == 16
    assert all(c.groups == c.in_channels == c.out_channels for c in depthwise)


@every_model
def test_only_the_head_has_a_bias_beside_batch_normalisation(spec: ModelSpec) -> None:
    biased = [
        name
        for name, module in shapes_only(spec).named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None
    ]

    assert biased == ["head"]


@every_model
def test_the_ends_of_residual_branches_that_it_declares_are_all_there_are(spec: ModelSpec) -> None:
    names = dict(shapes_only(spec).named_modules())
    blocks = [name for name, module in names.items() if isinstance(module, Block)]
    (pattern,) = spec.residual_ends

    assert [name for name in names if fnmatchcase(name, pattern)] == [f"{block}.residual.4" for block in blocks]
    assert len(blocks) == 16


def test_depthwise_weights_start_with_the_variance_of_their_own_nine_inputs() -> None:
    torch.manual_seed(0)
    weight = resnet_dwise50().get_parameter("blocks.15.residual.2.weight").detach()  # (384, 1, 3, 3)

    assert weight.var().item() == pytest.approx(2 / 9, rel=0.1)  # Kaiming normal, fan_in; by fan_out 2 / 3456


def test_pointwise_weights_start_with_the_variance_of_their_inputs() -> None:
    torch.manual_seed(0)
    weight = resnet_dwise50().get_parameter("blocks.15.residual.0.weight").detach()  # (384, 512, 1, 1)

    assert weight.var().item() == pytest.approx(2 / 512, rel=0.02)
