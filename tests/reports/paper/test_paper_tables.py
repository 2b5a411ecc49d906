"""Tables 2 to 6 of the paper for boards of any cohort."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ra_bench.boards.board import build_board
from ra_bench.boards.held_out import held_out
from ra_bench.boards.leaderboard import save_board
from ra_bench.builtin import register_metrics
from ra_bench.errors import RecordError
from ra_bench.reports.board_films import published_films
from ra_bench.reports.latex import latex, page_latex
from ra_bench.reports.pages import page_markdown, page_text
from ra_bench.reports.paper.draw import coloured, write_tables
from ra_bench.reports.paper.films import drawn, mark_of
from ra_bench.reports.paper.page import paper_page
from ra_bench.reports.paper.views import paper_tables
from ra_bench.values import Failure, Job, Predictions, RunRecord

ROOT = Path(__file__).parents[3]
WANG = ROOT / "leaderboards" / "wang2022"
METRICS = list(register_metrics())
A = (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0)
B = (2.0, 8.0, 22.0, 28.0, 44.0, 46.0, 60.0, 74.0)
#: Means: 1, 9, 21, 29, 42, 48, 60, 72.
MEANS = np.add(A, B) / 2


def record(model, off, *, readings=None, seconds=10.0, parameters=1_000_000, ids=None, pretrained_on=None):
    """A model that is off by so much on every film, to either side in turn."""
    signs = np.where(np.arange(len(A)) % 2, -1.0, 1.0)
    job = Job(
        key=model, board="b", model=model, seed=0, dataset="d", cohort="c", split="s", protocol="quick",
        protocol_hash="p", plugin="x", plugin_version="1", plugin_source="y", trainer="standard", trainer_source="t",
    )  # fmt: skip
    predictions = Predictions(
        ids=ids or tuple(f"film{n}" for n in range(len(A))),
        patients=tuple(f"patient{n}" for n in range(len(A))),
        readings=readings or {"A": A, "B": B},
        predicted=tuple((MEANS + off * signs).tolist()),
    )
    return RunRecord(
        job=job, protocol={}, predictions=predictions, history=(), parameters=parameters, madds=2_000_000_000,
        seconds=1.0, seconds_per_epoch=seconds, peak_memory=None, kept_epoch=1, pretrained_on=pretrained_on,
        overrides={}, device="cpu", finished="2022-03-01T12:00:00Z", environment={},
    )  # fmt: skip


FOUR = (
    record("resnet50", 10.0, parameters=20_000_000, seconds=100.0),
    record("resnet50-dsc", 12.0, parameters=4_000_000, seconds=50.0),
    record("mobilenetv2", 20.0, parameters=2_000_000, seconds=40.0),
    record("resnet50-transfer", 5.0, parameters=20_000_000, seconds=100.0, pretrained_on="chest"),
)


def saved(folder, records=FOUR, **options):
    """A board's folder."""
    board = build_board("clinic", records=records, metrics=METRICS, **options)
    save_board(board, records, folder, [])
    return folder


def tables(folder, records=FOUR, **options):
    saved(folder, records, **options)
    return paper_tables(published_films(folder, folder / "no runs", METRICS), folder)


def markdown(found, *wanted):
    return page_markdown(paper_page(found, wanted))


