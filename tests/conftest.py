"""What many tests use: a tiny cohort with models that end in every way, and the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ra_bench.suite import open_suite

if TYPE_CHECKING:
    from collections.abc import Callable

    from ra_bench.suite import Suite
    from ra_bench.values import EpochReport, Failure, Job, RunRecord

FILES = Path(__file__).parent / "plugin_files"
TINY, TINY_PROTOCOL = FILES / "tiny.py", FILES / "tiny.toml"


#: Drawing the figures of each board that a test writes would take minutes; the tests of figures draw them.
os.environ["RA_BENCH_FIGURES"] = "no"


@dataclass
class Seen:
    """An observer that keeps what it is told."""

    starts: list[Job]
    epochs: list[tuple[Job, EpochReport]]
    ends: list[RunRecord | Failure]

    def on_job_start(self, *, job: Job) -> None:
        self.starts.append(job)

    def on_epoch_end(self, *, job: Job, report: EpochReport) -> None:
        self.epochs.append((job, report))

    def on_job_end(self, *, job: Job, record: RunRecord | Failure) -> None:
        self.ends.append(record)


@pytest.fixture(scope="session")
def new_observer() -> Callable[[], Seen]:
    return lambda: Seen(starts=[], epochs=[], ends=[])


@pytest.fixture(scope="session")
def tiny_file() -> Path:
    return TINY


@pytest.fixture(scope="session")
def tiny_protocol() -> Path:
    return TINY_PROTOCOL


@pytest.fixture(scope="session")
def tiny_suite() -> Callable[..., Suite]:
    """A suite with the tiny plugin that works in one folder."""

    def opened(folder: Path, **options: object) -> Suite:
        places = {"runs": folder / "runs", "boards": folder / "boards", "data": folder / "data"}
        return open_suite(plugin_files=[TINY], **{**places, **options})  # type: ignore[arg-type]

    return opened


@pytest.fixture(scope="session")
def with_fixtures() -> list[str]:
    """Options that give another pytest the fixtures for plugins: none where their entry point is installed already."""
    installed = any(entry.name == "ra_bench" for entry in entry_points(group="pytest11"))
    return [] if installed else ["-p", "ra_bench.testing.pytest_plugin"]


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Said]:
    """Call `ra-bench` in this process, in an empty folder."""
    from ra_bench.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RA_BENCH_DATA", str(tmp_path / "data"))

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["ra-bench", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return Said(code=int(ended.value.code or 0), out=out, err=err)

    return call


@pytest.fixture(scope="session")
def command() -> Callable[..., subprocess.Popen[str]]:
    """Start `ra-bench` as a program of its own, as a person would."""
    # A shell starts its background jobs deaf to ctrl-C, and theirs inherit it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def start(folder: Path, *arguments: object, **options: object) -> subprocess.Popen[str]:
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            [Path(sys.executable).with_name("ra-bench"), *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "RA_BENCH_DATA": str(folder / "data"), "COLUMNS": "80", **options.pop("env", {})},  # type: ignore[dict-item]
            stdout=subprocess.PIPE,
            text=True,
            **{"stderr": subprocess.PIPE, **options},
        )

    return start
