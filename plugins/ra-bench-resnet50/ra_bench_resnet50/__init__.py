"""ResNet-50 as a model of ra-bench; what it registers stands in `plugin`, the network in `net`."""
