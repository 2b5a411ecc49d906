"""Attention multiple-instance learning as a model of ra-bench: `plugin` registers it, `net` has the network."""
