"""Films decoded once."""

import multiprocessing
import os
import resource
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from ra_bench.cohorts.store import fit_film, open_store
from ra_bench.errors import FilmError, StorageError
from ra_bench.values import FindingSample


def broken_film():
    raise FilmError("the file is cut off.")


def strange_film():
    return np.zeros((3, 4, 3), np.uint8)


def failing_film():
    return 1 / 0


def dying_film():
    assert multiprocessing.parent_process() is not None  # never the tests' own process
    os.kill(os.getpid(), signal.SIGKILL)


def with_film(cohort, place, film):
    samples = list(cohort.samples)
    samples[place] = replace(samples[place], film=film)
    return samples


def test_films_come_in_the_order_of_the_samples(make_cohort, tmp_path):
    films = open_store(make_cohort(40).samples, height=15, width=20, folder=tmp_path, key="k")
    assert films.films.shape == (40, 15, 20)
    assert films.films.dtype == np.uint8
    assert films.films[:, 7, 10].tolist() == list(range(40))
    assert films.ids[3] == "film003"
    assert films.sizes.tolist() == [[30, 40]] * 40


def test_films_are_mapped_into_memory_and_cannot_be_changed(make_cohort, tmp_path):
    films = open_store(make_cohort(3).samples, height=15, width=20, folder=tmp_path, key="k").films
    assert isinstance(films, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        films[0, 0, 0] = 1


def test_a_store_that_stands_is_opened_without_decoding(make_cohort, tmp_path):
    cohort = make_cohort(3)
    first = open_store(cohort.samples, height=15, width=20, folder=tmp_path, key="k")
    samples = with_film(cohort, 0, broken_film)
    again = open_store(samples, height=15, width=20, folder=tmp_path, key="k")
    assert np.array_equal(first.films, again.films)


def test_progress_is_told_film_by_film(make_cohort, tmp_path):
    calls = []
    open_store(
        make_cohort(3).samples,
        height=15,
        width=20,
        folder=tmp_path,
        key="k",
        on_progress=lambda *call: calls.append(call),
    )
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_films_with_findings_are_stored_too(tmp_path, make_cohort):
    samples = [
        FindingSample(sample_id=s.sample_id, patient_id=s.patient_id, film=s.film, findings=())
        for s in make_cohort(2).samples
    ]
    assert len(open_store(samples, height=15, width=20, folder=tmp_path, key="k").films) == 2


@pytest.mark.parametrize("damage", ["films.npy", "sizes.npy", "index.json"])
def test_a_store_with_a_lost_file_is_built_again(make_cohort, tmp_path, damage):
    cohort = make_cohort(3)
    open_store(cohort.samples, height=15, width=20, folder=tmp_path, key="k")
    (tmp_path / "k" / damage).unlink()
    assert open_store(cohort.samples, height=15, width=20, folder=tmp_path, key="k").films[2, 0, 0] == 2


@pytest.mark.parametrize("damage", ["films.npy", "sizes.npy", "index.json"])
def test_a_store_with_a_file_that_is_cut_off_is_built_again(make_cohort, tmp_path, damage):
    cohort = make_cohort(3)
    open_store(cohort.samples, height=15, width=20, folder=tmp_path, key="k")
    file = tmp_path / "k" / damage
    file.write_bytes(file.read_bytes()[:-5])
    assert open_store(cohort.samples, height=15, width=20, folder=tmp_path, key="k").films[2, 0, 0] == 2


def test_a_store_of_another_size_is_built_again(make_cohort, tmp_path):
    samples = make_cohort(3).samples
    open_store(samples, height=15, width=20, folder=tmp_path, key="k")
    assert open_store(samples, height=30, width=40, folder=tmp_path, key="k").films.shape == (3, 30, 40)


def test_a_store_of_other_films_is_built_again(make_cohort, tmp_path):
    samples = make_cohort(3).samples
    open_store(samples, height=15, width=20, folder=tmp_path, key="k")
    turned = open_store(samples[::-1], height=15, width=20, folder=tmp_path, key="k")
    assert turned.films[:, 0, 0].tolist() == [2, 1, 0]


def test_all_films_that_cannot_be_decoded_are_told_and_nothing_is_kept(make_cohort, tmp_path):
    cohort = make_cohort(40)
    samples = with_film(replace(cohort, samples=tuple(with_film(cohort, 5, broken_film))), 30, failing_film)
    with pytest.raises(FilmError) as caught:
        open_store(samples, height=15, width=20, folder=tmp_path, key="k")
    assert str(caught.value).splitlines() == [
        "2 of 40 films cannot be used:",
        "  film005: the file is cut off.",
        "  film030: ZeroDivisionError: division by zero",
    ]
    assert [path.name for path in tmp_path.iterdir()] == [".k.lock"]


def deep_film() -> np.ndarray:
    return np.array([[0, 1, 40_000, 65_535]] * 3, np.uint16)


@pytest.mark.parametrize("places", [[0], [3], [0, 1, 2, 3, 4]])
def test_one_film_of_sixteen_bits_makes_a_store_of_sixteen(make_cohort, tmp_path, places):
    samples = tuple(make_cohort(5).samples)
    for place in places:
        samples = with_film(replace(make_cohort(5), samples=samples), place, deep_film)
    films = open_store(samples, height=3, width=4, folder=tmp_path, key="k").films
    assert films.dtype == np.uint16
    for place, film in enumerate(films):
        expected = deep_film() if place in places else np.full((3, 4), 257 * place)
        assert np.array_equal(film, expected)


def test_a_store_of_sixteen_bits_is_not_built_twice(make_cohort, tmp_path):
    cohort = make_cohort(2)
    open_store(with_film(cohort, 1, deep_film), height=3, width=4, folder=tmp_path, key="k")
    again = open_store(with_film(cohort, 1, broken_film), height=3, width=4, folder=tmp_path, key="k")
    assert again.films[1].tolist() == deep_film().tolist()


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


def test_a_film_of_the_wrong_shape_is_refused(make_cohort, tmp_path):
    samples = with_film(make_cohort(2), 1, strange_film)
    with pytest.raises(FilmError, match=r"film001: decodes to uint8 of shape \(3, 4, 3\), not to uint8 of shape"):
        open_store(samples, height=15, width=20, folder=tmp_path, key="k")


@pytest.mark.skipif(os.cpu_count() == 1, reason="one core: films are decoded in the process itself")
def test_a_process_that_is_killed_is_told(make_cohort, tmp_path):
    samples = with_film(make_cohort(40), 20, dying_film)
    with pytest.raises(FilmError, match="A process that decodes films was ended from outside, most likely for want of"):
        open_store(samples, height=15, width=20, folder=tmp_path, key="k")
    assert not (tmp_path / "k").exists()


def test_a_folder_that_cannot_be_written_to_is_told(make_cohort, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"Cannot write the decoded films to .*file/k: .*\n.*nothing half-written"):
        open_store(make_cohort(2).samples, height=15, width=20, folder=tmp_path / "file", key="k")


def test_a_full_disk_is_told_and_leaves_nothing(make_cohort, tmp_path):
    # A limit on the size of files fails as a full disk does: in the middle of a write.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(StorageError, match="Cannot write the decoded films"):
            open_store(make_cohort(9).samples, height=150, width=200, folder=tmp_path, key="k")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir()] == [".k.lock"]


def counted_film(folder, barrier_file):
    """Leave a trace of each decoding."""
    (folder / f"{threading.get_ident()}-{os.getpid()}-{os.urandom(4).hex()}").touch()
    return np.zeros((3, 4), np.uint8)


def test_two_that_want_one_store_build_it_once(make_cohort, tmp_path):
    (tmp_path / "traces").mkdir()
    samples = with_film(make_cohort(3), 0, partial(counted_film, tmp_path / "traces", None))
    with ThreadPoolExecutor(2) as pool:
        wanted = [
            pool.submit(open_store, samples, height=3, width=4, folder=tmp_path / "store", key="k") for _ in range(2)
        ]
    assert [len(one.result().ids) for one in wanted] == [3, 3]
    assert len(list((tmp_path / "traces").iterdir())) == 1


# --- fitting ---


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
