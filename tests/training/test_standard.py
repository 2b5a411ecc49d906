import numpy as np
import pytest

from ra_bench.errors import TrainingError
from ra_bench.training.standard import Spread, spread_of_films, spread_of_scores


def test_spread_of_films_is_the_mean_and_sd_of_all_grey_values():
    films = np.random.default_rng(0).integers(0, 256, (5, 7, 9), dtype=np.uint8)
    spread = spread_of_films(films)
    assert (spread.mean, spread.sd) == pytest.approx((films.mean(), films.std()), rel=1e-12)


def test_spread_of_scores_is_over_n():
    assert spread_of_scores(np.array([0.0, 10.0])) == Spread(mean=5.0, sd=5.0)


def test_a_value_as_z_score():
    assert Spread(mean=5.0, sd=2.0).standardise(9.0) == 2.0


def test_plain_films_are_refused():
    with pytest.raises(TrainingError, match=r"All training films are plain grey \(7\)"):
        spread_of_films(np.full((3, 4, 4), 7, dtype=np.uint8))


def test_equal_scores_are_refused():
    with pytest.raises(TrainingError, match="All 3 training scores are 12: there is nothing to learn"):
        spread_of_scores(np.full(3, 12.0))


def test_a_score_that_is_no_number_is_refused():
    with pytest.raises(TrainingError, match="Training score 1 is no number"):
        spread_of_scores(np.array([1.0, np.nan]))


def test_spread_of_films_of_sixteen_bits_is_over_all_their_grey_values():
    films = np.random.default_rng(0).integers(0, 65536, (5, 7, 9), dtype=np.uint16)
    spread = spread_of_films(films)
    assert (spread.mean, spread.sd) == pytest.approx((films.mean(), films.std()), rel=1e-12)
