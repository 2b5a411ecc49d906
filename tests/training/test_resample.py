from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from ra_bench import FilmSet
from ra_bench.training.ahead import made_ahead
from ra_bench.training.augment import Draw, draw, training_batch
from ra_bench.training.protocol import SHIPPED, base_size, read_protocol, with_overrides
from ra_bench.training.resample import fitted, resampled, resized, turned, windows_there
from ra_bench.training.standard import Spread

CPU = torch.device("cpu")
SIZES = st.integers(1, 90)
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


def noise(shape, kind, seed=0) -> np.ndarray:
    films = np.random.default_rng(seed).integers(0, np.iinfo(kind).max + 1, shape, dtype=kind)
    films.setflags(write=False)  # as a read-only memory map is
    return films


@settings(max_examples=200, deadline=None)
@given(height=SIZES, width=SIZES, to_height=SIZES, to_width=SIZES)
def test_four_channels_at_a_time_give_what_one_does_to_the_bit(height, width, to_height, to_width):
    film = torch.from_numpy(noise((height, width), np.uint8).copy())
    plain = functional.interpolate(film[None, None], size=(to_height, to_width), mode="bilinear", antialias=True)
    assert torch.equal(resized(film, to_height, to_width), plain[0, 0])


def test_a_film_of_the_right_size_is_not_resampled():
    film = torch.arange(12, dtype=torch.uint8).view(3, 4)
    assert resized(film, 3, 4) is film


def test_a_flip_comes_before_a_turn():
    film = torch.tensor([[1, 2], [3, 4]])
    drawn = Draw(top=0, left=0, height=2, width=2, flip=True)
    assert turned(film, drawn).tolist() == [[2, 1], [4, 3]]
    assert turned(film, replace(drawn, quarter_turns=1)).tolist() == [[1, 3], [2, 4]]


def test_sixteen_bits_above_half_stay_above_half():
    films = np.full((1, 8, 8), 50_000, dtype=np.uint16)
    whole = Draw(top=0, left=0, height=8, width=8)
    assert resampled(films, [0], [whole], height=4, width=4, device=CPU).tolist() == [[[50_000] * 4] * 4]


def both_ways(kind, scale, size, epoch):
    """The same draws resampled as on a CPU and as on a GPU, the latter's steps done by a CPU."""
    rule = {"height": size, "width": size, "augmentation.smallest_scale": scale}
    protocol = with_overrides(read_protocol(SHIPPED / "wang2022.toml"), rule)
    films, places = noise((5, *base_size(protocol)), kind, seed=epoch), [3, 0, 4]
    draws = [draw(protocol, seed=0, epoch=epoch, film_id=str(place)) for place in places]
    here = resampled(films, places, draws, height=size, width=size, device=CPU)
    windows = list(windows_there(films, places, draws, CPU))
    return here.double(), fitted(windows, draws, height=size, width=size).double()


@settings(max_examples=60, deadline=None)
@given(scale=st.sampled_from([0.5, 0.9]), size=st.integers(32, 70), epoch=st.integers(1, 1000))
def test_eight_bits_resampled_there_are_at_most_one_grey_value_from_here(scale, size, epoch):
    here, there = both_ways(np.uint8, scale, size, epoch)
    # Here rounded after each of two passes, there once: 0.5 + 0.5 + 0.5, and all are whole numbers.
    assert (here - there).abs().max() <= 1


@settings(max_examples=60, deadline=None)
@given(scale=st.sampled_from([0.5, 0.9]), size=st.integers(32, 70), epoch=st.integers(1, 1000))
def test_sixteen_bits_are_the_same_here_and_there(scale, size, epoch):
    here, there = both_ways(np.uint16, scale, size, epoch)
    assert torch.equal(here, there)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_without_resampling_here_and_there_are_the_same(kind):
    here, there = both_ways(kind, 1.0, 33, 1)
    assert torch.equal(here, there)


def test_only_the_films_of_the_batch_are_read(tmp_path):
    np.save(tmp_path / "films.npy", noise((4, 9, 9), np.uint8))

    read = []

    class Watched(np.ndarray):
        def __getitem__(self, place):
            read.append(place)
            return np.asarray(super().__getitem__(place))

    films = np.load(tmp_path / "films.npy", mmap_mode="r").view(Watched)
    whole = [Draw(top=0, left=0, height=9, width=9)] * 2
    resampled(films, [2, 0], whole, height=6, width=6, device=CPU)
    list(windows_there(films, [1, 2], whole, CPU))
    assert read == [2, 0, 1, 2]


# --- on a GPU, where there is one ------------------------------------------------------------------------------------


@needs_cuda
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_gpu_makes_the_films_of_a_cpu_within_rounding(kind):
    protocol = with_overrides(read_protocol(SHIPPED / "wang2022.toml"), {"height": 96, "width": 96})
    films = noise((8, *base_size(protocol)), kind)
    kept = FilmSet(ids=tuple("abcdefgh"), films=films, sizes=np.zeros((8, 2), dtype=np.int64))
    rule = {
        "protocol": protocol,
        "greys": Spread(mean=float(films.mean()), sd=float(films.std())),
        "seed": 0,
        "epoch": 1,
    }
    here, there = (training_batch(kept, range(8), **rule, device=torch.device(name)) for name in ("cpu", "cuda"))
    assert there.is_contiguous(memory_format=torch.channels_last)
    # one grey value, times at most 1.1 x 1.1, and what single precision adds
    assert (here - there.cpu()).abs().max() * films.std() <= 1.21 * 1.1 + films.max() * 1e-5


@needs_cuda
def test_a_gpu_gets_the_same_films_from_its_side_stream():
    protocol = with_overrides(read_protocol(SHIPPED / "wang2022.toml"), {"height": 96, "width": 96})
    films = noise((8, *base_size(protocol)), np.uint8)
    kept = FilmSet(ids=tuple("abcdefgh"), films=films, sizes=np.zeros((8, 2), dtype=np.int64))
    device, greys = torch.device("cuda"), Spread(mean=127.0, sd=74.0)

    def make(chosen):
        return training_batch(kept, chosen, protocol=protocol, greys=greys, seed=0, epoch=1, device=device)

    batches = [range(start, start + 2) for start in (0, 2, 4, 6)] * 8
    ahead = [batch.clone() for batch in made_ahead(make, batches, device)]
    assert all(torch.equal(batch, make(chosen)) for batch, chosen in zip(ahead, batches, strict=True))
