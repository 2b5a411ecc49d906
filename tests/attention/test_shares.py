"""Shares of attention, against masks and areas that were worked out by hand."""

from __future__ import annotations

from math import isnan, pi

import numpy as np
import pytest

from ra_bench.attention.shares import FINE, alike, at_points, covered, places_of, share_elsewhere, share_within
from ra_bench.values import DrawnFilm, DrawnSite


def site(x: float, y: float, radius: float, damage: float) -> DrawnSite:
    return DrawnSite(name="", x=x, y=y, radius=radius, damage=damage)


def film(*sites: DrawnSite, height: int = 64, width: int = 128) -> DrawnFilm:
    """The left half of it is a hand."""
    hands = np.zeros((height, width), np.bool_)
    hands[:, : width // 2] = True
    return DrawnFilm(sites=sites, hands=hands)


def test_a_site_has_the_area_of_its_disc() -> None:
    places = places_of(film(site(40, 32, 20, 1.0)), (64, 128), (64, 128))
    assert places.film.shape == (128, FINE)
    assert covered(places.sites[0], places.film) == pytest.approx(pi * 20**2 / (64 * 128), rel=0.01)
    assert covered(places.sites[0], places.hands) == pytest.approx(pi * 20**2 / (64 * 64), rel=0.01)


def test_a_smaller_input_sees_the_same_places() -> None:
    large = places_of(film(site(40, 32, 20, 1.0)), (64, 128), (64, 128))
    small = places_of(film(site(40, 32, 20, 1.0)), (48, 96), (32, 64))
    assert covered(small.sites[0], small.film) == pytest.approx(covered(large.sites[0], large.film), rel=0.02)
    centre = np.argwhere(small.sites[0]).mean(axis=0) / small.film.shape
    np.testing.assert_allclose(centre, [0.5, 40 / 128], atol=0.01)


def test_sites_lie_right_on_a_film_that_was_fitted_into_another_shape() -> None:
    # 64 x 128 in 128 x 128: 32 rows of nothing above and below.
    places = places_of(film(site(40, 32, 10, 1.0)), (128, 128), (128, 128))
    assert covered(places.film, np.ones_like(places.film)) == 0.5
    assert not places.film[:64].any()
    assert places.film[64:192].all()
    centre = (np.argwhere(places.sites[0]) + 0.5).mean(axis=0) / places.film.shape
    np.testing.assert_allclose(centre, [0.5, 40 / 128], atol=0.005)
    assert not (places.hands & ~places.film).any()


def test_only_sites_of_half_a_point_or_more_are_damaged() -> None:
    places = places_of(film(site(20, 20, 5, 0.49), site(60, 40, 5, 0.5)), (64, 128), (64, 128))
    np.testing.assert_array_equal(places.within(places.damage), places.sites[1])


def test_sites_that_overlap_count_once() -> None:
    once = places_of(film(site(40, 32, 10, 3.0)), (64, 128), (64, 128))
    twice = places_of(film(site(40, 32, 10, 3.0), site(40, 32, 10, 2.0)), (64, 128), (64, 128))
    np.testing.assert_array_equal(twice.within(twice.damage), once.within(once.damage))


def test_attention_of_a_pixel_is_at_all_its_points() -> None:
    places = places_of(film(site(40, 32, 10, 3.0)), (64, 128), (64, 128))
    attention = np.arange(64.0 * 128).reshape(64, 128)
    points = at_points(attention, places)
    assert points.shape == places.film.shape
    assert points[2 * 5 + 1, 2 * 7] == attention[5, 7]


def test_even_attention_has_the_share_of_the_area_everywhere() -> None:
    places = places_of(film(site(20, 20, 5, 1.0), site(60, 40, 9, 0.0)), (64, 128), (64, 128))
    even = np.ones(places.film.shape)
    here, there = places.sites
    area = covered(here, places.film)
    assert share_within(even, here) == pytest.approx(area)
    assert share_elsewhere(even, here, [there]) == pytest.approx(area)  # as if of the same area


def test_attention_on_another_site_shows_there_and_not_here() -> None:
    here, there = np.zeros((2, 4), np.bool_), np.zeros((2, 4), np.bool_)
    here[0, 0], there[1, :2] = True, True
    attention = np.where(there, 2.0, 0.0)
    assert share_within(attention, here) == 0
    assert share_elsewhere(attention, here, [there, here]) == pytest.approx((0.5 + 0) / 2)


def test_no_attention_has_no_share_and_no_area_no_chance() -> None:
    nothing = np.zeros((2, 2), np.bool_)
    assert isnan(share_within(np.zeros((2, 2)), ~nothing))
    assert isnan(covered(nothing, nothing))
    assert isnan(share_elsewhere(np.ones((2, 2)), ~nothing, [nothing]))


def test_films_alike_are_those_with_most_nearly_as_many_damaged_sites() -> None:
    assert alike([30, 10, 20, 40, 50], 2, others=2) == [1, 0]
    assert alike([30, 10, 20, 40, 50], 4, others=2) == [0, 3]
    assert alike([3], 0) == []
