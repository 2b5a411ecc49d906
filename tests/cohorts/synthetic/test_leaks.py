"""Nothing but the joints tells the score: gross looks of a film predict it only weakly."""

from __future__ import annotations

import numpy as np
import pytest

from ra_bench.cohorts.synthetic.film import gross_severity, joint_positions, render_film
from ra_bench.cohorts.synthetic.readers import simulate_readings

FILMS, WIDTH = 1500, 128
STRENGTHS = 10.0 ** np.arange(0, 8.5, 0.5)


@pytest.fixture(scope="module")
def cohort():
    """Films, shape (films, 96, 128), and the mean of both readers."""
    readings = simulate_readings(FILMS, seed=5)
    films = [render_film(damage, seed=1000 + i, width=WIDTH) for i, damage in enumerate(readings.damage)]
    return np.stack(films).astype(np.float64), readings.totals.mean(axis=1)


def ridge_rho(features, score, *, scaled=True):
    """Mean correlation over four test quarters; the strength is chosen on films of the other three."""
    order = np.random.default_rng(0).permutation(len(score))
    found = []
    for quarter in range(4):
        rolled = np.roll(order, quarter * len(order) // 4)
        test, validation, train = np.split(rolled, [len(order) // 4, len(order) * 5 // 12])
        x = features - features[train].mean(axis=0)
        if scaled:
            x = x / (x[train].std(axis=0) + 1e-9)
        kernel, offset = x[train] @ x[train].T, score[train].mean()
        fits = [x[train].T @ np.linalg.solve(kernel + s * np.eye(len(train)), score[train] - offset) for s in STRENGTHS]
        best = max(fits, key=lambda w: np.corrcoef(x[validation] @ w, score[validation])[0, 1])
        found.append(np.corrcoef(x[test] @ best, score[test])[0, 1])
    return float(np.mean(found))


@pytest.mark.slow
def test_brightness_does_not_tell_the_score(cohort):
    films, score = cohort
    assert ridge_rho(films.mean(axis=(1, 2))[:, None], score) < 0.2


@pytest.mark.slow
def test_grey_values_hardly_tell_the_score(cohort):
    films, score = cohort
    counts = np.stack([np.histogram(film, bins=32, range=(0, 256))[0] for film in films]).astype(float)
    quantiles = np.percentile(films.reshape(len(films), -1), [5, 25, 50, 75, 90, 95, 99], axis=1).T
    spread = films.std(axis=(1, 2))[:, None]
    assert ridge_rho(np.hstack([counts, quantiles, spread]), score) < 0.4


@pytest.mark.slow
def test_a_thumbnail_hardly_tells_the_score(cohort):
    films, score = cohort
    thumbnails = films.reshape(len(films), 24, 4, 32, 4).mean(axis=(2, 4)).reshape(len(films), -1)
    assert ridge_rho(thumbnails, score) <= 0.5
    assert ridge_rho(thumbnails, score, scaled=False) <= 0.5  # as the baseline `thumbnail` does


@pytest.mark.slow
def test_where_and_how_large_the_hands_are_does_not_tell_the_score():
    readings = simulate_readings(FILMS, seed=5)
    joints = np.stack([joint_positions(seed=i, damage=d, width=WIDTH) for i, d in enumerate(readings.damage)])
    middle, size = joints.mean(axis=2).reshape(FILMS, -1), joints.std(axis=2).reshape(FILMS, -1)
    assert ridge_rho(np.hstack([middle, size]), readings.totals.mean(axis=1)) < 0.2


@pytest.mark.slow
def test_markers_do_not_tell_the_score(cohort):
    films, score = cohort
    bright = films > np.percentile(films, 99.5, axis=(1, 2), keepdims=True)
    rows, columns = np.indices(films.shape[1:])
    total = bright.sum(axis=(1, 2)) + 1
    position = np.stack([(bright * rows).sum(axis=(1, 2)) / total, (bright * columns).sum(axis=(1, 2)) / total], axis=1)
    assert ridge_rho(position, score) < 0.2


@pytest.mark.slow
def test_gross_severity_tells_the_score_only_loosely():
    readings = simulate_readings(FILMS, seed=5)
    severity = [gross_severity(damage, seed=1000 + i) for i, damage in enumerate(readings.damage)]
    assert np.corrcoef(severity, readings.totals.mean(axis=1))[0, 1] < 0.4
