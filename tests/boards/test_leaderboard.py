from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ra_bench.boards.board import build_board
from ra_bench.boards.leaderboard import rebuild, save_board
from ra_bench.boards.render import json, markdown
from ra_bench.errors import PluginError, RecordError, UnknownNameError
from ra_bench.runs.records import read_record
from ra_bench.specs import MetricSpec, RendererSpec

LEADERBOARDS = Path(__file__).parents[2] / "leaderboards"
MARKDOWN = RendererSpec(name="markdown", suffix=".md", render=markdown.render)
JSON = RendererSpec(name="json", suffix=".json", render=json.render)
RENDERERS = (MARKDOWN, JSON)


def saved(made, folder, records=None, **given):
    records = made.board_records() if records is None else records
    facts = (("cohort", "made-up"), ("note on the cohort", "Made up for a test."))
    board = build_board(
        "made-up", records=records, metrics=made.metrics, baselines=("mean", "statistics"), facts=facts, **given
    )
    return save_board(board, records, folder, RENDERERS)


def contents(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
    }


def test_a_folder_holds_the_board_and_its_records(made, tmp_path):
    saved(made, tmp_path)
    found = contents(tmp_path)
    assert {"board.md", "board.json", "records/best-seed0/record.json", "records/best-seed0/predictions.csv"} <= set(
        found
    )


def test_rebuilding_changes_no_byte(made, tmp_path):
    failures, waiting = [made.failure("resnet50", "No memory left.")], [made.job("late")]
    saved(made, tmp_path, failures=failures, waiting=waiting, simulated=True)
    before = contents(tmp_path)
    found = rebuild(tmp_path, made.metrics, RENDERERS)
    assert contents(tmp_path) == before
    assert found.source == "measured again from 6 records"


def test_saving_again_changes_no_byte(made, tmp_path):
    saved(made, tmp_path)
    before = contents(tmp_path)
    saved(made, tmp_path)
    assert contents(tmp_path) == before


def test_patients_are_numbered_in_what_is_published(made, tmp_path):
    saved(made, tmp_path)
    given = read_record(tmp_path / "records" / "best-seed0").predictions
    assert given.patients[:2] == ("p0001", "p0002")
    assert given.ids[0] == "film000"
    assert not [name for name, content in contents(tmp_path).items() if b"patient000" in content]


def telling(made):
    """Records whose films are named after their patients."""

    def renamed(record):
        given = record.predictions
        ids = tuple(f"{patient}-left.png" for patient in given.patients)
        return replace(record, predictions=replace(given, ids=ids))

    return [renamed(record) for record in made.board_records()]


def test_films_that_are_named_after_patients_are_numbered_too(made, tmp_path):
    saved(made, tmp_path, telling(made))
    assert read_record(tmp_path / "records" / "best-seed0").predictions.ids[:2] == ("f0001", "f0002")
    before = contents(tmp_path)
    rebuild(tmp_path, made.metrics, RENDERERS)
    assert contents(tmp_path) == before


def test_films_of_a_simulated_cohort_keep_their_names(made, tmp_path):
    saved(made, tmp_path, telling(made), simulated=True)
    assert read_record(tmp_path / "records" / "best-seed0").predictions.ids[0] == "patient000-left.png"


def test_a_record_that_left_the_board_is_removed(made, tmp_path):
    saved(made, tmp_path)
    saved(made, tmp_path, made.board_records()[1:])
    assert not (tmp_path / "records" / "close-a-seed0").exists()


def test_a_persons_own_file_beside_a_stale_record_is_kept(made, tmp_path):
    saved(made, tmp_path)
    note = tmp_path / "records" / "close-a-seed0" / "note.txt"
    note.write_text("mine")
    saved(made, tmp_path, made.board_records()[1:])
    assert [file.name for file in note.parent.iterdir()] == ["note.txt"]


def test_nothing_film_by_film_of_a_private_cohort_is_published(made, tmp_path):
    saved(made, tmp_path)
    saved(made, tmp_path, private=True)
    assert set(contents(tmp_path)) == {"board.md", "board.json"}


def test_a_private_board_is_drawn_again_and_says_so(made, tmp_path):
    saved(made, tmp_path, private=True)
    before = contents(tmp_path)
    found = rebuild(tmp_path, made.metrics, RENDERERS)
    assert contents(tmp_path) == before
    assert found.source.startswith("drawn again from board.json: the cohort is private")


def test_a_better_formula_reaches_the_board_without_training(made, tmp_path):
    saved(made, tmp_path)
    metrics = (replace(made.metrics[0], label="Pearson's rho"), *made.metrics[1:])
    rebuild(tmp_path, metrics, RENDERERS)
    assert "Pearson's rho ↑" in (tmp_path / "board.md").read_text()


def median_error():
    return MetricSpec(
        name="median-error",
        label="median error",
        unit="",
        compute=lambda reference, predicted: float(np.median(np.abs(predicted - reference))),
        best="low",
        interval="percentile",
    )


@pytest.mark.slow
def test_a_new_metric_reaches_an_old_board_from_its_stored_predictions(made, tmp_path):
    saved(made, tmp_path)
    found = rebuild(tmp_path, (*made.metrics, median_error()), RENDERERS)
    assert found.source == "measured again from 6 records; new: median error"
    row = next(row for row in found.board.rows if row.name == "best")
    given = made.predictions(8, 3)
    reference = np.mean(list(given.readings.values()), axis=0)
    expected = np.median(np.abs(np.array(given.predicted) - reference))
    assert row.metrics["median-error"].value == pytest.approx(expected)
    assert row.metrics["median-error"].low < expected < row.metrics["median-error"].high
    assert "median error ↓" in (tmp_path / "board.md").read_text()


