"""The same initial weights for every network: He et al. 2015, by fan in, and what may be changed in them."""

from __future__ import annotations

from torch import nn

_WEIGHTED = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


def kaiming_normal_fan_in(model: nn.Module) -> None:
    """Draw the weights of all convolutions and linear layers from N(0, 2 / fan_in); biases 0; norm layers 1 and 0.

    Fan in is the number of weights that feed one output: 9 for a 3x3 depthwise convolution. (By fan out, torch would
    not see that a depthwise channel feeds one channel only.) Other parameters keep what the model gave them.
    """
    for module in model.modules():
        if isinstance(module, _WEIGHTED):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.modules.batchnorm._NormBase | nn.GroupNorm | nn.LayerNorm):  # noqa: SLF001 - the only common base of batch and instance norm
            if module.weight is not None:
                nn.init.ones_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def zero(layer: nn.Module) -> None:
    """Start a layer at zero. At the end of a residual branch, its block then begins as its shortcut alone.

    What the first layers see of a film reaches the head unmixed, until the branch has something to add (Goyal et al.
    2017, arXiv:1706.02677, section 5.1: the last norm of a block at 0; here any layer that ends a branch).
    """
    for parameter in (layer.weight, layer.bias):
        if isinstance(parameter, nn.Parameter):
            nn.init.zeros_(parameter)


def open_convolutions(model: nn.Module) -> None:
    """Let what varies little from film to film pass: centre convolutions, and start depthwise ones as averages.

    * The weights of one output sum to zero, in convolutions over several channels. What all inputs share, such as how
      bright a film is, then does not drown what tells them apart (Qiao et al. 2019, arXiv:1903.10520, centre weights
      throughout the training; here at its start only).
    * A depthwise filter is the mean of its window. A random one of 3 x 3 weighs nine neighbours at random, and a chain
      of those loses in each block what the first convolution found.
    """
    for module in model.modules():
        if not isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d):
            continue
        weight = module.weight.detach()  # (out, in / groups, *window)
        if module.groups == module.in_channels > 1:
            weight.fill_(1 / weight[0].numel())
        else:
            weight.sub_(weight.mean(dim=tuple(range(1, weight.dim())), keepdim=True))
