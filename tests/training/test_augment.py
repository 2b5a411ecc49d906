import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare, ks_2samp
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as transforms

from ra_bench import FilmSet
from ra_bench.training.augment import Draw, draw, evaluation_batch, jittered, training_batch
from ra_bench.training.protocol import SHIPPED, base_size, read_protocol, with_overrides
from ra_bench.training.resample import resampled
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


def levels(greys: Spread) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.full((1, 1, 1), greys.mean), torch.full((1, 1, 1), greys.sd)


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


@st.composite
def films_and_draws(draw_value):
    """A film of noise, of smooth waves or of black and white, 8 or 16 bits, odd sizes too; a draw; the input's size."""
    number, kind = st.integers, draw_value(st.sampled_from([np.uint8, np.uint16]))
    height, width = draw_value(number(2, 70)), draw_value(number(2, 70))
    turns = draw_value(number(0, 3))
    if turns % 2:
        width = height
    drawn = Draw(
        top=draw_value(number(0, 9)),
        left=draw_value(number(0, 9)),
        height=height + draw_value(number(0, height)),
        width=width + draw_value(number(0, width)),
        flip=draw_value(st.booleans()),
        quarter_turns=turns,
        brightness=draw_value(st.floats(0.5, 1.5)),
        contrast=draw_value(st.floats(0.5, 1.5)),
    )
    rng, white = np.random.default_rng(draw_value(number(0, 2**32))), np.iinfo(kind).max
    shape = drawn.top + drawn.height + draw_value(number(0, 9)), drawn.left + drawn.width + draw_value(number(0, 9))
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    grey = {
        "noise": rng.random(shape),
        "waves": 0.5 + 0.25 * np.sin(x / 5 + rng.random()) + 0.25 * np.cos(y / 3),
        "black and white": rng.random(shape) < 0.5,
    }[draw_value(st.sampled_from(["noise", "waves", "black and white"]))]
    return (grey * white).astype(kind), drawn, height, width


def by_torchvision(film: np.ndarray, drawn: Draw, height: int, width: int) -> torch.Tensor:
    """The transforms one by one in floating point, with crop and scale as one step as `RandomResizedCrop` has it.

    One channel: torchvision's weights of red, green and blue sum to 0.9999, which 16 bits would show.
    """
    white = np.iinfo(film.dtype).max
    image = torch.from_numpy(film.astype(np.float32))[None] / white
    window = drawn.top, drawn.left, drawn.height, drawn.width
    image = transforms.resized_crop(image, *window, [height, width], antialias=True)
    image = transforms.horizontal_flip(image) if drawn.flip else image
    image = transforms.rotate(image, 90.0 * drawn.quarter_turns)
    image = transforms.adjust_contrast(image, drawn.contrast)
    image = transforms.adjust_brightness(image, drawn.brightness)
    return transforms.normalize(image, [GREYS.mean / white], [GREYS.sd / white])[0]


@settings(max_examples=300, deadline=None)
@given(films_and_draws())
def test_augmentation_matches_torchvision_one_by_one(case):
    film, drawn, height, width = case
    pixels = resampled(film[None], [0], [drawn], height=height, width=width, device=CPU).float()
    ours = jittered(pixels, [drawn], levels=levels(GREYS), white=np.iinfo(film.dtype).max)[0]
    apart = (ours - by_torchvision(film, drawn, height, width)).abs().max().item() * GREYS.sd
    # 8 bits are rounded after each of two passes, 16 bits once. Contrast makes c of it in a pixel, up to |1 - c| in the
    # mean, brightness b of both. Single precision adds some millionths of white.
    rounded, single = (1.0, 0.01) if film.dtype == np.uint8 else (0.5, 0.3)
    assert apart <= drawn.brightness * (drawn.contrast + abs(1 - drawn.contrast)) * rounded + single


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


BRIGHT = Draw(top=0, left=0, height=1, width=2, brightness=1.5, contrast=1.5)


def test_nothing_gets_blacker_than_black_or_whiter_than_white():
    bright = jittered(torch.tensor([[[0.0, 255.0]]]), [BRIGHT], levels=levels(GREYS), white=255)
    assert bright[0, 0].tolist() == pytest.approx([(0 - 90) / 40, (255 - 90) / 40])


def test_what_contrast_made_white_is_darkened_from_white():
    drawn = replace(BRIGHT, brightness=0.5)
    shown = jittered(torch.tensor([[[0.0, 255.0]]]), [drawn], levels=levels(GREYS), white=255)
    assert shown[0, 0].tolist() == pytest.approx([(0 - 90) / 40, (255 / 2 - 90) / 40])


