"""The constants, what the ridges see, and the ridge itself."""

import itertools
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import fft, ndimage

from ra_bench import FilmSet, TrainingError
from ra_bench.testing import Check, plugin_checks
from ra_bench_baselines.features import area_weights, cosines, film_statistics, texture, thumbnail
from ra_bench_baselines.plugin import register_models, register_trainers
from ra_bench_baselines.ridge import STRENGTHS, solve


def film_set(films: NDArray[np.uint8], sizes: NDArray[np.int64] | None = None) -> FilmSet:
    if sizes is None:
        sizes = np.tile(np.array(films.shape[1:]), (len(films), 1))
    return FilmSet(ids=tuple(f"film-{n}" for n in range(len(films))), films=films, sizes=sizes)


def noise(*shape: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


# --- what is registered ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", plugin_checks("ra-bench-baselines"), ids=str)
def test_it_keeps_the_contract(check: Check) -> None:
    check()


def test_five_baselines_are_registered_with_their_trainer() -> None:
    assert [(spec.name, spec.trainer, spec.baseline) for spec in register_models()] == [
        ("mean", "closed-form", True),
        ("median", "closed-form", True),
        ("film-statistics", "closed-form", True),
        ("thumbnail", "closed-form", True),
        ("texture", "closed-form", True),
    ]
    assert [spec.name for spec in register_trainers()] == ["closed-form"]


def test_neither_listing_nor_fitting_imports_torch() -> None:
    code = """
import sys
import ra_bench_baselines.plugin as it
it.register_trainers()
[spec.build() for spec in it.register_models()]
sys.exit("torch" in sys.modules)
"""

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- what the ridges see --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("height", "width"), [(24, 32), (96, 128), (120, 64), (1032, 1056)])
def test_a_thumbnail_averages_as_pillow_does_where_cells_hold_whole_pixels(height: int, width: int) -> None:
    film = noise(height, width)
    pillow = Image.fromarray(film.astype(np.float32)).resize((32, 24), Image.Resampling.BOX)

    ours = thumbnail(film_set(film[np.newaxis]))[0].reshape(24, 32) * 255

    np.testing.assert_allclose(ours, np.asarray(pillow), atol=1e-3)


@pytest.mark.parametrize(("height", "width"), [(33, 65), (100, 50), (10, 20)])
def test_a_thumbnail_shares_pixels_out_where_cells_cut_them(height: int, width: int) -> None:
    film = noise(height, width)
    whole = np.repeat(np.repeat(film, 24, axis=0), 32, axis=1)  # now every cell holds whole pixels
    means = whole.reshape(24, height, 32, width).mean(axis=(1, 3))

    ours = thumbnail(film_set(film[np.newaxis]))[0].reshape(24, 32) * 255

    np.testing.assert_allclose(ours, means, atol=1e-3)


def test_the_weights_of_a_cell_add_up_to_one() -> None:
    np.testing.assert_allclose(area_weights(1138, 24).sum(axis=1), 1, rtol=1e-6)


def test_film_statistics_are_shares_of_grey_values_and_log_size() -> None:
    film = np.array([[0, 7, 8, 255]], dtype=np.uint8)
    features = film_statistics(film_set(film[np.newaxis], np.array([[1500, 2000]])))[0]

    assert features[[0, 1, 31]].tolist() == [0.5, 0.25, 0.25]
    assert features[:32].sum() == 1
    assert features[32:] == pytest.approx(np.log([1500, 2000]))


def test_a_film_without_a_height_is_refused() -> None:
    films = film_set(noise(2, 24, 32), np.array([[24, 32], [0, 32]]))

    with pytest.raises(TrainingError, match=r"Film 'film-1' is 0 high and 32 wide\. Replace the film, or drop it\."):
        film_statistics(films)


def test_the_cosines_are_those_of_scipy() -> None:
    np.testing.assert_allclose(cosines(5), fft.dct(np.eye(5), norm="ortho", axis=0), atol=1e-6)


def test_a_texture_holds_mean_and_root_mean_square_of_both_signs_of_every_pattern() -> None:
    film = noise(20, 30)
    waves = fft.dct(np.eye(5), norm="ortho", axis=0)
    wanted = []
    for down, across in itertools.product(range(5), repeat=2):
        if (down, across) != (0, 0):
            shown = ndimage.correlate(film / 255, np.outer(waves[down], waves[across]))[2:-2, 2:-2]
            for part in (np.maximum(shown, 0), np.maximum(-shown, 0)):
                wanted += [part.mean(), np.sqrt(np.mean(part**2))]

    np.testing.assert_allclose(texture(film_set(film[np.newaxis]))[0], wanted, rtol=1e-4, atol=1e-6)


