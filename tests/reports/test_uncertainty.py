"""The report on how sure a model is, from a table and from a run."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isnan, nan

import numpy as np
import pytest

from ra_bench.errors import TableError
from ra_bench.reports.front import Wishes, scored
from ra_bench.reports.render import as_json, as_markdown, as_plain_text
from ra_bench.reports.tables import read_model_predictions
from ra_bench.reports.uncertainty import CONFORMAL, NORMALISED
from ra_bench.runs.records import write_record
from ra_bench.values import Job, Predictions, RunRecord, Uncertainty

HEADER = "film,patient,reference,predicted,sd,lower:0.8,upper:0.8"
#: errors 1, 2, 4, 8; two films outside their intervals
ROWS = ("f1,p1,10,11,1,9,13", "f2,p2,20,22,2,19,25", "f3,p3,30,34,3,31,37", "f4,p4,40,48,4,44,52")


def table(tmp_path, *rows, header=HEADER):
    file = tmp_path / "sure.csv"
    file.write_text("\n".join([header, *rows]) + "\n")
    return file


def predictions(error, films, name="f", sd=()):
    scores = np.linspace(5, 100, films)
    return Predictions(
        ids=tuple(f"{name}{number:02d}" for number in range(films)),
        patients=tuple(f"{name}p{number:02d}" for number in range(films)),
        readings={"a": tuple(scores)},
        predicted=tuple(scores + error),
        uncertainty=Uncertainty(sd=sd) if sd else None,
    )


@pytest.fixture
def run(tmp_path):
    """Test films with errors of 2, and 19 validation films with errors of 1 to 19."""
    job = Job(
        **dict.fromkeys(("key", "board", "model", "dataset", "cohort", "split", "protocol", "protocol_hash"), "x"),
        **dict.fromkeys(("plugin", "plugin_version", "plugin_source", "trainer", "trainer_source"), "x"),
        seed=0,
    )
    record = RunRecord(
        job=job,
        protocol={"keep": "best-validation-rmse"},
        predictions=predictions(2.0, 30, sd=(4.0,) * 30),
        validation=predictions(np.arange(1.0, 20.0), 19, "v", sd=(2.0,) * 19),
        history=(),
        **dict.fromkeys(("parameters", "madds", "seconds_per_epoch", "peak_memory", "pretrained_on")),
        seconds=1.0,
        kept_epoch=7,
        overrides={},
        device="cpu",
        finished="2022-03-01T12:00:00Z",
        environment={},
    )

    def written(**changes):
        write_record(tmp_path / "run", replace(record, **changes))
        return tmp_path / "run"

    return written


def report(path, **wishes):
    return scored(read_model_predictions(path), None, Wishes(**wishes))


def test_a_table_without_such_columns_has_no_section(tmp_path):
    rows = [",".join(row.split(",")[:4]) for row in ROWS]
    found = report(table(tmp_path, *rows, header="film,patient,reference,predicted"))
    assert (found.intervals, found.doubt, found.calibrated) == ((), None, None)
    assert "Prediction intervals" not in as_markdown(found)


def test_columns_are_found_by_their_headers_and_measured(tmp_path):
    found = report(table(tmp_path, *ROWS))
    assert "Predicted SD: column 'sd'." in found.source.guesses
    of_sd, own = found.intervals
    assert (of_sd.level, own.level) == (0.8, 0.8)
    assert own.coverage.value == 0.5
    assert own.width.value == pytest.approx((4 + 6 + 6 + 8) / 4)
    assert own.score.value == pytest.approx((4 + 6 + 6 + 10 * 1 + 8 + 10 * 4) / 4)
    assert of_sd.coverage.value == 0.5  # 1.28 SDs: errors 1 and 2 lie within, 4 and 8 do not


def test_the_error_of_what_is_kept(tmp_path):
    found = report(table(tmp_path, *ROWS)).doubt
    assert [(part.films, part.mae) for part in found.set_aside] == [
        (4, 3.75),
        (4, 3.75),
        (3, pytest.approx(7 / 3)),
        (3, pytest.approx(7 / 3)),
        (2, 1.5),
    ]
    assert found.area.value == found.best == pytest.approx((1 + 1.5 + 7 / 3 + 3.75) / 4)
    assert isnan(found.area.low)  # of four patients


def test_the_error_over_all_shares_has_an_interval_as_its_neighbours_have(tmp_path):
    rows = [f"f{n:02d},p{n:02d},{10 + n},{10 + n + 1 + n % 7},{1 + n % 5},{n},{n + 30}" for n in range(30)]
    found = report(table(tmp_path, *rows))
    assert (found.doubt.area.method, found.doubt.crps.method) == ("bca", "bca")
    assert found.doubt.area.low < found.doubt.area.value < found.doubt.area.high
    said = f"(AURC): {found.doubt.area.value:.2f} ({found.doubt.area.low:.2f}–{found.doubt.area.high:.2f}); in the best"
    assert said in " ".join(as_plain_text(found).split())


def test_an_interval_without_a_level_is_one_of_95_per_cent(tmp_path):
    found = report(table(tmp_path, *ROWS, header="film,patient,reference,predicted,other,Lower,Upper"))
    assert [interval.level for interval in found.intervals] == [0.95]
    assert found.doubt.by == "the width of its interval"


def test_one_end_alone_is_no_interval(tmp_path):
    found = report(table(tmp_path, *ROWS, header="film,patient,reference,predicted,note,lower:0.8,upper:0.9"))
    assert found.intervals == ()


def test_films_without_a_word_do_not_count(tmp_path):
    found = report(table(tmp_path, *ROWS, "f5,p5,50,51,,,"))
    assert [interval.films for interval in found.intervals] == [4, 4]
    assert (found.source.films, found.doubt.films) == (5, 4)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("f5,p5,50,51,-2,50,52", r"row 6, column 'sd': found -2. An SD is 0 or more"),
        ("f5,p5,50,51,2,53,52", r"row 6: 'lower:0.8' is 53, above 'upper:0.8', 52"),
        ("f5,p5,50,51,two,50,52", r"row 6, column 'sd': found 'two', which is no number"),
    ],
)
def test_cells_that_mean_nothing_are_refused(tmp_path, row, said):
    with pytest.raises(TableError, match=said):
        report(table(tmp_path, *ROWS, row))


def test_a_run_gives_conformal_intervals(run):
    found = report(run(), conformal=0.9)
    assert (found.calibrated.margin, found.calibrated.factor) == (18.0, 9.0)  # the 18th of 19
    kinds = {interval.kind: interval for interval in found.intervals}
    assert kinds[CONFORMAL].coverage.value == 1.0
    assert kinds[CONFORMAL].width.value == pytest.approx(36.0)
    assert kinds[NORMALISED].width.value == pytest.approx(2 * 9 * 4)


def test_the_report_says_that_the_epoch_was_chosen_on_these_films(run):
    text = " ".join(as_plain_text(report(run(), conformal=0.9)).split())
    assert "epoch 7 was kept because it did best on them, so that errors on them may be too small" in text
    assert "MAE 10.00 on them, 2.00 on the test films" in text


def test_a_protocol_that_keeps_the_last_epoch_chose_nothing(run):
    found = report(run(protocol={"keep": "last"}), conformal=0.9)
    assert found.calibrated.chosen == ""
    assert "If nothing was chosen on these films" in as_markdown(found)


def test_too_few_patients_have_no_interval(run):
    found = report(run(validation=predictions(1.0, 8, "v")), conformal=0.9)
    assert found.calibrated.margin == inf
    assert "8 validation films are too few: it takes 9 patients" in as_markdown(found)
    assert CONFORMAL not in [interval.kind for interval in found.intervals]
    assert '"margin": null' in as_json(found)


def test_an_sd_of_nothing_calibrates_no_factor(run):
    found = report(run(validation=predictions(1.0, 19, "v", sd=(0.0,) * 19)), conformal=0.9)
    assert np.isnan(found.calibrated.factor)
    assert NORMALISED not in [interval.kind for interval in found.intervals]


def test_a_table_has_no_validation_films(tmp_path):
    with pytest.raises(TableError, match="a table of predictions has no validation films"):
        report(table(tmp_path, *ROWS), conformal=0.9)


def test_a_record_from_before_says_so(run):
    with pytest.raises(TableError, match=r"this record is from before they were kept.* --afresh"):
        report(run(validation=None), conformal=0.9)


def test_validation_films_need_a_reading(run):
    blind = replace(predictions(1.0, 19, "v"), readings={"a": (nan,) * 19})
    with pytest.raises(TableError, match="no validation film has a reading"):
        report(run(validation=blind), conformal=0.9)
