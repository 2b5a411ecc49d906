"""Films decoded once."""

import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ra_bench.cohorts import film_log
from ra_bench.cohorts.audit.kept_looks import LOOKS, read_looks
from ra_bench.cohorts.film_log import FILMS, INDEX
from ra_bench.cohorts.load import load_cohort
from ra_bench.cohorts.store import ANEW, CHECKING, DECODING, WAITING, building, open_store, store_folder
from ra_bench.cohorts.synthetic.cohort import write_synthetic_hands
from ra_bench.errors import FilmError, StorageError
from ra_bench.values import FindingSample


def opened(samples, high, wide, data, **changes):
    return open_store(
        samples, **{"name": "made", "version": "1", "height": high, "width": wide, "data": data, **changes}
    )


def broken_film():
    raise FilmError("the file is cut off.")


def strange_film():
    return np.zeros((3, 4, 3), np.uint8)


def failing_film():
    return 1 / 0


def deep_film() -> np.ndarray:
    return np.array([[0, 1, 40_000, 65_535]] * 3, np.uint16)


def dying_film():
    assert multiprocessing.parent_process() is not None  # never the tests' own process
    os.kill(os.getpid(), signal.SIGKILL)


def traced_film(traces, film):
    """Leave a trace of each decoding."""
    (traces / f"{threading.get_ident()}-{os.getpid()}-{os.urandom(4).hex()}").touch()
    return film()


def traced(samples, traces):
    traces.mkdir(parents=True, exist_ok=True)
    return [replace(sample, film=partial(traced_film, traces, sample.film)) for sample in samples]


def decoded(traces):
    """How many films were decoded since the last time."""
    found = list(traces.iterdir())
    for trace in found:
        trace.unlink()
    return len(found)


def with_film(samples, place, film):
    return [replace(sample, film=film) if number == place else sample for number, sample in enumerate(samples)]


def test_films_come_in_the_order_of_the_samples(make_cohort, tmp_path):
    films = opened(make_cohort(40).samples, 15, 20, tmp_path)
    assert films.films.shape == (40, 15, 20)
    assert films.films.dtype == np.uint8
    assert films.films[:, 7, 10].tolist() == list(range(40))
    assert films.ids[3] == "film003"
    assert films.sizes.tolist() == [[30, 40]] * 40


def test_a_store_that_stands_is_opened_without_decoding(make_cohort, tmp_path):
    samples = make_cohort(3).samples
    first = opened(samples, 15, 20, tmp_path)
    again = opened(with_film(samples, 0, broken_film), 15, 20, tmp_path)
    assert np.array_equal(first.films, again.films)


def test_progress_is_told_film_by_film(make_cohort, tmp_path):
    samples, calls = make_cohort(3).samples, []
    opened(samples, 15, 20, tmp_path, on_films=lambda *call: calls.append(call))
    assert calls == [(DECODING, 1, 3), (DECODING, 2, 3), (DECODING, 3, 3)]
    calls.clear()
    opened(samples, 15, 20, tmp_path, on_films=lambda *call: calls.append(call))
    assert calls == [(CHECKING, 1, 3), (CHECKING, 2, 3), (CHECKING, 3, 3)]


def test_films_with_findings_are_stored_too(tmp_path, make_cohort):
    samples = [
        FindingSample(sample_id=s.sample_id, patient_id=s.patient_id, film=s.film, findings=())
        for s in make_cohort(2).samples
    ]
    assert len(opened(samples, 15, 20, tmp_path).films) == 2


# --- what makes another film, and what does not ---


def test_any_films_in_any_order_come_from_one_store_and_only_new_ones_are_decoded(make_cohort, tmp_path):
    samples, traces = make_cohort(6).samples, tmp_path / "traces"
    samples = traced(samples, traces)
    opened(samples[1:4], 15, 20, tmp_path)
    assert decoded(traces) == 3
    turned = opened(samples[::-1], 15, 20, tmp_path)
    assert decoded(traces) == 3
    assert turned.films[:, 0, 0].tolist() == [5, 4, 3, 2, 1, 0]
    assert turned.ids[0] == "film005"


