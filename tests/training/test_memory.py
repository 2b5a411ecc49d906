"""Films are read where they lie: however many there are, training holds a batch of them in memory."""

import ctypes
import platform
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from ra_bench.cohorts.film_log import StoreWriter, stored_film
from ra_bench.cohorts.locks import share
from ra_bench.cohorts.store import USERS, content_of, open_store, store_folder
from ra_bench.training.augment import evaluation_batch, training_batch
from ra_bench.training.batches import epoch_batches
from ra_bench.training.protocol import SHIPPED, base_size, read_protocol
from ra_bench.training.standard import spread_of_films
from ra_bench.values import Sample

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="reads /proc/self/status, asks glibc")

PROTOCOL = read_protocol(SHIPPED / "quick.toml")
FEW, MANY = 200, 6200


def anonymous():
    """Bytes of this process that are no pages of a file."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


def fill(data, count):
    """A store of so many films, written without decoding any."""
    height, width = base_size(PROTOCOL)
    samples = [Sample(sample_id=f"{n}", patient_id="", visit="", film=partial(int), readings={}) for n in range(count)]
    folder = store_folder(data, "made", height, width)
    draw = np.random.default_rng(0)
    with share(folder / USERS), StoreWriter(folder, coming=count, pixels=height * width, rows={}) as writer:
        for sample in samples:
            film = draw.integers(0, 256, (height, width), np.uint8)
            writer.add(stored_film(content_of(sample, "1"), film, height, width))
    return samples


def growth(samples, data, use):
    """Greatest growth of anonymous memory while a store is opened and its films are used, in bytes."""
    height, width = base_size(PROTOCOL)
    # What earlier tests freed goes back to the system: a copy that found room in it would not be seen.
    ctypes.CDLL(None).malloc_trim(0)
    before = most = anonymous()
    films = open_store(samples, name="made", version="1", height=height, width=width, data=data)
    for _ in use(films):
        most = max(most, anonymous())
    return most - before


def an_epoch(films):
    """All batches of training, then of prediction."""
    device, greys = torch.device("cpu"), spread_of_films(films.films)
    for chosen in epoch_batches(len(films.ids), 16, seed=0, epoch=1):
        yield training_batch(films, chosen, protocol=PROTOCOL, greys=greys, seed=0, epoch=1, device=device)
    for start in range(0, len(films.ids), 16):
        chosen = range(start, min(start + 16, len(films.ids)))
        yield evaluation_batch(films, chosen, protocol=PROTOCOL, greys=greys, device=device)


def a_copy(films):
    yield np.array(films.films)


@pytest.mark.slow
def test_memory_is_flat_in_the_number_of_films(tmp_path):
    few, many = fill(tmp_path / "few", FEW), fill(tmp_path / "many", MANY)
    growth(few, tmp_path / "few", an_epoch)  # what libraries load when first used counts for nobody
    height, width = base_size(PROTOCOL)
    pixels = (MANY - FEW) * height * width
    assert pixels > 70e6
    more = growth(many, tmp_path / "many", an_epoch) - growth(few, tmp_path / "few", an_epoch)
    assert more < pixels / 4  # some of it is what malloc keeps
    assert growth(many, tmp_path / "many", a_copy) > pixels * 0.9  # a copy would be seen
