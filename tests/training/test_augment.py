from dataclasses import replace

import numpy as np
import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as transforms

from ra_bench import FilmSet
from ra_bench.training.augment import Draw, cut, draw, evaluation_batch, normalised, resized, training_batch
from ra_bench.training.protocol import base_size, with_overrides
from ra_bench.training.standard import Spread

CPU = torch.device("cpu")
GREYS = Spread(mean=90.0, sd=40.0)
ALL = {
    "height": 48,
    "width": 48,
    "augmentation.smallest_scale": 0.8,
    "augmentation.flip": True,
    "augmentation.turns": [0, 90, 180, 270],
    "augmentation.brightness": 0.2,
    "augmentation.contrast": 0.3,
}


@pytest.fixture
def augmented(protocol):
    return with_overrides(protocol, ALL)


@pytest.fixture
def films():
    """Twelve smooth films of 60 x 60, none near black or white."""
    y, x = np.mgrid[0:60, 0:60] / 60
    waves = [np.sin(7 * x * (1 + number / 6)) + np.cos(9 * y + number) + np.sin(5 * x * y) for number in range(12)]
    grey = np.stack([120 + 25 * wave for wave in waves]).astype(np.uint8)
    return FilmSet(ids=tuple(f"film{n}" for n in range(12)), films=grey, sizes=np.full((12, 2), 60))


def one_by_one(film: np.ndarray, drawn: Draw, size: int) -> torch.Tensor:
    """The published transforms with the same draws, each applied by torchvision to what the last one gave."""
    image = torch.from_numpy(film.copy())[None].float() / 255
    scale = size / drawn.height
    image = transforms.resize(image, [round(side * scale) for side in film.shape], antialias=True)
    image = transforms.crop(image, round(drawn.top * scale), round(drawn.left * scale), size, size)
    if drawn.flip:
        image = transforms.horizontal_flip(image)
    image = transforms.adjust_brightness(image.expand(3, -1, -1), drawn.brightness)
    image = transforms.adjust_contrast(image, drawn.contrast)
    image = transforms.rotate(image, 90.0 * drawn.quarter_turns)
    return v2.Normalize([GREYS.mean / 255] * 3, [GREYS.sd / 255] * 3)(image)


def crop_first(film: np.ndarray, drawn: Draw, size: int) -> torch.Tensor:
    """The same with crop and scale as one step, as `RandomResizedCrop` has it."""
    image = torch.from_numpy(film.copy())[None].float() / 255
    image = transforms.resized_crop(
        image, drawn.top, drawn.left, drawn.height, drawn.width, [size, size], antialias=True
    )
    if drawn.flip:
        image = transforms.horizontal_flip(image)
    image = transforms.adjust_contrast(image.expand(3, -1, -1), drawn.contrast)
    image = transforms.adjust_brightness(image, drawn.brightness)
    image = transforms.rotate(image, 90.0 * drawn.quarter_turns)
    return v2.Normalize([GREYS.mean / 255] * 3, [GREYS.sd / 255] * 3)(image)


@pytest.mark.parametrize("place", range(12))
def test_augmentation_matches_resized_crop_of_torchvision_to_one_grey_value(augmented, films, place):
    drawn = draw(augmented, seed=3, epoch=1, film_id=films.ids[place])
    ours = training_batch(films, [place], protocol=augmented, greys=GREYS, seed=3, epoch=1, device=CPU)[0]
    # stored as whole grey values after each of two passes, then times at most 1.2 * 1.3
    assert (ours - crop_first(films.films[place], drawn, 48)).abs().max().item() * GREYS.sd < 2


@pytest.mark.parametrize("place", range(12))
def test_augmentation_matches_the_published_transforms_one_by_one(augmented, films, place):
    drawn = draw(augmented, seed=3, epoch=1, film_id=films.ids[place])
    ours = training_batch(films, [place], protocol=augmented, greys=GREYS, seed=3, epoch=1, device=CPU)[0]
    theirs = one_by_one(films.films[place], drawn, 48)
    # they crop at whole pixels of the scaled film, we of the stored one: up to half a pixel apart either way
    slope = sum(np.abs(np.diff(films.films[place].astype(float), axis=axis)).mean() for axis in (0, 1))
    gain = drawn.brightness * drawn.contrast
    assert (ours - theirs).abs().mean().item() * GREYS.sd < gain * (0.5 * slope + 0.5)


def test_twelve_films_meet_every_flip_and_turn(augmented, films):
    draws = [draw(augmented, seed=3, epoch=1, film_id=name) for name in films.ids]
    assert {drawn.flip for drawn in draws} == {False, True}
    assert {drawn.quarter_turns for drawn in draws} == {0, 1, 2, 3}


def test_draws_fill_the_range_that_the_protocol_allows(augmented):
    draws = [draw(augmented, seed=0, epoch=0, film_id=str(number)) for number in range(4000)]
    assert {drawn.height for drawn in draws} == set(range(48, 61))
    assert min(drawn.top for drawn in draws) == 0
    assert all(drawn.top + drawn.height <= 60 and drawn.left + drawn.width <= 60 for drawn in draws)
    assert np.mean([drawn.flip for drawn in draws]) == pytest.approx(0.5, abs=0.03)
    assert np.mean([drawn.brightness for drawn in draws]) == pytest.approx(1, abs=0.01)
    assert np.ptp([drawn.contrast for drawn in draws]) == pytest.approx(0.6, abs=0.01)
    assert np.bincount([drawn.quarter_turns for drawn in draws]) / 4000 == pytest.approx(0.25, abs=0.03)