@pytest.mark.parametrize(
    ("change", "decodings"),
    [({}, 0), ({"version": "2"}, 3), ({"name": "other"}, 3), ({"height": 16}, 3), ({"width": 21}, 3)],
)
def test_another_version_or_size_is_decoded_again(make_cohort, tmp_path, change, decodings):
    samples = traced(make_cohort(3).samples, tmp_path / "traces")
    opened(samples, 15, 20, tmp_path)
    decoded(tmp_path / "traces")
    opened(samples, 15, 20, tmp_path, **change)
    assert decoded(tmp_path / "traces") == decodings


def test_a_film_is_known_by_its_content_whatever_the_version_where_it_says_so(make_cohort, tmp_path):
    traces = tmp_path / "traces"
    samples = [replace(sample, pixels=sample.sample_id) for sample in traced(make_cohort(3).samples, traces)]
    opened(samples, 15, 20, tmp_path)
    decoded(traces)
    samples[1] = replace(samples[1], pixels="other pixels")
    opened(samples, 15, 20, tmp_path, version="a reading was mended")
    assert decoded(traces) == 1


def test_films_of_one_content_are_decoded_once(make_cohort, tmp_path):
    samples = [replace(sample, pixels="same") for sample in traced(make_cohort(3).samples, tmp_path / "traces")]
    films = opened(samples, 15, 20, tmp_path)
    assert (len(films.ids), films.films.shape, decoded(tmp_path / "traces")) == (3, (3, 15, 20), 1)


def test_a_film_that_was_fitted_by_other_code_is_in_another_store(monkeypatch, tmp_path):
    before = store_folder(tmp_path, "made", 15, 20)
    monkeypatch.setattr("ra_bench.cohorts.store.fitting_version", lambda: "00000000")
    assert store_folder(tmp_path, "made", 15, 20) != before


@pytest.mark.parametrize("name", ["../../outside", "a/b", "..", ".hidden", "", "Händel 1"])
def test_a_store_lies_in_the_folder_of_films_whatever_the_name_of_its_cohort(tmp_path, name):
    folder = store_folder(tmp_path, name, 15, 20)
    assert folder.resolve().parent == (tmp_path / "films").resolve()
    assert not folder.name.startswith(".")


# --- damage ---


@pytest.mark.parametrize("damage", [FILMS, INDEX])
def test_a_store_with_a_lost_file_is_built_again(make_cohort, tmp_path, damage):
    samples = make_cohort(3).samples
    opened(samples, 15, 20, tmp_path)
    (store_folder(tmp_path, "made", 15, 20) / damage).unlink()
    assert opened(samples, 15, 20, tmp_path).films[:, 0, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize(("damage", "decodings"), [(FILMS, 1), (INDEX, 1)])
def test_of_a_store_that_is_cut_off_only_the_lost_film_is_decoded_again(make_cohort, tmp_path, damage, decodings):
    samples = traced(make_cohort(3).samples, tmp_path / "traces")
    opened(samples, 15, 20, tmp_path)
    decoded(tmp_path / "traces")
    file = store_folder(tmp_path, "made", 15, 20) / damage
    file.write_bytes(file.read_bytes()[:-5])
    assert opened(samples, 15, 20, tmp_path).films[:, 0, 0].tolist() == [0, 1, 2]
    assert decoded(tmp_path / "traces") == decodings
    opened(samples, 15, 20, tmp_path)
    assert decoded(tmp_path / "traces") == 0


def test_one_bit_that_changed_is_found_and_the_film_decoded_anew(make_cohort, tmp_path):
    samples, calls = traced(make_cohort(5).samples, tmp_path / "traces"), []
    opened(samples, 15, 20, tmp_path)
    decoded(tmp_path / "traces")
    with (store_folder(tmp_path, "made", 15, 20) / FILMS).open("r+b") as file:
        file.seek(2 * 320 + 299)  # the last pixel of the third film
        (byte,) = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    films = opened(samples, 15, 20, tmp_path, on_films=lambda *call: calls.append(call))
    assert [(film == place).all() for place, film in enumerate(films.films)] == [True] * 5
    assert decoded(tmp_path / "traces") == 1
    assert calls[-1] == (ANEW, 1, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"start": 0},
        {"start": -320},
        {"start": "x"},
        {"bits": 16},
        {"bits": 0},
        {"height": 31},
        {"digest": ""},
        {"x": 1},
    ],
)
def test_an_index_that_says_something_else_of_a_film_is_not_believed(make_cohort, tmp_path, change):
    samples = traced(make_cohort(3).samples, tmp_path / "traces")
    opened(samples, 15, 20, tmp_path)
    decoded(tmp_path / "traces")
    file = store_folder(tmp_path, "made", 15, 20) / INDEX
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], json.dumps({**json.loads(lines[1]), **change}), lines[2]]) + "\n")
    films = opened(samples, 15, 20, tmp_path)
    assert films.films[:, 0, 0].tolist() == [0, 1, 2]
    assert films.sizes.tolist() == [[30, 40]] * 3
    assert decoded(tmp_path / "traces") == 1


