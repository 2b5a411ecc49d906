"""Figures beside a board: the same bytes twice, safe with any name, nothing film by film of a private cohort."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from ra_bench.boards.board import build_board
from ra_bench.boards.figures import charts, style, write_figures
from ra_bench.boards.figures.svg import svg_of
from ra_bench.boards.leaderboard import rebuild, save_board
from ra_bench.boards.published import read_published
from ra_bench.boards.render import json as board_json
from ra_bench.boards.render import markdown
from ra_bench.errors import PluginError
from ra_bench.specs import RendererSpec
from ra_bench.values import Predictions

pytestmark = pytest.mark.slow  # each draws a board's figures

MARKDOWN = RendererSpec(name="markdown", suffix=".md", render=markdown.render)
LEADERBOARDS = Path(__file__).parents[2] / "leaderboards"
TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.fixture(autouse=True)
def figures_are_drawn(monkeypatch):
    monkeypatch.delenv("RA_BENCH_FIGURES", raising=False)


def board_of(made, records, **given):
    return build_board("made-up", records=records, metrics=made.metrics, baselines=("mean", "statistics"), **given)


def saved(made, folder, records=None, *, figures=True, **given):
    records = made.board_records() if records is None else records
    return save_board(board_of(made, records, **given), records, folder, [MARKDOWN], figures=figures)


def contents(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
    }


def test_figures_stand_beside_the_board_and_are_linked_from_it(made, tmp_path):
    board = saved(made, tmp_path, simulated=True)
    page = (tmp_path / "board.md").read_text(encoding="utf-8")
    assert "## Figures" in page
    assert "![Accuracy against cost, simulated](figures/cost.svg)" in page
    assert {name for name in contents(tmp_path) if name.endswith(".svg")} == {
        f"figures/{name}.svg" for name, _ in board.figures
    }
    assert len(board.figures) == 9  # nothing was trained, so there are no training curves


def test_the_same_results_give_the_same_bytes(made, tmp_path):
    saved(made, tmp_path)
    before = contents(tmp_path)
    rebuild(tmp_path, made.metrics, [MARKDOWN])
    assert contents(tmp_path) == before


def test_a_figure_does_not_depend_on_those_drawn_before_it(made):
    board = board_of(made, made.board_records())
    found = charts(board, made.board_records())
    alone = svg_of(found["prediction"])
    assert svg_of(found["agreement"]) != alone
    assert svg_of(found["prediction"]) == alone


def test_the_order_of_records_and_films_changes_no_byte(made):
    records = made.board_records()
    board = board_of(made, records)

    def reversed_films(record):
        given = record.predictions
        return replace(
            record,
            predictions=Predictions(
                ids=given.ids[::-1],
                patients=given.patients[::-1],
                readings={reader: scores[::-1] for reader, scores in given.readings.items()},
                predicted=given.predicted[::-1],
            ),
        )

    turned = [reversed_films(record) for record in reversed(records)]
    assert svg_of(charts(board, turned)["films"]) == svg_of(charts(board, records)["films"])


def test_figures_are_left_out_while_a_run_goes_on_and_old_ones_go(made, tmp_path):
    saved(made, tmp_path)
    own = tmp_path / "figures" / "mine.svg"
    own.write_text("mine")
    board = saved(made, tmp_path, figures=False)
    assert board.figures == ()
    assert "## Figures" not in (tmp_path / "board.md").read_text(encoding="utf-8")
    assert [file.name for file in (tmp_path / "figures").iterdir()] == ["mine.svg"]


def test_figures_that_a_board_no_longer_has_are_removed(made, tmp_path):
    saved(made, tmp_path)
    saved(made, tmp_path, [made.record("best", made.predictions(8, 3))])
    assert not (tmp_path / "figures" / "ranks.svg").exists()
    assert (tmp_path / "figures" / "prediction.svg").exists()


def test_a_variable_leaves_figures_out(made, tmp_path, monkeypatch):
    saved(made, tmp_path)
    monkeypatch.setenv("RA_BENCH_FIGURES", "no")
    assert saved(made, tmp_path).figures == ()
    assert not (tmp_path / "figures").exists()


def test_of_a_private_cohort_no_figure_tells_of_single_films(made, tmp_path):
    board = saved(made, tmp_path, private=True)
    assert [name for name, _ in board.figures] == ["ranks", "cost"]
    drawn = "".join(str(chart.to_dict()) for chart in charts(board, made.board_records()).values())
    assert "film0" not in drawn
    assert "patient0" not in drawn


def test_figures_of_a_private_board_are_drawn_again_without_its_predictions(made, tmp_path):
    saved(made, tmp_path, private=True)
    before = contents(tmp_path)
    rebuild(tmp_path, made.metrics, [MARKDOWN])
    assert contents(tmp_path) == before


def test_films_that_are_named_after_patients_are_numbered_in_figures(made):
    def telling(record):
        given = record.predictions
        return replace(record, predictions=replace(given, ids=tuple(f"{one}-left" for one in given.patients)))

    records = [telling(record) for record in made.board_records()]
    spec = str(charts(board_of(made, records), records)["prediction"].to_dict())
    assert "patient0" not in spec
    assert "f0001" in spec


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", 'a"b&c<!--', "abc\u202edef", "line\nbreak ]]>"])
def test_a_hostile_name_is_only_text_in_a_figure(made, name):
    records = [made.record(name, made.predictions(8, 3)), made.record("other", made.predictions(30, 4))]
    board = board_of(made, records)
    svgs = {key: svg_of(chart) for key, chart in charts(board, records).items()}
    texts = {
        key: "".join("".join(one.itertext()) for one in ET.fromstring(svg).iter(TEXT)) for key, svg in svgs.items()
    }
    assert style.shown(name) in texts["prediction"]
    assert style.shown(name) in texts["ranks"]
    assert not any("<script" in svg or "\u202e" in svg for svg in svgs.values())


def test_a_name_that_looks_like_a_clip_path_stays_as_it_is(made):
    records = [made.record('id="clip7" url(#clip7)', made.predictions(8, 3))]
    svg = svg_of(charts(board_of(made, records), records)["prediction"])
    texts = "".join("".join(one.itertext()) for one in ET.fromstring(svg).iter(TEXT))
    assert 'id="clip7" url(#clip7)' in texts


def test_a_figure_fetches_nothing(made):
    records = made.board_records()
    svgs = [svg_of(chart) for chart in charts(board_of(made, records), records).values()]
    assert not any("href" in svg or "<image" in svg or "url(http" in svg for svg in svgs)


def test_figures_are_no_wider_than_a_page(made):
    records = made.board_records()
    widths = [
        float(ET.fromstring(svg_of(chart)).attrib["width"])
        for chart in charts(board_of(made, records), records).values()
    ]
    assert max(widths) <= 800


def one_reader(record):
    given = record.predictions
    return replace(record, predictions=replace(given, readings={"reader1": given.readings["reader1"]}))


def test_a_board_of_one_reader_has_neither_band_nor_panel_of_readers(made):
    records = [one_reader(record) for record in made.board_records()]
    spec = charts(board_of(made, records), records)["prediction"].to_dict()
    assert [part["title"]["text"] for part in spec["concat"]] == ["best", "close-a", "close-b"]
    assert "Grey band" not in spec["description"]


def three_readers(record):
    given = record.predictions
    third = tuple(score + 3 for score in given.readings["reader2"])
    return replace(record, predictions=replace(given, readings={**given.readings, "reader3": third}))


def test_of_more_readers_the_middle_one_is_held_against_the_others(made):
    records = [three_readers(record) for record in made.board_records()]
    found = charts(board_of(made, records), records)["agreement"].to_dict()["concat"][-1]
    assert found["title"]["text"].endswith("against the others (middle of 3 readers)")


def cut(record, films):
    given = record.predictions
    return replace(
        record,
        predictions=Predictions(
            ids=given.ids[:films],
            patients=given.patients[:films],
            readings={reader: scores[:films] for reader, scores in given.readings.items()},
            predicted=given.predicted[:films],
        ),
    )


@pytest.mark.parametrize("films", [1, 2, 3])
def test_a_board_of_very_few_films_has_figures(made, tmp_path, films):
    records = [cut(record, films) for record in made.board_records()]
    written = write_figures(board_of(made, records), records, tmp_path)
    assert written.broken == []
    assert "prediction" in dict(written.board.figures)


def test_a_board_whose_films_all_score_alike_has_figures(made, tmp_path):
    flat = {"reader1": (0.0,) * made.films, "reader2": (0.0,) * made.films}
    records = [
        replace(record, predictions=replace(record.predictions, readings=flat, predicted=(0.0,) * made.films))
        for record in made.board_records()
    ]
    assert write_figures(board_of(made, records), records, tmp_path).broken == []


def test_films_without_a_score_or_a_prediction_are_left_out(made, tmp_path):
    def with_gaps(record):
        given = record.predictions
        readings = {reader: (float("nan"), *scores[1:]) for reader, scores in given.readings.items()}
        predicted = (*given.predicted[:-1], float("nan"))
        return replace(record, predictions=replace(given, readings=readings, predicted=predicted))

    records = [with_gaps(record) for record in made.board_records()]
    written = write_figures(board_of(made, records), records, tmp_path)
    assert written.broken == []
    subtitle = charts(written.board, records)["prediction"].to_dict()["concat"][0]["title"]["subtitle"]
    assert subtitle[0].endswith(f"{made.films - 2} films")


def test_a_model_without_any_prediction_is_not_shown(made, tmp_path):
    records = made.board_records()
    nothing = made.record("nothing", made.constant(float("nan"), made.predictions(8, 3)))
    written = write_figures(board_of(made, [*records, nothing]), [*records, nothing], tmp_path)
    assert written.broken == []
    assert (
        "The 3 best of 4 models."
        in charts(written.board, [*records, nothing])["prediction"].to_dict()["title"]["subtitle"]
    )


def test_predictions_far_off_the_scale_still_have_figures(made, tmp_path):
    records = [made.record("wild", made.constant(1e12, made.predictions(8, 3))), *made.board_records()]
    assert write_figures(board_of(made, records), records, tmp_path).broken == []


def test_a_board_that_is_not_measured_has_no_figures(tmp_path):
    board = read_published(LEADERBOARDS / "wang2022" / "published.toml")
    assert charts(board, []) == {}
    assert write_figures(board, [], tmp_path).board.figures == ()
    assert list(tmp_path.iterdir()) == []


def test_a_board_with_figures_is_read_as_it_was_written(made, tmp_path):
    board = saved(made, tmp_path)
    read = board_json.read_board((tmp_path / "board.json").read_text(encoding="utf-8"))
    assert read.figures == board.figures != ()


def test_a_figure_that_cannot_be_drawn_costs_no_board(made, tmp_path):
    records = made.board_records()
    board = board_of(made, records)
    rows = tuple(replace(row, peak_memory="much") if row.name == "best" else row for row in board.rows)
    with pytest.raises(
        PluginError,
        match=r"The figure 'cost' cannot be drawn: TypeError: [\s\S]*\nAll other files of the board are written",
    ):
        save_board(replace(board, rows=rows, private=True), records, tmp_path, [])
    assert (tmp_path / "board.json").exists()
    assert (tmp_path / "figures" / "ranks.svg").exists()


def test_many_models_are_not_all_shown_and_it_is_said(made):
    records = [made.record(f"model{number:02d}", made.predictions(10 + number, number)) for number in range(45)]
    found = {name: chart.to_dict() for name, chart in charts(board_of(made, records), records).items()}
    assert "The first 40 of 45 models." in found["ranks"]["title"]["subtitle"]
    assert "The first 20 of 45 models." in found["cost"]["title"]["subtitle"]
    assert "The 12 best of 45 ranked models." in found["separation"]["title"]["subtitle"]
    assert "The 3 best of 45 models." in found["strata"]["title"]["subtitle"]


def test_series_differ_in_shape_and_in_dashes_as_well_as_in_colour():
    assert len(set(style.COLOURS)) == len(set(style.SHAPES)) == len({tuple(dash) for dash in style.DASHES}) == 5


def test_colours_of_series_differ_in_brightness_too_or_in_shape():
    grey = [
        np.dot([int(colour[at : at + 2], 16) for at in (1, 3, 5)], [0.299, 0.587, 0.114]) for colour in style.COLOURS
    ]
    assert max(grey) < 175  # dark enough on white