def rows(text, heading):
    """The rows of the table under a heading, as dicts by column."""
    part = text.split(f"## {heading}", 1)[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    head, _, *body = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [dict(zip(head, cells, strict=True)) for cells in body]


# --- Table 2 ---


def test_table_2_has_mean_and_sd_of_each_reader_and_their_agreement(tmp_path):
    first, second, both = rows(markdown(tables(tmp_path), 2), "Table 2: readers")
    # by hand: A is 0..70 in tens, SD 10 sqrt(6); B has sum 284
    assert (first["Reader"], first["Mean"], first["SD"]) == ("A", "35.00", "24.49")
    assert (second["Reader"], second["Mean"]) == ("B", "35.50")
    assert both["Reader"] == "B against A"
    # |B - A| = 2 2 2 2 4 4 0 4: mean 2.5, squares 4 4 4 4 16 16 0 16: root of 8
    assert both["MAE"].startswith("2.5 ")
    assert both["RMSE"].startswith("2.8 ")


def test_table_2_of_one_score_a_film_says_that_agreement_is_not_known(tmp_path):
    one = tuple(replace(r, predictions=replace(r.predictions, readings={"score": tuple(MEANS)})) for r in FOUR)
    text = markdown(tables(tmp_path, one), 2)
    assert [row["Reader"] for row in rows(text, "Table 2: readers")] == ["score"]
    assert "One score a film: how well two readers agree is not known." in text


def test_three_readers_stand_each_against_the_others(tmp_path):
    readings = {"A": A, "B": B, "C": (1.0, *A[1:])}
    three = tuple(replace(r, predictions=replace(r.predictions, readings=readings)) for r in FOUR)
    names = [row["Reader"] for row in rows(markdown(tables(tmp_path, three), 2), "Table 2: readers")]
    assert names == ["A", "B", "C", "A against the others", "B against the others", "C against the others"]


# --- Tables 3 to 5 ---


def test_table_3_has_the_ablation_with_parameters_madds_times_and_metrics(tmp_path):
    base, dsc, irb = rows(markdown(tables(tmp_path), 3), "Table 3: ablation")
    assert (base["Part"], base["Parameters (M)"], base["MAdds (G)"], base["Time an epoch"]) == (
        "baseline B", "20", "2", "1:40",
    )  # fmt: skip
    assert (dsc["Model"], dsc["Part"], dsc["MAE"].split()[0]) == ("resnet50-dsc", "B + DSC", "12.0")
    assert (irb["Model"], irb["Part"], irb["Source"], irb["RMSE"]) == ("resnet-dwise50", "B + DSC + IRB", "not run", "")


def test_what_is_not_run_is_said_below_the_table_too(tmp_path):
    assert "- Not run on this board: resnet-dwise50." in markdown(tables(tmp_path), 4)


def test_a_model_that_failed_says_why_in_its_row(tmp_path):
    failed = Failure(job=record("resnet-dwise50", 1.0).job, reason="Out of <memory> | gone.", log="")
    text = markdown(tables(tmp_path, failures=[failed]), 3)
    assert rows(text, "Table 3: ablation")[2]["Source"] == "failed"
    assert r"resnet-dwise50: failed. Out of &lt;memory> \| gone." in text


def test_table_5_holds_each_network_before_and_after_transfer(tmp_path):
    found = rows(markdown(tables(tmp_path), 5), "Table 5: transfer")
    assert [(row["Model"], row["Part"]) for row in found[:2]] == [
        ("resnet50", "from scratch"), ("resnet50-transfer", "transfer"),
    ]  # fmt: skip
    assert found[1]["Pretrained on"] == "chest"
    assert len(found) == 6


def test_ratios_are_those_of_the_measured_and_those_of_the_printed_figures(tmp_path):
    dsc, irb = rows(markdown(tables(tmp_path), 3), "Table 3: ratios")
    assert (dsc["RMSE"], dsc["MAE"], dsc["parameters"], dsc["epoch time"]) == ("1.20", "1.20", "0.20", "0.50")
    # the paper: 29.48 / 28.95, 18.96 / 18.85, 3.7 / 25, 2:49 / 5:59
    assert [dsc[f"PUBLISHED {key}"] for key in ("RMSE", "MAE", "parameters", "epoch time")] == [
        "1.02", "1.01", "0.15", "0.47",
    ]  # fmt: skip
    assert irb["RMSE"] == "n/a"
    # 26.34 / 28.95, 17.76 / 18.85, 4.3 / 25, 2:59 / 5:59
    assert [irb[f"PUBLISHED {key}"] for key in ("RMSE", "MAE", "parameters", "epoch time")] == [
        "0.91", "0.94", "0.17", "0.50",
    ]  # fmt: skip


def test_ratios_of_transfer_are_to_the_same_network_from_scratch(tmp_path):
    first, second, third = rows(markdown(tables(tmp_path), 5), "Table 5: ratios")
    assert (first["As a share of"], first["RMSE"]) == ("resnet50", "0.50")
    # 22.58 / 28.95, 22.89 / 29.85, 22.01 / 26.34
    assert [row["PUBLISHED RMSE"] for row in (first, second, third)] == ["0.78", "0.77", "0.84"]


# --- what the paper printed ---


def test_elsewhere_no_printed_figure_is_told_in_no_file(tmp_path):
    found = tables(tmp_path / "board")
    write_tables(paper_page(found), found, tmp_path / "out")
    written = "".join(file.read_text() for file in (tmp_path / "out").iterdir())
    assert len(list((tmp_path / "out").iterdir())) == 3
    assert not [figure for figure in ("28.95", "18.85", "26.34", "22.01", "12.24", "39.76") if figure in written]
    assert "The cohort is not the one of Wang et al. 2022" in written


def test_on_the_papers_cohort_its_rows_stand_beside_with_the_audits_flags(tmp_path):
    tmp_path.joinpath("published.toml").write_bytes((WANG / "published.toml").read_bytes())
    text = markdown(tables(tmp_path))
    base, printed, *_ = rows(text, "Table 4: networks")
    assert (base["Model"], base["Source"], base["MAE"].split()[0]) == ("resnet50", "measured", "10.0")
    assert (printed["Model"], printed["Source"], printed["RMSE"], printed["Audit"]) == (
        "ResNet-50", "PUBLISHED", "28.95", "strained",
    )  # fmt: skip
    reader = rows(text, "Table 2: readers")[-1]
    assert (reader["rho"], reader["MAE"], reader["RMSE"], reader["Audit"]) == ("0.97", "12.24", "18.75", "FAILS")
    assert "the printed figures cannot all describe one sample (rho is printed as 0.97" in text


def test_the_committed_board_of_the_paper_shows_every_figure_as_printed():
    text = markdown(paper_tables(published_films(WANG, WANG / "no runs", METRICS), WANG))
    first, second, _ = rows(text, "Table 2: readers")
    assert [(row["Reader"], row["Mean"], row["SD"]) for row in (first, second)] == [
        ("radiologist 1", "39.76", "40.90"), ("radiologist 2", "39.85", "38.78"),
    ]  # fmt: skip
    printed = [row for row in rows(text, "Table 3: ablation") if row["Source"] == "PUBLISHED"]
    assert [(r["rho"], r["MAE"], r["RMSE"], r["Parameters (M)"], r["Time an epoch"]) for r in printed] == [
        ("0.95", "18.85", "28.95", "25", "5:59"),
        ("0.93", "18.96", "29.48", "3.7", "2:49"),
        ("0.95", "17.76", "26.34", "4.3", "2:59"),
    ]
    transfer = [row for row in rows(text, "Table 5: transfer") if row["Pretrained on"] == "CheXpert"]
    assert [(r["rho"], r["MAE"], r["RMSE"]) for r in transfer] == [
        ("0.97", "15.32", "22.58"), ("0.96", "15.70", "22.89"), ("0.97", "14.90", "22.01"),
    ]  # fmt: skip
    assert [r["Source"] for r in rows(text, "Table 4: networks")] == ["not run", "PUBLISHED"] * 3


def test_the_papers_four_films_are_coloured_as_it_does(tmp_path):
    tmp_path.joinpath("published.toml").write_bytes((WANG / "published.toml").read_bytes())
    found = rows(markdown(tables(tmp_path), 6), "Table 6: four sample films, PUBLISHED")
    assert [(r["reader 1"], r["reader 2"], r["mean"], r["predicted"]) for r in found] == [
        ("4", "8", "6", "15 ●"), ("42", "58", "50", "64 ●"), ("74", "90", "82", "83 ●"), ("175", "163", "169", "186 ▲"),
    ]  # fmt: skip


def test_rows_of_another_paper_do_not_make_the_cohort_this_papers(tmp_path):
    text = (WANG / "published.toml").read_text().replace('name = "wang2022"', 'name = "other2023"')
    (tmp_path / "published.toml").write_text(text)
    found = tables(tmp_path)
    assert not found.is_papers_cohort
    assert "28.95" not in markdown(found)


def test_the_papers_rows_beside_a_simulated_cohort_are_refused(tmp_path):
    saved(tmp_path, simulated=True)
    (tmp_path / "published.toml").write_bytes((WANG / "published.toml").read_bytes())
    with pytest.raises(RecordError, match="were measured on real films"):
        paper_tables(published_films(tmp_path, tmp_path / "no runs", METRICS), tmp_path)


# --- Table 6 ---


def test_a_film_is_drawn_from_each_quarter_of_the_reference():
    films = held_out(FOUR)
    found = [float(films.reference[place]) for place in drawn(films)]
    quarters = [{1.0, 9.0}, {21.0, 29.0}, {42.0, 48.0}, {60.0, 72.0}]
    assert [score in quarter for score, quarter in zip(found, quarters, strict=True)] == [True] * 4
    assert drawn(films) == drawn(held_out([*FOUR, record("other", 99.0)]))


def test_films_without_a_reference_are_not_drawn_and_fewer_films_give_fewer_rows():
    gaps = {reader: (*scores[:3], *[float("nan")] * 5) for reader, scores in (("A", A), ("B", B))}
    films = held_out([record("m", 1.0, readings=gaps)])
    assert drawn(films) == (0, 1, 2)


def test_table_6_has_readers_mean_and_the_papers_models_with_marks(tmp_path):
    found = rows(markdown(tables(tmp_path), 6), "Table 6: four sample films")
    assert list(found[0]) == [
        "Film", "A", "B", "mean", "resnet50", "resnet50-dsc", "mobilenetv2", "resnet50-transfer",
    ]  # fmt: skip
    for row in found:
        number = int(row["Film"].removeprefix("film"))
        up = number % 2 == 0
        assert row["mean"] == f"{MEANS[number]:g}"
        assert row["resnet50"].endswith(" ●")
        assert row["mobilenetv2"] == f"{MEANS[number] + (20 if up else -20):.0f} {'▲' if up else '▼'}"


@pytest.mark.parametrize(
    ("predicted", "mark"), [(65.0, "near"), (65.01, "above"), (35.0, "near"), (34.99, "below"), (float("nan"), "")]
)
def test_more_than_15_off_is_where_red_begins(predicted, mark):
    assert mark_of(predicted, 50.0) == mark


def test_colour_is_put_on_marked_predictions_and_changes_no_word():
    text = "film  15 ●  186 ▲  -3 ▼  20"
    painted = coloured(text, lambda part, colour: f"<{colour[0]}>{part}</>")
    assert painted == "film  <0>15 ●</>  <213>186 ▲</>  <213>-3 ▼</>  20"


def test_a_private_board_names_no_film_and_no_prediction_in_any_file(tmp_path):
    found = tables(tmp_path / "board", private=True)
    write_tables(paper_page(found), found, tmp_path / "out")
    written = "".join(file.read_text() for file in (tmp_path / "out").iterdir())
    assert "film3" not in written
    assert "patient3" not in written
    assert "Not shown: the cohort is private" in written
    assert "Means and SDs are not known" in written
    assert rows(markdown(found, 4), "Table 4: networks")[0]["MAE"].startswith("10.0")


def test_a_film_whose_id_tells_its_patient_is_numbered(tmp_path):
    ids = tuple(f"patient{n}-left" for n in range(len(A)))
    named = [record("resnet50", 1.0, ids=ids), record("mobilenetv2", 2.0, ids=ids)]
    text = markdown(tables(tmp_path, named), 6)
    assert "patient" not in text
    assert rows(text, "Table 6: four sample films")[0]["Film"].startswith("f000")


def test_without_a_model_of_the_paper_the_first_of_the_board_is_shown(tmp_path):
    text = markdown(tables(tmp_path, [record("mine", 3.0), record("other", 9.0)]), 6)
    assert list(rows(text, "Table 6: four sample films")[0]) == ["Film", "A", "B", "mean", "mine"]


# --- all of them ---


def test_simulated_is_said_on_every_table(tmp_path):
    page = paper_page(tables(tmp_path, simulated=True))
    assert [section.heading for section in page.sections if "SIMULATED" not in " ".join(section.lines)] == []
    assert len(page.sections) == 8


def test_a_board_with_nothing_measured_says_so_in_every_row(tmp_path):
    text = markdown(tables(tmp_path, []))
    assert {row["Source"] for row in rows(text, "Table 5: transfer")} == {"not run"}
    assert "Not measured: the board knows no two readers." in text
    assert "Not shown: no predictions stand beside this board." in text


def test_names_with_markup_do_nothing_in_markdown_and_latex(tmp_path):
    readings = {"A|<script>": A, "B_$": B}
    odd = [replace(r, predictions=replace(r.predictions, readings=readings)) for r in FOUR]
    page = paper_page(tables(tmp_path, odd))
    text = page_markdown(page)
    assert "<script>" not in text
    assert r"A\|&lt;script>" in text
    assert r"A$|$$<$script$>$" in page_latex(page)
    assert r"B\_\$" in page_latex(page)
    assert "A|<script>" in page_text(page)


def test_latex_escapes_what_latex_takes_for_orders():
    assert latex("50 % of \\a_{b} & #1 ~ ^") == (
        r"50 \% of \textbackslash{}a\_\{b\} \& \#1 \textasciitilde{} \textasciicircum{}"
    )


def test_latex_tables_have_as_many_cells_as_columns_and_colour_the_marks(tmp_path):
    found = tables(tmp_path / "board")
    write_tables(paper_page(found, [6]), found, tmp_path)
    text = (tmp_path / "tables.tex").read_text()
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(body) == 5
    assert {line.count(" & ") for line in body} == {7}
    assert text.count(r"\textcolor{near}") + text.count(r"\textcolor{far}") == 16
    assert text.count(r"\begin") == text.count(r"\end")


def test_the_values_can_be_read_by_a_program(tmp_path):
    found = tables(tmp_path / "board")
    write_tables(paper_page(found), found, tmp_path)
    values = json.loads((tmp_path / "tables.json").read_text())
    assert values["audit"] is None
    assert values["tables"]["3"]["ratios"][0]["measured"]["parameters"] == pytest.approx(0.2)


def test_the_board_as_committed_is_shown_with_the_rank_untouched(tmp_path):
    shutil.copytree(ROOT / "leaderboards" / "synthetic-hands", tmp_path / "b")
    text = markdown(paper_tables(published_films(tmp_path / "b", tmp_path / "no", METRICS), tmp_path / "b"), 3)
    printed = (ROOT / "leaderboards" / "synthetic-hands" / "board.md").read_text()
    found = rows(text, "Table 3: ablation")
    assert [row["RMSE"] in printed for row in found] == [True, True, True]
