"""A job's key holds the code that trains: the suite's, a guest's, or both."""

from __future__ import annotations

import hashlib

import pytest

from ra_bench.plugins import load_plugins
from ra_bench.runs.plan import make_job, training_source
from ra_bench.suite import BUILTINS

GUEST = """
from ra_bench import ModelSpec, TrainerSpec, hookimpl

@hookimpl
def register_trainers():
    return [TrainerSpec(name="own", fit=list), TrainerSpec(name="made-of-parts", fit=list, uses_parts=True)]

@hookimpl
def register_models():
    names = ("own", "made-of-parts", "standard")
    return [ModelSpec(name=f"by-{name}", build=dict, citation="Nobody.", trainer=name) for name in names]
"""


@pytest.fixture
def source_of(tmp_path):
    """The source of its trainer in the job of a model, and that of its plugin."""
    (tmp_path / "guest.py").write_text(GUEST)
    registry = load_plugins(BUILTINS, files=[tmp_path / "guest.py"])

    def found(model):
        texts = dict.fromkeys(("board", "dataset", "cohort", "split", "protocol", "protocol_hash"), "x")
        job = make_job(registry, model, seed=0, **texts)
        return job.trainer_source, job.plugin_source

    return found


def test_a_trainer_of_the_suite_is_its_training_code(source_of):
    assert source_of("by-standard")[0] == training_source()


def test_a_trainer_of_a_guest_is_the_guests_code(source_of):
    trainer, plugin = source_of("by-own")
    assert trainer == plugin


def test_a_trainer_that_is_made_of_parts_is_both(source_of):
    trainer, plugin = source_of("by-made-of-parts")
    assert trainer == hashlib.sha256(f"{plugin}+{training_source()}".encode()).hexdigest()[:16]
