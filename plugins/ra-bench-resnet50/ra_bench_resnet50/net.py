"""ResNet-50 with full pre-activation and the ResNet-D shortcut.

Notable: BN-ReLU before every convolution of a block and once more after the last block, so that the shortcuts carry
untouched sums (He et al. 2016). Where a shortcut is strided it averages 2 x 2 before its 1x1 convolution instead of
skipping three pixels of four (He et al. 2019). The stem is one 7x7 convolution without BN-ReLU, as the first block
brings its own. The code is timm's; the choice of its parts is ours.
"""

from timm.models.resnetv2 import resnetv2_50
from torch import nn


def resnet50() -> nn.Module:
    """Films (batch, 3, height, width) to scores (batch, 1), over (batch, 2048, height / 32, width / 32)."""
    network: nn.Module = resnetv2_50(avg_down=True, num_classes=1, in_chans=3)
    return network
