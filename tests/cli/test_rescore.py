"""Stored predictions on corrected labels, as a user asks for it."""

from __future__ import annotations

import csv
import json
import re
import shutil
from functools import cache

import numpy as np
import pytest
from PIL import Image

from ra_bench.boards.render.json import read_board
from ra_bench.runs.records import read_record
from ra_bench.suite import plan, run

pytestmark = pytest.mark.slow  # whole runs in processes of their own

COHORT = """
name = "clinic"
table = "scores.csv"
films = "films"
image = "film"
patient = "patient"
readers = ["A", "B"]
{private}
[scale]
name = "SvH, both hands"
minimum = 0
maximum = {maximum}
unit = "SvH units"
"""


def write_cohort(folder, *, private="", maximum=280, films=16):
    (folder / "films").mkdir(parents=True)
    grey = np.random.default_rng(0)
    rows = ["film,patient,A,B"]
    for number in range(films):
        film = grey.integers(0, 256, (32, 48), dtype=np.uint8)
        Image.fromarray(film).save(folder / "films" / f"film{number:02d}.png")
        rows.append(f"film{number:02d},patient{number:02d},{10 * number},{10 * number + 4}")
    (folder / "scores.csv").write_text("\n".join(rows) + "\n")
    (folder / "cohort.toml").write_text(COHORT.format(private=private, maximum=maximum))


def edit(folder, change):
    """Change the rows of the table, dicts by column."""
    file = folder / "scores.csv"
    with file.open(newline="") as lines:
        rows = [row for row in map(change, csv.DictReader(lines)) if row is not None]
    with file.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def corrected(row):
    return row | {"A": "150", "B": "154"} if row["film"] == "film03" else row


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny_suite, tiny_protocol, new_observer):
    """A board of a constant model and a constant baseline in four folds, of a cohort that is private or not."""

    @cache
    def train(private):
        folder = tmp_path_factory.mktemp("trained")
        write_cohort(folder / "old", private=private)
        suite = tiny_suite(folder, boards=folder / "leaderboards")
        wanted = plan(
            suite,
            models=["forty", "fifty"],
            dataset=str(folder / "old/cohort.toml"),
            protocol=str(tiny_protocol),
            folds=4,
        )
        assert run(suite, wanted, observers=new_observer()).trained == 8
        return folder

    return train


@pytest.fixture
def ran(cli, tmp_path, trained, request):
    """A copy of that board and its runs, and of the cohort, whose labels may be changed."""
    shutil.copytree(trained(getattr(request, "param", "")), tmp_path, dirs_exist_ok=True)
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    return tmp_path / "new"


def rescore(cli, tiny_file, labels="new/cohort.toml"):
    return cli("rescore", "clinic-tiny-4-folds", "-p", tiny_file, "--labels", labels)


def boards(tmp_path):
    return {folder.name: folder for folder in (tmp_path / "leaderboards").iterdir()}


def bytes_below(folder):
    return {file: file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file() and file.name != ".lock"}


def test_the_new_board_measures_the_same_predictions_on_the_new_labels(ran, cli, tmp_path, tiny_file):
    edit(ran, corrected)
    done = rescore(cli, tiny_file)
    assert done.code == 0
    (name,) = boards(tmp_path).keys() - {"clinic-tiny-4-folds"}
    old, new = (read_board((tmp_path / "leaderboards" / which / "board.json").read_text()) for which in
                ("clinic-tiny-4-folds", name))  # fmt: skip
    now = {row.name: row.metrics["rmse"].value for row in new.rows if row.kind == "model"}
    scores = np.array([10 * n + 2.0 for n in range(16)])
    scores[3] = 152.0
    assert now["forty"] == pytest.approx(np.sqrt(np.mean((40 - scores) ** 2)), rel=1e-7)
    before = {row.name: row.metrics["rmse"].value for row in new.before if row.kind == "model"}
    assert before == {row.name: row.metrics["rmse"].value for row in old.rows if row.kind == "model"}
    assert "forty: rank 1" in done.out