@pytest.mark.parametrize("text", [b"", b"\0" * 500, b"{", b"[]\n3\nnull\n", b"\xff\xfe"])
def test_an_index_that_cannot_be_understood_costs_time_only(make_cohort, tmp_path, text):
    samples = make_cohort(3).samples
    first = opened(samples, 15, 20, tmp_path)
    (store_folder(tmp_path, "made", 15, 20) / INDEX).write_bytes(text)
    again = opened(samples, 15, 20, tmp_path)
    assert again.films[:, 0, 0].tolist() == [0, 1, 2]
    assert first.films[:, 0, 0].tolist() == [0, 1, 2]  # whoever has the films mapped sees them as they were
    opened(with_film(samples, 0, broken_film), 15, 20, tmp_path)


# --- films that cannot be decoded ---


def test_all_films_that_cannot_be_decoded_are_told_and_the_others_kept(make_cohort, tmp_path):
    good = traced(make_cohort(40).samples, tmp_path / "traces")
    samples = with_film(with_film(good, 5, broken_film), 30, failing_film)
    with pytest.raises(FilmError) as caught:
        opened(samples, 15, 20, tmp_path)
    assert str(caught.value).splitlines() == [
        "2 of 40 films cannot be used:",
        "  film005: the file is cut off.",
        "  film030: ZeroDivisionError: division by zero",
    ]
    assert decoded(tmp_path / "traces") == 38
    assert opened(good, 15, 20, tmp_path).films[:, 0, 0].tolist() == list(range(40))
    assert decoded(tmp_path / "traces") == 2


def test_a_film_of_the_wrong_shape_is_refused(make_cohort, tmp_path):
    samples = with_film(make_cohort(2).samples, 1, strange_film)
    with pytest.raises(FilmError, match=r"film001: decodes to uint8 of shape \(3, 4, 3\), not to uint8 of shape"):
        opened(samples, 15, 20, tmp_path)


@pytest.mark.skipif(os.cpu_count() == 1, reason="one core: films are decoded in the process itself")
def test_a_process_that_is_killed_is_told(make_cohort, tmp_path):
    samples = with_film(make_cohort(40).samples, 20, dying_film)
    with pytest.raises(FilmError, match="A process that decodes films was ended from outside, most likely for want of"):
        opened(samples, 15, 20, tmp_path)


# --- 16 bits ---


@pytest.mark.parametrize("places", [[0], [3], [0, 1, 2, 3, 4]])
def test_one_film_of_sixteen_bits_makes_all_that_are_asked_for_have_sixteen(make_cohort, tmp_path, places):
    samples = list(make_cohort(5).samples)
    for place in places:
        samples = with_film(samples, place, deep_film)
    films = opened(samples, 3, 4, tmp_path).films
    assert films.dtype == np.uint16
    for place, film in enumerate(films):
        assert film.dtype == np.uint16
        assert np.array_equal(film, deep_film() if place in places else np.full((3, 4), 257 * place))


def test_films_of_eight_bits_keep_them_beside_one_of_sixteen(make_cohort, tmp_path):
    samples = with_film(make_cohort(5).samples, 3, deep_film)
    opened(samples, 3, 4, tmp_path)
    films = opened(samples[:3], 3, 4, tmp_path).films
    assert (films.dtype, films[2, 0, 0]) == (np.uint8, 2)


