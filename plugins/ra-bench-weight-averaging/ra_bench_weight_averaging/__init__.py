"""A trainer that averages weights, and an example of how to train differently; see `plugin` and `trainer`."""
