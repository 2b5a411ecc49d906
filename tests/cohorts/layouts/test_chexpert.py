"""CheXpert's layout, quirks included."""

import numpy as np
import pytest

from ra_bench.cohorts.layouts.chexpert import FINDINGS, label_array, read_chexpert, split_findings
from ra_bench.errors import FilmError, TableError

HEADER = ",".join(["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *FINDINGS])
FRONTAL = (
    "CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg,Female,68,Frontal,AP,1.0,,,,,,,,,0.0,-1.0,,,1.0"
)
LATERAL = "CheXpert-v1.0-small/train/patient00001/study1/view2_lateral.jpg,Female,68,Lateral,,1.0,,,,,,,,,0.0,,,,1.0"
OTHER = "CheXpert-v1.0-small/train/patient00002/study3/view1_frontal.jpg,Unknown,0,Frontal,LL,,,1.0,,,,,,,,,,,"


@pytest.fixture
def write(tmp_path, save_film):
    """Write a table and its first film; `prefix` says whether the folder of `Path` exists."""

    def make(*rows, header=HEADER, prefix=True, film=True):
        csv = tmp_path / ("CheXpert-v1.0-small" if prefix else "data") / "train.csv"
        csv.parent.mkdir(exist_ok=True)
        csv.write_text("\n".join([header, *rows]) + "\n")
        if film:
            save_film(csv.parent / "train" / "patient00001" / "study1" / "view1_frontal.jpg", 77)
        return csv

    return make


def refused(error, csv, **options):
    with pytest.raises(error) as caught:
        read_chexpert(csv, **options)
    return str(caught.value).replace(str(csv), "FILE")


def test_findings_are_present_absent_uncertain_or_not_mentioned(write):
    film = read_chexpert(write(FRONTAL, LATERAL, OTHER)).samples[0]
    assert film.sample_id == "train/patient00001/study1/view1_frontal.jpg"
    assert film.patient_id == "patient00001"
    assert dict(zip(FINDINGS, film.findings, strict=True)) == dict.fromkeys(FINDINGS) | {
        "No Finding": 1.0,
        "Pneumothorax": 0.0,
        "Pleural Effusion": -1.0,
        "Support Devices": 1.0,
    }


def test_laterals_are_left_out_unless_wanted(write):
    csv = write(FRONTAL, LATERAL, OTHER)
    assert len(read_chexpert(csv).samples) == 2
    assert len(read_chexpert(csv, frontal_only=False).samples) == 3


@pytest.mark.parametrize("prefix", [True, False])
def test_the_folder_in_the_paths_may_be_there_or_not(write, prefix):
    films = read_chexpert(write(FRONTAL, prefix=prefix))
    assert abs(int(films.samples[0].film()[0, 0]) - 77) < 3


def test_ids_do_not_depend_on_the_release(write):
    small = read_chexpert(write(FRONTAL))
    full = read_chexpert(write(FRONTAL.replace("-small", ""), prefix=False))
    assert small.samples[0].sample_id == full.samples[0].sample_id
    assert small.version == full.version


def test_a_changed_finding_changes_the_version(write):
    one = read_chexpert(write(FRONTAL)).version
    assert one != read_chexpert(write(FRONTAL.replace("-1.0", "1.0"))).version


def test_a_film_that_is_not_there_is_told_when_it_is_decoded(write):
    films = read_chexpert(write(FRONTAL, OTHER))
    with pytest.raises(FilmError, match="there is no such file"):
        films.samples[1].film()


def test_whole_numbers_are_findings_too(write):
    assert read_chexpert(write(FRONTAL.replace("1.0,", "1,"))).samples[0].findings[0] == 1.0


def test_labels_are_an_array_with_nan_for_what_is_not_mentioned(write):
    labels = label_array(read_chexpert(write(FRONTAL, OTHER)))
    assert labels.shape == (2, 14)
    assert labels[0, [0, 9, 10]].tolist() == [1, 0, -1]
    assert np.isnan(labels).sum() == 28 - 5


def test_a_missing_column_is_told(write):
    message = refused(TableError, write(FRONTAL, header=HEADER.replace("Edema", "Oedema")))
    assert message.startswith("FILE: no column 'Edema'; found Path, Sex, Age, ")


def test_a_strange_finding_is_told_with_row_column_and_value(write):
    message = refused(TableError, write(FRONTAL, LATERAL, OTHER.replace("1.0", "yes")))
    assert message.startswith("FILE, row 4, column 'Cardiomegaly': found 'yes', where 1.0 (present), 0.0 (absent), ")


def test_a_path_without_a_patient_is_told(write):
    message = refused(TableError, write(FRONTAL, OTHER.replace("patient00002", "somebody")))
    assert message.startswith("FILE, row 3, column 'Path': found 'CheXpert-v1.0-small/train/somebody/study3/")
    assert "names no patient" in message


def test_a_path_in_two_rows_is_told(write):
    assert "FILE, row 3, column 'Path': found " in refused(TableError, write(FRONTAL, FRONTAL))


def test_a_table_without_frontal_films_is_told(write):
    assert "no row has 'Frontal' in column 'Frontal/Lateral'" in refused(TableError, write(LATERAL))


def test_a_table_without_rows_is_told(write):
    assert refused(TableError, write()) == "FILE: the table has a header and no rows."


def test_a_missing_table_is_told(tmp_path):
    assert "there is no such file. CheXpert's tables are train.csv" in refused(TableError, tmp_path / "train.csv")


def test_a_table_that_is_none_is_told(tmp_path):
    (tmp_path / "train.csv").write_bytes(b"\xff\xfe\x00")
    assert "FILE: cannot be read as a table (" in refused(TableError, tmp_path / "train.csv")


def test_films_that_are_nowhere_are_told_with_where_they_were_looked_for(write):
    message = refused(FilmError, write(FRONTAL, film=False))
    assert message.startswith("FILE: the first film is in none of these places:\n")
    assert message.endswith("in the folder that holds train/ and valid/.")


@pytest.mark.slow
def test_the_full_table_is_read(write):
    # 223,414 rows of 64,540 patients, as the real one has.
    findings = ",".join(["", "1.0", "0.0", "-1.0", "", "", "1.0"] * 2)
    rows = [
        f"CheXpert-v1.0-small/train/patient{i % 64540 + 1:05d}/study{i // 64540 + 1}/view1_frontal.jpg"
        f",Male,60,Frontal,AP,{findings}"
        for i in range(223_414)
    ]
    films = read_chexpert(write(*rows))
    assert len(films.samples) == 223_414
    assert len({sample.patient_id for sample in films.samples}) == 64_540


# --- validation of the pretraining ---


def many(write, patients):
    rows = [
        OTHER.replace("patient00002", f"patient{1 + i % patients:05d}").replace("study3", f"study{i // patients + 1}")
        for i in range(patients * 3)
    ]
    return read_chexpert(write(*rows))


def test_patients_validate_whole(write):
    films = many(write, 20)
    split = split_findings(films, 0.2, seed=0)
    owner = {sample.sample_id: sample.patient_id for sample in films.samples}
    assert len(split.train) == 48
    assert len(split.validation) == 12
    assert not {owner[i] for i in split.train} & {owner[i] for i in split.validation}


def test_the_seed_decides_who_validates(write):
    films = many(write, 20)
    assert split_findings(films, 0.2, seed=0) == split_findings(films, 0.2, seed=0)
    assert split_findings(films, 0.2, seed=0).validation != split_findings(films, 0.2, seed=1).validation


def test_one_patient_cannot_be_split(write):
    with pytest.raises(TableError, match=r"Set 'chexpert' has 1 patient\(s\): validation needs one of at least two"):
        split_findings(read_chexpert(write(FRONTAL)), 0.2, seed=0)
