"""RAM-H1200's layout: two JSON files a split, one hand a film, 0-140."""

import json

import pytest

from ra_bench.cohorts.audit.inspect import NO_PATIENTS
from ra_bench.cohorts.propose import propose_description
from ra_bench.errors import LeakError, TableError

BE = """BE_R BE_U BE_IP BE_L BE_MCP-T BE_MCP-I BE_MCP-M BE_MCP-R BE_MCP-S BE_CMC-T
    BE_PIP-I BE_PIP-M BE_PIP-R BE_PIP-S BE_S BE_Tm""".split()  # noqa: SIM905  as the files have them
JSN = """JSN_MCP-T JSN_MCP-I JSN_MCP-M JSN_MCP-R JSN_MCP-S JSN_PIP-I JSN_PIP-M JSN_PIP-R JSN_PIP-S
    JSN_CMC-M JSN_CMC-R JSN_CMC-S JSN_SC JSN_SR JSN_STT""".split()  # noqa: SIM905  as the files have them
BE_FILE, JSN_FILE = "_annotation_be_scores.json", "_annotation_jsn_scores.json"
HANDS = {"train": {"h1": {"BE_R": 5, "JSN_STT": 4}, "h2": {}}, "val": {"h3": {"BE_Tm": 2}}, "test": {"h4": {}}}


@pytest.fixture
def folder(tmp_path, save_film):
    """Write both files of every split with these parts by hand (0 if not named; None: left out), and the films."""

    def write(hands=HANDS, *, be="{}", jsn="{}", grey=0):
        home = tmp_path / "h1200"
        home.mkdir()
        greys = iter(range(10, 100, 10))
        for split, films in hands.items():
            scores = {BE_FILE: {}, JSN_FILE: {}}
            for film, given in films.items():
                save_film(home / "images" / f"{film}.bmp", grey or next(greys))
                for file, parts in ((BE_FILE, BE), (JSN_FILE, JSN)):
                    values = dict.fromkeys(parts, 0) | {
                        k: v for k, v in given.items() if (k[:2] == "BE") == (parts is BE)
                    }
                    scores[file][f"{film}.bmp"] = {part: value for part, value in values.items() if value is not None}
            for file, where in ((BE_FILE, be), (JSN_FILE, jsn)):
                (home / where.format(split)).mkdir(parents=True, exist_ok=True)
                (home / where.format(split) / file).write_text(json.dumps(scores[file]))
        return home

    return write


def test_a_hand_has_31_parts_and_140_points():
    assert (len(BE), len(JSN), 5 * len(BE) + 4 * len(JSN)) == (16, 15, 140)


def test_erosion_and_narrowing_of_a_hand_are_added(folder, load_layout):
    cohort = load_layout(folder(), "ram-h1200", ".")
    assert {s.sample_id: s.readings["score"] for s in cohort.samples} == {"h1": 9.0, "h2": 0.0, "h3": 2.0, "h4": 0.0}
    assert (cohort.scale.name, cohort.scale.maximum) == ("SvH, one hand", 140)
    assert cohort.licence == "CC BY 4.0"
    assert NO_PATIENTS in cohort.remarks


def test_the_split_is_given_by_the_folders(folder, load_layout):
    split = load_layout(folder(), "ram-h1200", ".").given_split
    assert (split.train, split.validation, split.test) == (("h1", "h2"), ("h3",), ("h4",))


def test_the_two_files_may_lie_in_trees_of_their_own(folder, load_layout):
    home = folder(be="Scoring/BE/{}", jsn="Scoring/JSN/{}")
    cohort = load_layout(home, "ram-h1200", "Scoring", "images")
    assert {s.sample_id: s.readings["score"] for s in cohort.samples}["h1"] == 9.0


