"""ResNet-Dwise50 and its ablation: what they register stands in `plugin`, the network in `net`."""
