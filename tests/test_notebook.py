"""The suite from a notebook: boards as frames."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import ra_bench
from ra_bench import Board, BoardRow, MetricValue, RaBenchError
from ra_bench.errors import RecordError
from ra_bench.notebook import frame_of
from ra_bench.values import Column

ROOT = Path(__file__).parent.parent
BOARD = Board(
    name="clinic",
    title="clinic <b>, protocol quick, simulated cohort",
    columns=(
        Column(metric="rmse", label="RMSE", unit="", best="low", digits=1),
        Column(metric="rho", label="rho", unit="", best="high", digits=2),
    ),
    rows=(
        BoardRow(
            kind="model",
            name="net",
            rank=1,
            films=158,
            parameters=23_502_401,
            metrics={
                "rmse": MetricValue(value=17.5366, low=16.364, high=18.918),
                "rho": MetricValue(value=0.8909372),
            },
        ),
        BoardRow(
            kind="baseline", name="mean", films=158, metrics={"rmse": MetricValue(value=38.5, low=35.4, high=42.9)}
        ),
        BoardRow(kind="failed", name="broken", remark="It ran out of memory."),
    ),
    simulated=True,
)


@pytest.fixture
def frame():
    return frame_of(BOARD)


def test_numbers_are_not_rounded_and_what_is_not_known_is_missing(frame):
    assert frame.loc["net", "RMSE"] == 17.5366
    assert (frame.loc["net", "RMSE low"], frame.loc["net", "RMSE high"]) == (16.364, 18.918)
    assert math.isnan(frame.loc["mean", "rho"])
    assert frame.loc["net", "parameters"] == 23_502_401
    assert frame["rank"].isna().tolist() == [False, True, True]
    assert frame.kind.tolist() == ["model", "baseline", "failed"]
    assert frame["MAdds"].isna().all()


def test_it_shows_itself_as_the_board_does(frame):
    said = repr(frame)
    assert said.startswith(BOARD.title)
    assert "17.5 (16.4–18.9)" in said
    assert "It ran out of memory." in said
    assert "RMSE low" not in said
    assert "MAdds" not in said, "no row has any"


def test_what_is_sorted_picked_or_added_is_shown_in_the_same_way(frame):
    picked = frame.sort_values("RMSE", ascending=False)[["RMSE", "RMSE low", "RMSE high"]].dropna()
    picked["twice"] = 2 * picked["RMSE"]
    lines = repr(picked).splitlines()
    assert [line.split()[0] for line in lines[-2:]] == ["mean", "net"]
    assert lines[-1].split()[1:] == ["17.5", "(16.4–18.9)", "35.0732"]


def test_without_its_ends_a_metric_is_shown_without_an_interval(frame):
    assert repr(frame.loc[["net"], ["RMSE"]]).splitlines()[-1].split() == ["net", "17.5"]


def test_names_are_text_in_html(frame):
    page = frame._repr_html_()
    assert "clinic &lt;b&gt;" in page
    assert "<b>, protocol" not in page
    assert "17.5 (16.4–18.9)" in page


@pytest.mark.parametrize(
    "made", [lambda f: f.T, lambda f: f.describe(), lambda f: f.iloc[:0], lambda f: f.rename(columns={"RMSE": 1})]
)
def test_whatever_pandas_makes_of_it_can_be_shown(frame, made):
    assert repr(made(frame))
    assert made(frame)._repr_html_()


def test_it_survives_a_pickle(frame):
    again = pickle.loads(pickle.dumps(frame))
    assert repr(again) == repr(frame)


def test_a_folder_without_a_board_is_told(tmp_path):
    with pytest.raises(RecordError, match=r"holds no board\.json"):
        ra_bench.read_board(tmp_path)


def test_a_committed_board_is_read():
    board = ra_bench.read_board(ROOT / "leaderboards" / "synthetic-hands")
    assert board.attrs["simulated"]
    assert board[board.kind == "model"]["rank"].min() == 1


@pytest.mark.slow
def test_run_trains_what_does_not_stand_and_gives_the_board(tmp_path, recwarn):
    places = {"runs": tmp_path / "runs", "boards": tmp_path / "boards", "data": tmp_path / "data"}
    first = ra_bench.run("mean", protocol="smoke", **places)
    assert first.index[0] == "mean"
    assert Path(first.attrs["folder"]) == tmp_path / "boards" / "synthetic-hands-smoke"
    assert first.attrs["failed"] == {}
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "runs").rglob("record.json")}
    again = ra_bench.run(["mean"], protocol="smoke", **places)
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "runs").rglob("record.json")} == before
    assert again.equals(first)
    assert not recwarn.list


@pytest.mark.slow
def test_a_job_that_failed_is_a_row_and_a_warning(tmp_path):
    plugin = tmp_path / "broken.py"
    plugin.write_text(
        "from ra_bench import ModelSpec, hookimpl\n\n\ndef build():\n    raise RuntimeError('no network today')\n\n\n"
        "@hookimpl\ndef register_models():\n    return [ModelSpec(name='broken', build=build, citation='none')]\n"
    )
    places = {"runs": tmp_path / "runs", "boards": tmp_path / "boards", "data": tmp_path / "data"}
    with pytest.warns(UserWarning, match="broken failed: .*no network today"):
        board = ra_bench.run("broken", protocol="smoke", plugin_files=[plugin], **places)
    assert board.loc["broken", "kind"] == "failed"
    assert "no network today" in board.attrs["failed"]["broken"]


def test_a_name_that_nobody_registered_is_an_error_and_not_a_frame(tmp_path):
    with pytest.raises(RaBenchError, match="No model named 'resnet5'"):
        ra_bench.run("resnet5", protocol="smoke", runs=tmp_path, boards=tmp_path, data=tmp_path)


def test_pandas_is_imported_only_when_it_is_used():
    code = "import sys, ra_bench; assert 'pandas' not in sys.modules; ra_bench.run; assert 'pandas' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_name_that_is_not_there_is_told_as_python_does():
    with pytest.raises(AttributeError, match="module 'ra_bench' has no attribute 'runs_'"):
        _ = ra_bench.runs_


@pytest.mark.slow
def test_the_example_notebook_runs(tmp_path, monkeypatch):
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("RA_BENCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(ROOT / "examples" / "board.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert not [cell for cell in notebook.cells if cell.get("outputs")], "outputs are not committed"
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pages = [output.get("data", {}).get("text/html", "") for output in outputs]
    boards = [page for page in pages if "<table" in page]
    assert len(boards) == 3
    assert all("simulated" in board for board in boards)
