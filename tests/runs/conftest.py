"""A protocol under which a job can be stopped on its way."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def longer_protocol(tiny_protocol, tmp_path_factory):
    """The tiny protocol with four epochs of either stage, with augmentation, and with the best epoch kept."""
    file = tmp_path_factory.mktemp("protocol") / "longer.toml"
    text = tiny_protocol.read_text().replace('keep = "last"\n', "").replace("epochs = 1\n", "epochs = 4\n")
    file.write_text(text + "\n[augmentation]\nsmallest_scale = 0.8\nflip = true\nbrightness = 0.2\n")
    return file
