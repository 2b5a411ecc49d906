"""What is kept of decoded films: listed, and deleted where nobody uses it."""

import os
import subprocess
import sys
import time

import pytest

from ra_bench.cohorts.audit.kept_looks import LOOKS, LookWriter, read_looks
from ra_bench.cohorts.cache import choose_kept, delete_kept, list_kept
from ra_bench.cohorts.film_log import FILMS, INDEX
from ra_bench.cohorts.load import load_cohort
from ra_bench.cohorts.locks import share
from ra_bench.cohorts.store import USERS, building, open_store, store_folder
from ra_bench.errors import BusyError, StorageError


@pytest.fixture
def folder(make_cohort, tmp_path):
    """A store of five films, of which three were asked for last."""
    samples = make_cohort(5).samples
    for count in (5, 3):
        open_store(samples[:count], name="my films", version="1", height=15, width=20, data=tmp_path)
    return store_folder(tmp_path, "my films", 15, 20)


def only(data, **options):
    (kept,) = list_kept(data, **options)
    return kept


def test_a_store_is_told_with_all_that_a_person_asks(folder, tmp_path):
    kept = only(tmp_path)
    assert (kept.name, kept.cohort, kept.size, kept.films, kept.asked) == (folder.name, "my films", (15, 20), 5, 3)
    assert kept.bytes == sum(file.stat().st_size for file in folder.iterdir()) > 5 * 300
    assert abs(kept.last_used - time.time()) < 60
    assert (kept.state, kept.in_use) == ("whole", False)


def test_a_store_was_used_when_it_was_last_opened(folder, make_cohort, tmp_path):
    os.utime(folder / "store.json", (0, 0))
    assert only(tmp_path).last_used == 0
    open_store(make_cohort(3).samples, name="my films", version="1", height=15, width=20, data=tmp_path)
    assert only(tmp_path).last_used > 0


def test_a_store_without_all_that_was_asked_for_is_partial(folder, tmp_path):
    index = folder / INDEX
    index.write_text("".join(index.read_text().splitlines(keepends=True)[:2]))
    assert (only(tmp_path).state, only(tmp_path).films) == ("partial", 2)


def test_a_store_that_was_cut_off_is_damaged(folder, tmp_path):
    (folder / FILMS).write_bytes((folder / FILMS).read_bytes()[:-1])
    assert only(tmp_path).state == "damaged"


def test_a_bit_that_changed_is_found_where_every_film_is_read(folder, tmp_path):
    films = bytearray((folder / FILMS).read_bytes())
    films[3 * 320] ^= 1
    (folder / FILMS).write_bytes(films)
    assert only(tmp_path).state == "whole"
    calls = []
    assert only(tmp_path, check=True, on_films=lambda *call: calls.append(call[1:])).state == "damaged"
    assert calls[-1] == (5, 5)


@pytest.mark.parametrize("text", ["", "[]", '{"cohort": 3}', '{"cohort": "a"}'])
def test_a_store_whose_facts_were_lost_is_damaged(folder, tmp_path, text):
    (folder / "store.json").write_text(text)
    assert only(tmp_path).state == "damaged"


def test_what_other_code_kept_is_told_and_can_be_deleted(folder, tmp_path):
    folder.rename(folder.with_name("my-films-15x20-00000000"))
    (tmp_path / "films" / "0123-4567-15x20").mkdir()
    kept = list_kept(tmp_path)
    assert [each.state for each in kept] == ["of another version"] * 2
    for each in kept:
        delete_kept(each)
    assert list((tmp_path / "films").iterdir()) == []


def test_looks_are_kept_too_and_stay_while_somebody_adds_to_them(make_folder, tmp_path):
    load_cohort(make_folder(), tmp_path / "data")
    kept = only(tmp_path / "data")
    assert (kept.name, kept.films, kept.state, kept.in_use) == ("film-looks", 3, "whole", False)
    with LookWriter(tmp_path / "data" / LOOKS) as writer:
        writer.add("key", next(iter(read_looks(tmp_path / "data" / LOOKS).values())))
        assert only(tmp_path / "data").in_use
        with pytest.raises(BusyError, match="'film-looks' is in use"):
            delete_kept(kept)
    delete_kept(kept)
    assert list_kept(tmp_path / "data") == []


def test_looks_as_they_were_kept_before_are_of_another_version(tmp_path):
    (tmp_path / "film-digests.json").write_text("{}")
    assert (only(tmp_path).name, only(tmp_path).state) == ("film-digests", "of another version")
    delete_kept(only(tmp_path))
    assert list_kept(tmp_path) == []


def test_nothing_is_kept_where_there_is_no_folder(tmp_path):
    assert list_kept(tmp_path / "nowhere") == []


def test_stores_are_chosen_by_name_by_cohort_and_by_age(folder, tmp_path):
    kept = list_kept(tmp_path)
    assert choose_kept(kept, [], None) == choose_kept(kept, [folder.name], None) == kept
    assert choose_kept(kept, ["my films"], None) == kept
    assert choose_kept(kept, [], 1) == []
    os.utime(folder / "store.json", (time.time() - 2 * 86400,) * 2)
    old = list_kept(tmp_path)
    assert choose_kept(old, [], 1) == old
    assert choose_kept(old, [], 3) == []
    with pytest.raises(StorageError, match=r"Nothing is kept under the name 'mine'\. Kept: my films, my-films-15x20-"):
        choose_kept(kept, ["mine"], None)


HOLD = """
import sys, time
from pathlib import Path
from ra_bench.cohorts.locks import share
lock = share(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_store_that_another_process_uses_is_not_deleted(folder, tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder / USERS)], stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"held\n"
        assert only(tmp_path).in_use
        with pytest.raises(BusyError, match=f"'{folder.name}' is in use and is left as it is"):
            delete_kept(only(tmp_path))
        assert (folder / FILMS).exists()
    finally:
        process.kill()
        process.communicate()
    assert not only(tmp_path).in_use
    delete_kept(only(tmp_path))
    assert not folder.exists()


def test_a_store_is_in_use_as_long_as_its_films_are_looked_at(folder, make_cohort, tmp_path):
    films = open_store(make_cohort(3).samples, name="my films", version="1", height=15, width=20, data=tmp_path)
    part = films.films[1:]
    del films
    assert only(tmp_path).in_use
    del part
    assert not only(tmp_path).in_use


def test_a_store_that_is_being_built_is_not_deleted(folder, tmp_path):
    with building(folder), pytest.raises(BusyError):
        delete_kept(only(tmp_path))


def test_a_lock_whose_folder_was_deleted_is_taken_anew(folder):
    first = share(folder / USERS)
    (folder / USERS).unlink()
    with share(folder / USERS) as second:
        assert os.fstat(second.file).st_ino == (folder / USERS).stat().st_ino
    first.close()