def test_a_part_that_is_missing_leaves_the_hand_out(folder, load_layout):
    cohort = load_layout(folder(HANDS | {"train": {"h1": {"JSN_SC": None}, "h2": {}}}), "ram-h1200", ".")
    assert [s.sample_id for s in cohort.samples] == ["h4", "h2", "h3"]
    assert "1 of 4 films lack a part of the score and have no reading, such as 'h1' (JSN_SC)" in cohort.remarks[0]


def test_a_hand_in_one_of_the_two_files_only_is_left_out(folder, load_layout):
    home = folder()
    (home / "train" / JSN_FILE).write_text(json.dumps({"h2.bmp": dict.fromkeys(JSN, 0)}))
    assert "such as 'h1' (JSN_MCP-T)" in load_layout(home, "ram-h1200", ".").remarks[0]


def test_one_film_under_two_names_counts_as_one_patient(folder, load_layout):
    cohort = load_layout(folder({"train": {"h1": {}, "h2": {}}}, grey=40), "ram-h1200", ".")
    assert {s.patient_id for s in cohort.samples} == {"h1"}


def test_one_film_under_two_names_on_two_sides_is_a_leak(folder, load_layout):
    with pytest.raises(LeakError, match=r"train \(film 'h1'\) and test \(film 'h3'\)"):
        load_layout(folder({"train": {"h1": {}, "h2": {}}, "test": {"h3": {}}}, grey=40), "ram-h1200", ".")


def refused(load_layout, home):
    with pytest.raises(TableError) as caught:
        load_layout(home, "ram-h1200", ".")
    return str(caught.value).replace(str(home), "HOME")


def test_a_split_with_one_file_only_is_told(folder, load_layout):
    home = folder()
    (home / "val" / JSN_FILE).unlink()
    assert refused(load_layout, home) == (
        f"HOME: split 'val' has {BE_FILE} and no {JSN_FILE}, so no hand of it has a whole score."
    )


def test_a_folder_without_the_files_is_told(folder, load_layout):
    assert refused(load_layout, folder({})).startswith(f"HOME: no {BE_FILE} in a folder below.")


def test_a_split_of_another_name_is_told(folder, load_layout):
    message = refused(load_layout, folder({"fold1": {"h1": {}}}))
    assert "its folder is 'fold1', and must be one of train, training, val" in message


def test_a_split_with_two_files_is_told(folder, load_layout):
    home = folder()
    (home / "old" / "train").mkdir(parents=True)
    (home / "old" / "train" / BE_FILE).write_text("{}")
    assert refused(load_layout, home).startswith("HOME: split 'train' has two files: ")


def test_a_hand_in_two_splits_is_told(folder, load_layout):
    message = refused(load_layout, folder({"train": {"h1": {}}, "test": {"h1": {}}}))
    assert message == ("HOME: hand image 'h1' stands twice, in split 'train' and in split 'test', image 1. Keep one.")


def test_an_unknown_part_is_told(folder, load_layout):
    message = refused(load_layout, folder({"train": {"h1": {"BE_MCP-X": 1}}}))
    assert f"{BE_FILE}, 'h1.bmp': unknown part 'BE_MCP-X'. Known: BE_R, BE_U," in message


def test_a_grade_outside_is_told(folder, load_layout):
    message = refused(load_layout, folder({"train": {"h1": {"JSN_SR": 5}}}))
    assert f"{JSN_FILE}, 'h1.bmp', 'JSN_SR': found '5', outside 0 to 4, the grades of one part." in message


def test_a_hand_under_two_endings_is_told(folder, load_layout):
    home = folder({"train": {"h1": {}}})
    (home / "train" / BE_FILE).write_text('{"h1.bmp": {}, "h1.png": {}}')
    assert "hand image 'h1' stands twice, with two endings. Keep one." in refused(load_layout, home)


def test_the_layout_is_known_by_its_files(folder):
    proposal = propose_description(folder())
    description = proposal.description
    assert (description.layout, description.table, description.films) == ("ram-h1200", ".", "images")
    assert "Split: given by the layout's folders." in proposal.guesses
