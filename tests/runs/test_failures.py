"""What ended a job, told by its kind, a reason and what may help."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ra_bench.errors import StorageError, TrainingError
from ra_bench.runs.failures import (
    KINDS,
    StoppedError,
    duration,
    failure_of_error,
    failure_of_exit,
    failure_of_message,
    failure_of_timeout,
    is_settled,
)


def wrapped(cause, *, hidden=False):
    """An error that a guest raised when something else had happened; hidden by `from None`."""
    error = ValueError("the net is torn")
    error.__context__, error.__suppress_context__ = cause, hidden
    return error


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (None, "left", "The worker process ended with exit code None and without a result."),
        (0, "left", "The worker process ended with exit code 0 and without a result."),
        (3, "left", "The worker process ended with exit code 3 and without a result."),
        (-11, "crashed", "The worker process crashed in native code (SIGSEGV)."),
        (-60, "crashed", "The worker process crashed in native code (signal 60)."),
        (-15, "killed", "The worker process was ended from outside (SIGTERM), and not by ra-bench."),
        (
            -9,
            "killed",
            "The worker process was killed (SIGKILL), and not by ra-bench. "  # noqa: ISC004 - one sentence after another
            "Most often that is a system that ran out of memory.",
        ),
    ],
)
def test_a_worker_that_ended_without_a_word_is_told_by_its_exit_code(code, kind, reason, job):
    failure = failure_of_exit(job, code)
    assert (failure.kind, failure.reason) == (kind, reason)
    assert failure.advice


def test_a_killed_worker_is_told_with_the_memory_that_it_held(job):
    assert failure_of_exit(job, -9, peak=3 * 2**30).reason.endswith(" It held 3.0 GiB when last looked at.")


def test_a_kill_while_the_kernel_killed_for_memory_is_told_as_want_of_memory(job):
    failure = failure_of_exit(job, -9, peak=2**29, oom_killer=True)
    assert (failure.kind, failure.reason) == (
        "memory",
        "The system ran out of memory and killed the worker process (SIGKILL). It held 0.5 GiB when last looked at.",
    )


@pytest.mark.parametrize(
    "error", [MemoryError("no room"), wrapped(MemoryError("no room")), OSError(12, "Cannot allocate memory")]
)
def test_want_of_memory_is_told_also_when_it_was_wrapped(error, job):
    failure = failure_of_error(job, error)
    assert failure.kind == "memory"
    assert re.fullmatch(r"Out of memory: (no room|\[Errno 12\] Cannot allocate memory)", failure.reason)
    assert "--jobs 1" in failure.advice
    assert "let batches go in parts (--fit-batch)" in failure.advice


def test_want_of_memory_is_told_when_torch_says_so_on_a_cpu(job):
    import torch

    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**55, dtype=torch.uint8)
    assert failure_of_error(job, caught.value).kind == "memory"


def test_what_a_guest_raised_in_place_of_something_else_is_all_that_is_told(job):
    failure = failure_of_error(job, wrapped(MemoryError(), hidden=True))
    assert (failure.kind, failure.reason) == ("raised", "ValueError: the net is torn")


def test_a_full_gpu_is_told_as_such(job):
    import torch

    error = torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nSee the documentation")
    failure = failure_of_error(job, error)
    assert failure.kind == "gpu memory"
    assert failure.reason == "The GPU ran out of memory: CUDA out of memory. Tried to allocate 2.00 GiB."
    assert "nvidia-smi" in failure.advice


@pytest.mark.parametrize(
    "words",
    ["CUDA error: out of memory", "cuDNN error: CUDNN_STATUS_ALLOC_FAILED", "MPS backend out of memory (MPS allocated"],
)
def test_a_full_gpu_is_told_by_the_words_of_libraries(words, job):
    assert failure_of_error(job, wrapped(RuntimeError(words))).kind == "gpu memory"


def test_an_error_of_ours_is_told_in_one_line(job):
    failure = failure_of_error(job, TrainingError("It is torn.\nMend it."))
    assert (failure.kind, failure.reason) == ("refused", "It is torn. Mend it.")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyError("a\nb"), "KeyError: 'a\\nb'"),
        (ValueError("one\ntwo"), "ValueError: one"),
        (SystemExit(), "SystemExit"),
    ],
)
def test_an_error_of_a_guest_is_told_by_its_kind_and_first_line(error, reason, job):
    failure = failure_of_error(job, error)
    assert (failure.kind, failure.reason) == ("raised", reason)


@pytest.mark.parametrize("error", [StorageError("Cannot write a.pt."), OSError(28, "No space left on device")])
def test_a_file_that_cannot_be_written_says_nothing_about_the_next_try(error, job):
    failure = failure_of_error(job, error)
    assert failure.kind == "disk"
    assert not is_settled(replace(failure, tries=9))


def test_a_worker_that_was_told_to_end_by_somebody_else_says_so(job):
    failure = failure_of_error(job, StoppedError())
    assert failure.kind == "killed"
    assert failure.reason == "The worker process was told to end (SIGTERM), and not by ra-bench."


def test_a_report_that_cannot_be_read_is_told_with_what_a_trainer_gives(job):
    failure = failure_of_message(job, ModuleNotFoundError("No module named 'theirs'"))
    assert failure.reason.endswith("what cannot be read (ModuleNotFoundError: No module named 'theirs').")
    assert "yields EpochReport" in failure.advice


def test_a_job_that_took_too_long_names_the_option_with_the_time_that_was_given(job):
    assert failure_of_timeout(job, 5400).reason == "It took longer than --timeout 1h30m and was stopped."
    assert (duration(7200), duration(45)) == ("2h", "45s")


@pytest.mark.parametrize(
    ("kind", "settled"), [(kind, kind in {"refused", "raised", "crashed", "left"}) for kind in KINDS]
)
def test_only_what_the_machine_did_not_do_is_settled_by_a_second_failure(kind, settled, job):
    once = replace(failure_of_timeout(job, 1), kind=kind)
    assert not is_settled(once)
    assert is_settled(replace(once, tries=2)) is settled
