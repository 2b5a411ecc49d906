"""The published folder: complete, the same each time, and without what nobody may see."""

from __future__ import annotations

import hashlib

import pytest
import yaml

from ra_bench.errors import RecordError, StorageError
from ra_bench.publishing.check import check_board
from ra_bench.publishing.publish import published_files, write_published
from ra_bench.specs import RendererSpec


def files_of(made, folder, renderers=None):
    checked = check_board(folder, made.metrics, renderers or made.renderers)
    return published_files(made.registry, folder, checked)


@pytest.fixture
def files(made, tmp_path):
    made.write(tmp_path / "clinic")
    return files_of(made, tmp_path / "clinic")


def contents(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
    }


def test_a_folder_has_all_that_a_stranger_needs(files):
    cards = {f"cards/{name}.md" for name in ("close", "far", "mean", "theirs")}
    records = {f"records/{name}-seed0/predictions.csv" for name in ("close", "far", "mean", "theirs")}
    assert {"board.md", "board.json", "REPRODUCE.md", "CITATION.cff"} | cards | records <= set(files)


def test_the_sums_are_those_of_the_files(files, tmp_path):
    names = write_published(files, tmp_path / "out")
    there = contents(tmp_path / "out")
    assert set(names) == set(there)
    sums = dict(reversed(line.split("  ", 1)) for line in there.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in there.items()}


def test_nothing_film_by_film_of_a_private_cohort_is_published(made, tmp_path):
    made.write(tmp_path / "clinic", private=True)
    files = files_of(made, tmp_path / "clinic")
    assert not [name for name in files if name.startswith("records")]
    assert not [name for name, content in files.items() if b"film00" in content or b"patient00" in content]
    assert "private" in files["REPRODUCE.md"].decode()


def test_published_patients_are_numbered(files):
    assert not [name for name, content in files.items() if b"patient00" in content]


def test_a_page_of_the_board_is_what_a_server_shows(made, tmp_path):
    page = RendererSpec(name="html", suffix=".html", render=lambda board: "<!doctype html>")
    made.write(tmp_path / "clinic", renderers=(*made.renderers, page))
    files = files_of(made, tmp_path / "clinic", (*made.renderers, page))
    assert files["index.html"] == b"<!doctype html>"
    assert "board.html" not in files


def test_publishing_again_changes_no_byte(made, files, tmp_path):
    write_published(files, tmp_path / "out")
    before = contents(tmp_path / "out")
    write_published(files_of(made, tmp_path / "clinic"), tmp_path / "out")
    assert contents(tmp_path / "out") == before


def test_what_an_earlier_publication_left_is_removed_and_a_persons_file_stays(files, tmp_path):
    write_published(files | {"cards/gone.md": b"old", "old/folder/x": b"old"}, tmp_path / "out")
    (tmp_path / "out/mine.txt").write_text("mine")
    write_published(files, tmp_path / "out")
    there = contents(tmp_path / "out")
    assert set(there) == {*files, "SHA256SUMS", "mine.txt"}
    assert not (tmp_path / "out/old").exists()


def test_a_publication_that_was_stopped_is_done_again(files, tmp_path):
    (tmp_path / "out/cards/far.md").mkdir(parents=True)
    (tmp_path / "out/SHA256SUMS").write_text("")
    with pytest.raises(StorageError, match=r"Cannot write .*far.md"):
        write_published(files, tmp_path / "out")
    (tmp_path / "out/cards/far.md").rmdir()
    assert "board.json" in contents(tmp_path / "out")
    assert "cards/mean.md" not in contents(tmp_path / "out")
    write_published(files, tmp_path / "out")
    assert set(contents(tmp_path / "out")) == {*files, "SHA256SUMS"}


def test_what_a_killed_publication_left_half_written_is_removed(files, tmp_path):
    write_published(files, tmp_path / "out")
    (tmp_path / "out/cards/.far.md.a1b2c3d4.md").write_text("half")
    write_published(files, tmp_path / "out")
    assert set(contents(tmp_path / "out")) == {*files, "SHA256SUMS"}


