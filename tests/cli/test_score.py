"""`ra-bench score`: predictions that anybody made, and their row on a board."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

HEADER = "Film Nr;Patient;Reader 1;Reader 2;AI predicted"


def comma(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


@pytest.fixture(scope="session")
def columns():
    """Two readers and a prediction of thirty films, in tenths."""
    generator = np.random.default_rng(11)
    truth = generator.gamma(1.2, 40.0, 30)
    return np.round(np.clip(truth + generator.normal(0, 8, (3, 30)), 0, 280), 1)


@pytest.fixture
def spreadsheet(columns, tmp_path):
    """What a spreadsheet exports where the comma is decimal."""
    rows = [f"H{row:02d}.png;P{row:02d};{';'.join(map(comma, column))}" for row, column in enumerate(columns.T)]
    file = tmp_path / "export.csv"
    file.write_bytes("\r\n".join([HEADER, *rows]).encode("utf-8-sig"))
    return file


@pytest.fixture
def board(first, tmp_path):
    """A board of a finished run with its runs, and the predictions that are to be added."""
    for name in ("leaderboards", "runs"):
        shutil.copytree(first[0] / name, tmp_path / name)
    record = next((tmp_path / "leaderboards/tiny-tiny/records").glob("fifty*"))
    with (record / "predictions.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    text = "\n".join(["film,prediction", *(f"{row['id']}.png,{float(row['reading:first']) + 1:g}" for row in rows)])
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    return tmp_path / "leaderboards" / "tiny-tiny"


def unchanged(folder, call):
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    said = call()
    after = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file() and file.name != ".lock"}
    assert after == {file: text for file, text in before.items() if file.name != ".lock"}
    assert (said.code, said.out) == (1, "")
    assert "Traceback" not in said.err
    return said.err


def test_a_spreadsheet_export_gives_the_numbers_of_numpy(cli, spreadsheet, columns):
    said = cli("score", spreadsheet, "--out", "report")
    assert (said.code, said.err) == (0, "")
    found = json.loads((spreadsheet.parent / "report/export-score.json").read_text(encoding="utf-8"))
    first, second, predicted = columns
    d = predicted - (first + second) / 2
    values = found["overall"]["values"]
    assert values["rmse"]["value"] == pytest.approx(np.sqrt((d**2).mean()))
    assert values["mae"]["value"] == pytest.approx(np.abs(d).mean())
    assert values["rho"]["value"] == pytest.approx(np.corrcoef(predicted, (first + second) / 2)[0, 1])
    assert found["overall"]["limits"]["high"]["value"] == pytest.approx(d.mean() + 1.959964 * d.std(ddof=1))
    iei = (d**2).mean() - 0.75 * ((first - second) ** 2).mean()
    assert found["against_readers"]["iei"]["value"] == pytest.approx(iei)
    assert f"RMSE             {np.sqrt((d**2).mean()):10.2f}".split()[1] in said.out


def test_it_says_what_was_guessed_and_speaks_in_the_fixed_words(cli, spreadsheet):
    told = " ".join(cli("score", spreadsheet).out.split())  # as wide as the terminal is
    assert "- Readers: columns 'Reader 1', 'Reader 2'; the reference is the mean of their readings." in told
    assert "- Scale: taken for SvH, both hands, 0 to 280 (found " in told
    assert "By the primary margin of ±5: " in told
    assert "±3 (strict), p (TOST) " in told
    assert "p > 0.05 in the t-test is not evidence of agreement." in told


def test_without_out_nothing_is_written(cli, spreadsheet):
    cli("score", spreadsheet)
    assert [file.name for file in spreadsheet.parent.iterdir() if file.name != "data"] == ["export.csv"]


def test_the_page_holds_the_checklist_with_what_is_left_to_the_authors(cli, spreadsheet):
    said = cli("score", spreadsheet, "-o", "report", "--name", "my|net")
    assert "Wrote report/my-net-score.md" in said.out
    page = (spreadsheet.parent / "report/my-net-score.md").read_text(encoding="utf-8")
    assert page.startswith("# Model: my\\|net\n\n## What may be said\n")
    assert "- GRRAS, to be filled by you: 1 agreement is named in title or abstract; " in page
    assert (
        "- CLAIM 2024, item 18 (variability between and within readers): Between readers: Reader 2 against Reader 1: "
        in page
    )
    assert (
        "- TRIPOD+AI, item 23a (performance with intervals, and in subgroups): my\\|net against the reference: RMSE "
        in page
    )


def test_columns_margins_bands_and_scale_are_taken_from_options(cli, tmp_path):
    (tmp_path / "p.csv").write_text("a,b,c,d\n1,2,3,x\n2,30,33,y\n3,70,60,z\n", encoding="utf-8")
    said = cli(
        *("score", "p.csv", "--id", "a", "--predicted", "b", "--reference", "c", "--patient", "d"),
        *("--margin", 8, "--bands", "10,40", "--scale", "0,100"),
    )
    assert said.code == 0, said.err
    assert "±8 (asked for), p (TOST) = " in said.out
    assert "10 to below 40" in said.out
    assert "Quadratic-weighted kappa of these bands: 1.000." in said.out  # three films give no interval
    assert "Predictions below 0: 0.0 %; above 100: 0.0 %." in said.out


def test_a_finished_run_is_reported_too(cli, first):
    record = next((first[0] / "leaderboards/tiny-tiny/records").glob("fifty*"))
    said = cli("score", record, "-o", "report")
    assert said.code == 0, said.err
    assert said.out.startswith("Model: fifty\n")
    assert "All predictions are one number" in said.out


def test_the_readings_of_a_dataset_are_taken_by_film(cli, tmp_path, tiny_file):
    rows = ["id,predicted", *(f"film{number:02d},{number}" for number in range(10))]
    (tmp_path / "p.csv").write_text("\n".join(rows), encoding="utf-8")
    said = cli("score", "p.csv", "-p", tiny_file, "--dataset", "tiny")
    assert said.code == 0, said.err
    assert "Readings and patients: those of the cohort 'tiny'. It has 10 more films;" in said.out


def test_no_torch_is_imported(spreadsheet, tmp_path):
    script = (
        f"import sys\nfrom ra_bench.cli.main import main\nsys.argv = ['ra-bench', 'score', {str(spreadsheet)!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\nassert 'torch' not in sys.modules\n"
    )
    ran = subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=tmp_path, check=False, capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_predictions_get_a_marked_row_on_a_board_that_can_be_made_again(cli, board, tmp_path):
    said = cli("score", "own.csv", "--board", "tiny-tiny", "--name", "my-net")
    assert said.code == 0, said.err
    assert said.out.endswith(
        "Added to the board, rank 1, marked as scored from predictions: leaderboards/tiny-tiny/board.md\n"
    )
    page = (board / "board.md").read_text(encoding="utf-8")
    assert "- my-net: Scored from predictions: made elsewhere, so its training and whether it saw" in page
    assert cli("leaderboard", "tiny-tiny").code == 0
    assert (board / "board.md").read_text(encoding="utf-8") == page


def test_the_report_and_the_row_say_the_same(cli, board, tmp_path):
    assert cli("score", "own.csv", "--board", "tiny-tiny", "--name", "my-net", "-o", "report").code == 0
    report = json.loads((tmp_path / "report/my-net-score.json").read_text(encoding="utf-8"))
    rows = json.loads((board / "board.json").read_text(encoding="utf-8"))["rows"]
    row = next(row for row in rows if row["name"] == "my-net")
    for metric in ("rho", "mae", "rmse", "ccc"):
        assert report["overall"]["values"][metric]["value"] == row["metrics"][metric]["value"]
    assert report["overall"]["mean_difference"]["equivalence_margin"] == row["metrics"]["bias_within"]["value"]


def test_the_next_run_keeps_the_row(cli, board, arguments):
    assert cli("score", "own.csv", "--board", "tiny-tiny", "--name", "my-net").code == 0
    assert cli(*arguments, "fifty").code == 0
    assert "my-net" in (board / "board.md").read_text(encoding="utf-8")


def test_predictions_of_the_same_name_replace_the_row(cli, board, tmp_path):
    arguments = ("score", "own.csv", "--board", "tiny-tiny", "--name", "my-net")
    assert cli(*arguments).code == 0
    text = (tmp_path / "own.csv").read_text(encoding="utf-8")
    (tmp_path / "own.csv").write_text(f"{text.rpartition(',')[0]},3", encoding="utf-8")
    assert cli(*arguments).code == 0
    assert len(list((board / "records").glob("my-net*"))) == 1
    assert cli("leaderboard", "tiny-tiny").code == 0


def test_a_board_is_added_to_without_its_runs(cli, board, tmp_path):
    shutil.rmtree(tmp_path / "runs")
    assert cli("score", "own.csv", "--board", "tiny-tiny", "--name", "my-net").code == 0
    assert len(list((board / "records").iterdir())) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--board", "tiny"],
            "Error: There is no board in leaderboards/tiny. Make it with 'ra-bench run', or name the",
        ),
        (
            ["--board", "tiny-tiny", "--name", "my net"],
            "Error: The name 'my net' cannot name a row of a board. Use let",
        ),
        (
            ["--board", "tiny-tiny", "--name", "fifty"],
            "Error: 'fifty' is a model that ra-bench trains. Give these pred",
        ),
        (
            ["--board", "tiny-tiny", "--name", "mean"],
            "Error: 'mean' is a model that ra-bench trains. Give these predic",
        ),
    ],
)
def test_a_row_that_cannot_be_added_leaves_everything_as_it_was(cli, board, tmp_path, options, message):
    assert unchanged(tmp_path, lambda: cli("score", "own.csv", *options)).startswith(message)


def test_a_board_takes_no_predictions_of_other_films(cli, board, tmp_path):
    text = (tmp_path / "own.csv").read_text(encoding="utf-8")
    (tmp_path / "own.csv").write_text(f"{text}\nstrange,3", encoding="utf-8")
    error = unchanged(tmp_path, lambda: cli("score", "own.csv", "--board", "tiny-tiny"))
    assert "films are not in the test films of the board 'tiny-tiny': 'strange'." in error


def test_a_board_takes_no_predictions_of_some_films_only(cli, board, tmp_path):
    rows = (tmp_path / "own.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "own.csv").write_text("\n".join(rows[:-1]), encoding="utf-8")
    error = unchanged(tmp_path, lambda: cli("score", "own.csv", "--board", "tiny-tiny"))
    assert f"own.csv: 1 of the {len(rows) - 1} test films of the board 'tiny-tiny' are not in it: '" in error
    assert "A board compares models on the same films" in error


def test_a_board_without_records_is_refused(cli, board, tmp_path):
    shutil.rmtree(tmp_path / "runs")
    shutil.rmtree(board / "records")
    error = unchanged(tmp_path, lambda: cli("score", "own.csv", "--board", "tiny-tiny"))
    assert "has no records, so that nothing says which films it is measured on." in error
    assert "--runs" in error


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "p.csv: the table is empty. The first row must name the columns."),
        ("id,predicted,reference\n1,2,x\n", "p.csv, row 2, column 'reference': found 'x', which is no number."),
        ("id,predicted,reference\n1,2,3\n1,2,3\n", "p.csv, row 3, column 'id': film '1' stands in row 2 too."),
    ],
)
def test_bad_input_is_one_message_and_nothing_is_written(cli, tmp_path, text, message):
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    error = unchanged(tmp_path, lambda: cli("score", "p.csv", "-o", "report"))
    assert error.startswith(f"Error: {message}")


def test_a_reading_beyond_the_scale_that_was_given_is_refused(cli, tmp_path):
    (tmp_path / "p.csv").write_text("id,predicted,reference\nf1,2,300\n", encoding="utf-8")
    error = unchanged(tmp_path, lambda: cli("score", "p.csv", "--scale", "0,280"))
    assert error == (
        "Error: p.csv, column 'reference', film 'f1': found '300', outside the scale, 0 to 280. Correct the cell, or "
        "the ends in --scale.\n"
    )


def test_scores_beyond_every_scale_are_measured_without_one(cli, tmp_path):
    (tmp_path / "p.csv").write_text("id,predicted,reference\nf1,2,500\nf2,1,3\n", encoding="utf-8")
    said = cli("score", "p.csv")
    assert "Scale: not known (found 3 to 500); give it with --scale." in said.out
    assert "Give --scale." in said.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--bands", "1,a"], "'1,a' is no list of numbers such as 1,10,25,50,100"),
        (["--bands", "10,1"], "'10,1' does not rise; give lower edges such as 1,10,25"),
        (["--scale", "280"], "'280' is no pair of ends such as 0,280"),
        (["--margin", "0"], "0.0 is not in the range x>0"),
        (
            ["--dataset", "tiny", "--board", "b"],
            "--dataset and --board exclude each other: a board brings the readings",
        ),
    ],
)
def test_wrong_usage_is_told(cli, spreadsheet, options, message):
    said = cli("score", spreadsheet, *options)
    assert said.code == 2
    assert message in " ".join(said.err.split())