def test_a_plain_film_has_no_texture_however_bright() -> None:
    assert np.abs(texture(film_set(np.full((1, 24, 32), 200, dtype=np.uint8)))).max() < 1e-6


def test_a_film_smaller_than_a_pattern_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"Films of 4 x 32 pixels have no texture; the least is 5 x 5\."):
        texture(film_set(noise(1, 4, 32)))


@pytest.mark.slow
@pytest.mark.parametrize("features", [film_statistics, thumbnail, texture])
def test_a_memory_mapped_set_is_never_held_as_a_whole(features: object, tmp_path: Path) -> None:
    assert callable(features)
    np.save(tmp_path / "films.npy", noise(300, 200, 200))
    films = film_set(np.load(tmp_path / "films.npy", mmap_mode="r"))
    features(films)  # imports and caches are not what is measured
    tracemalloc.start()
    features(films)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < films.films.nbytes / 3  # held as a whole it is four times as large, in float32


# --- ridge ----------------------------------------------------------------------------------------------------------


def test_ridge_matches_the_normal_equations() -> None:
    random = np.random.default_rng(1)
    features, scores = random.normal(3, 2, (40, 7)), random.normal(50, 20, 40)
    x, y = features - features.mean(axis=0), scores - scores.mean()
    penalty = 0.1 * np.sum(x**2) / 7

    ours = solve(features, scores, np.array([0.1]))[0]

    np.testing.assert_allclose(ours, np.linalg.solve(x.T @ x + penalty * np.eye(7), x.T @ y), rtol=1e-10)


def test_ridge_matches_least_squares_of_the_augmented_table_where_features_outnumber_films() -> None:
    random = np.random.default_rng(2)
    features, scores = random.normal(size=(12, 30)), random.normal(size=12)
    x, y = features - features.mean(axis=0), scores - scores.mean()
    root = np.sqrt(0.01 * np.sum(x**2) / 30)
    augmented = np.vstack([x, root * np.eye(30)])

    ours = solve(features, scores, np.array([0.01]))[0]

    oracle = np.linalg.lstsq(augmented, np.concatenate([y, np.zeros(30)]))[0]
    np.testing.assert_allclose(ours, oracle, rtol=1e-8, atol=1e-12)


def test_ridge_with_next_to_no_strength_is_ordinary_least_squares() -> None:
    random = np.random.default_rng(3)
    features, scores = random.normal(size=(50, 4)), random.normal(size=50)
    with_intercept = np.column_stack([np.ones(50), features])

    ours = solve(features, scores, np.array([1e-12]))[0]

    np.testing.assert_allclose(ours, np.linalg.lstsq(with_intercept, scores)[0][1:], rtol=1e-8)


def test_a_strength_means_the_same_for_a_cohort_twice_as_large() -> None:
    random = np.random.default_rng(4)
    features, scores = random.normal(size=(20, 5)), random.normal(size=20)

    np.testing.assert_allclose(
        solve(np.tile(features, (2, 1)), np.tile(scores, 2)), solve(features, scores), rtol=1e-9, atol=1e-12
    )


def test_a_feature_that_never_varies_gets_no_weight() -> None:
    random = np.random.default_rng(5)
    features = np.column_stack([random.normal(size=30), np.full(30, 0.1)])

    np.testing.assert_allclose(solve(features, features[:, 0])[:, 1], 0, atol=1e-12)


def test_strengths_go_from_the_strongest_so_that_it_wins_a_tie() -> None:
    assert STRENGTHS[0] == 1e4
    assert STRENGTHS[-1] == 1e-6
    assert (np.diff(STRENGTHS) < 0).all()


# --- films of sixteen bits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("features", [film_statistics, thumbnail, texture])
def test_films_of_sixteen_bits_are_seen_as_the_same_films_of_eight(
    features: Callable[[FilmSet], NDArray[np.float64]],
) -> None:
    films = noise(3, 30, 40)
    deep = films.astype(np.uint16) * np.uint16(257)

    np.testing.assert_allclose(features(film_set(deep)), features(film_set(films)), rtol=1e-4, atol=1e-6)
