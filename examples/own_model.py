"""A model of your own in one file: ra-bench run -p examples/own_model.py --models my-model."""

from typing import Any

from ra_bench import ModelSpec, hookimpl


def build() -> Any:
    """Films (batch, 3, height, width) to scores (batch, 1)."""
    from torch import nn  # here and not above, so that `ra-bench list` answers at once

    def halve(inputs: int, outputs: int) -> nn.Module:
        convolution = nn.Conv2d(inputs, outputs, kernel_size=3, stride=2, padding=1, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())

    body = nn.Sequential(halve(3, 32), halve(32, 64), halve(64, 128), halve(128, 256))
    return nn.Sequential(body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 1))


@hookimpl
def register_models() -> list[ModelSpec]:
    """Give the model its name on the board."""
    return [ModelSpec(name="my-model", build=build, citation="Unpublished.")]