def test_a_private_board_says_that_it_cannot_show_a_new_metric_and_where_it_can_be_measured(made, tmp_path):
    saved(made, tmp_path, private=True)
    before = contents(tmp_path)
    found = rebuild(tmp_path, (*made.metrics, median_error()), RENDERERS)
    assert found.source.endswith(
        "its predictions are not here. So it has no median error: 'ra-bench run' measures it where the runs are, and "
        "trains nothing anew"
    )
    assert contents(tmp_path) == before


def test_a_column_whose_metric_is_not_installed_is_not_lost_silently(made, tmp_path):
    saved(made, tmp_path)
    before = contents(tmp_path)
    with pytest.raises(
        UnknownNameError,
        match=r"No metric named 'ccc'[\s\S]*or give its file with -p. 'ra-bench run' writes",
    ):
        rebuild(tmp_path, made.metrics[:3], RENDERERS)
    assert contents(tmp_path) == before


def test_a_folder_without_a_board_is_refused(made, tmp_path):
    with pytest.raises(RecordError, match=r"holds neither board.json nor published.toml"):
        rebuild(tmp_path, made.metrics, RENDERERS)


def test_records_without_their_board_are_refused(made, tmp_path):
    saved(made, tmp_path)
    (tmp_path / "board.json").unlink()
    (tmp_path / "published.toml").write_bytes((LEADERBOARDS / "wang2022" / "published.toml").read_bytes())
    with pytest.raises(RecordError, match=r"holds records, but no board.json"):
        rebuild(tmp_path, made.metrics, RENDERERS)


def test_a_measured_board_that_lost_its_records_is_refused(made, tmp_path):
    saved(made, tmp_path)
    (tmp_path / "records").rename(tmp_path / "elsewhere")
    with pytest.raises(RecordError, match="holds no records, but the board has measured rows"):
        rebuild(tmp_path, made.metrics, RENDERERS)


def test_a_board_of_failures_is_drawn_again(made, tmp_path):
    saved(made, tmp_path, records=[], failures=[made.failure("a", "No memory left.")])
    before = contents(tmp_path)
    assert rebuild(tmp_path, made.metrics, RENDERERS).source.endswith("nothing is measured yet")
    assert contents(tmp_path) == before


def test_a_broken_renderer_does_not_stop_the_others(made, tmp_path):
    def render(board):
        raise RuntimeError("no ink")

    board = build_board("made-up", records=made.board_records(), metrics=made.metrics)
    broken = RendererSpec(name="ink", suffix=".ink", render=render)
    with pytest.raises(PluginError, match="The renderer 'ink' cannot draw this board: RuntimeError: no ink"):
        save_board(board, made.board_records(), tmp_path, (broken, MARKDOWN))
    assert (tmp_path / "board.md").exists()


def test_a_model_name_with_a_slash_is_a_folder_beside_the_others(made, tmp_path):
    saved(made, tmp_path, [made.record("timm/resnet18", made.predictions(10, 1))])
    assert (tmp_path / "records" / "timm--resnet18-seed0" / "record.json").exists()


def test_two_models_whose_records_would_lie_in_one_folder_are_refused(made, tmp_path):
    records = [made.record(name, made.predictions(10, 1)) for name in ("timm/resnet18", "timm--resnet18")]
    with pytest.raises(RecordError, match=r"'timm/resnet18' and 'timm--resnet18' would lie in one folder"):
        saved(made, tmp_path, records)
    assert not (tmp_path / "records").exists()


@pytest.mark.parametrize("name", ["..", "", "a\\b", ".hidden", "a b"])
def test_a_model_name_that_cannot_be_a_folder_is_refused(made, tmp_path, name):
    with pytest.raises(RecordError, match="cannot name a folder"):
        saved(made, tmp_path, [made.record(name, made.predictions(10, 1))])


def test_a_measured_board_keeps_the_published_rows_of_its_folder(made, tmp_path):
    (tmp_path / "published.toml").write_bytes((LEADERBOARDS / "wang2022" / "published.toml").read_bytes())
    saved(made, tmp_path)
    before = contents(tmp_path)
    assert "## Published, not recomputed" in (tmp_path / "board.md").read_text()
    rebuild(tmp_path, made.metrics, RENDERERS)
    assert contents(tmp_path) == before


def test_the_committed_board_of_the_paper_is_up_to_date(made, tmp_path):
    source = LEADERBOARDS / "wang2022"
    (tmp_path / "published.toml").write_bytes((source / "published.toml").read_bytes())
    found = rebuild(tmp_path, made.metrics, RENDERERS)
    assert found.source == "made from published.toml: nothing is measured yet"
    assert (tmp_path / "board.md").read_bytes() == (source / "board.md").read_bytes()
    assert (tmp_path / "board.json").read_bytes() == (source / "board.json").read_bytes()


def test_boards_are_made_without_torch_and_pandas():
    code = (
        "import sys, ra_bench.boards.leaderboard, ra_bench.boards.render.markdown;"
        "print(sorted({'altair', 'torch', 'pandas', 'scipy', 'pydantic'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