# --- no room ---


def test_a_folder_that_cannot_be_written_to_is_told(make_cohort, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"Cannot keep decoded films in .*file/films/made.*: .*\n.*with --data"):
        opened(make_cohort(2).samples, 15, 20, tmp_path / "file")


@pytest.mark.parametrize(("deep", "bytes_needed"), [(False, "0.2"), (True, "0.5")])
def test_a_full_disk_is_told_with_what_is_needed_and_the_build_goes_on_from_there(
    make_cohort, tmp_path, deep, bytes_needed
):
    samples = make_cohort(9).samples
    if deep:
        samples = [replace(one, film=partial(noise, number, deep=True)) for number, one in enumerate(samples)]
    samples = traced(samples, tmp_path / "traces")
    # A limit on the size of files fails as a full disk does: in the middle of a write.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (45_000 * (1 + deep), hard))
    try:
        with pytest.raises(StorageError) as caught:
            opened(samples, 150, 200, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value).startswith("Cannot write the decoded films to ")
    assert f"8 films are still to be written and take {bytes_needed} MB" in str(caught.value)
    assert ("or twice as much if they have more than 8 bits" in str(caught.value)) is not deep
    assert "What was decoded is kept (1 of them this time)" in str(caught.value)
    decoded(tmp_path / "traces")
    films = opened(samples, 150, 200, tmp_path)
    assert decoded(tmp_path / "traces") == 8
    undisturbed = opened(samples, 150, 200, tmp_path / "other")
    assert np.array_equal(films.films, undisturbed.films)


def test_films_are_not_decoded_where_there_is_no_room_for_them(make_cohort, tmp_path, monkeypatch):
    samples = traced(make_cohort(9).samples, tmp_path / "traces")
    monkeypatch.setattr(film_log.shutil, "disk_usage", lambda folder: SimpleNamespace(free=9 * 30_016 - 1))
    with pytest.raises(StorageError, match=r"No space left on device\.\n9 films are still to be .* take 0\.3 MB"):
        opened(samples, 150, 200, tmp_path)
    assert decoded(tmp_path / "traces") == 0
    monkeypatch.setattr(film_log.shutil, "disk_usage", lambda folder: SimpleNamespace(free=9 * 30_016))
    assert len(opened(samples, 150, 200, tmp_path).ids) == 9


def test_the_first_film_of_sixteen_bits_asks_for_twice_the_room(make_cohort, tmp_path, monkeypatch):
    samples = with_film(make_cohort(9).samples, 2, deep_film)
    monkeypatch.setattr(film_log.shutil, "disk_usage", lambda folder: SimpleNamespace(free=9 * 30_016))
    with pytest.raises(StorageError, match=r"7 films are still to be written and take 0\.4 MB; 0\.3 MB are free"):
        opened(samples, 150, 200, tmp_path)


# --- two at once, and builds that are ended ---


def test_two_that_want_one_store_build_it_once(make_cohort, tmp_path):
    samples = traced(make_cohort(3).samples, tmp_path / "traces")
    with ThreadPoolExecutor(2) as pool:
        wanted = [pool.submit(opened, samples, 3, 4, tmp_path / "store") for _ in range(2)]
    assert [len(one.result().ids) for one in wanted] == [3, 3]
    assert decoded(tmp_path / "traces") == 3


def test_whoever_waits_for_another_process_is_told(make_cohort, tmp_path):
    calls = []
    samples = traced(make_cohort(3).samples, tmp_path / "traces")
    with ThreadPoolExecutor(1) as pool:
        with building(store_folder(tmp_path, "made", 3, 4)):
            second = pool.submit(opened, samples, 3, 4, tmp_path, on_films=lambda *call: calls.append(call))
            deadline = time.monotonic() + 30
            while not calls and time.monotonic() < deadline:
                time.sleep(0.01)
            assert calls == [(WAITING, 0, 0)]
            assert decoded(tmp_path / "traces") == 0
        assert len(second.result().ids) == 3


