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


class TwoBlocks(nn.Module):
    """A stem, two residual blocks whose branches end in a norm and in a convolution, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.blocks = nn.ModuleList(
            [
                nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)),
                nn.Sequential(nn.ReLU(), nn.Conv2d(4, 4, 1)),
            ]
        )
        self.head = nn.Linear(4, 1)

    def forward(self, film: torch.Tensor) -> torch.Tensor:
        x = self.stem(film)
        for block in self.blocks:
            x = x + block(x)
        return self.head(x.mean(dim=(2, 3)))


ENDS = ("blocks.*.1",)


def test_residual_branches_may_start_at_zero_so_that_only_the_shortcuts_speak(protocol, model):
    zeros = with_overrides(protocol, {"initialisation": "kaiming-zero-residual"})
    net = build_model(replace(model, build=TwoBlocks, residual_ends=ENDS), zeros)
    film = torch.randn(2, 3, 8, 8)
    assert torch.equal(net(film), net.head(net.stem(film).mean(dim=(2, 3))))


def test_a_branch_that_starts_at_zero_learns_from_the_first_step_on(protocol, model):
    zeros = with_overrides(protocol, {"initialisation": "kaiming-zero-residual"})
    net = build_model(replace(model, build=TwoBlocks, residual_ends=ENDS), zeros)
    net(torch.randn(2, 3, 8, 8)).sum().backward()
    assert net.blocks[0][1].weight.grad.any()
    assert net.blocks[1][1].weight.grad.any()


def test_all_but_the_ends_of_residual_branches_are_drawn_as_without_zeros(protocol, model):
    spec = replace(model, build=TwoBlocks, residual_ends=ENDS)
    torch.manual_seed(0)
    plain = build_model(spec, protocol).state_dict()
    torch.manual_seed(0)
    zeros = build_model(spec, with_overrides(protocol, {"initialisation": "kaiming-zero-residual"})).state_dict()
    different = {name for name in plain if not torch.equal(plain[name], zeros[name])}
    assert different == {"blocks.0.1.weight", "blocks.1.1.weight"}  # the biases are zero in both


def test_a_model_that_names_no_residual_ends_is_drawn_as_without_zeros(protocol, model):
    zeros = with_overrides(protocol, {"initialisation": "kaiming-zero-residual"})
    assert build_model(replace(model, build=constant_net), zeros)[0].weight.std() > 0


def test_a_residual_end_that_does_not_exist_is_named(protocol, model):
    zeros = with_overrides(protocol, {"initialisation": "kaiming-zero-residual"})
    with pytest.raises(TrainingError, match=r"names 'block\.9' as the end of a residual branch, .*head\."):
        build_model(replace(model, build=TwoBlocks, residual_ends=("block.9",)), zeros)


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


def test_an_open_start_has_centred_convolutions_and_residual_branches_at_zero(protocol, model):
    opened = with_overrides(protocol, {"initialisation": "kaiming-open"})
    net = build_model(replace(model, build=TwoBlocks, residual_ends=ENDS), opened)
    film = torch.randn(2, 3, 8, 8)
    assert torch.equal(net(film), net.head(net.stem(film).mean(dim=(2, 3))))
    assert net.stem.weight.sum(dim=(1, 2, 3)).abs().max().item() < 1e-5
    assert net.blocks[0][0].weight.sum(dim=(1, 2, 3)).abs().max().item() < 1e-5
