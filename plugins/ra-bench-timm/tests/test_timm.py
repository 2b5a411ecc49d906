"""timm's models: found when asked for, at any size where timm can, with the counts that are published."""

import re
import subprocess
import sys
from typing import Any

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

from ra_bench import ModelSpec, TrainingError
from ra_bench_timm.plugin import find, names, register_collections

#: Networks that torchvision has too: what it publishes of its own with 1000 classes at 224 x 224, `num_params` and
#: billions of multiply-adds (`_ops`), and the features before the last layer.
PUBLISHED = {
    "resnet18": (models.ResNet18_Weights.IMAGENET1K_V1, 512),
    "mobilenetv3_large_100": (models.MobileNet_V3_Large_Weights.IMAGENET1K_V1, 1280),
    "efficientnet_b0": (models.EfficientNet_B0_Weights.IMAGENET1K_V1, 1280),
    "convnext_tiny": (models.ConvNeXt_Tiny_Weights.IMAGENET1K_V1, 768),
    "vit_base_patch16_224": (models.ViT_B_16_Weights.IMAGENET1K_V1, 768),
    "swin_tiny_patch4_window7_224": (models.Swin_T_Weights.IMAGENET1K_V1, 768),
}
#: Small ones of many kinds. timm makes the last three for one size, and can open them: two vision transformers, one
#: with patches of 14 pixels, and Swin.
SMALL = (
    "resnet18",
    "mobilenetv3_small_050",
    "convnext_atto",
    "efficientnet_lite0",
    "vit_tiny_patch16_224",
    "eva02_tiny_patch14_224",
    "swin_tiny_patch4_window7_224",
)


def shapes_only(name: str) -> nn.Module:
    with torch.device("meta"):
        network: nn.Module = find(name).build().eval()
    return network


def scores(name: str, height: int, width: int) -> Tensor:
    found: Tensor = shapes_only(name)(torch.empty(2, 3, height, width, device="meta"))
    return found


def test_it_registers_one_collection() -> None:
    assert [(spec.name, spec.summary) for spec in register_collections()] == [
        ("timm", "any model of timm by its name there")
    ]


def test_every_model_of_timm_has_its_name_and_one_for_each_of_its_weights() -> None:
    assert {*timm.list_models(), *timm.list_pretrained()} == set(names())
    assert {"convnext_tiny", "efficientnet_b0", "resnet18", "resnet18.a1_in1k"} <= set(names())


def test_every_name_can_name_a_folder() -> None:
    assert [name for name in names() if not re.fullmatch(r"[A-Za-z0-9_+][A-Za-z0-9._+-]*", name)] == []


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(("height", "width"), [(48, 64), (160, 128)])
def test_a_film_of_any_size_gets_one_score(name: str, height: int, width: int) -> None:
    assert scores(name, height, width).shape == (2, 1)


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_those_that_torchvision_publishes_without_the_999_other_classes(name: str) -> None:
    weights, features = PUBLISHED[name]
    ours = sum(parameter.numel() for parameter in shapes_only(name).parameters())

    assert ours + 999 * (features + 1) == weights.meta["num_params"]


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_multiply_adds_are_those_that_torchvision_publishes(name: str) -> None:
    weights, features = PUBLISHED[name]
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:  # attention by its matrix products
        shapes_only(name)(torch.empty(1, 3, 224, 224, device="meta"))

    assert round(counter.get_total_flops() / 2e9 + 999 * features / 1e9, 3) == weights.meta["_ops"]


@pytest.mark.parametrize("name", SMALL)
def test_the_head_that_it_declares_gives_the_score(name: str) -> None:
    spec = find(name)
    assert spec.head is not None
    head = shapes_only(name).get_submodule(spec.head)

    assert isinstance(head, nn.Linear)
    assert head.out_features == 1


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224"])
def test_the_network_with_timms_weights_gives_what_timms_gives(name: str) -> None:
    """timm's own with random weights for those of the hub; at its own size, where positions are not resampled."""
    torch.manual_seed(3)
    theirs = timm.create_model(name, num_classes=1).eval()
    ours = find(name).build().eval()
    ours.load_state_dict(theirs.state_dict())
    film = torch.randn(1, 3, 224, 224)

    torch.testing.assert_close(ours(film), theirs(film), rtol=1e-5, atol=1e-5)


