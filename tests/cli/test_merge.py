"""`ra-bench run --shard` on each machine, then `ra-bench merge`."""

from __future__ import annotations

import shutil

import pytest

pytestmark = pytest.mark.slow  # whole runs in processes of their own


@pytest.fixture(scope="session")
def halves(tmp_path_factory, command, arguments):
    """Two parts of a run, as two machines do them."""
    folder = tmp_path_factory.mktemp("halves")
    for part in ("1", "2"):
        wanted = [*arguments, "fifty,forty,raises", "--shard", f"{part}/2", "--runs", f"runs-{part}"]
        process = command(folder, *wanted, "--boards", f"boards-{part}")
        process.communicate(timeout=120)
    return folder


@pytest.fixture
def here(halves, tmp_path):
    shutil.copytree(halves, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_two_machines_do_each_job_once(halves):
    models = [sorted(folder.name for folder in (halves / f"runs-{part}/tiny-tiny").glob("[a-z]*")) for part in (1, 2)]
    assert models == [["fifty", "raises"], ["forty"]]


def test_what_was_joined_is_told_and_the_board_is_written(here, cli, tiny_file):
    said = cli("merge", "runs-1", "runs-2", "-p", tiny_file)
    assert (said.code, said.err) == (0, "")
    first, failed, board = said.out.splitlines()
    assert first == "tiny-tiny: 2 finished, 2 of them new; 1 not."
    assert failed.startswith("  raises, seed 0 in runs-1/tiny-tiny/raises/seed0-")
    assert failed.endswith(": failed: RuntimeError: the net is torn")
    assert board == "Board: leaderboards/tiny-tiny/board.md"
    text = (here / "leaderboards/tiny-tiny/board.md").read_text()
    assert [word in text for word in ("forty", "fifty", "raises", "the net is torn")] == [True] * 4


def test_the_same_again_says_how_much_was_there_already(here, cli, tiny_file):
    cli("merge", "runs-1", "runs-2", "-p", tiny_file)
    said = cli("merge", "runs-1", "runs-2", "-p", tiny_file)
    assert said.out.startswith(
        "tiny-tiny: 2 finished, 0 of them new; 1 not.\n"
        "  2 in two folders, with equal predictions, such as runs/tiny-tiny/fifty/seed0-"
    )


def test_a_broken_job_is_named_and_the_exit_code_is_1(here, cli, tiny_file):
    (record,) = here.glob("runs-2/tiny-tiny/forty/*/record.json")
    record.write_text("{")
    said = cli("merge", "runs-1", "runs-2", "-p", tiny_file)
    assert said.code == 1
    assert said.err.startswith("Left out: The record in runs-2/tiny-tiny/forty/seed0-")
    assert said.out.startswith("tiny-tiny: 1 finished, 1 of them new; 1 not.\n")


def test_a_board_that_cannot_be_written_is_told_and_the_exit_code_is_1(here, cli):
    said = cli("merge", "runs-1", "runs-2")
    assert said.code == 1
    assert said.err.startswith("Error: tiny-tiny: Its board is not written: the cohort 'tiny' is not known here.")
    assert len(list(here.glob("runs/tiny-tiny/*/*/record.json"))) == 2


def test_runs_on_films_of_ones_own_are_joined_with_their_description(cli, tmp_path):
    cli("cohort", "make", "clinic", "--films", "40", "--width", "64")
    wanted = ["run", "-q", "--dataset", "clinic/cohort.toml", "--protocol", "smoke", "--models", "mean,median"]
    cli(*wanted, "--shard", "1/2", "--runs", "first", "--boards", "first-boards")
    cli(*wanted, "--shard", "2/2", "--runs", "second", "--boards", "second-boards")
    said = cli("merge", "first", "second")
    assert said.code == 1
    assert "the cohort 'clinic' is not known here. Give its description with --dataset PATH/cohort.toml" in said.err
    said = cli("merge", "first", "second", "--dataset", "clinic/cohort.toml")
    assert (said.code, said.err) == (0, "")
    assert "| median " in (tmp_path / "leaderboards/clinic-smoke/board.md").read_text()


@pytest.mark.parametrize("shard", ["2", "0/3", "4/3", "a/b", "1/0", "/", "1/2/3", "-1/2"])
def test_what_is_no_shard_is_wrong_usage(cli, arguments, shard):
    said = cli(*arguments, "forty", "--shard", shard)
    assert said.code == 2
    assert f"Invalid value for --shard: '{shard}' is no part such as 2/5, the second of five" in said.err


def test_a_shard_without_jobs_does_nothing_and_is_no_error(cli, arguments):
    said = cli(*arguments, "forty", "--shard", "2/2")
    assert said.code == 0
    assert "Jobs: 0 to do, 0 standing." in said.err


def test_a_launcher_that_nobody_registered_is_refused(cli, arguments):
    said = cli(*arguments, "forty", "--launcher", "lokal")
    assert said.code == 1
    assert "No launcher named 'lokal'. Did you mean 'local'?" in said.err
