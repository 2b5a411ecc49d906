"""MobileNetV2, width 1.0.

Notable: inverted residuals. A block widens its input six times with a 1x1 convolution, filters each channel by itself
(3x3 depthwise) and narrows again without a ReLU at the end, since a ReLU on few channels loses information. Dropout,
0.2 by default, is off: the protocol of Wang et al. uses none. The code is torchvision's.
"""

from torch import nn
from torchvision.models import mobilenet_v2


def mobilenetv2() -> nn.Module:
    """Films (batch, 3, height, width) to scores (batch, 1), over (batch, 1280, height / 32, width / 32)."""
    network: nn.Module = mobilenet_v2(num_classes=1, dropout=0.0)
    return network
