"""Published rows: what fails, in fixed words, and what would have to be true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ra_bench.boards.published_file import PublishedRow, PublishedTable
from ra_bench.errors import RecordError, TableError
from ra_bench.metrics import mae, paired_t, pearson, rmse
from ra_bench.reports.audit import audit
from ra_bench.reports.audit_page import audit_page
from ra_bench.reports.pages import page_text
from ra_bench.reports.rows_file import PAPER, read_rows

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def paper():
    return audit(read_rows())


def text_of(found):
    return page_text(audit_page(found)).replace("\n  ", " ")


def one(**figures):
    return audit(PublishedTable(rows=(PublishedRow(name="net", **figures),))).rows[0]


def said_of(**figures):
    return text_of(audit(PublishedTable(rows=(PublishedRow(name="net", **figures),))))


def test_the_rows_that_ship_are_those_of_the_board():
    assert PAPER.read_bytes() == (ROOT / "leaderboards" / "wang2022" / "published.toml").read_bytes()


def test_table_2_fails_and_is_told_the_rho_that_its_figures_force(paper):
    row = paper.rows[0]
    assert row.failed == ("rho is printed as 0.97, but means, SDs and RMSE force 0.891",)
    assert row.forced_rho == pytest.approx((0.8905, 0.8907), abs=5e-5)
    assert row.forced_rmse == pytest.approx((9.15, 10.75), abs=0.005)


def test_tables_3_to_5_fail_nothing_and_are_strained(paper):
    assert [(row.failed, row.strained) for row in paper.rows[1:]] == [((), True)] * 7


def test_the_summary_says_what_the_paper_can_mean(paper):
    text = text_of(paper)
    assert "With rho 0.97 the RMSE would be 9.2 to 10.8, below the printed MAE of 12.24, which cannot be." in text
    assert "- Strained rows: 7. Were the SD of the reference near 38.7, their predictions' SD would be 10 to 18" in text
    assert " 10 to 18 or 56 to 64." in text
    assert "All that the printed p say: |bias| is below 3.43 to 4.65, by row." in text
    assert "Rows of which the printed figures cannot all describe one sample: 1 of 8: radiologist 2" in text


def test_the_noise_ceiling_comes_from_the_rho_that_the_figures_force(paper):
    assert paper.ceiling_from_forced_rho
    assert paper.noise_ceiling == pytest.approx((0.9706, 0.9706), abs=1e-4)  # sqrt(2 * 0.8906 / 1.8906)


def test_a_rho_above_the_ceiling_is_a_hint():
    readers = PublishedRow(name="readers", rho="0.80", rmse="20.0", reader=True)
    model = PublishedRow(name="net", rho="0.96", rmse="15.0")
    text = text_of(audit(PublishedTable(rows=(readers, model))))
    assert "rho 0.96 lies above the noise ceiling, 0.941 to 0.944" in text
    assert "RMSE / reader: 0.87." in text  # 15 / (sqrt(0.75) 20)


def test_a_row_with_a_printed_sd_is_not_told_of_a_supposed_one():
    row = one(rho="0.90", rmse="20.0", sd_reference="38.7", supposed_sd_reference=99.0)
    assert row.supposed_sd is None
    assert row.needed_sd is not None


def test_a_normal_row_is_not_called_strained():
    assert not one(rho="0.90", rmse="17.0", sd_reference="39.0").strained


def test_a_row_without_films_says_that_its_p_cannot_be_used():
    assert "- Not checked. What p >0.05 allows: give the number of films as 'films'." in said_of(p=">0.05", rmse="20.0")


@given(
    seed=st.integers(0, 10_000),
    films=st.integers(5, 200),
    spread=st.floats(5.0, 45.0),
    error=st.floats(1.0, 40.0),
    shift=st.floats(-20.0, 20.0),
    ddof=st.integers(0, 1),
)
def test_figures_of_one_sample_fail_nothing_and_lie_in_what_is_told(seed, films, spread, error, shift, ddof):
    generator = np.random.default_rng(seed)
    y = np.clip(np.round(generator.gamma(1.2, spread, films)), 0, 280)
    p = np.clip(np.round(y + shift + generator.normal(0, error, films)), 0, 280)
    assume(np.ptp(y) > 3 and np.ptp(p) > 3)
    rho, test = pearson(y, p), paired_t(y, p).p
    assume(rho > 0.01 and test > 1e-6)
    figures = {"rho": f"{rho:.2f}", "mae": f"{mae(y, p):.2f}", "rmse": f"{rmse(y, p):.2f}", "films": films}
    sd = {"sd_reference": f"{y.std(ddof=ddof):.2f}"}
    whole = one(
        **figures,
        **sd,
        sd_predicted=f"{p.std(ddof=ddof):.2f}",
        mean_reference=f"{y.mean():.2f}",
        mean_predicted=f"{p.mean():.2f}",
        p=f"{test:.4f}",
        granularity=1,
        minimum=0.0,
        maximum=280.0,
    )
    assert whole.failed == ()
    assert whole.forced_rmse[0] - 0.01 <= rmse(y, p) <= whole.forced_rmse[1] + 0.01
    told = one(**figures, **sd, p=f"{test:.4f}")
    assert told.bias_by_p[0] - 0.01 <= abs(p.mean() - y.mean()) <= told.bias_by_p[1] + 0.01
    assert any(low - 0.01 <= p.std(ddof=ddof) <= high + 0.01 for low, high in told.needed_sd)


def test_an_exact_p_tells_the_difference_of_the_means():
    from ra_bench.metrics import implied_p

    low, high = one(p="0.31", rmse="20.0", films=158).bias_by_p
    assert implied_p(low, 19.95, 158) == pytest.approx(0.315, abs=1e-6)
    assert implied_p(high, 20.05, 158) == pytest.approx(0.305, abs=1e-6)
    assert "p 0.31 on 158 films means that the means differ by 1.60 to 1.64, to either side." in said_of(
        p="0.31", rmse="20.0", films=158
    )


@pytest.mark.parametrize(
    ("p", "bias"), [("<0.001", (5.1, 20.05)), ("1.00", (0.0, 0.02)), ("0.00", (4.4, 20.05)), (">0.05", (0.0, 3.16))]
)
def test_every_printed_p_bounds_the_difference_of_the_means(p, bias):
    assert one(p=p, rmse="20.0", films=158).bias_by_p == pytest.approx(bias, abs=0.1)


def test_a_bare_row_says_what_it_lacks():
    text = said_of()
    assert "No check fails, which proves nothing." in text
    assert "the row prints no rho and no rmse" in text


def test_grim_speaks_where_it_can_and_says_where_it_cannot():
    figures = {"films": 28, "granularity": 1, "mean_reference": "5.19"}
    assert "no whole scores of 28 films have the reference mean 5.19" in said_of(**figures)
    assert "GRIM can find nothing here" in said_of(**{**figures, "films": 158})


def test_an_anticorrelated_row_is_audited_without_sds():
    row = one(rho="-0.50", rmse="60.0", sd_reference="38.7")
    assert row.needed_sd is None
    assert row.rmse_floor == pytest.approx((33.5, 33.5), abs=0.2)  # 38.7 sqrt(1 - 0.5^2) = 33.5


@pytest.mark.parametrize("rho", ["1.00", "0.00"])
def test_the_ends_of_rho_are_audited(rho):
    assert one(rho=rho, rmse="40.0", sd_reference="38.7").needed_sd is not None


def test_an_rmse_below_its_floor_needs_no_sd_since_none_would_do():
    row = one(rho="0.50", rmse="10.0", sd_reference="40.0")
    assert row.needed_sd is None
    assert row.failed[0].startswith("RMSE is printed as 10.0, but SD and rho leave an error of")


def test_a_csv_of_a_spreadsheet_gives_what_a_toml_gives(tmp_path):
    file = tmp_path / "rows.csv"
    text = "Name;films;rho;mae;RMSE;p;supposed_sd_reference\nnet;158;0,95;18,85;28,95;>0,05;38,7\n"
    file.write_bytes(text.encode("utf-8-sig"))
    assert read_rows(file).rows[0] == PublishedRow(
        name="net", films=158, rho="0.95", mae="18.85", rmse="28.95", p=">0.05", supposed_sd_reference=38.7
    )


def test_blank_cells_of_a_csv_are_figures_that_are_not_printed(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("name,films,rho,reader\nA,,0.90,yes\nB,n/a,-,\n")
    assert read_rows(file).rows == (PublishedRow(name="A", rho="0.90", reader=True), PublishedRow(name="B"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,roh\nA,0.9\n", r"rows.csv, row 2 \('A'\): unknown key 'roh'. Did you mean 'rho'\?"),
        ("name,rho\n\nA,high\n", r"rows.csv, row 3 \('A'\), key 'rho': found 'high'"),
        ("name,films\nA,12.5\n", r"row 2 \('A'\), key 'films': found '12.5'. Give a whole number, 2 or more."),
        ("name,maximum\nA,top\n", r"key 'maximum': found 'top'. Give a number"),
        ("name,reader\nA,maybe\n", r"key 'reader': found 'maybe'. Give true or false."),
        ("name,rho\n,0.9\n", r"row 2: the key 'name' is missing"),
    ],
)
def test_a_mistake_in_a_csv_is_told_with_its_row(tmp_path, text, said):
    file = tmp_path / "rows.csv"
    file.write_text(text)
    with pytest.raises(RecordError, match=said):
        read_rows(file)


def test_an_empty_csv_is_told_of(tmp_path):
    (tmp_path / "rows.csv").write_text("")
    with pytest.raises(TableError, match="empty"):
        read_rows(tmp_path / "rows.csv")


def test_a_file_that_is_not_there_is_told_of(tmp_path):
    with pytest.raises(RecordError, match=r"no.toml: there is no such file. Name a TOML or csv file of printed rows"):
        read_rows(tmp_path / "no.toml")
