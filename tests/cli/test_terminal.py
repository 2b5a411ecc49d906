"""What is shown: a board that fits the terminal, and lines that tell how a run goes."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.live import Live

from ra_bench.cli.terminal import Display, print_board
from ra_bench.values import Board, BoardRow, Column, EpochReport, Failure, MetricValue

COLUMNS = tuple(
    Column(metric=name, label=label, unit="", best="low", digits=digits)
    for name, label, digits in (
        ("rho", "rho", 2),
        ("mae", "MAE", 1),
        ("rmse", "RMSE", 1),
        ("bias", "bias within ±", 1),
        ("ratio", "RMSE / reader", 2),
        ("p", "p", 3),
    )
)


def board():
    values = {
        "rho": MetricValue(value=0.81, low=0.7, high=0.9),
        "mae": MetricValue(value=15.0, low=12.0, high=18.0),
        "rmse": MetricValue(value=float("nan")),
        "bias": MetricValue(value=3.0),
        "ratio": MetricValue(value=1.25),
        "p": MetricValue(value=0.04),
    }
    return Board(
        name="hands",
        title="Hands, simulated cohort",
        columns=COLUMNS,
        rows=(
            BoardRow(kind="model", name="resnet-dwise50-transfer", rank=1, metrics=values),
            BoardRow(kind="baseline", name="film-statistics", metrics=values),
            BoardRow(kind="reader", name="reader 2 against reader 1", metrics=values),
            BoardRow(kind="failed", name="resnet50", remark="RuntimeError: [the net] is torn"),
            BoardRow(kind="waiting", name="mobilenetv2", remark="Not run yet."),
        ),
    )


def shown(width):
    out = io.StringIO()
    print_board(board(), Console(file=out, width=width))
    return out.getvalue()


def test_at_80_columns_a_board_has_what_fits_and_no_intervals():
    text = shown(80)
    assert max(map(len, text.splitlines())) <= 80
    assert re.search(r"1  resnet-dwise50-transfer +0\.81  15\.0   n/a", text)
    assert "(0.70" not in text
    assert " p" in text.splitlines()[1]


@pytest.mark.parametrize("width", [40, 60, 100, 120])
def test_no_line_is_wider_than_the_terminal(width):
    assert max(map(len, shown(width).splitlines())) <= width


def test_a_wide_terminal_shows_everything_with_intervals():
    text = shown(160)
    assert "0.81 (0.70–0.90)" in text
    assert "RMSE / reader" in text


def test_rows_without_numbers_say_why():
    text = shown(80)
    assert "resnet50 (failed): RuntimeError: [the net] is torn\n" in text
    assert "mobilenetv2 (waiting): Not run yet.\n" in text


def test_a_board_without_any_number_says_only_why():
    out = io.StringIO()
    unfinished = replace(board(), rows=board().rows[3:])
    print_board(unfinished, Console(file=out, width=80))
    assert out.getvalue().splitlines() == [
        "Hands, simulated cohort",
        "resnet50 (failed): RuntimeError: [the net] is torn",
        "mobilenetv2 (waiting): Not run yet.",
    ]


def report(stage="training", epoch=1):
    return EpochReport(
        stage=stage,
        epoch=epoch,
        epochs=3,
        train_loss=0.5,
        validation_rmse=21.26,
        learning_rate=0.1,
        seconds=60.0,
        films=8,
    )


@pytest.fixture
def job():
    return SimpleNamespace(key="k", model="net", seed=0, fold=None)


def test_plain_lines_tell_stage_epoch_loss_rmse_and_time_left(capfd, job):
    with Display(quiet=True) as display:
        display.on_job_start(job=job)
        display.on_epoch_end(job=job, report=report("pretraining"))
        display.on_epoch_end(job=job, report=report())
        display.on_job_end(job=job, record=SimpleNamespace(seconds=0.0))
    lines = capfd.readouterr().err.splitlines()
    assert lines[:3] == [
        "net: starting",
        "net: pretraining, epoch 1/3, loss 0.500, 2:00 left",
        "net: epoch 1/3, loss 0.500, validation RMSE 21.3, 2:00 left",
    ]
    assert re.fullmatch(r"net: done in 0\.\d s", lines[3])


def test_the_time_left_of_a_job_that_goes_on_is_of_the_epochs_that_it_does_itself(capfd, job):
    with Display(quiet=True) as display:
        display.on_job_start(job=job)
        display.on_epoch_end(job=job, report=report(epoch=2))
    assert capfd.readouterr().err.splitlines()[1].endswith("epoch 2/3, loss 0.500, validation RMSE 21.3, 1:00 left")


def test_plain_lines_are_for_a_log_and_hold_no_control_codes(capfd, job):
    with Display(quiet=False) as display:  # not a terminal
        display.on_films("Decoding", 1, 2)
        display.on_films("Decoding", 2, 2)
        display.on_job_start(job=job)
        display.say("[bold] " + "long " * 60)
    err = capfd.readouterr().err
    assert "\x1b" not in err
    assert err.splitlines()[0] == "Decoding: 2 films"
    assert err.splitlines()[2] == ("[bold] " + "long " * 60).rstrip(" ") or err.splitlines()[2].startswith(
        "[bold] long"
    )


@pytest.fixture
def live(monkeypatch):
    """A display in a terminal of 80 columns, and what it has written so far."""
    out = io.StringIO()
    display = Display(quiet=False)
    console = Console(file=out, width=80, height=24, force_terminal=True, color_system=None)
    monkeypatch.setattr(display, "console", console)
    monkeypatch.setattr(display, "plain", False)
    monkeypatch.setattr(display, "live", Live(get_renderable=display._shown, console=console, auto_refresh=False))
    return display, out


def test_a_terminal_shows_a_table_of_jobs_and_no_lines(live, job):
    display, out = live
    with display:
        display.on_job_start(job=job)
        display.on_epoch_end(job=job, report=report(epoch=2))
        display.live.refresh()
    assert re.search(r"net +running +2/3 +21\.3 +0:00 +1:00", out.getvalue())
    assert "loss" not in out.getvalue()


def test_why_a_job_failed_stands_above_the_table(live, job):
    display, out = live
    with display:
        display.on_job_start(job=job)
        display.on_job_end(job=job, record=Failure(job=job, reason="the [net] is torn", log=""))
    said = out.getvalue()
    assert said.index("net: failed: the [net] is torn") < said.rindex("0 of 1 jobs done, 1 failed")


def test_what_others_print_goes_above_the_table_too(live, job):
    display, out = live
    with display:
        display.on_job_start(job=job)
        print("printed")  # noqa: T201
        sys.stderr.write("a warning\n")
        assert "printed\n" in out.getvalue()
        assert "a warning\n" in out.getvalue()


def test_films_have_a_bar_as_long_as_some_are_read_and_then_jobs_come(live, job):
    display, _ = live
    with display:
        display.on_job_start(job=job)
        display.on_films("Decoding", 1, 2)
        assert display._shown() is not display.table
        display.on_films("Decoding", 2, 2)
        assert display._shown() is display.table


def test_colour_is_off_where_the_user_wants_none(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert Display(quiet=False).console.no_color