def test_the_new_board_says_which_labels_were_trained_on_and_which_are_scored(ran, cli, tmp_path, tiny_file):
    edit(ran, corrected)
    rescore(cli, tiny_file)
    (name,) = boards(tmp_path).keys() - {"clinic-tiny-4-folds"}
    old, new = (json.loads((tmp_path / "leaderboards" / which / "board.json").read_text())["facts"] for which in
                ("clinic-tiny-4-folds", name))  # fmt: skip
    was = dict(old)["cohort"].split("version ")[1]
    now = dict(new)["cohort"].split("version ")[1]
    assert was != now
    assert dict(new)["trained on"] == f"labels of version {was}"
    assert dict(new)["scored on"] == f"labels of version {now}"
    assert name == f"clinic-tiny-4-folds-labels-{now[:8]}"
    text = (tmp_path / "leaderboards" / name / "board.md").read_text()
    assert "## What the new labels move" in text
    assert "The reference changed on 1 of 16 test films, most on 'film03', from 32 to 152" in text
    records = [read_record(folder) for folder in (tmp_path / "leaderboards" / name / "records").iterdir()]
    assert {(record.job.cohort, record.trained_on) for record in records} == {(now, was)}


def test_the_old_board_and_its_runs_are_not_touched(ran, cli, tmp_path, tiny_file):
    before = bytes_below(tmp_path / "runs") | bytes_below(tmp_path / "leaderboards/clinic-tiny-4-folds")
    edit(ran, corrected)
    assert rescore(cli, tiny_file).code == 0
    assert bytes_below(tmp_path / "runs") | bytes_below(tmp_path / "leaderboards/clinic-tiny-4-folds") == before


def test_the_new_board_is_made_again_with_the_same_bytes_and_takes_no_rows(ran, cli, tmp_path, tiny_file):
    edit(ran, corrected)
    rescore(cli, tiny_file)
    before = bytes_below(tmp_path / "leaderboards")
    assert cli("leaderboard", "-p", tiny_file).code == 0
    assert bytes_below(tmp_path / "leaderboards") == before
    assert rescore(cli, tiny_file).code == 0
    assert bytes_below(tmp_path / "leaderboards") == before
    (name,) = boards(tmp_path).keys() - {"clinic-tiny-4-folds"}
    table = tmp_path / "theirs.csv"
    table.write_text("film,predicted\n" + "".join(f"film{n:02d},{n}\n" for n in range(16)))
    refused = cli("score", table, "-p", tiny_file, "--board", name)
    assert refused.code == 1
    assert "Add the row to the board that it was made from" in refused.err
    again = cli("rescore", name, "-p", tiny_file, "--labels", "new/cohort.toml")
    assert (again.code, "Name the board that it was made from" in again.err) == (1, True)


def test_predictions_from_elsewhere_are_rescored_with_the_rest(ran, cli, tmp_path, tiny_file):
    table = tmp_path / "theirs.csv"
    table.write_text("film,predicted\n" + "".join(f"film{n:02d},{10 * n}\n" for n in range(16)))
    assert cli("score", table, "-p", tiny_file, "--board", "clinic-tiny-4-folds").code == 0
    edit(ran, corrected)
    done = rescore(cli, tiny_file)
    assert done.code == 0
    assert "theirs: rank 1" in done.out


def test_a_rank_that_moves_is_shown(ran, cli, tmp_path, tiny_file):
    table = tmp_path / "theirs.csv"
    table.write_text("film,predicted\n" + "".join(f"film{n:02d},{10 * n}\n" for n in range(16)))
    cli("score", table, "-p", tiny_file, "--board", "clinic-tiny-4-folds")
    edit(ran, lambda row: row | {"A": "40", "B": "40"})
    assert rescore(cli, tiny_file).code == 0
    (name,) = boards(tmp_path).keys() - {"clinic-tiny-4-folds"}
    lines = (
        (tmp_path / "leaderboards" / name / "board.md")
        .read_text()
        .split("## What the new labels move")[1]
        .split("## ")[0]
    )
    (row,) = [line for line in lines.splitlines() if line.startswith("| forty ")]
    assert [cell.strip().split(" (")[0].strip("*") for cell in row.split("|")[2:4]] == ["2", "1"]
    assert "**1" in row


