import pytest
import torch
from torch import nn

from ra_bench.training.cost import Counted, count_madds, count_parameters


class Doing(nn.Module):
    """Does something to a film."""

    def __init__(self, something):
        super().__init__()
        self.something = something
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, film):
        return self.something(film * self.weight)


def uncounted(something):
    return count_madds(Doing(something), height=16, width=16).uncounted


def test_a_convolution_costs_what_equation_4_says():
    # D_K² M N D_F² of Wang et al. 2022: 3 x 3 kernel, 3 to 8 channels, 30 x 14 outputs
    assert count_madds(nn.Conv2d(3, 8, 3), height=32, width=16).madds == 9 * 3 * 8 * 30 * 14


def test_a_depthwise_separable_convolution_costs_what_equation_6_says():
    net = nn.Sequential(nn.Conv2d(3, 3, 3, groups=3, padding=1), nn.Conv2d(3, 8, 1))
    assert count_madds(net, height=16, width=16) == Counted(madds=(9 * 3 + 3 * 8) * 256, uncounted=())


def test_counting_leaves_statistics_and_mode_as_they_were():
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    count_madds(net, height=8, width=8)
    assert net.training
    assert torch.equal(net[1].running_mean, torch.zeros(8))


def test_mobilenetv2_has_the_published_counts():
    from torchvision.models import mobilenet_v2

    net = mobilenet_v2(num_classes=1, dropout=0.0)
    assert count_parameters(net) == 2_225_153
    # Sandler et al. 2018: 300 million at 224 x 224 with 1000 classes
    counted = count_madds(net, height=224, width=224)
    assert counted.madds / 1e6 == pytest.approx(300, rel=0.02)
    assert counted.uncounted == ()


def test_a_fourier_transform_is_not_counted_but_named():
    assert uncounted(torch.fft.rfft2) == ("aten._fft_r2c",)


def test_bilinear_resizing_is_not_counted_but_named():
    counted = count_madds(
        nn.Sequential(nn.Conv2d(3, 2, 1), nn.Upsample(scale_factor=2, mode="bilinear")), height=8, width=8
    )
    assert counted == Counted(madds=3 * 2 * 64, uncounted=("aten.upsample_bilinear2d",))


def test_an_operation_of_a_package_of_its_own_is_not_counted_but_named():
    @torch.library.custom_op("rabenchtest::twice", mutates_args=())
    def twice(film: torch.Tensor) -> torch.Tensor:
        return film * 2

    assert uncounted(twice) == ("rabenchtest.twice",)


def test_an_operation_that_is_made_of_counted_ones_is_counted():
    def product(film):
        return torch.einsum("nchw,nkhw->nck", film, film)

    assert count_madds(Doing(product), height=16, width=16) == Counted(madds=3 * 3 * 256, uncounted=())


def test_attention_costs_its_two_matrix_products():
    def attention(film):  # 3 heads of 16 tokens of 16 values
        return nn.functional.scaled_dot_product_attention(film, film, film)

    assert count_madds(Doing(attention), height=16, width=16) == Counted(madds=2 * 3 * 16**3, uncounted=())


@pytest.mark.parametrize(
    "layer",
    [
        nn.BatchNorm2d(3),
        nn.GroupNorm(1, 3),
        nn.LayerNorm(16),
        nn.PReLU(),
        nn.SiLU(),
        nn.Hardswish(),
        nn.Hardswish(inplace=True),
        nn.Softmax(dim=1),
        nn.MaxPool2d(2),
        nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.AdaptiveAvgPool2d(3),
        nn.Upsample(scale_factor=2),
        nn.Dropout(),
        nn.Flatten(),
        nn.PixelUnshuffle(2),
        nn.ZeroPad2d(1),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_norms_activations_pooling_and_moves_have_no_multiply_adds(layer):
    assert count_madds(nn.Sequential(nn.Conv2d(3, 3, 1), layer), height=16, width=16) == Counted(
        madds=9 * 256, uncounted=()
    )
