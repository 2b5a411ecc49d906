"""A run of three models, one of which fails, that many tests look at."""

from __future__ import annotations

import pytest

OBSERVER = """
from pathlib import Path
from ra_bench import hookimpl

@hookimpl
def on_job_end(job, record):
    with Path("heard.txt").open("a") as file:
        file.write(f"{job.model} {type(record).__name__}\\n")
"""


@pytest.fixture(scope="session")
def arguments(tiny_file, tiny_protocol):
    return ["run", "-q", "-p", tiny_file, "--dataset", "tiny", "--protocol", tiny_protocol, "--models"]


@pytest.fixture(scope="session")
def first(tmp_path_factory, command, arguments):
    """Its folder, exit code, output and errors."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "listens.py").write_text(OBSERVER)
    process = command(folder, *arguments, "fifty,forty,raises", "-p", "listens.py")
    out, err = process.communicate(timeout=120)
    return folder, process.returncode, out, err