def test_first_weights_are_timms_own_and_the_board_says_so() -> None:
    torch.manual_seed(3)
    theirs = timm.create_model("resnet18", num_classes=1).state_dict()
    torch.manual_seed(3)
    ours = find("resnet18").build().state_dict()

    assert find("resnet18").overrides == {"initialisation": "model"}
    assert [name for name, value in ours.items() if not torch.equal(value, theirs[name])] == []


def test_a_network_for_one_size_takes_it() -> None:
    assert scores("mixer_s32_224", 224, 224).shape == (2, 1)


def test_a_network_for_one_size_refuses_another_and_says_what_to_do() -> None:
    with pytest.raises(TrainingError) as told:
        scores("mixer_s32_224", 96, 128)

    assert str(told.value) == (
        "'timm/mixer_s32_224' takes films of 224 x 224 pixels and no others; the protocol's are 96 x 128. Take another "
        "model, or a protocol of your own with height = 224 and width = 224."
    )


def test_a_model_with_two_heads_has_none_that_can_be_replaced() -> None:
    assert find("deit_tiny_distilled_patch16_224").head is None
    assert scores("deit_tiny_distilled_patch16_224", 48, 64).shape == (2, 1)


def test_weights_are_named_with_their_tag_licence_and_address() -> None:
    imagenet = find("convnext_atto").imagenet
    assert imagenet is not None

    assert imagenet.source == (
        "timm's convnext_atto.d2_in1k (licence: apache-2.0): "
        "https://huggingface.co/timm/convnext_atto.d2_in1k/resolve/main/model.safetensors"
    )


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("resnet18", True),
        ("resnet18.fb_ssl_yfcc100m_ft_in1k", True),
        ("vit_base_patch16_224.augreg_in21k", True),
        ("vit_base_patch16_clip_224.openai", False),  # of other pictures
        ("vit_small_patch16_224.dino", False),  # its tag does not say of which
        ("resnet10t", True),
        ("resnet61q", True),
        ("nfnet_f5", False),  # none at all
    ],
)
def test_imagenet_weights_are_there_where_timms_tag_says_so(name: str, there: bool) -> None:
    assert (find(name).imagenet is not None) is there


def test_weights_are_loaded_into_the_network_that_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """timm's own file in the place of the hub's, which no test fetches: its body comes back to the bit."""
    torch.manual_seed(3)
    learnt = timm.create_model("resnet18").state_dict()
    entry: Any = sys.modules["timm.models._registry"]._model_pretrained_cfgs["resnet18"]  # noqa: SLF001 - no public way
    monkeypatch.setattr(entry, "state_dict", learnt)
    spec = find("resnet18")
    assert spec.imagenet is not None
    found = spec.imagenet.load()

    body = [name for name in learnt if not name.startswith("fc.")]
    assert set(found) == set(spec.build().state_dict())
    assert [name for name in body if not torch.equal(found[name], learnt[name])] == []


def test_timm_its_version_and_what_it_says_of_the_weights_are_cited() -> None:
    assert find("resnet18").citation == (
        "Wightman R. PyTorch Image Models (timm). 2019, doi:10.5281/zenodo.4414861; its model resnet18, timm "
        f"{timm.__version__}; its weights resnet18.a1_in1k: apache-2.0; named there: arXiv:2110.00476"
    )


def test_the_score_reaches_every_parameter() -> None:
    torch.manual_seed(0)
    network = find("mobilenetv3_small_050").build()
    network(torch.randn(4, 3, 64, 64)).square().sum().backward()

    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_no_model_of_it_is_trained_unless_asked_for() -> None:
    spec: ModelSpec = find("resnet18")
    assert not spec.in_all


def test_neither_registering_nor_importing_it_imports_timm_or_torch() -> None:
    code = (
        "import sys, ra_bench_timm.plugin as it; it.register_collections(); "
        "sys.exit(bool({'timm', 'torch'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
