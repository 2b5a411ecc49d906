"""What a worker says goes to its log: prints, native output, logging, tracebacks."""

from __future__ import annotations

import logging
import os

import pytest

from ra_bench.errors import StorageError
from ra_bench.runs.process import device_used, environment, logged_to, peak_memory


def test_what_is_printed_and_log_lines_go_to_the_file(tmp_path):
    file = tmp_path / "log.txt"
    with logged_to(file):
        os.write(1, b"said\n")
        os.write(2, b"native\n")
        logging.getLogger("ra_bench.training.loop").info("an epoch")
        logging.getLogger("elsewhere").info("not ours")
    text = file.read_text()
    assert "said\nnative\n" in text
    assert "ra_bench.training.loop: an epoch\n" in text
    assert "not ours" not in text


def test_a_traceback_goes_to_the_file_and_the_error_on(tmp_path):
    with pytest.raises(ZeroDivisionError), logged_to(tmp_path / "log.txt"):
        1 / 0  # noqa: B018
    assert "ZeroDivisionError: division by zero" in (tmp_path / "log.txt").read_text()


def test_logging_is_as_before_when_the_job_is_done(tmp_path):
    logger = logging.getLogger("ra_bench")
    before = logger.level, list(logger.handlers)
    with logged_to(tmp_path / "log.txt"):
        assert logger.isEnabledFor(logging.INFO)
    assert (logger.level, list(logger.handlers)) == before


def test_a_log_that_cannot_be_opened_says_so(tmp_path):
    with (
        pytest.raises(StorageError, match=r"Cannot write the log .*log\.txt: .*--runs"),
        logged_to(tmp_path / "x/log.txt"),
    ):
        pass


def test_a_process_without_a_gpu_computes_on_the_cpu():
    assert device_used() == "cpu"
    assert peak_memory("cpu") > 2**20


def test_the_environment_tells_versions_and_processor():
    told = environment("cpu")
    assert {"python", "system", "processor", "ra-bench", "numpy", "torch"} <= set(told)
    assert "gpu" not in told
