"""A run in folds from the command to the board, and again."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from ra_bench.cohorts.fitting import fit_film
from ra_bench.runs.plan import job_key
from ra_bench.runs.records import read_predictions, read_record, standing_records
from ra_bench.runs.work import films_of, sides_of
from ra_bench.suite import plan, rebuild_boards, run
from ra_bench.training.protocol import base_size

pytestmark = pytest.mark.slow  # whole runs in processes of their own


@pytest.fixture(scope="module")
def ran(tmp_path_factory, tiny_suite, tiny_protocol, new_observer):
    folder = tmp_path_factory.mktemp("folds")
    suite, seen = tiny_suite(folder), new_observer()
    wanted = plan(suite, models=["forty", "fifty", "tiny-net"], dataset="tiny", protocol=str(tiny_protocol), folds=3)
    return folder, suite, run(suite, wanted, observers=seen), seen


@pytest.fixture
def copied(ran, tmp_path, tiny_suite):
    shutil.copytree(ran[0], tmp_path / "copy")
    return tmp_path / "copy", tiny_suite(tmp_path / "copy")


def again(suite, tiny_protocol, **more):
    return plan(suite, models=["forty", "fifty", "tiny-net"], dataset="tiny", protocol=str(tiny_protocol), **more)


def test_every_fold_is_a_job_and_every_film_is_predicted_once(ran):
    _, suite, outcome, seen = ran
    assert [(job.model, job.fold.number, job.fold.of) for job in seen.starts[:3]] == [
        ("fifty", n, 3) for n in (1, 2, 3)
    ]
    assert outcome.trained == 9
    assert {row.name: row.films for row in outcome.board.rows} == {
        "forty": 20, "fifty": 20, "tiny-net": 20, "second against first": 20
    }  # fmt: skip
    films = [film for r in standing_records(suite.runs)[0] if r.job.model == "forty" for film in r.predictions.ids]
    assert sorted(films) == [f"film{number:02d}" for number in range(20)]


def test_a_board_of_folds_has_a_name_of_its_own(ran):
    folder, _, outcome, _ = ran
    assert outcome.board.name == "tiny-tiny-3-folds"
    assert outcome.board.title == "tiny, protocol tiny, 3 folds, simulated cohort"
    assert (folder / "boards/tiny-tiny-3-folds/board.md").exists()
    command = dict(outcome.board.facts)["command"]
    assert command.endswith("--folds 3")


def test_all_folds_share_one_store_of_films(ran):
    folder, *_ = ran
    assert len([store for store in (folder / "data/films").iterdir() if store.is_dir()]) == 1


def test_what_stands_is_not_trained_again_and_a_missing_fold_alone_is(copied, tiny_protocol, new_observer):
    folder, suite = copied
    assert all(planned.record is not None for planned in again(suite, tiny_protocol, folds=3).jobs)
    (lost,) = folder.glob("runs/tiny-tiny-3-folds/forty/seed0-fold2-*")
    before = read_predictions(lost / "predictions.csv")
    shutil.rmtree(lost)
    (planned,) = [planned for planned in again(suite, tiny_protocol, folds=3).jobs if planned.record is None]
    assert (planned.job.model, planned.job.fold.number) == ("forty", 2)
    assert planned.reason == "runs: no finished run of this model and seed yet"
    seen = new_observer()
    run(suite, again(suite, tiny_protocol, folds=3), observers=seen)
    assert [job.fold.number for job in seen.starts] == [2]
    assert read_predictions(lost / "predictions.csv") == before


def test_another_number_of_folds_is_another_board_and_leaves_the_first_alone(copied, tiny_protocol):
    _, suite = copied
    other = again(suite, tiny_protocol, folds=4)
    assert other.board == "tiny-tiny-4-folds"
    assert all(planned.record is None for planned in other.jobs)


def test_a_single_split_stands_beside_folds(copied, tiny_protocol, new_observer):
    folder, suite = copied
    before = (folder / "boards/tiny-tiny-3-folds/board.json").read_bytes()
    run(suite, again(suite, tiny_protocol), observers=new_observer())
    assert (folder / "boards/tiny-tiny/board.json").exists()
    assert (folder / "boards/tiny-tiny-3-folds/board.json").read_bytes() == before


def test_a_board_of_folds_is_rebuilt_with_the_same_bytes(ran):
    folder, suite, *_ = ran
    before = (folder / "boards/tiny-tiny-3-folds/board.json").read_bytes()
    list(rebuild_boards(suite))
    assert (folder / "boards/tiny-tiny-3-folds/board.json").read_bytes() == before


def test_the_keys_of_committed_records_are_what_they_were(request):
    boards = request.config.rootpath / "leaderboards/synthetic-hands/records"
    jobs = [read_record(folder).job for folder in boards.iterdir()]
    assert len(jobs) > 5
    assert [job_key(job) for job in jobs] == [job.key for job in jobs]


# --- the films of a fold ---


def test_every_fold_has_its_own_films_out_of_the_store_of_all(ran, tiny_protocol):
    folder, suite, *_ = ran
    wanted = again(suite, tiny_protocol, folds=3)
    drawn = {sample.sample_id: sample.film for sample in wanted.cohort.samples}
    before = sorted((file, file.stat().st_size) for file in (folder / "data").rglob("*"))
    height, width = base_size(wanted.protocol)
    for split in wanted.splits.splits:
        sides = sides_of(films_of(wanted.cohort, split, wanted.protocol, suite.data), split)
        for side, part in sides.items():
            assert part.ids == getattr(split, side)
            expected = [fit_film(drawn[name](), height, width) for name in part.ids]
            assert np.array_equal(part.films, expected)
            assert np.array_equal(part.sizes, [drawn[name]().shape for name in part.ids])
    assert sorted((file, file.stat().st_size) for file in (folder / "data").rglob("*")) == before


# --- as a user ---


def test_the_command_line_runs_folds_and_explains_them(cli, tiny_file, tiny_protocol):
    words = ["run", "-p", tiny_file, "--dataset", "tiny", "--protocol", tiny_protocol, "--models", "forty"]
    done = cli(*words, "--folds", "2")
    assert done.code == 0
    assert "tiny: 20 films, each tested once in 2 folds; protocol tiny. Jobs: 2 to do" in done.err
    assert "forty, fold 1 of 2: done" in done.err
    assert "Board: leaderboards/tiny-tiny-2-folds/board.md" in done.out
    said = cli(*words, "--folds", "2", "--explain").out.splitlines()
    assert [line.split(": ")[0] for line in said] == ["forty, seed 0, fold 1 of 2", "forty, seed 0, fold 2 of 2"]
    assert all("stands" in line for line in said)


@pytest.mark.parametrize(
    ("folds", "code", "said"),
    [
        ("five", 2, "'five' is neither a number of folds such as 5 nor 'sites'"),
        ("-3", 2, "'-3' is neither a number of folds such as 5 nor 'sites'"),
        ("1", 1, "Error: 1 fold(s) would leave nothing to train on."),
        ("99", 1, "has 20 patient(s): too few for 99 folds"),
        ("sites", 1, "The cohort 'tiny' names no site."),
    ],
)
def test_folds_that_cannot_be_are_told_before_anything_is_written(
    cli, tmp_path, tiny_file, tiny_protocol, folds, code, said
):
    done = cli(
        "run", "-p", tiny_file, "--dataset", "tiny", "--protocol", tiny_protocol, "--models", "forty", "--folds", folds
    )
    assert done.code == code
    assert said in done.err
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "leaderboards").exists()


def test_predictions_from_elsewhere_are_added_to_a_board_of_folds_by_all_its_films(
    cli, tiny_file, tiny_protocol, tmp_path
):
    cli("run", "-p", tiny_file, "--dataset", "tiny", "--protocol", tiny_protocol, "--models", "forty", "--folds", "2")
    table = tmp_path / "theirs.csv"
    table.write_text("film,predicted\n" + "".join(f"film{number:02d},{number}\n" for number in range(20)))
    done = cli("score", table, "-p", tiny_file, "--board", "tiny-tiny-2-folds")
    assert done.code == 0
    assert "Added to the board" in done.out
    board = (tmp_path / "leaderboards/tiny-tiny-2-folds/board.md").read_text()
    assert "theirs" in board
    compared = cli("compare", "leaderboards/tiny-tiny-2-folds")
    assert compared.code == 0
    rebuilt = cli("leaderboard", "-p", tiny_file)
    assert rebuilt.code == 0
    assert (tmp_path / "leaderboards/tiny-tiny-2-folds/board.md").read_text() == board


def test_models_that_lack_a_fold_are_left_out_of_a_comparison_and_named(copied, cli):
    folder, _ = copied
    (lost,) = folder.glob("runs/tiny-tiny-3-folds/forty/seed0-fold2-*")
    shutil.rmtree(lost)
    done = cli("compare", folder / "runs/tiny-tiny-3-folds")
    assert done.code == 0
    assert "Left out: forty, seed 0, fold 2 of 3 missing." in " ".join(done.out.split())
