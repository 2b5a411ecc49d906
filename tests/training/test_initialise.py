import pytest
import torch
from torch import nn

from ra_bench.training.initialise import kaiming_normal_fan_in, open_convolutions


@pytest.mark.parametrize(
    ("layer", "fan_in"),
    [
        (nn.Conv2d(64, 128, 3), 64 * 9),
        (nn.Conv2d(4096, 4096, 3, groups=4096), 9),
        (nn.Conv2d(64, 512, 1, groups=4), 16),
        (nn.Linear(256, 100), 256),
    ],
)
def test_weights_have_the_variance_two_over_fan_in(layer, fan_in):
    torch.manual_seed(0)
    kaiming_normal_fan_in(layer)
    assert layer.weight.var().item() * fan_in == pytest.approx(2, rel=0.05)
    assert abs(layer.weight.mean().item()) < 0.01


def test_biases_are_nothing_and_norms_start_as_identity():
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.GroupNorm(2, 4), nn.Linear(4, 1))
    for parameter in net.parameters():
        nn.init.constant_(parameter, 7.0)
    kaiming_normal_fan_in(net)
    assert [net[0].bias.sum().item(), net[3].bias.item()] == [0, 0]
    assert [net[1].weight.tolist(), net[1].bias.tolist(), net[2].weight.tolist()] == [[1] * 4, [0] * 4, [1] * 4]


def test_norms_without_weights_are_left_alone():
    kaiming_normal_fan_in(nn.Sequential(nn.BatchNorm2d(4, affine=False), nn.LayerNorm(4, elementwise_affine=False)))


def test_kaiming_keeps_the_size_of_a_signal_through_rectified_layers():
    torch.manual_seed(0)
    net = nn.Sequential(*[part for _ in range(6) for part in (nn.Linear(512, 512), nn.ReLU())])
    kaiming_normal_fan_in(net)
    signal = torch.randn(256, 512)
    assert net(signal).square().mean().item() == pytest.approx(signal.square().mean().item(), rel=0.25)


def test_opened_convolutions_do_not_see_what_all_inputs_share():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 6, 1), nn.Conv2d(6, 4, 3, groups=2))
    kaiming_normal_fan_in(net)
    open_convolutions(net)
    for layer in net:
        assert layer.weight.std() > 0.1
        plain = torch.full((1, layer.in_channels, 5, 5), 7.0)
        assert layer(plain).abs().max().item() < 1e-5


def test_an_opened_depthwise_convolution_is_the_mean_of_its_window():
    layer = nn.Conv2d(6, 6, 3, groups=6, padding=1)
    kaiming_normal_fan_in(layer)
    open_convolutions(layer)
    film = torch.rand(2, 6, 7, 9)
    torch.testing.assert_close(layer(film), nn.functional.avg_pool2d(film, 3, stride=1, padding=1))


def test_opening_leaves_linear_layers_and_norms_alone():
    net = nn.Sequential(nn.Linear(4, 2), nn.BatchNorm2d(4))
    before = [parameter.clone() for parameter in net.parameters()]
    open_convolutions(net)
    assert all(map(torch.equal, before, net.parameters()))