def test_films_that_are_missing_renamed_or_added_are_told_and_not_matched(ran, cli, tmp_path, tiny_file):
    (ran / "films/film05.png").rename(ran / "films/renamed.png")
    Image.fromarray(np.full((32, 48), 7, np.uint8)).save(ran / "films/added.png")

    def change(row):
        if row["film"] == "film05":
            return row | {"film": "renamed"}
        if row["film"] == "film06":
            return {"film": "added", "patient": "new", "A": "1", "B": "2"}
        return row | {"patient": "patient08"} if row["film"] == "film07" else row

    edit(ran, change)
    done = rescore(cli, tiny_file)
    said = " ".join(done.out.split())
    assert done.code == 0
    assert "2 of 16 test films are not in the new labels" in said
    assert "do not count now: 'film05', 'film06'." in said
    assert "'renamed' has the pixels of 'film05'. If it was renamed, give it its old id" in said
    assert "2 films of the new labels are not test films of this board" in said
    assert "1 test films have another patient now: 'film07'" in said
    (name,) = boards(tmp_path).keys() - {"clinic-tiny-4-folds"}
    board = read_board((tmp_path / "leaderboards" / name / "board.json").read_text())
    assert {row.films for row in board.rows if row.kind == "model"} == {14}


def test_a_third_reader_is_told_and_counts(ran, cli, tmp_path, tiny_file):
    edit(ran, lambda row: row | {"C": "0"})
    text = (ran / "cohort.toml").read_text()
    (ran / "cohort.toml").write_text(text.replace('["A", "B"]', '["A", "B", "C"]'))
    done = rescore(cli, tiny_file)
    assert done.code == 0
    assert "New readers: 'C'." in done.out
    assert "C against the others" in done.out


# --- what is refused ---


def test_a_film_of_the_same_name_with_other_pixels_is_refused(ran, cli, tmp_path, tiny_file):
    Image.fromarray(np.full((32, 48), 7, np.uint8)).save(ran / "films/film05.png")
    edit(ran, corrected)
    done = rescore(cli, tiny_file)
    assert done.code == 1
    assert "1 of 16 test films have other pixels in 'clinic' than those that the models read: 'film05'" in done.err
    assert set(boards(tmp_path)) == {"clinic-tiny-4-folds"}


def test_labels_that_did_not_change_are_refused(ran, cli, tiny_file):
    done = rescore(cli, tiny_file)
    assert done.code == 1
    assert "there is nothing to re-score" in done.err


def test_another_scale_is_refused(ran, cli, tiny_file):
    (ran / "cohort.toml").write_text(COHORT.format(private="", maximum=448))
    done = rescore(cli, tiny_file)
    assert done.code == 1
    assert (
        "on another scale than the predictions: SvH, both hands, 0 to 448 SvH units, not SvH, both hands, 0 to 280"
        in done.err
    )


def test_labels_of_films_with_other_ids_are_refused(ran, cli, tiny_file):
    for file in list((ran / "films").iterdir()):
        file.rename(file.with_name(f"x{file.name}"))
    edit(ran, lambda row: row | {"film": f"x{row['film']}"})
    done = rescore(cli, tiny_file)
    assert done.code == 1
    assert "None of the 16 test films is in 'clinic', which calls its films 'xfilm00'" in done.err


def test_records_without_pixels_are_refused(ran, cli, tmp_path, tiny_file):
    (file,) = tmp_path.glob("runs/clinic-tiny-4-folds/forty/seed0-fold1-*/predictions.csv")
    lines = [line.rsplit(",", 1)[0] for line in file.read_text().splitlines()]
    file.write_text("\n".join(lines) + "\n")
    edit(ran, corrected)
    done = rescore(cli, tiny_file)
    assert done.code == 1
    assert "The record of forty, seed 0, does not say which pixels its films have" in done.err


