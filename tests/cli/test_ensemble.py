"""`ra-bench ensemble` on a board whose runs are there: nothing is trained."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from ra_bench.boards.board import build_board
from ra_bench.boards.leaderboard import rebuild, save_board
from ra_bench.boards.render.json import read_board
from ra_bench.builtin import register_metrics, register_renderers
from ra_bench.cli.main import cli as group
from ra_bench.errors import RecordError, UnknownNameError
from ra_bench.runs.gather import gather
from ra_bench.runs.records import job_folder, read_files, read_record, standing_records, write_record
from ra_bench.values import Job, Predictions, RunRecord

FILMS = 12
WEIGHTS = "0a1b2c3d".ljust(64, "0")


def record(model, seed, error):
    job = Job(
        key=f"{model}{seed}".ljust(12, "0"),
        board="made-up",
        model=model,
        seed=seed,
        **dict.fromkeys(("dataset", "cohort", "split", "protocol", "protocol_hash"), "x"),
        **dict.fromkeys(("plugin", "plugin_version", "plugin_source", "trainer", "trainer_source"), "x"),
        weights=WEIGHTS if "+" in model else None,
    )
    scores = tuple(10.0 * number for number in range(FILMS))
    return RunRecord(
        job=job,
        protocol={},
        predictions=Predictions(
            ids=tuple(f"f{number:02d}" for number in range(FILMS)),
            patients=tuple(f"p{number:02d}" for number in range(FILMS)),
            readings={"a": scores},
            predicted=tuple(score + error * (-1) ** number for number, score in enumerate(scores)),
        ),
        history=(),
        **dict.fromkeys(("parameters", "madds", "seconds_per_epoch", "peak_memory", "kept_epoch", "pretrained_on")),
        seconds=1.0,
        overrides={},
        device="cpu",
        finished="2022-03-01T12:00:00Z",
        environment={},
    )


def written(folder, models, **facts):
    """A board of models with two seeds each, and its runs."""
    records = [record(model, seed, error + seed) for model, error in models.items() for seed in (0, 1)]
    for one in records:
        write_record(job_folder(folder / "runs", one.job), one)
    board = build_board("made-up", records=records, metrics=list(register_metrics()), **facts)
    save_board(board, records, folder / "boards" / "made-up", list(register_renderers()), figures=False)
    return folder


@pytest.fixture
def place(tmp_path):
    return written(tmp_path, {"m": 4.0, "n": -6.0}, simulated=True)


def ask(place, *words):
    options = ["--runs", str(place / "runs"), "--boards", str(place / "boards"), "--data", str(place / "data")]
    found = CliRunner().invoke(group, ["ensemble", "made-up", *words, *options], catch_exceptions=True)
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def shown(place, name):
    board = read_board((place / "boards" / "made-up" / "board.json").read_text())
    return next((row for row in board.rows if row.name == name), None)


def all_files(folder):
    return {file: file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file() and file.name != ".lock"}


def test_it_is_a_ranked_row_that_says_what_it_is(place):
    said = ask(place, "--models", "m,n").output
    assert "ensemble-m-n: Ensemble, the mean of 2 runs: m and n, seed by seed." in said
    row = shown(place, "ensemble-m-n")
    assert (row.rank, row.seeds) == (1, (0, 1))
    assert row.metrics["rmse"].value == pytest.approx(0.5)  # errors of 4 and -6 leave 1, of 5 and -5 nothing


def test_made_again_it_is_the_same_to_the_byte(place):
    ask(place, "--models", "m,n")
    before = all_files(place)
    ask(place, "--models", "n,m")
    assert all_files(place) == before


def test_the_board_can_be_made_again_from_its_folder(place):
    ask(place, "--models", "m,n", "--together", "--name", "four")
    ask(place, "--models", "m,n", "--name", "both")
    before = all_files(place / "boards")
    rebuild(place / "boards" / "made-up", list(register_metrics()), list(register_renderers()))
    assert all_files(place / "boards") == before


def test_made_otherwise_it_replaces_the_row_and_its_records(place):
    ask(place, "--models", "m,n", "--name", "both")
    ask(place, "--models", "m,n", "--name", "both", "--together")
    assert shown(place, "both").seeds == (0,)
    assert len(list((place / "runs" / "made-up" / "both").iterdir())) == 1
    assert len(list((place / "boards" / "made-up" / "records").glob("both-*"))) == 1


def test_when_a_member_is_made_anew_the_next_row_finds_it_stale(place):
    ask(place, "--models", "m,n", "--name", "both")
    changed = replace(record("n", 0, -9.0), finished="2022-04-01T12:00:00Z")
    write_record(job_folder(place / "runs", changed.job), changed)
    said = ask(place, "--models", "m", "--name", "ms").output
    row = shown(place, "both")
    assert (row.kind, row.rank) == ("failed", None)
    assert "Its member n, seed 0, was made anew since" in row.remark
    assert "ra-bench ensemble made-up --models m,n --seeds 0,1 --name both" in " ".join(said.split())
    ask(place, "--models", "m,n", "--seeds", "0,1", "--name", "both")
    assert shown(place, "both").kind == "model"
    assert [row.kind for row in read_board((place / "boards/made-up/board.json").read_text()).rows].count("failed") == 0


def test_its_folder_is_no_broken_job_for_merging(place):
    ask(place, "--models", "m,n")
    found = gather([place / "runs"])
    assert not [said for said in found.broken if "ensemble" in said]
    assert {one.job.model for one in found.finished} == {"ensemble-m-n"}  # the others have no job.json here


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--models", "m,resnet50"), r"no finished run of 'resnet50'\. It has m, n"),
        (("--models", "m,resnet50+0a1b2c3d"), r"no finished run of 'resnet50\+0a1b2c3d'\. It has m, n"),
        (("--models", ","), "No model is named"),
        (("--models", "m", "--seeds", "0"), "takes two runs or more"),
        (("--models", "m,n", "--name", "n"), "'n' is a model that ra-bench trains"),
        (("--models", "m,n", "--name", "../x"), "cannot name a row"),
        (("--models", "m,n", "--name", "resnet50"), "'resnet50' is a model that ra-bench trains"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(place, words, said):
    before = all_files(place)
    with pytest.raises(RecordError, match=said):
        ask(place, *words)
    assert all_files(place) == before


@pytest.mark.parametrize(
    ("model", "nearest"), [("resnet5", "resnet50"), ("resnet5+0a1b2c3d", "resnet50"), ("mm", "m"), ("nowhere/x", None)]
)
def test_a_model_that_nobody_registered_is_named_with_the_nearest(place, model, nearest):
    before = all_files(place)
    with pytest.raises(UnknownNameError) as raised:
        ask(place, "--models", f"m,{model}")
    guess = f" Did you mean '{nearest}'?" if nearest else ""
    said = str(raised.value)
    assert said.startswith(f"No model named '{model}'.{guess} Known: ")
    assert said.endswith("\nThe board has finished runs of m, n.")
    assert "ra-bench run" not in said
    assert all_files(place) == before


def test_a_board_that_is_not_there_is_refused(place):
    with pytest.raises(RecordError, match="There is no board in"):
        CliRunner().invoke(
            group, ["ensemble", "other", "--models", "m,n", "--boards", str(place / "boards")], catch_exceptions=False
        )


def test_models_must_be_named(place):
    assert "Missing option '--models'" in ask(place).output


def test_the_files_of_a_member_are_left_alone(place):
    folder = job_folder(place / "runs", record("m", 0, 4.0).job)
    before = read_files(folder)
    ask(place, "--models", "m,n")
    assert read_files(folder) == before


def test_a_training_of_that_name_that_is_on_no_board_is_left_alone(place):
    mine = record("both", 7, 3.0)
    write_record(job_folder(place / "runs", mine.job), mine)
    ask(place, "--models", "m,n", "--name", "both")
    assert read_record(job_folder(place / "runs", mine.job)) == mine


# --- JSON ---


def test_as_json_it_is_the_row_and_what_it_is_made_of(place):
    found = ask(place, "--models", "m,n", "--how", "median", "--json")
    said = json.loads(found.stdout)
    assert (found.exit_code, set(said)) == (0, {"board", "folder", "row", "ensembles"})
    assert (said["board"], said["folder"]) == ("made-up", str(place / "boards" / "made-up"))
    board = json.loads((place / "boards" / "made-up" / "board.json").read_text())
    assert said["row"] == next(row for row in board["rows"] if row["name"] == "ensemble-m-n")
    assert [(one["seed"], one["fold"], one["how"]) for one in said["ensembles"]] == [
        (0, None, "median"),
        (1, None, "median"),
    ]
    assert [(member["model"], member["seed"]) for member in said["ensembles"][1]["members"]] == [("m", 1), ("n", 1)]


def test_what_cannot_be_is_no_json_and_exit_code_1(place, cli):
    said = cli("ensemble", "made-up", "--models", "m", "--seeds", 0, "--json", "--boards", place / "boards")
    assert (said.code, said.out) == (1, "")
    assert "Error: An ensemble takes two runs or more" in said.err


# --- what the shell offers ---


def offered(place, *words, begun):
    folders = ["--boards", str(place / "boards"), "--runs", str(place / "runs")]
    shell = ShellComplete(group, {}, "ra-bench", "_RA_BENCH_COMPLETE")
    return [item.value for item in shell.get_completions(["ensemble", *folders, *words], begun)]


def test_models_that_the_board_has_runs_of_are_offered_and_ensembles_are_not(place):
    ask(place, "--models", "m,n")
    assert offered(place, begun="made") == ["made-up"]
    assert offered(place, "made-up", "--models", begun="") == ["m", "n"]
    assert offered(place, "made-up", "--models", begun="m,") == ["m,n"]
    assert offered(place, "--models", begun="") == []


def test_of_a_private_board_the_models_of_its_runs_are_offered(tmp_path):
    written(tmp_path, {"m": 4.0, "n": -6.0}, private=True)
    assert offered(tmp_path, "made-up", "--models", begun="n") == ["n"]


def test_records_that_cannot_be_read_offer_nothing_and_say_nothing(place, capfd):
    for file in place.rglob("record.json"):
        file.write_text("[]" if "m" in file.parent.name else "{")
    assert offered(place, "made-up", "--models", begun="") == []
    assert capfd.readouterr() == ("", "")


# --- private cohorts ---


def test_of_a_private_cohort_nothing_film_by_film_leaves_the_runs(tmp_path):
    place = written(tmp_path, {"m": 4.0, "n": -6.0}, private=True)
    said = ask(place, "--models", "m,n", "--name", "both", "--json").output
    assert shown(place, "both").rank == 1
    boards = place / "boards" / "made-up"
    before = all_files(boards)
    assert not (boards / "records").exists()
    rebuild(boards, list(register_metrics()), list(register_renderers()))
    assert all_files(boards) == before
    CliRunner().invoke(
        group,
        ["leaderboard", "publish", "made-up", "--boards", str(place / "boards"), "--out", str(place / "out")],
        catch_exceptions=False,
    )
    files = all_files(boards) | all_files(place / "out")
    assert len(files) > len(before) > 0
    for text in (said, *(content.decode() for content in files.values())):
        assert not re.search(r"\b[fp](0\d|1[01])\b", text)
    assert {record.job.seed for record in standing_records(place / "runs" / "made-up" / "both")[0]} == {0, 1}


def test_of_a_private_cohort_a_member_that_was_made_anew_is_found_stale(tmp_path):
    place = written(tmp_path, {"m": 4.0, "n": -6.0}, private=True)
    ask(place, "--models", "m,n", "--name", "both")
    changed = record("n", 0, -9.0)
    write_record(job_folder(place / "runs", changed.job), changed)
    ask(place, "--models", "m", "--name", "ms")
    assert "Its member n, seed 0, was made anew since" in shown(place, "both").remark


# --- rows with given weights ---


def test_a_row_with_given_weights_is_a_member_of_its_own(tmp_path):
    place = written(tmp_path, {"m": 4.0, "m+0a1b2c3d": -6.0})
    ask(place, "--models", "m,m+0a1b2c3d")
    row = shown(place, "ensemble-m-m+0a1b2c3d")
    assert "the mean of 2 runs: m and m+0a1b2c3d, seed by seed" in row.remark
    assert row.metrics["rmse"].value == pytest.approx(0.5)
    made = standing_records(place / "runs" / "made-up" / row.name)[0]
    assert {record.job.weights for record in made} == {None}
    before = all_files(place / "boards")
    rebuild(place / "boards" / "made-up", list(register_metrics()), list(register_renderers()))
    assert all_files(place / "boards") == before


def test_when_other_weights_are_given_a_row_of_the_ones_before_is_still_its_member(tmp_path):
    place = written(tmp_path, {"m+0a1b2c3d": 4.0, "m+99999999": -6.0})
    ask(place, "--models", "m+0a1b2c3d", "--name", "one")
    assert shown(place, "one").kind == "model"
    changed = record("m+0a1b2c3d", 1, -9.0)
    write_record(job_folder(place / "runs", changed.job), changed)
    said = ask(place, "--models", "m+99999999", "--name", "other").output
    assert "--models m+0a1b2c3d --seeds 0,1 --name one" in " ".join(said.split())
