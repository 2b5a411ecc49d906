import pytest
import torch
from torch import nn

from ra_bench.training.cost import count_madds, count_parameters


def test_a_convolution_costs_what_equation_4_says():
    # D_K² M N D_F² of Wang et al. 2022: 3 x 3 kernel, 3 to 8 channels, 30 x 14 outputs
    assert count_madds(nn.Conv2d(3, 8, 3), height=32, width=16) == 9 * 3 * 8 * 30 * 14


def test_a_depthwise_separable_convolution_costs_what_equation_6_says():
    net = nn.Sequential(nn.Conv2d(3, 3, 3, groups=3, padding=1), nn.Conv2d(3, 8, 1))
    assert count_madds(net, height=16, width=16) == (9 * 3 + 3 * 8) * 256


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
    assert count_madds(net, height=224, width=224) / 1e6 == pytest.approx(300, rel=0.02)
