"""Models for the tests whose library has weights, one of them without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ra_bench import ImageNetWeights, ModelSpec, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def build_net() -> Any:
    from torch import nn

    body = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
    return nn.Sequential(body, nn.Flatten(), nn.Linear(4, 1))


def fetch() -> Mapping[str, Any]:
    import torch

    torch.manual_seed(1)
    weights: Mapping[str, Any] = build_net().state_dict()
    return weights


def fail() -> Mapping[str, Any]:
    raise OSError("no route to the library\nand a second line")


def build_number() -> float:
    return 1.0


def model(name: str, build: Callable[[], Any] = build_net, **facts: Any) -> ModelSpec:
    return ModelSpec(name=name, build=build, citation="Nobody.", **facts)


@hookimpl
def register_models() -> list[ModelSpec]:
    return [
        model("near", head="2", imagenet=ImageNetWeights(load=fetch, source="the library's: https://example.org/w.pt")),
        model("far", head="2", imagenet=ImageNetWeights(load=fail, source="the library's: https://example.org/w.pt")),
        model("no-head"),
        model("wrong-head", head="fc"),
        model("no-network", build_number, head="2"),
    ]