# --- what the paper draws, drawn by torchvision ----------------------------------------------------------------------

DRAWS = 5000


@pytest.fixture(scope="module")
def ours():
    """Draws of the paper's protocol: scale, place as a share of what the crop leaves over, flip, turn, factors."""
    paper = read_protocol(SHIPPED / "wang2022.toml")
    draws = [draw(paper, seed=0, epoch=1, film_id=f"film{number}") for number in range(DRAWS)]
    told = {name: np.array([asdict(drawn)[name] for drawn in draws]) for name in asdict(draws[0])}
    told["scale"] = 1024 / told["height"]
    left_over = np.maximum(1138 - told["height"], 1)
    return told | {"top": told["top"] / left_over, "left": told["left"] / left_over}


@pytest.fixture(scope="module")
def theirs():
    """The same by torchvision: a scale in 0.9 to 1, a crop of 1024 of what a film of 1138 becomes, a colour jitter."""
    torch.manual_seed(0)
    crop, jitter = v2.RandomCrop(1024), v2.ColorJitter(brightness=0.1, contrast=0.1)
    told = {name: np.empty(DRAWS) for name in ("scale", "top", "left", "brightness", "contrast")}
    for number in range(DRAWS):
        scale = torch.empty(1).uniform_(0.9, 1.0).item()
        side = max(round(1138 * scale), 1024)
        place, factors = crop.make_params([torch.empty(1, side, side, device="meta")]), jitter.make_params([])
        told["scale"][number] = scale
        told["top"][number], told["left"][number] = (place[name] / max(side - 1024, 1) for name in ("top", "left"))
        told["brightness"][number], told["contrast"][number] = factors["brightness_factor"], factors["contrast_factor"]
    return told


@pytest.mark.parametrize("name", ["scale", "top", "left", "brightness", "contrast"])
def test_draws_are_distributed_as_torchvisions(ours, theirs, name):
    # Whole pixels, of the stored film here and of the scaled one there, move a draw by less than 1 in 100.
    found = ks_2samp(ours[name], theirs[name])
    assert found.statistic < 0.03, found  # 5,000 draws against 5,000 pass 0.0272 once in twenty times
    assert ours[name].min() == pytest.approx(theirs[name].min(), abs=0.002)
    assert ours[name].max() == pytest.approx(theirs[name].max(), abs=0.002)


def test_half_of_the_films_are_flipped(ours):
    assert binomtest(int(ours["flip"].sum()), DRAWS, 0.5).pvalue > 0.01


def test_quarter_turns_are_equally_frequent(ours):
    assert chisquare(np.bincount(ours["quarter_turns"])).pvalue > 0.01


def test_what_is_drawn_for_one_thing_tells_nothing_of_another(ours):
    correlations = np.corrcoef([ours[name] for name in ours if name not in {"height", "width"}])
    assert np.abs(correlations - np.eye(len(correlations))).max() < 4.5 / np.sqrt(DRAWS)


# --- the same, whoever makes it --------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    places=st.lists(st.integers(0, 11), min_size=1, max_size=16),
    size=st.sampled_from([33, 48, 53]),
    threads=st.sampled_from([1, 2]),
    sixteen=st.booleans(),
    epoch=st.integers(1, 100),
)
def test_a_film_does_not_depend_on_its_batch_nor_on_threads(places, size, threads, sixteen, epoch):
    protocol = with_overrides(read_protocol(SHIPPED / "wang2022.toml"), {"height": size, "width": size})
    grey = np.random.default_rng(size).integers(0, 256, (12, *base_size(protocol)), dtype=np.uint8)
    grey = grey.astype(np.uint16) * 257 if sixteen else grey
    films = FilmSet(ids=tuple(map(str, range(12))), films=grey, sizes=np.zeros((12, 2), dtype=np.int64))
    rule = {"protocol": protocol, "greys": GREYS, "seed": 7, "epoch": epoch, "device": CPU}
    torch.set_num_threads(threads)
    together = training_batch(films, places, **rule)
    torch.set_num_threads(1)
    assert torch.equal(together, torch.cat([training_batch(films, [place], **rule) for place in places]))