def noise(number, *, deep=False, seconds=0.0):
    time.sleep(seconds)
    kind = np.uint16 if deep else np.uint8
    return np.random.default_rng(number).integers(0, np.iinfo(kind).max, (60, 80)).astype(kind)


COUNT = 60
BUILD = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_store import build
build(Path(sys.argv[1]), 0.02)
"""


def build(folder, seconds):
    from ra_bench.values import Sample

    samples = [
        Sample(
            sample_id=f"film{number}",
            patient_id="",
            visit="",
            film=partial(noise, number, deep=number % 7 == 3, seconds=seconds),
            readings={},
        )
        for number in range(COUNT)
    ]
    return opened(traced(samples, folder / "traces"), 50, 70, folder)


def started(folder):
    process = subprocess.Popen([sys.executable, "-c", BUILD, str(folder)], stderr=subprocess.PIPE)
    (folder / "traces").mkdir(parents=True, exist_ok=True)
    return process


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("kills", [[1], [2, 9, 20], [COUNT - 1]])
def test_a_build_that_is_killed_goes_on_where_it_was(tmp_path, kills):
    folder = tmp_path / "disturbed"
    index = store_folder(folder, "made", 50, 70) / INDEX
    for films in kills:
        process = started(folder)
        until(lambda films=films: index.exists() and index.read_bytes().count(b"\n") >= films)
        process.kill()
        process.communicate()
        assert until(lambda: not running(folder), raises=False), "processes that decode outlive the one that is killed"
    finished = index.read_bytes().count(b"\n")
    decoded(folder / "traces")
    films = build(folder, 0)
    assert decoded(folder / "traces") == COUNT - finished
    undisturbed = build(tmp_path / "undisturbed", 0)
    assert films.films.dtype == undisturbed.films.dtype
    assert films.films[:].tobytes() == undisturbed.films[:].tobytes()
    assert np.array_equal(films.sizes, undisturbed.sizes)


@pytest.mark.slow
def test_two_processes_build_one_store_together_and_decode_each_film_once(tmp_path):
    both = [started(tmp_path) for _ in range(2)]
    assert [process.communicate()[1] for process in both] == [b"", b""]
    assert [process.returncode for process in both] == [0, 0]
    assert decoded(tmp_path / "traces") == COUNT
    build(tmp_path, 0)
    assert decoded(tmp_path / "traces") == 0


LOOK = """
import sys
from pathlib import Path
from ra_bench.cohorts.load import load_cohort
load_cohort(Path(sys.argv[1]) / "hands/cohort.toml", Path(sys.argv[1]), size=(60, 80))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_first_look_that_is_killed_goes_on_where_it_was(tmp_path):
    write_synthetic_hands(tmp_path / "hands", films=COUNT, width=256, seed=1)
    looks = tmp_path / LOOKS
    for films in (1, 20):
        process = subprocess.Popen([sys.executable, "-c", LOOK, str(tmp_path)], stderr=subprocess.DEVNULL)
        until(lambda films=films: looks.exists() and looks.read_bytes().count(b"\n") >= films)
        process.kill()
        process.communicate()
        assert until(lambda: not running(tmp_path), raises=False), (
            "processes that decode outlive the one that is killed"
        )
    known, calls = len(read_looks(looks)), []
    cohort = load_cohort(tmp_path / "hands/cohort.toml", tmp_path, size=(60, 80), on_films=lambda *c: calls.append(c))
    assert 20 <= known < COUNT
    assert len(calls) == COUNT - known
    films = opened(cohort.samples, 60, 80, tmp_path, name="hands", on_films=lambda *call: calls.append(call))
    assert calls[-1] == (CHECKING, COUNT, COUNT)  # and none was decoded
    undisturbed = opened(cohort.samples, 60, 80, tmp_path / "undisturbed")
    assert films.films[:].tobytes() == undisturbed.films[:].tobytes()


def running(folder):
    """Processes that were started with the folder in their command line, zombies left out."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it ended meanwhile
            continue
        if str(folder).encode() in words:
            found.append(process.name)
    return found


def until(true, *, seconds=120, raises=True):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.005)
    assert not raises, "it did not come to that in time"
    return False
