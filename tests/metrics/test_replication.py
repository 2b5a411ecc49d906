"""Where the spread of an RMSE over trainings comes from."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from ra_bench.metrics import (
    draw_patients,
    resample_metric,
    resample_sums,
    rmse_from_sums,
    rmse_spread,
    variance_components,
)


def table_of(patients: int, seeds: int, sds: tuple[float, float, float], generator: np.random.Generator) -> np.ndarray:
    """Squared errors about 1,000 with known components."""
    over_patients = generator.normal(0, sds[0], (patients, 1))
    over_seeds = generator.normal(0, sds[1], (1, seeds))
    return 1000 + over_patients + over_seeds + generator.normal(0, sds[2], (patients, seeds))


def test_components_are_those_of_a_mixed_model_of_statsmodels() -> None:
    import pandas as pd
    import statsmodels.formula.api as smf

    table = table_of(20, 4, (300.0, 120.0, 60.0), np.random.default_rng(3))
    rows = pd.DataFrame(
        {
            "error": table.ravel(),
            "patient": np.repeat(np.arange(20), 4),
            "seed": np.tile(np.arange(4), 20),
            "all": 1,
        }
    )
    model = smf.mixedlm(
        "error ~ 1", rows, groups="all", re_formula="0", vc_formula={"p": "0 + C(patient)", "s": "0 + C(seed)"}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels speaks of singular groups, of which there is one by design
        fitted = model.fit(reml=True)
    expected = dict(zip(model.exog_vc.names, fitted.vcomp, strict=True))
    found = variance_components(table)
    assert (found.films, found.replicates, found.residual) == pytest.approx(
        (expected["p"], expected["s"], fitted.scale), rel=0.01
    )


def test_the_squares_add_up_to_the_variance_of_the_rmse_of_one_training_in_a_simulation() -> None:
    generator = np.random.default_rng(5)
    tables = [table_of(100, 5, (400.0, 100.0, 200.0), generator) for _ in range(3000)]
    seen = np.var([np.sqrt(table[:, 0].mean()) for table in tables])
    said = np.mean([np.square(rmse_spread(table)).sum() for table in tables])
    assert said == pytest.approx(seen, rel=0.08)


def test_the_part_of_the_patients_is_what_the_bootstrap_of_patients_finds() -> None:
    generator = np.random.default_rng(6)
    d = generator.normal(0, 10, 300) + generator.normal(0, 1, (3, 300))
    sums = resample_sums(draw_patients(np.arange(300)), np.zeros(300), list(d))
    seen = np.mean([resample_metric(rmse_from_sums, one).replicates for one in sums], axis=0).std()
    found = rmse_spread(np.square(d).T)
    assert np.hypot(found.patients, found.residual / np.sqrt(3)) == pytest.approx(seen, rel=0.03)


def test_equal_seeds_have_no_spread_over_seeds() -> None:
    column = np.random.default_rng(1).gamma(1, 100, (50, 1))
    found = rmse_spread(np.repeat(column, 3, axis=1))
    assert (found.seeds, found.residual) == (0.0, 0.0)
    assert found.patients > 0


@pytest.mark.parametrize("table", [[[4.0, 9.0]], [[0.0, 0.0], [0.0, 0.0]]])
def test_a_single_patient_and_perfect_predictions_are_undefined(table: list[list[float]]) -> None:
    assert np.isnan(rmse_spread(table)).all()


def test_one_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="two raters or more"):
        rmse_spread([[1.0], [2.0]])
