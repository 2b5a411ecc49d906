"""Figures show what the metrics say, and say what they show."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import altair as alt
import numpy as np
import pytest
from scipy import stats

from ra_bench import metrics as m
from ra_bench.boards.board import build_board
from ra_bench.boards.figures import charts
from ra_bench.boards.figures.interactive import specification
from ra_bench.boards.figures.source import drawn
from ra_bench.boards.readers import further_reader_rmse
from ra_bench.errors import RecordError, UnknownNameError
from ra_bench.values import EpochReport

ALL = ["ranks", "separation", "prediction", "agreement", "calibration", "strata", "films", "scores", "cost", "training"]
SCALE = ("scale", "SvH, both hands, 0 to 280 SvH units")


def trained(record):
    """The same record with three epochs behind it, each fold with errors of its own."""
    number = 1 if record.job.fold is None else record.job.fold.number
    reports = tuple(
        EpochReport(
            stage="training",
            epoch=epoch,
            epochs=3,
            train_loss=1 / epoch,
            validation_rmse=30 * number / epoch,
            learning_rate=0.1,
            seconds=1.0,
            films=10,
        )
        for epoch in (1, 2, 3)
    )
    return replace(record, history=reports)


def board_of(made, records, **given):
    return build_board(
        "made-up", records=records, metrics=made.metrics, baselines=("mean", "statistics"), facts=(SCALE,), **given
    )


@pytest.fixture(scope="module")
def whole(made):
    """A board with every figure, and its specifications."""
    records = [trained(record) for record in made.board_records()]
    board = board_of(made, records)
    return SimpleNamespace(
        board=board,
        records=records,
        specs={name: specified(chart) for name, chart in charts(board, records).items()},
    )


def parts_of(spec):
    return [part for key in ("layer", "concat", "hconcat", "vconcat") for part in spec.get(key, ())]


def inside(spec):
    """Every part of a specification that draws something of its own."""
    return [leaf for part in parts_of(spec) for leaf in inside(part)] if parts_of(spec) else [spec]


def specified(chart):
    """The specification of a chart, checked against the schema, with the rows of each part as `rows` in it."""
    spec = chart.to_dict()

    def put(part, above):
        name = part.get("data", {}).get("name", above)
        if not parts_of(part):
            part["rows"] = json.loads(spec["datasets"][name])
        for below in parts_of(part):
            put(below, name)

    put(spec, "")
    return spec


def rows_of(spec):
    """All rows of data, layer by layer."""
    return [leaf["rows"] for leaf in inside(spec)]


def panel(spec, name):
    (found,) = [part for part in spec["concat"] if part["title"]["text"] == name]
    return found


def pairs_of(whole, model):
    (given,) = [record.predictions for record in whole.records if record.job.model == model]
    return np.mean(list(given.readings.values()), axis=0), np.array(given.predicted)


def test_a_measured_board_has_every_figure(whole):
    assert list(whole.specs) == ALL


@pytest.mark.parametrize("name", ALL)
def test_every_figure_says_what_it_shows(whole, name):
    assert whole.specs[name]["title"]["text"]
    assert whole.specs[name]["description"].startswith(whole.specs[name]["title"]["text"])


@pytest.mark.parametrize("name", ALL)
def test_every_axis_that_is_drawn_has_a_title(whole, name):
    encodings = [
        leaf["encoding"][axis] for leaf in inside(whole.specs[name]) for axis in "xy" if axis in leaf["encoding"]
    ]
    untitled = [one for one in encodings if "field" in one and one.get("axis", {}) is not None and not one.get("title")]
    # A title stands once where two charts share an axis, or two layers.
    fields = {one["field"] for one in untitled}
    titled = {one["field"] for one in encodings if one.get("title")}
    assert fields <= titled | {"low", "first"}


@pytest.mark.parametrize(
    "name", ["prediction", "agreement", "calibration", "strata", "films", "scores", "ranks", "cost"]
)
def test_scores_are_shown_with_their_unit(whole, name):
    assert "(SvH units)" in json.dumps([leaf["encoding"] for leaf in inside(whole.specs[name])])


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_a_simulated_cohort_is_called_so_in_each_figure(whole, name):
    assert "imulated" not in json.dumps(whole.specs[name])
    simulated = charts(replace(whole.board, simulated=True), whole.records)[name].to_dict()
    assert simulated["title"]["subtitle"][-1].startswith("Simulated films and simulated readers")


def test_the_points_are_the_predictions_and_the_reference(whole):
    reference, predicted = pairs_of(whole, "best")
    (rows,) = [rows for rows in rows_of(panel(whole.specs["prediction"], "best")) if "film" in rows[0]]
    found = np.array([(row["reference"], row["predicted"]) for row in sorted(rows, key=lambda row: row["film"])])
    assert found == pytest.approx(np.column_stack([reference, predicted]), rel=1e-7)


def test_the_reader_band_is_that_of_a_further_reader(whole):
    (rows,) = [rows for rows in rows_of(panel(whole.specs["prediction"], "best")) if "low" in rows[0]]
    half = 1.959963984540054 * further_reader_rmse(
        [np.array(one) for one in whole.records[0].predictions.readings.values()]
    )
    assert [row["high"] - row["predicted"] for row in rows] == pytest.approx([half, half], rel=1e-6)
    assert [row["predicted"] - row["low"] for row in rows] == pytest.approx([half, half], rel=1e-6)


def test_the_band_beside_a_single_reader_is_that_readers_error_against_the_other(whole):
    first, second = (np.array(one) for one in whole.records[0].predictions.readings.values())
    (rows,) = [
        rows for rows in rows_of(panel(whole.specs["prediction"], "reader2 against reader1")) if "low" in rows[0]
    ]
    half = 1.959963984540054 * m.rmse(first, second)
    assert rows[0]["high"] - rows[0]["predicted"] == pytest.approx(half, rel=1e-6)


@pytest.mark.parametrize("name", ["best", "close-a", "reader2 against reader1"])
def test_limits_of_agreement_are_those_of_the_metrics(whole, name):
    if name.startswith("reader2"):
        pair = [np.array(one) for one in whole.records[0].predictions.readings.values()]
    else:
        pair = pairs_of(whole, name)
    (rows,) = [rows for rows in rows_of(panel(whole.specs["agreement"], name)) if len(rows) == 3 and "line" in rows[0]][
        :1
    ]
    limits, between = m.limits_of_agreement(*pair), m.bias_interval(*pair)
    expected = [
        (limits.bias, *between),
        (limits.low, *limits.low_interval),
        (limits.high, *limits.high_interval),
    ]
    assert [(row["difference"], row["from"], row["to"]) for row in rows] == [pytest.approx(one) for one in expected]


def test_the_dotted_line_is_the_proportional_bias(whole):
    reference, predicted = pairs_of(whole, "best")
    line = m.proportional_bias(reference, predicted)
    (rows,) = [
        rows for rows in rows_of(panel(whole.specs["agreement"], "best")) if len(rows) == 2 and "line" not in rows[0]
    ]
    assert [row["difference"] for row in rows] == pytest.approx(
        [line.intercept + line.slope * row["mean"] for row in rows], rel=1e-6
    )
    assert f"(p {line.p:.3f})" in panel(whole.specs["agreement"], "best")["title"]["subtitle"][-1]


def test_the_line_of_calibration_is_that_of_the_metrics(whole):
    reference, predicted = pairs_of(whole, "best")
    line = m.calibration(reference, predicted)
    rows = rows_of(panel(whole.specs["calibration"], "best"))[1]
    assert [row["reference"] for row in rows] == pytest.approx(
        [line.intercept + line.slope * row["predicted"] for row in rows], rel=1e-6
    )


def test_the_groups_of_calibration_hold_all_films_and_their_means(whole):
    reference, predicted = pairs_of(whole, "best")
    rows = next(rows for rows in rows_of(panel(whole.specs["calibration"], "best")) if "films" in rows[0])
    order = np.argsort(predicted)
    assert sum(row["films"] for row in rows) == reference.size
    first = order[: rows[0]["films"]]
    assert rows[0]["reference"] == pytest.approx(reference[first].mean(), rel=1e-6)
    assert rows[0]["predicted"] == pytest.approx(predicted[first].mean(), rel=1e-6)


def test_the_error_of_a_band_is_the_mae_of_its_films(whole):
    reference, predicted = pairs_of(whole, "best")
    rows = [row for row in rows_of(whole.specs["strata"])[1] if row["series"] == "best"]
    severe = next(row for row in rows if row["band"].startswith("50 to < 100"))
    here = (reference >= 50) & (reference < 100)
    assert severe["mae"] == pytest.approx(m.mae(reference[here], predicted[here]))
    assert severe["low"] < severe["mae"] < severe["high"]
    assert severe["band"].endswith(f"|{here.sum()} films")


def test_a_band_of_few_patients_has_no_interval(whole):
    rows = rows_of(whole.specs["strata"])[1]
    counts = {row["band"]: int(re.findall(r"\|(\d+)", row["band"])[0]) for row in rows}
    assert min(counts.values()) < 6 <= max(counts.values())
    assert {row["band"] for row in rows if "low" not in row} == {band for band, films in counts.items() if films < 6}


def test_ranks_and_their_intervals_are_those_of_the_board(whole):
    rows = rows_of(whole.specs["ranks"])[1]
    ranked = [row for row in whole.board.rows if row.rank is not None]
    assert [(row["name"], row["rank"], row["first"], row["last"]) for row in rows] == [
        (row.name, row.rank, row.metrics["rank"].low, row.metrics["rank"].high) for row in ranked
    ]
    assert [(row["rmse"], row["low"], row["high"]) for row in rows] == [
        (row.metrics["rmse"].value, row.metrics["rmse"].low, row.metrics["rmse"].high) for row in ranked
    ]


def test_the_map_of_significance_agrees_with_a_comparison_of_the_models(whole):
    from ra_bench.boards.held_out import held_out
    from ra_bench.reports.compare import compare

    names = [row.name for row in whole.board.rows if row.rank is not None]
    records = [record for record in whole.records if record.job.model in names]
    contenders = [
        SimpleNamespace(
            name=record.job.model,
            source="",
            seeds=(0,),
            patients_known=True,
            predictions=(record.predictions,),
            guesses=(),
        )
        for record in records
    ]
    expected = {
        (pair.first, pair.second): (-pair.gaps["rmse"].value, pair.gaps["rmse"].p_holm, pair.separated)
        for pair in compare(contenders, held_out(records)).pairs
    }
    rows = rows_of(whole.specs["separation"])[0]
    found = {(row["first"], row["second"]): (row["difference"], row["p"], row["apart"]) for row in rows}
    assert {row["apart"] for row in rows} == {True, False}
    assert found == {pair: pytest.approx(values) for pair, values in expected.items()}


def test_a_page_can_zoom_each_scatter_plot_and_nothing_else(whole):
    def zoomed(text):
        return re.findall(r'"params":\[\{"name":"(zoom_\d+)"', text)

    found = {name: zoomed(specification(chart)) for name, chart in charts(whole.board, whole.records).items()}
    assert {name for name, zooms in found.items() if zooms} == {
        "prediction",
        "agreement",
        "calibration",
        "cost",
        "films",
    }
    assert found["prediction"] == [f"zoom_{number}" for number in (1, 2, 3, 4)]  # three models and the reader


@pytest.mark.slow
def test_a_chart_for_a_page_is_valid_and_the_same_again(whole):
    for chart in charts(whole.board, whole.records).values():
        text = specification(chart)
        assert text == specification(chart)
        alt.Chart.from_json(text)  # checks it against the schema of Vega-Lite


def test_costs_are_those_of_the_board(whole):
    row = next(row for row in whole.board.rows if row.name == "best")
    panels = whole.specs["cost"]["vconcat"][0]["hconcat"]
    found = [next(one for one in rows_of(part)[1] if one["model"] == "best") for part in panels]
    assert [one["cost"] for one in found] == pytest.approx([85.4, 12.25, 3.0])
    assert {one["mae"] for one in found} == {row.metrics["mae"].value}


def test_training_curves_are_the_history(whole):
    rows = [row for row in rows_of(whole.specs["training"])[2] if row["series"] == "best"]
    assert [(row["epoch"], row["rmse"]) for row in rows] == [(1, 30.0), (2, 15.0), (3, 10.0)]
    (kept,) = [row for row in rows_of(whole.specs["training"])[3] if row["series"] == "best"]
    assert kept["epoch"] == 3


def test_the_histogram_counts_every_film_once(whole):
    reference, predicted = pairs_of(whole, "best")
    bars, line = rows_of(whole.specs["scores"])
    assert sum(row["films"] for row in bars) == reference.size
    assert sum(row["predicted"] for row in line[:-1]) == predicted.size
    first = next(row for row in bars if row["from"] == 0)
    assert first["films"] == ((reference >= 0) & (reference < first["to"])).sum()


def test_film_by_film_each_is_near_or_far_as_its_error_is(whole):
    rows = rows_of(whole.specs["films"])[0]
    assert [row["reference"] for row in rows] == sorted(row["reference"] for row in rows)
    assert [row["error"] for row in rows] == [
        "within 15 of the reference" if abs(row["predicted"] - row["reference"]) <= 15 else "more than 15 away"
        for row in rows
    ]
    given = whole.records[2].predictions
    row = next(row for row in rows if row["film"] == given.ids[0])
    assert (row["least"], row["most"]) == tuple(sorted(scores[0] for scores in given.readings.values()))


def test_the_three_best_are_shown_and_it_is_said(whole):
    assert [part["title"]["text"] for part in whole.specs["prediction"]["concat"]] == [
        "best",
        "close-a",
        "close-b",
        "reader2 against reader1",
    ]
    assert "The 3 best of 4 models." in whole.specs["prediction"]["title"]["subtitle"]


def test_a_model_can_be_shown_on_demand(whole):
    spec = charts(whole.board, whole.records, models=["collapsed"])["agreement"].to_dict()
    assert [part["title"]["text"] for part in spec["concat"]] == ["collapsed", "reader2 against reader1"]


def test_a_model_without_predictions_cannot_be_shown(whole):
    with pytest.raises(UnknownNameError, match=r"No model named 'bset'. Did you mean 'best'"):
        charts(whole.board, whole.records, models=["bset"])


def test_more_models_than_colours_are_refused(whole):
    with pytest.raises(RecordError, match=r"Figures show at most 4 models: 5 are named. Name fewer."):
        charts(whole.board, whole.records, models=["best"] * 5)


def test_films_that_are_left_out_of_a_crowded_figure_are_counted(made):
    many = made.record("best", made.predictions(8, 3, films=1500))
    spec = specified(charts(board_of(made, [many]), [many])["prediction"])
    (rows,) = [rows for rows in rows_of(panel(spec, "best")) if "film" in rows[0]]
    assert len(rows) == 1000
    said = " ".join(spec["title"]["subtitle"])
    assert "1,000 of 1,500 films are drawn, evenly spaced by the reference; numbers and lines are of all." in said
    error = m.rmse(*pairs_of(SimpleNamespace(records=[many]), "best"))
    assert panel(spec, "best")["title"]["subtitle"][0].startswith(f"RMSE {error:.1f}, ")


def test_thinning_keeps_the_mildest_and_the_most_severe():
    scores = np.random.default_rng(0).permutation(5000).astype(float)
    chosen = drawn(scores, 100)
    assert len(set(chosen)) == 100
    assert (scores[chosen[0]], scores[chosen[-1]]) == (0, 4999)


def test_of_several_seeds_the_first_is_shown_and_said(made):
    seeds = [made.record("best", made.predictions(8, 3), 4), made.record("best", made.predictions(30, 5), 7)]
    found = charts(board_of(made, seeds), seeds)["prediction"].to_dict()
    assert found["concat"][0]["title"]["text"] == "best, seed 4 (one of 2)"


# --- folds: figures are of the out-of-fold predictions, all folds together ---


@pytest.fixture(scope="module")
def folded(made):
    """A board of three folds: its specifications, and reference and predictions of the runs before they were cut."""
    runs = [
        made.record("best", made.predictions(8, 3), 0),
        made.record("best", made.predictions(9, 4), 1),
        made.record("close-a", made.predictions(20, 1)),
        made.record("close-b", made.predictions(20.5, 2)),
    ]
    records = [trained(part) for run in runs for part in made.in_folds(run)]
    given = runs[0].predictions
    figures = charts(board_of(made, records), records, models=["best"])
    return SimpleNamespace(
        specs={name: specified(chart) for name, chart in figures.items()},
        ids=given.ids,
        reference=np.mean(list(given.readings.values()), axis=0),
        predicted=np.array(given.predicted),
        errors={
            name: np.mean([rms_error(run.predictions) for run in runs if run.job.model == name])
            for name in ("best", "close-a", "close-b")
        },
    )


def rms_error(given):
    return np.sqrt(np.mean((np.array(given.predicted) - np.mean(list(given.readings.values()), axis=0)) ** 2))


def of_films(rows, *names):
    """What a figure shows of each film, by its id, which is there once."""
    found = {row["film"]: [row[name] for name in names] for row in rows}
    assert len(found) == len(rows)
    return found


def points_of_best(folded, name):
    (rows,) = [rows for rows in rows_of(panel(folded.specs[name], "best, seed 0 (one of 2)")) if "film" in rows[0]]
    return rows


def test_each_film_of_all_folds_is_a_point_once(folded):
    found = of_films(points_of_best(folded, "prediction"), "reference", "predicted")
    expected = zip(folded.reference, folded.predicted, strict=True)
    assert found == {film: pytest.approx(pair) for film, pair in zip(folded.ids, expected, strict=True)}


def test_what_is_said_of_a_model_in_folds_is_of_all_its_films(folded):
    error = np.sqrt(np.mean((folded.predicted - folded.reference) ** 2))
    rho = stats.pearsonr(folded.reference, folded.predicted).statistic
    said = panel(folded.specs["prediction"], "best, seed 0 (one of 2)")["title"]["subtitle"]
    assert said == [f"RMSE {error:.1f}, rho {rho:.2f}, {len(folded.ids)} films"]
    line = stats.linregress(folded.predicted, folded.reference)
    said = panel(folded.specs["calibration"], "best, seed 0 (one of 2)")["title"]["subtitle"]
    assert said == [f"slope {line.slope:.2f}, intercept {line.intercept:.1f}", f"{len(folded.ids)} films"]


def test_limits_of_agreement_in_folds_are_over_the_means_of_all_films(folded):
    gap, middle = folded.predicted - folded.reference, (folded.predicted + folded.reference) / 2
    found = of_films(points_of_best(folded, "agreement"), "mean", "difference")
    expected = zip(middle, gap, strict=True)
    assert found == {film: pytest.approx(pair, rel=1e-6) for film, pair in zip(folded.ids, expected, strict=True)}
    part = panel(folded.specs["agreement"], "best, seed 0 (one of 2)")
    lines = next(rows for rows in rows_of(part) if "line" in rows[0])
    mean, sd = gap.mean(), gap.std(ddof=1)
    half = stats.t.ppf(0.975, gap.size - 1) * sd / np.sqrt(gap.size)
    ends = [(mean, half)] + [(mean + sign * stats.norm.ppf(0.975) * sd, np.sqrt(3) * half) for sign in (-1, 1)]
    assert [(line["difference"], line["from"], line["to"]) for line in lines] == [
        pytest.approx((level, level - reach, level + reach), rel=1e-6) for level, reach in ends
    ]
    bias = stats.linregress(middle, gap)
    assert part["title"]["subtitle"][-1].endswith(f" (p {bias.pvalue:.3f}); 60 films")


def test_films_of_all_folds_are_shown_and_counted_once(folded):
    rows = rows_of(folded.specs["films"])[0]
    assert set(of_films(rows)) == set(folded.ids)
    near = np.mean(np.abs(folded.predicted - folded.reference) <= 15) * 100
    assert f"{near:.0f} % of all 60 films are within 15." in folded.specs["films"]["title"]["subtitle"]
    bars, line = rows_of(folded.specs["scores"])
    edges = [*(bar["from"] for bar in bars), bars[-1]["to"]]
    assert [bar["films"] for bar in bars] == np.histogram(folded.reference, edges)[0].tolist()
    assert [bar["predicted"] for bar in line[:-1]] == np.histogram(folded.predicted, edges)[0].tolist()


def test_bands_of_severity_hold_the_films_of_all_folds(folded):
    rows = [row for row in rows_of(folded.specs["strata"])[1] if row["series"].startswith("best")]
    assert sum(int(re.findall(r"\|(\d+)", row["band"])[0]) for row in rows) == len(folded.ids)
    here = (folded.reference >= 50) & (folded.reference < 100)
    row = next(row for row in rows if row["band"] == f"50 to < 100|{here.sum()} films")
    assert row["mae"] == pytest.approx(np.abs(folded.predicted - folded.reference)[here].mean(), rel=1e-6)


def test_ranks_and_differences_in_folds_are_of_the_errors_over_all_films(folded):
    found = {row["name"]: row["rmse"] for row in rows_of(folded.specs["ranks"])[1]}
    assert found == pytest.approx(folded.errors, rel=1e-6)
    gaps = {(row["first"], row["second"]): row["difference"] for row in rows_of(folded.specs["separation"])[0]}
    assert gaps == {
        (first, second): pytest.approx(folded.errors[second] - folded.errors[first], rel=1e-6)
        for first, second in (("best", "close-a"), ("best", "close-b"), ("close-a", "close-b"))
    }


def test_training_curves_are_a_line_a_fold_of_the_first_seed(folded):
    rows = [row for row in rows_of(folded.specs["training"])[2] if row["series"] == "best"]
    assert [(row["fold"], row["epoch"], row["rmse"]) for row in rows] == [
        (fold, epoch, 30 * fold / epoch) for fold in (1, 2, 3) for epoch in (1, 2, 3)
    ]
    kept = [row for row in rows_of(folded.specs["training"])[3] if row["series"] == "best"]
    assert [(row["fold"], row["epoch"]) for row in kept] == [(1, 3), (2, 3), (3, 3)]
    assert "One line a fold." in folded.specs["training"]["title"]["subtitle"][0]
    lines = inside(folded.specs["training"])[2]
    assert lines["encoding"]["detail"]["field"] == "fold"
