"""A job that nobody did, and a protocol under which one can be stopped on its way."""

from __future__ import annotations

import pytest

from ra_bench.values import Job


@pytest.fixture(scope="session")
def job():
    return Job(
        key="0123456789abcdef",
        board="hands",
        model="net",
        seed=2,
        dataset="hands",
        cohort="c",
        split="s",
        protocol="quick",
        protocol_hash="p",
        plugin="ra-bench-x",
        plugin_version="1",
        plugin_source="a",
        trainer="standard",
        trainer_source="t",
    )


@pytest.fixture(scope="session")
def longer_protocol(tiny_protocol, tmp_path_factory):
    """The tiny protocol with four epochs of either stage, with augmentation, and with the best epoch kept."""
    file = tmp_path_factory.mktemp("protocol") / "longer.toml"
    text = tiny_protocol.read_text().replace('keep = "last"\n', "").replace("epochs = 1\n", "epochs = 4\n")
    file.write_text(text + "\n[augmentation]\nsmallest_scale = 0.8\nflip = true\nbrightness = 0.2\n")
    return file
