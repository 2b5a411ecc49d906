"""Observers among the plugins are told; one that raises is told of once and left out."""

from __future__ import annotations

import pytest

from ra_bench.plugins import load_plugins
from ra_bench.runs.observers import with_guests

LISTENS = """
from ra_bench import hookimpl

heard = []

@hookimpl
def on_job_start(job):
    heard.append(("start", job))

@hookimpl
def on_epoch_end(report):
    heard.append(("epoch", report))

@hookimpl
def on_job_end(job, record):
    heard.append(("end", record))
"""
RAISES = """
from ra_bench import hookimpl

@hookimpl
def on_epoch_end(job, report):
    raise ValueError("no patience")
"""


@pytest.fixture
def told(tmp_path, new_observer):
    """Tell plugin files of a job with two epochs: what each heard, what the first observer heard, the complaints."""

    def tell(**sources):
        for name, source in sources.items():
            (tmp_path / f"{name}.py").write_text(source)
        registry = load_plugins(files=[tmp_path / f"{name}.py" for name in sources])
        first, complaints = new_observer(), []
        observers = with_guests(registry, first, complaints.append)
        observers.on_job_start(job="job")
        observers.on_epoch_end(job="job", report="one")
        observers.on_epoch_end(job="job", report="two")
        observers.on_job_end(job="job", record="record")
        import sys

        heard = {name: getattr(sys.modules[f"ra_bench_plugin_file_{name}"], "heard", None) for name in sources}
        return heard, first, complaints

    return tell


def test_a_plugin_file_hears_of_every_event(told):
    heard, _, complaints = told(listens=LISTENS)
    assert heard["listens"] == [("start", "job"), ("epoch", "one"), ("epoch", "two"), ("end", "record")]
    assert complaints == []


def test_an_observer_that_raises_is_told_of_once_and_stops_nobody(told):
    heard, first, complaints = told(raises=RAISES, listens=LISTENS)
    (complaint,) = complaints
    assert complaint == (
        "Plugin 'raises': on_epoch_end failed: ValueError: no patience. "
        "It is told nothing more in this run; mend it, or leave it out."
    )
    assert len(heard["listens"]) == 4
    assert (first.starts, first.epochs, first.ends) == (["job"], [("job", "one"), ("job", "two")], ["record"])


def test_another_observer_hears_of_every_event_too_until_it_raises(new_observer):
    def raise_full(**facts):
        raise OSError("no space left")

    first, other, complaints = new_observer(), new_observer(), []
    other.on_epoch_end = raise_full
    observers = with_guests(load_plugins(files=[]), first, complaints.append, {"--tensorboard": other})
    observers.on_job_start(job="job")
    observers.on_epoch_end(job="job", report="one")
    observers.on_epoch_end(job="job", report="two")
    observers.on_job_end(job="job", record="record")
    assert (other.starts, other.ends) == (["job"], [])
    assert (first.starts, len(first.epochs), first.ends) == (["job"], 2, ["record"])
    (said,) = complaints
    assert said.startswith("--tensorboard: on_epoch_end failed: OSError: no space left. It is told nothing more")