def test_labels_of_a_cohort_that_knows_no_pixels_are_refused(ran, cli, tiny_file):
    done = rescore(cli, tiny_file, "tiny")
    assert done.code == 1
    assert "'tiny' does not say which pixels its films have" in done.err


def test_runs_that_are_not_those_of_the_board_are_refused(ran, cli, tmp_path, tiny_file):
    (file,) = tmp_path.glob("runs/clinic-tiny-4-folds/forty/seed0-fold1-*/predictions.csv")
    file.write_text(re.sub(r",40\.0(,\w{64})", r",41.0\1", file.read_text()))
    edit(ran, corrected)
    done = rescore(cli, tiny_file)
    assert done.code == 1
    assert "are not those of the board: of 'forty' there is another or no finished run" in done.err


def test_a_board_without_runs_and_one_that_is_not_there_are_told_apart(ran, cli, tmp_path, tiny_file):
    edit(ran, corrected)
    absent = cli("rescore", "other", "-p", tiny_file, "--labels", "new/cohort.toml")
    assert (absent.code, "There is no board in leaderboards/other." in absent.err) == (1, True)
    shutil.rmtree(tmp_path / "runs")
    done = rescore(cli, tiny_file)
    assert (done.code, "name the folder of runs with --runs" in done.err) == (1, True)


# --- privacy ---


@pytest.mark.parametrize("ran", ["private = true"], indirect=True)
def test_predictions_of_a_private_cohort_stay_out_of_leaderboards(ran, cli, tmp_path, tiny_file):
    edit(ran, corrected)
    assert rescore(cli, tiny_file).code == 0
    assert len(boards(tmp_path)) == 2
    written = bytes_below(tmp_path / "leaderboards")
    assert {file.name for file in written} == {"board.md", "board.json", "index.html"}
    assert not any(b"film00" in content or b"patient00" in content for content in written.values())


def test_labels_that_became_private_keep_predictions_out_of_leaderboards(ran, cli, tmp_path, tiny_file):
    (ran / "cohort.toml").write_text(COHORT.format(private="private = true", maximum=280))
    edit(ran, corrected)
    rescore(cli, tiny_file)
    (name,) = boards(tmp_path).keys() - {"clinic-tiny-4-folds"}
    assert not (tmp_path / "leaderboards" / name / "records").exists()


def test_nothing_that_a_dicom_film_says_of_a_person_is_copied_anywhere(cli, tmp_path, tiny_file, tiny_protocol):
    pydicom = pytest.importorskip("pydicom")
    write_cohort(tmp_path / "old")
    for number, file in enumerate(sorted((tmp_path / "old/films").iterdir())):
        film = np.asarray(Image.open(file))
        header = pydicom.dataset.FileMetaDataset()
        header.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        header.MediaStorageSOPClassUID = pydicom.uid.DigitalXRayImageStorageForPresentation
        header.MediaStorageSOPInstanceUID = f"1.2.3.{number + 1}"
        dataset = pydicom.Dataset()
        dataset.file_meta = header
        dataset.SOPClassUID, dataset.SOPInstanceUID = header.MediaStorageSOPClassUID, header.MediaStorageSOPInstanceUID
        dataset.Rows, dataset.Columns = film.shape
        dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "Secretname^Anna", "HOSP4711", "19470315"
        dataset.ReferringPhysicianName, dataset.InstitutionName = "Secretdoctor", "Secrethospital"
        dataset.PixelData = film.tobytes()
        dataset.save_as(file.with_suffix(".dcm"), enforce_file_format=True)
        file.unlink()
    words = ["-p", tiny_file, "--dataset", "old/cohort.toml", "--protocol", tiny_protocol]
    assert cli("run", "--models", "forty,fifty", *words).code == 0
    assert cli("cohort", "show", "old/cohort.toml", "-o", "sheet.png").code == 0
    written = {file: text for file, text in bytes_below(tmp_path).items() if (tmp_path / "old") not in file.parents}
    assert len(written) > 10
    for secret in (b"Secret", b"HOSP4711", b"19470315"):
        assert [file for file, text in written.items() if secret in text] == []