ELSEWHERE = """
from hashlib import sha256
import numpy as np, torch
from ra_bench import FilmSet
from ra_bench.training.augment import training_batch
from ra_bench.training.protocol import SHIPPED, base_size, read_protocol, with_overrides
from ra_bench.training.standard import Spread
protocol = with_overrides(read_protocol(SHIPPED / "wang2022.toml"), {"height": 64, "width": 64})
grey = np.random.default_rng(0).integers(0, 256, (4, *base_size(protocol)), dtype=np.uint8)
films = FilmSet(ids=tuple("abcd"), films=grey, sizes=np.zeros((4, 2), dtype=np.int64))
batch = training_batch(
    films, range(4), protocol=protocol, greys=Spread(mean=90.0, sd=40.0), seed=3, epoch=2, device=torch.device("cpu")
)
digest = sha256(batch.numpy().tobytes()).hexdigest()
"""


@pytest.mark.slow
def test_another_process_makes_the_same_films():
    told = subprocess.run(
        [sys.executable, "-c", ELSEWHERE + "print(digest)"],
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": "11"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = {}
    exec(ELSEWHERE, here)
    assert told.stdout.strip() == here["digest"]


def test_evaluation_resizes_as_torch_does_to_the_bit(augmented, films):
    shown = evaluation_batch(films, range(12), protocol=augmented, greys=GREYS, device=CPU)
    whole = torch.nn.functional.interpolate(
        torch.from_numpy(films.films)[:, None], size=(48, 48), mode="bilinear", antialias=True
    )
    assert torch.equal(shown, whole.float().sub_(GREYS.mean).mul_(1 / GREYS.sd).expand(-1, 3, -1, -1))


# --- each film by its own mean and SD --------------------------------------------------------------------------------


@pytest.mark.parametrize("deepened", [False, True], ids=["8 bits", "16 bits"])
def test_films_may_be_normalised_by_their_own_mean_and_sd(make_films, deepened):
    quick = read_protocol(SHIPPED / "quick.toml")
    assert (quick.normalisation, quick.augmentation.brightness, quick.augmentation.smallest_scale) == ("film", 0, 1)
    films, _ = make_films(6, quick, name="q", seed=0)
    films = deep(films) if deepened else films
    own = [(film - film.mean()) / film.std() for film in films.films.astype(np.float64)]
    evaluated = evaluation_batch(films, range(6), protocol=quick, greys=GREYS, device=CPU)[:, 0]
    np.testing.assert_allclose(evaluated, np.stack(own), atol=2e-6)
    trained = training_batch(films, range(6), protocol=quick, greys=GREYS, seed=0, epoch=3, device=CPU)[:, 0]
    flips = [draw(quick, seed=0, epoch=3, film_id=name).flip for name in films.ids]
    assert len(set(flips)) == 2
    turned = [film[:, ::-1] if flip else film for film, flip in zip(own, flips, strict=True)]
    np.testing.assert_allclose(trained, np.stack(turned), atol=2e-6)


def test_exposure_is_gone_where_each_film_is_its_own_measure(augmented):
    own = with_overrides(augmented, {"normalisation": "film"})
    dark = np.random.default_rng(0).integers(0, 100, (1, 48, 48), dtype=np.uint8)
    both = np.concatenate([dark, 2 * dark + 40])
    films = FilmSet(ids=("dark", "bright"), films=both, sizes=np.full((2, 2), 48))
    shown = evaluation_batch(films, range(2), protocol=own, greys=GREYS, device=CPU)
    torch.testing.assert_close(shown[0], shown[1])


def test_a_plain_film_becomes_zeros_and_not_noise(augmented):
    own = with_overrides(augmented, {"normalisation": "film"})
    films = FilmSet(ids=("plain",), films=np.full((1, 48, 48), 77, np.uint8), sizes=np.full((1, 2), 48))
    assert not evaluation_batch(films, [0], protocol=own, greys=GREYS, device=CPU).any()


def test_brightness_and_contrast_still_show_on_films_normalised_by_themselves():
    grey = torch.tensor([[[80.0, 100.0, 120.0]]])
    own = torch.full((1, 1, 1), 100.0), torch.full((1, 1, 1), 10.0)
    shown = jittered(grey, [replace(BRIGHT, brightness=1.1, contrast=0.5)], levels=own, white=255)
    assert shown[0, 0].tolist() == pytest.approx([(1.1 * y - 100) / 10 for y in (90, 100, 110)])


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
    bright = jittered(torch.tensor([[[0.0, 300.0, 65535.0]]]), [BRIGHT], levels=levels(DEEP_GREYS), white=65535)
    assert bright[0, 0, [0, 2]].tolist() == pytest.approx([(0 - 90) / 40, (255 - 90) / 40])
