"""What a board says of how sure its models are."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ra_bench.boards.board import build_board
from ra_bench.boards.folds import join_predictions
from ra_bench.boards.held_out import in_order
from ra_bench.boards.render import json, markdown
from ra_bench.boards.render.html_sections import sections
from ra_bench.metrics import crps_normal, risk_coverage
from ra_bench.values import Uncertainty


def sure(record, **said):
    return replace(record, predictions=replace(record.predictions, uncertainty=Uncertainty(**said)))


@pytest.fixture
def board(made):
    plain, own = made.record("plain", made.predictions(12, 1)), made.record("sure", made.predictions(12, 2))
    return build_board("made-up", records=[plain, sure(own, sd=(12.0,) * 30 + (24.0,) * 30)], metrics=made.metrics)


def test_a_board_of_models_that_say_nothing_has_no_word_on_it(made):
    board = build_board("made-up", records=made.board_records(), metrics=made.metrics)
    assert board.uncertainty == ()
    assert "ncertainty" not in json.render(board) + markdown.render(board)


def test_only_models_that_say_something_are_rows(board):
    (row,) = board.uncertainty
    assert (row.name, row.kind, row.level, row.films) == ("sure", "its SD, normal", 0.95, 60)


def test_numbers_are_those_of_the_metrics(board, made):
    (row,) = board.uncertainty
    given = made.predictions(12, 2)
    reference = np.mean(list(given.readings.values()), axis=0)
    predicted, sd = np.array(given.predicted), np.array((12.0,) * 30 + (24.0,) * 30)
    shown = {name: value.value for name, value in row.metrics.items()}
    assert shown["coverage"] == pytest.approx(np.mean(np.abs(predicted - reference) <= 1.959964 * sd))
    assert shown["width"] == pytest.approx(2 * 1.959964 * 18)
    assert shown["crps"] == pytest.approx(crps_normal(reference, predicted, sd).mean())
    assert shown["aurc"] == pytest.approx(risk_coverage(reference, predicted, sd).area)


def test_the_interval_of_the_aurc_is_that_of_the_boards_draw_of_patients(made):
    given = made.predictions(12, 2)
    sd = tuple(np.random.default_rng(6).uniform(5, 25, 60))
    (row,) = build_board("made-up", records=[sure(made.record("m", given), sd=sd)], metrics=made.metrics).uncertainty
    error = np.abs(np.array(given.predicted) - np.mean(list(given.readings.values()), axis=0))

    def area(drawn, doubt):
        # of films that are drawn twice both copies err alike, so that their order does not matter
        return np.mean(np.cumsum(drawn[np.argsort(doubt)]) / np.arange(1, len(drawn) + 1))

    expected = stats.bootstrap(
        (error, np.array(sd)), area, paired=True, vectorized=False, n_resamples=9999, rng=np.random.default_rng(0)
    )
    found = row.metrics["aurc"]
    assert found.value == pytest.approx(area(error, sd))
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval), rel=1e-7)
    assert found.method == "bca"


def test_several_seeds_are_a_mean_and_all_must_say_something(made):
    first, second = (made.record("m", made.predictions(12, seed), seed) for seed in (0, 1))
    both = [sure(first, sd=(10.0,) * 60), sure(second, sd=(20.0,) * 60)]
    (row,) = build_board("made-up", records=both, metrics=made.metrics).uncertainty
    assert row.metrics["width"].value == pytest.approx(2 * 1.959964 * 15)
    assert build_board("made-up", records=[both[0], second], metrics=made.metrics).uncertainty == ()


def test_an_interval_is_a_row_of_its_own(made):
    own = made.record("m", made.predictions(12, 2))
    given = sure(own, sd=(9.0,) * 60, lower=(0.0,) * 60, upper=(280.0,) * 60, level=0.9)
    of_sd, of_model = build_board("made-up", records=[given], metrics=made.metrics).uncertainty
    assert (of_sd.level, of_model.level) == (0.9, 0.9)
    assert (of_model.metrics["coverage"].value, of_model.metrics["width"].value) == (1.0, 280.0)
    assert "crps" not in of_model.metrics


def test_json_gives_it_back(board):
    assert json.render(json.read_board(json.render(board))) == json.render(board)


def test_pages_show_it(board):
    text = markdown.render(board)
    assert "## Uncertainty: what models say of their own error" in text
    assert "| sure  | its SD, normal |  0.95 |  60 |" in text
    assert re.search(r"\| +\d+\.\d \(\d+\.\d–\d+\.\d\) \| +9\.7 \|\n", text)  # AURC and MAE
    assert any(plain.heading.startswith("Uncertainty") for plain in sections(board))


def test_films_keep_what_is_said_of_them_when_they_are_sorted(made):
    given = replace(made.predictions(5, 1), uncertainty=Uncertainty(sd=tuple(map(float, range(60)))))
    turned = replace(
        given,
        **{name: getattr(given, name)[::-1] for name in ("ids", "patients", "predicted")},
        readings={reader: scores[::-1] for reader, scores in given.readings.items()},
        uncertainty=Uncertainty(sd=given.uncertainty.sd[::-1]),
    )
    assert in_order(turned) == given


def test_folds_keep_what_all_of_them_say(made):
    given = made.predictions(5, 1)
    full = Uncertainty(sd=(1.0,) * 60, lower=(0.0,) * 60, upper=(9.0,) * 60)
    parts = [replace(given, uncertainty=full), replace(given, uncertainty=replace(full, level=0.9))]
    assert join_predictions(parts).uncertainty == Uncertainty(sd=(1.0,) * 120)
    assert join_predictions([parts[0], parts[0]]).uncertainty.upper == (9.0,) * 120
    assert join_predictions([parts[0], given]).uncertainty is None