def test_a_listed_file_outside_the_folder_is_never_removed(files, tmp_path):
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/SHA256SUMS").write_text(f"{'0' * 64}  ../precious\n{'0' * 64}  {tmp_path}/precious\n")
    write_published(files, tmp_path / "out")
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_folder_with_something_else_in_it_is_refused(files, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.tex").write_text("mine")
    with pytest.raises(StorageError, match=r"is not empty, and holds no SHA256SUMS[\s\S]*--out"):
        write_published(files, tmp_path / "out")
    assert contents(tmp_path / "out") == {"thesis.tex": b"mine"}


def test_a_file_in_the_place_of_the_folder_is_refused(files, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(StorageError, match="is not empty"):
        write_published(files, tmp_path / "out")


def test_a_board_that_is_not_what_its_records_give_is_not_published(made, tmp_path):
    made.write(tmp_path / "clinic")
    with (tmp_path / "clinic/board.md").open("a") as file:
        file.write("better\n")
    with pytest.raises(
        RecordError, match=r"is not what its records give: board.md. See 'ra-bench leaderboard check clinic'"
    ):
        files_of(made, tmp_path / "clinic")


def test_the_citation_is_valid_and_names_the_films(files):
    found = yaml.safe_load(files["CITATION.cff"])
    assert (found["cff-version"], found["type"], found["date-released"]) == ("1.2.0", "dataset", "2026-03-01")
    assert found["title"] == "Leaderboard: clinic"
    assert "Clinic A. Films of hands. 2020." in [reference["title"] for reference in found["references"]]
    assert all(reference["authors"] for reference in found["references"])


def test_a_citation_that_a_person_wrote_is_taken(made, tmp_path):
    made.write(tmp_path / "clinic")
    (tmp_path / "clinic/CITATION.cff").write_text("cff-version: 1.2.0\n")
    assert files_of(made, tmp_path / "clinic")["CITATION.cff"] == b"cff-version: 1.2.0\n"


def test_the_commands_name_the_models_and_seeds_that_are_on_the_board(files):
    commands = [line.strip() for line in files["REPRODUCE.md"].decode().splitlines() if line.startswith("    ra-bench")]
    assert commands == [
        "ra-bench leaderboard verify .",
        "ra-bench run --models close --seeds 0,1 --dataset PATH/cohort.toml --folds 2",
        "ra-bench run --models far,mean --seeds 0 --dataset PATH/cohort.toml --folds 2",
    ]


def test_versions_and_hashes_are_those_of_the_records(files):
    text = files["REPRODUCE.md"].decode()
    assert "- cohort clinic: cohort1\n- split: split1\n- protocol quick: protocol1\n" in text
    assert "| python   | 3.11.9  |" in text
    assert "Made elsewhere, so that no command makes them: theirs." in text


def test_no_folder_of_this_machine_is_published(files, tmp_path):
    assert not [name for name, content in files.items() if str(tmp_path).encode() in content]


def test_a_card_says_what_the_model_is_and_what_the_numbers_do_not_say(files):
    card = files["cards/close.md"].decode()
    assert "- parameters: 1,234,567\n- multiply-adds a film: 89,000,000\n" in card
    assert "- seeds: 0, 1\n" in card
    assert "- protocol: optimiser.learning\\_rate: 0.001\n" in card
    assert "## Limits" in card
    assert "| rank by RMSE " in card


def test_a_card_of_predictions_from_elsewhere_claims_no_training(files):
    card = files["cards/theirs.md"].decode()
    assert "made elsewhere: how it was trained, and on what, is not known here" in card
    assert "protocol" not in card


def test_a_card_of_a_simulated_cohort_says_so_first(made, tmp_path):
    made.write(tmp_path / "clinic", simulated=True)
    card = files_of(made, tmp_path / "clinic")["cards/far.md"].decode()
    assert card.index("**Simulated films, simulated readers.**") < card.index("## ")


def test_models_whose_names_are_alike_as_file_names_have_a_card_each(made, tmp_path):
    names = ("a/b", "a--b")
    board = made.write(tmp_path / "clinic", [made.record(name, 5 + len(name)) for name in names], private=True)
    assert len(board.rows) >= 2
    files = files_of(made, tmp_path / "clinic")
    assert {"cards/a--b.md", "cards/a--b-2.md"} <= set(files)