def test_draws_are_pinned_so_that_no_release_changes_them(augmented):
    assert draw(augmented, seed=1, epoch=2, film_id="film") == Draw(
        top=6,
        left=7,
        height=53,
        width=53,
        flip=False,
        quarter_turns=1,
        brightness=0.9965956700724461,
        contrast=0.9569331197951391,
    )


def test_a_film_looks_the_same_in_any_batch(augmented, films):
    given = {"protocol": augmented, "greys": GREYS, "seed": 0, "epoch": 4, "device": CPU}
    together = training_batch(films, [5, 2, 9], **given)
    alone = training_batch(films, [2], **given)
    assert torch.equal(together[1], alone[0])


@pytest.mark.parametrize("change", [{"seed": 1}, {"epoch": 5}])
def test_another_seed_or_epoch_draws_anew(augmented, films, change):
    given = {"protocol": augmented, "greys": GREYS, "seed": 0, "epoch": 4, "device": CPU}
    assert not torch.equal(training_batch(films, [2], **given), training_batch(films, [2], **(given | change)))


def test_evaluation_is_the_whole_film_resized_and_normalised(augmented, films):
    ours = evaluation_batch(films, [3], protocol=augmented, greys=GREYS, device=CPU)[0]
    whole = transforms.resize(torch.from_numpy(films.films[3].copy())[None].float(), [48, 48], antialias=True)
    assert (ours - (whole - GREYS.mean) / GREYS.sd).abs().max().item() * GREYS.sd <= 1


def test_a_batch_is_three_equal_channels_last_planes_of_floats(augmented, films):
    batch = training_batch(films, range(4), protocol=augmented, greys=GREYS, seed=0, epoch=0, device=CPU)
    assert (batch.shape, batch.dtype) == ((4, 3, 48, 48), torch.float32)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(batch[:, 0], batch[:, 2])


def test_films_of_another_shape_than_square_keep_it(protocol, make_films):
    wide = with_overrides(protocol, {"width": 64, "augmentation.smallest_scale": 0.9})
    films, _ = make_films(2, wide, name="w", seed=0)
    assert base_size(wide) == films.films.shape[1:] == (36, 72)
    batch = training_batch(films, [0, 1], protocol=wide, greys=GREYS, seed=0, epoch=0, device=CPU)
    assert batch.shape == (2, 3, 32, 64)


def test_without_augmentation_training_and_evaluation_films_are_equal(protocol, make_films):
    films, _ = make_films(2, protocol, name="p", seed=0)
    shown = training_batch(films, [0, 1], protocol=protocol, greys=GREYS, seed=0, epoch=0, device=CPU)
    assert torch.allclose(shown, evaluation_batch(films, [0, 1], protocol=protocol, greys=GREYS, device=CPU), atol=1e-6)


def test_nothing_gets_blacker_than_black_or_whiter_than_white():
    pixels = np.array([[[0, 255]]], dtype=np.uint8)
    bright = normalised(pixels, GREYS, device=CPU, brightness=[1.5], contrast=[1.5])
    assert bright[0, 0, 0].tolist() == pytest.approx([(0 - 90) / 40, (255 - 90) / 40])


def test_a_film_of_the_right_size_is_not_resampled():
    film = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert resized(film, 3, 4) is film


def test_a_flip_comes_before_a_turn():
    film = np.array([[1, 2], [3, 4]], dtype=np.uint8)
    drawn = Draw(top=0, left=0, height=2, width=2, flip=True)
    assert cut(film, drawn, 2, 2).tolist() == [[2, 1], [4, 3]]
    assert cut(film, replace(drawn, quarter_turns=1), 2, 2).tolist() == [[1, 3], [2, 4]]


# --- films of sixteen bits -------------------------------------------------------------------------------------------

DEEP_GREYS = Spread(mean=GREYS.mean * 257, sd=GREYS.sd * 257)


def deep(films):
    return replace(films, films=films.films.astype(np.uint16) * np.uint16(257))


def test_sixteen_bits_are_augmented_as_eight_and_finer(augmented, films):
    settings = {"protocol": augmented, "seed": 3, "epoch": 1, "device": CPU}
    eight = training_batch(films, range(12), greys=GREYS, **settings)
    sixteen = training_batch(deep(films), range(12), greys=DEEP_GREYS, **settings)
    # Eight bits are rounded twice, down and across; brightness and contrast make at most 1.2 x 1.3 of it.
    assert (eight - sixteen).abs().max().item() * GREYS.sd < 1.01 * 1.2 * 1.3


def test_sixteen_bits_are_resized_as_torchvision_resizes_floating_point(protocol, films):
    shown = evaluation_batch(deep(films), range(12), protocol=protocol, greys=DEEP_GREYS, device=CPU)[:, 0]
    theirs = transforms.resize(torch.from_numpy(films.films.copy()).float(), [32, 32], antialias=True)
    assert (shown * GREYS.sd + GREYS.mean - theirs).abs().max().item() < 0.003


def test_sixteen_bits_end_at_their_own_white():
    pixels = np.array([[[0, 300, 65535]]], dtype=np.uint16)
    bright = normalised(pixels, DEEP_GREYS, device=CPU, brightness=[1.5], contrast=[1.5])
    assert bright[0, 0, 0, [0, 2]].tolist() == pytest.approx([(0 - 90) / 40, (255 - 90) / 40])


def test_sixteen_bits_above_half_stay_above_half():
    film = np.full((8, 8), 50_000, dtype=np.uint16)
    assert resized(film, 4, 4).tolist() == [[50_000] * 4] * 4
