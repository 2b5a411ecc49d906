"""One run of many models, most of which fail; then the same run again."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from ra_bench.boards.render.json import render
from ra_bench.errors import BusyError, CohortError, ProtocolError, StorageError, TrainingError, UnknownNameError
from ra_bench.plugins import load_plugins
from ra_bench.runs.protocols import find_protocol
from ra_bench.runs.records import standing_records
from ra_bench.suite import BUILTINS, board_name, plan, rebuild_boards, run, unreadable_records
from ra_bench.values import Failure

pytestmark = pytest.mark.slow  # whole runs in processes of their own

FAILING = {
    "raises": "RuntimeError: the net is torn",
    "memory": "Out of memory. Run one job at a time (--jobs 1), close other programs, let batches go in parts",
    "addresses": "Out of memory: Unable to allocate 512. GiB for an array with shape (68719476736,) and data type",
    "exits": "The worker process ended with exit code 3 and without a result. Something in it, such as os._exit, left",
    "leaves": "SystemExit: 4",
    "aborts": "The worker process crashed in native code (SIGABRT). The end of its log shows where it was.",
    "crashes": "The worker process crashed in native code (SIGSEGV). The end of its log shows where it was.",
    "killed": "The worker process was killed (SIGKILL), and not by ra-bench. Most often that is a system that ran out",
    "leaves-a-child": "The worker process was killed (SIGKILL), and not by ra-bench.",
    "told-to-end": "The worker process was told to end (SIGTERM), and not by ra-bench.",
    "blind": "'blind' predicts 40 for each of 8 validation and test films: its output does not depend on its input.",
    "yields-words": "A trainer's fit yielded str. It yields EpochReport.",
    "tears": "The worker process reported what cannot be read (ValueError: invalid literal for int()",
    "two-columns": "The model 'two-columns' gives a tensor of shape (4, 2) for films of shape (4, 3, 32, 48); it must",
    "not-finite": "'not-finite' predicts no finite number for validation film 'film",
    "too-few": "The trainer of 'too-few' gave test predictions of shape (3,) for 4 films. Give one number a film",
    "returns-nothing": "The trainer of 'returns-nothing' returned NoneType. A trainer's fit yields EpochReport",
    "nan-loss": "The loss ",
}

TRAINED = ("tiny-net", "forty", "fifty", "garbage")


@pytest.fixture(scope="module")
def ran(tmp_path_factory, tiny_suite, tiny_protocol, new_observer):
    folder = tmp_path_factory.mktemp("suite")
    suite, seen = tiny_suite(folder), new_observer()
    wanted = plan(suite, models=[*TRAINED, *FAILING], dataset="tiny", protocol=str(tiny_protocol))
    outcome = run(suite, wanted, observers=seen)
    return folder, suite, seen, outcome


@pytest.mark.parametrize(("model", "reason"), FAILING.items())
def test_a_model_that_fails_becomes_a_row_that_says_why(ran, model, reason):
    _, _, _, outcome = ran
    row = next(row for row in outcome.board.rows if row.name == model)
    assert row.kind == "failed"
    assert row.remark.startswith(reason)
    assert "\n" not in row.remark


def test_what_fails_does_not_stop_the_rest(ran):
    _, _, _, outcome = ran
    kinds = {row.name: row.kind for row in outcome.board.rows if row.name not in FAILING}
    assert kinds.pop("second against first") == "reader"
    assert kinds == {"tiny-net": "model", "forty": "model", "garbage": "model", "fifty": "baseline"}
    assert (outcome.trained, len(outcome.failures)) == (4, len(FAILING))


def test_baselines_run_first_and_then_networks_by_their_parameters(ran):
    _, _, seen, _ = ran
    order = [job.model for job in seen.starts]
    assert (order[0], order[1]) == ("fifty", "tiny-net")


def test_the_observer_is_told_of_every_job_and_epoch(ran):
    _, _, seen, _ = ran
    assert len(seen.starts) == len(seen.ends) == 4 + len(FAILING)
    assert {job.model for job, _ in seen.epochs} >= {"tiny-net", "forty", "fifty"}


def test_a_failure_is_kept_in_its_folder_with_the_place_of_its_log(ran):
    folder, _, _, outcome = ran
    failure = next(failure for failure in outcome.failures if failure.job.model == "raises")
    (kept,) = folder.glob("runs/tiny-tiny/raises/seed0-*/failure.json")
    assert json.loads(kept.read_text())["reason"] == "RuntimeError: the net is torn"
    assert failure.log == str(kept.with_name("log.txt"))


def test_the_log_holds_what_was_printed_and_the_traceback(ran):
    folder, *_ = ran
    (log,) = folder.glob("runs/tiny-tiny/raises/seed0-*/log.txt")
    text = log.read_text()
    assert "fitting raises" in text
    assert "raise RuntimeError" in text
    assert "and a second line" in text


def test_the_log_of_a_native_crash_shows_where_it_was(ran):
    folder, *_ = ran
    (log,) = folder.glob("runs/tiny-tiny/aborts/seed0-*/log.txt")
    assert "Fatal Python error: Aborted" in log.read_text()


def test_a_record_holds_the_whole_protocol_the_device_and_no_folder(ran):
    folder, suite, *_ = ran
    records, broken = standing_records(suite.runs)
    record = next(record for record in records if record.job.model == "tiny-net")
    assert not broken
    assert (record.protocol["batch_size"], record.protocol["optimiser"]["learning_rate"]) == (4, 0.001)
    assert (record.device, record.job.dataset, record.parameters) == ("cpu", "tiny", 117 + 8)
    assert all(str(folder) not in file.read_text() for file in folder.glob("boards/tiny-tiny/**/*.*"))


def test_no_half_written_file_is_left(ran):
    folder, *_ = ran
    hidden = [file.name for file in folder.glob("**/.*") if not file.name.endswith(".lock")]
    assert hidden == []


def test_a_second_run_trains_nothing_that_stands(ran, new_observer, tiny_protocol):
    _, suite, _, outcome = ran
    seen = new_observer()
    again = plan(suite, models=TRAINED, dataset="tiny", protocol=str(tiny_protocol))
    second = run(suite, again, observers=seen)
    assert (seen.starts, second.trained) == ([], 0)
    assert render(second.board) == render(outcome.board)


def test_a_run_of_other_models_keeps_those_that_stand_on_the_board(ran, new_observer, tiny_protocol):
    _, suite, *_ = ran
    alone = plan(suite, models=["forty"], dataset="tiny", protocol=str(tiny_protocol))
    board = run(suite, alone, observers=new_observer()).board
    assert {row.name for row in board.rows if row.kind in {"model", "baseline"}} == set(TRAINED)
    assert {row.name for row in board.rows if row.kind == "failed"} == set(FAILING)


def test_what_was_trained_stays_on_the_board_when_its_trainer_is_not_there_any_more(
    ran, tiny_file, tiny_protocol, tiny_suite, new_observer, tmp_path
):
    folder, *_ = ran
    shutil.copytree(folder, tmp_path / "copy")
    copy = tmp_path / "tiny.py"
    copy.write_text(tiny_file.read_text().replace('TrainerSpec(name="no-torch"', 'TrainerSpec(name="renamed"'))
    suite = replace(tiny_suite(tmp_path / "copy"), registry=load_plugins(BUILTINS, files=[copy]), plugin_files=(copy,))
    wanted = plan(suite, models=["tiny-net"], dataset="tiny", protocol=str(tiny_protocol))
    board = run(suite, wanted, observers=new_observer()).board
    assert {row.name for row in board.rows if row.kind in {"model", "baseline"}} == set(TRAINED)


def test_a_board_is_rebuilt_from_its_folder_with_the_same_bytes(ran):
    folder, suite, *_ = ran
    before = (folder / "boards/tiny-tiny/board.json").read_bytes()
    ((where, _),) = rebuild_boards(suite)
    assert (where / "board.json").read_bytes() == before


def test_an_unreadable_record_is_told_and_done_afresh(ran, tiny_protocol, new_observer):
    folder, suite, *_ = ran
    (file,) = folder.glob("runs/tiny-tiny/forty/seed0-*/record.json")
    kept = file.read_text()
    file.write_text(kept[:100])
    again = plan(suite, models=["forty"], dataset="tiny", protocol=str(tiny_protocol))
    assert again.jobs[0].record is None
    assert again.jobs[0].reason.startswith(f"runs: The record in {file.parent} cannot be read: ")
    (sentence,) = unreadable_records(suite, again)
    assert sentence.endswith("Delete that folder and run again: the job is done afresh.")
    assert run(suite, again, observers=new_observer()).trained == 1
    assert unreadable_records(suite, again) == []


def test_two_runs_in_one_folder_are_refused(ran, tiny_protocol, new_observer):
    from filelock import FileLock

    _, suite, *_ = ran
    again = plan(suite, models=["forty"], dataset="tiny", protocol=str(tiny_protocol))
    with FileLock(suite.runs / "tiny-tiny/.lock"), pytest.raises(BusyError, match="Wait until it ends, or give this"):
        run(suite, again, observers=new_observer())


def test_a_file_where_the_runs_should_be_is_an_error_that_says_so(tmp_path, tiny_suite, tiny_protocol, new_observer):
    (tmp_path / "runs").write_text("")
    suite = tiny_suite(tmp_path)
    wanted = plan(suite, models=["forty"], dataset="tiny", protocol=str(tiny_protocol))
    with pytest.raises(StorageError, match=r"Cannot make the folder .*runs.*choose a folder that can be written to"):
        run(suite, wanted, observers=new_observer())


def test_a_runs_folder_that_cannot_be_locked_is_an_error_that_says_so(
    tmp_path, tiny_suite, tiny_protocol, new_observer
):
    (tmp_path / "runs/tiny-tiny/.lock").mkdir(parents=True)
    suite = tiny_suite(tmp_path)
    wanted = plan(suite, models=["forty"], dataset="tiny", protocol=str(tiny_protocol))
    with pytest.raises(
        StorageError, match=r"Cannot write to the folder .*tiny-tiny: .*Choose another one with --runs\."
    ):
        run(suite, wanted, observers=new_observer())


def test_a_device_that_is_not_there_is_refused_before_anything_is_written(
    tmp_path, tiny_suite, tiny_protocol, new_observer, monkeypatch
):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    suite = tiny_suite(tmp_path)
    wanted = plan(suite, models=["forty"], dataset="tiny", protocol=str(tiny_protocol), device="cuda")
    with pytest.raises(TrainingError, match="The device 'cuda' is not there"):
        run(suite, wanted, observers=new_observer())
    assert list(tmp_path.iterdir()) == []


def test_a_cohort_that_changes_during_the_run_fails_the_job(tmp_path, tiny_suite, tiny_protocol, new_observer):
    suite = tiny_suite(tmp_path)
    wanted = plan(suite, models=["forty"], dataset="tiny", protocol=str(tiny_protocol))
    planned = replace(wanted.jobs[0], job=replace(wanted.jobs[0].job, cohort="another"))
    (failure,) = run(suite, replace(wanted, jobs=(planned,)), observers=new_observer()).failures
    assert isinstance(failure, Failure)
    assert failure.reason == "The cohort 'tiny' changed while the run was going on. Start the run again."


def test_a_pretraining_set_has_no_scores_to_run_on(tmp_path, tiny_suite):
    with pytest.raises(CohortError, match="'tiny-findings' is a pretraining set and has no scores"):
        plan(tiny_suite(tmp_path), dataset="tiny-findings")


def test_a_cohort_file_cannot_have_the_name_of_an_installed_dataset(tmp_path, tiny_suite):
    file = tmp_path / "cohort.toml"
    scale = '[scale]\nname = "SvH"\nminimum = 0\nmaximum = 280\nunit = "units"\n'
    file.write_text(f'name = "synthetic-hands"\ntable = "t.csv"\nimage = "film"\nreaders = ["A"]\n{scale}')
    with pytest.raises(
        CohortError, match=r"cohort\.toml: 'name' is 'synthetic-hands', the name of an installed dataset"
    ):
        plan(tiny_suite(tmp_path), dataset=str(file))


def test_a_protocol_file_with_the_name_of_an_installed_one_must_say_the_same(tmp_path, tiny_suite, tiny_protocol):
    registry = tiny_suite(tmp_path).registry
    file = tmp_path / "mine.toml"
    file.write_text(tiny_protocol.read_text().replace('name = "tiny"', 'name = "quick"'))
    with pytest.raises(ProtocolError, match="'name' is 'quick', the name of an installed protocol that says otherwise"):
        find_protocol(registry, str(file))


def test_a_copy_of_an_installed_protocol_is_that_protocol(tmp_path, tiny_suite):
    registry = tiny_suite(tmp_path).registry
    original = registry.get("protocol", "smoke").file
    copy = tmp_path / "copy.toml"
    copy.write_text(original.read_text())
    assert find_protocol(registry, str(copy)) == find_protocol(registry, "smoke")


def test_a_board_is_named_after_its_cohort_and_any_protocol_but_the_default():
    assert (board_name("hands", "quick"), board_name("hands", "smoke")) == ("hands", "hands-smoke")


def test_a_board_that_cannot_be_rebuilt_does_not_keep_the_others_from_it(ran, tmp_path, tiny_suite):
    from ra_bench.errors import RecordError

    folder, *_ = ran
    shutil.copytree(folder / "boards", tmp_path / "boards")
    (tmp_path / "boards/a-broken-one").mkdir()
    boards = rebuild_boards(replace(tiny_suite(tmp_path), boards=tmp_path / "boards"))
    assert next(boards)[0].name == "tiny-tiny"
    with pytest.raises(RecordError, match=r"Board 'a-broken-one': .* holds neither board\.json nor published\.toml"):
        next(boards)


def test_there_is_no_board_to_rebuild_before_the_first_run(tmp_path, tiny_suite):
    from ra_bench.errors import RecordError

    with pytest.raises(RecordError, match="Make one with 'ra-bench run'"):
        list(rebuild_boards(tiny_suite(tmp_path)))


def test_a_board_that_is_not_there_is_answered_with_the_nearest(ran):
    _, suite, *_ = ran
    with pytest.raises(UnknownNameError, match=r"Did you mean 'tiny-tiny'\?[\s\S]*name the folder with --boards"):
        list(rebuild_boards(suite, ["tiny-tin"]))
