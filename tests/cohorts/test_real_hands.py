"""Forty real hands, where they are at hand: the whole way from a folder to films."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ra_bench.cohorts.audit.inspect import inspect_described
from ra_bench.cohorts.contact_sheet import contact_sheet
from ra_bench.cohorts.description import write_description
from ra_bench.cohorts.images import read_film
from ra_bench.cohorts.load import load_cohort
from ra_bench.cohorts.propose import propose_description
from ra_bench.cohorts.splits import split_cohort
from ra_bench.cohorts.store import open_store
from ra_bench.values import SplitRule

FOLDER = Path(__file__).parents[2].parent / "shared" / "real_hands"
TWO_HANDS = FOLDER.parent / "real_two_hands"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no real hands at {FOLDER}")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    home = tmp_path_factory.mktemp("real")
    proposal = propose_description(FOLDER, home=home)
    write_description(proposal.description, home / "cohort.toml")
    return load_cohort(home / "cohort.toml", home / "data"), proposal.guesses


def test_a_folder_of_real_hands_becomes_a_cohort(loaded):
    cohort, _ = loaded
    assert len(cohort.samples) == 40
    assert cohort.scale.unit == "months"
    assert {sample.sample_id: sample.readings for sample in cohort.samples}["1437"] == {"boneage": 136}


def test_what_is_guessed_and_what_is_absent_is_said(loaded):
    cohort, guesses = loaded
    told = "\n".join(guesses)
    assert "Patient: no column found" in told
    assert "Score: column 'boneage'" in told
    assert "Facts that no model sees: sex is column 'male'." in told
    assert any("patient split not verifiable" in remark for remark in cohort.remarks)
    assert any("Bone age stands in for the score" in remark for remark in cohort.remarks)


def test_real_palette_films_are_looked_up_in_their_palette():
    for name in ("1578.png", "2110.png"):
        with Image.open(FOLDER / name) as image:
            assert image.mode == "P"
            raw = np.asarray(image)
            palette = np.asarray(image.getpalette(), np.uint8).reshape(-1, 3)[:, 0]
        film = read_film(FOLDER / name)
        assert np.array_equal(film, palette[raw])
        assert not np.array_equal(film, raw)


def test_real_films_are_split_and_stored(loaded, tmp_path):
    cohort, _ = loaded
    split = split_cohort(cohort, SplitRule(train=8, validation=1, test=1))
    assert [len(split.train), len(split.validation), len(split.test)] == [32, 4, 4]
    films = open_store(cohort.samples, name=cohort.name, version=cohort.version, height=96, width=128, data=tmp_path)
    assert films.films.shape == (40, 96, 128)
    assert films.sizes[0].tolist() == [2080, 1600]
    assert not films.films[:, :, :20].any()  # an upright film in a wide frame


def test_real_films_are_shown(loaded):
    assert contact_sheet(loaded[0], 4, 4, cell=64).width == 12 + 4 * 76


def test_nothing_is_found_in_real_films_and_turned_ones_and_a_copy_are(loaded, tmp_path):
    shutil.copytree(FOLDER, tmp_path / "hands")
    proposal = propose_description(tmp_path / "hands")
    file = tmp_path / "hands" / "cohort.toml"
    write_description(proposal.description, file)
    assert inspect_described(file, tmp_path / "data").findings == ()
    for name, turns in (("1437", 1), ("2171", 2)):
        film = tmp_path / "hands" / f"{name}.png"
        film.chmod(0o644)
        Image.fromarray(np.rot90(by_pillow(film), turns)).save(film)
    Image.fromarray(by_pillow(FOLDER / "2621.png")).save(tmp_path / "hands" / "9999.jpg", quality=70)
    table = tmp_path / "hands" / "boneage.csv"
    table.chmod(0o644)
    table.write_text(table.read_text().rstrip() + "\n9999,100,True\n")
    found = {finding.kind: finding.items for finding in inspect_described(file, tmp_path / "data").findings}
    assert found.pop("turned-films") == ("'1437': turned by 90° to the left", "'2171': turned by 180°")
    (pair,) = found.pop("near-duplicates")
    assert "'2621'" in pair
    assert "'9999'" in pair
    assert found == {}


def by_pillow(path: Path) -> np.ndarray:
    """What a viewer shows: the picture in colours, whose three are equal."""
    with Image.open(path) as image:
        colours = np.asarray(image.convert("RGB"))
    assert (colours == colours[:, :, :1]).all()
    return colours[:, :, 0]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.png")), ids=lambda path: path.name)
def test_each_real_film_is_what_a_viewer_shows(path):
    assert np.array_equal(read_film(path), by_pillow(path))


@pytest.mark.parametrize("path", sorted(TWO_HANDS.glob("*.png")), ids=lambda path: path.name)
def test_each_real_film_of_two_hands_is_what_a_viewer_shows(path):
    film = read_film(path)
    assert np.array_equal(film, by_pillow(path))
    border = np.concatenate([film[0], film[-1], film[:, 0], film[:, -1]])
    assert np.median(border) < film.mean()  # bone bright on a dark background
