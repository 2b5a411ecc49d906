"""A film of any size at the size of a protocol."""

import numpy as np
import pytest

from ra_bench.cohorts.fitting import fit_film


def test_a_film_keeps_its_shape_and_is_centred_on_black():
    fitted = fit_film(np.full((200, 100), 255, np.uint8), 50, 80)
    assert fitted.shape == (50, 80)
    assert (fitted[25] > 250).sum() == 25
    assert (fitted[:, 40] > 250).all()
    assert not fitted[:, :27].any()
    assert not fitted[:, 53:].any()


def test_a_film_of_the_right_size_is_not_touched():
    film = np.random.default_rng(0).integers(0, 255, (12, 16), dtype=np.uint8)
    assert np.array_equal(fit_film(film, 12, 16), film)


def test_fine_stripes_become_grey_and_no_pattern():
    stripes = np.tile(np.array([0, 255], np.uint8), (300, 200))
    fitted = fit_film(stripes, 30, 40)
    assert abs(float(fitted.mean()) - 127.5) < 2
    assert fitted[5:-5, 5:-5].std() < 3


def test_a_small_film_is_enlarged():
    assert fit_film(np.full((3, 4), 90, np.uint8), 30, 40).min() == 90


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1)])
def test_extreme_shapes_fit(shape):
    assert fit_film(np.full(shape, 200, np.uint8), 30, 40).max() == 200


def test_a_film_of_sixteen_bits_is_fitted_as_one_of_eight_and_finer():
    film = np.random.default_rng(0).integers(0, 256, (60, 80)).astype(np.uint8)
    deep = fit_film(film.astype(np.uint16) * 257, 20, 40)
    assert deep.dtype == np.uint16
    assert np.abs(deep / 257 - fit_film(film, 20, 40)).max() <= 1
    assert not deep[:, :5].any()


def test_sixteen_bits_do_not_wrap_around_at_an_edge():
    stripes = np.tile(np.repeat(np.array([0, 65535], np.uint16), 50), (100, 2))
    fitted = fit_film(stripes, 50, 100)
    assert (fitted.min(), fitted.max()) == (0, 65535)
    assert fitted[:, :20].max() < 10_000
