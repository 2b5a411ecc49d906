from dataclasses import replace

import pytest
import torch
from torch import nn

from ra_bench.errors import TrainingError
from ra_bench.training.build import build_model, replace_head
from ra_bench.training.protocol import with_overrides


def constant_net() -> nn.Module:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1))
    for parameter in net.parameters():
        nn.init.constant_(parameter, 5.0)
    return net


def test_initial_weights_are_drawn_as_the_protocol_says(protocol, model):
    net = build_model(replace(model, build=constant_net), protocol)
    assert net[0].weight.std() > 0
    assert net[0].bias.sum() == 0


def test_a_model_may_keep_its_own_initial_weights(protocol, model):
    own = with_overrides(protocol, {"initialisation": "model"})
    assert (build_model(replace(model, build=constant_net), own)[0].weight == 5).all()


def test_something_that_is_no_module_is_refused(protocol, model):
    with pytest.raises(TrainingError, match=r"`build` of the model 'tiny-net' gives a str; .* torch\.nn\.Module"):
        build_model(replace(model, build=lambda: "net"), protocol)


def test_a_linear_head_is_replaced(model):
    net = model.build()
    assert replace_head(net, model, 14) == "head"
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 14)


def test_a_convolution_as_head_is_replaced(model):
    net = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Sequential(nn.Conv2d(3, 1, 1)), nn.Flatten())
    replace_head(net, replace(model, head="1.0"), 14)
    assert net(torch.zeros(2, 3, 8, 8)).shape == (2, 14)


def test_a_model_without_a_named_head_is_told_which_layers_it_has(model):
    with pytest.raises(TrainingError, match=r"names no head, .*the last layers are: pool, flatten, head\."):
        replace_head(model.build(), replace(model, head=None), 14)


def test_a_head_that_does_not_exist_is_named(model):
    with pytest.raises(TrainingError, match=r"names 'fc' as its head, which does not exist"):
        replace_head(model.build(), replace(model, head="fc"), 14)


@pytest.mark.parametrize("head", ["norm", "stem"])
def test_a_head_of_another_kind_is_refused(model, head):
    with pytest.raises(TrainingError, match=rf"The head '{head}' .* only if it is a Linear or a 1x1 Conv2d"):
        replace_head(model.build(), replace(model, head=head), 14)
