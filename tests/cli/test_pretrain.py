"""`ra-bench pretrain` on a folder in CheXpert's layout, and what a run does with the weights."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from ra_bench.cohorts.layouts.chexpert import FINDINGS
from ra_bench.training.about import about_weights

pytestmark = pytest.mark.slow  # whole runs in processes of their own

FILES = Path(__file__).parent.parent / "plugin_files"
COMMON = ("-q", "-p", FILES / "tiny.py", "--protocol", FILES / "tiny.toml", "--data", "data")


@pytest.fixture
def chests(tmp_path):
    """Forty frontal and ten lateral films of twenty patients; bright ones have an opacity, nobody has a fracture."""
    folder, draw = tmp_path / "films", np.random.default_rng(0)
    rows = [",".join(["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *FINDINGS])]
    for number in range(50):
        view = "frontal" if number < 40 else "lateral"
        path = f"train/patient{number % 20 + 1:05d}/study{number // 20}/view1_{view}.jpg"
        bright = number % 3 == 0
        film = draw.normal(150 if bright else 90, 5, (40, 50)).astype(np.uint8)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(film).save(folder / path)
        found = dict.fromkeys(FINDINGS, "") | {"Lung Opacity": f"{bright:.1f}", "Fracture": "0.0", "Edema": "-1.0"}
        rows.append(f"CheXpert-v1.0-small/{path},Male,60,{view.title()},AP," + ",".join(found.values()))
    (folder / "train.csv").write_text("\n".join(rows) + "\n")
    (folder / "cohort.toml").write_text('name = "chests"\nlayout = "chexpert"\n')
    return folder / "cohort.toml"


def test_a_body_is_trained_measured_and_written_with_a_card(cli, chests):
    said = cli("pretrain", "tiny-net", "--dataset", chests, *COMMON)
    assert said.code == 0, said.err
    assert "pretraining, epoch 1/1, loss" in said.err
    assert re.search(r"^Lung Opacity +\d\.\d{3} +\d+ +\d+$", said.out, re.MULTILINE)
    assert re.search(r"^Fracture +n/a +0 +\d+$", said.out, re.MULTILINE)
    assert re.search(r"^Edema +n/a +\d+ +0$", said.out, re.MULTILINE)  # uncertain counts as present
    assert "Mean AUROC over 1 findings" in said.out
    assert "Wrote tiny-net-chests.safetensors" in said.out
    about = about_weights(Path("tiny-net-chests.safetensors"))
    assert (about["model"], about["dataset"], about["policy"], about["seed"]) == ("tiny-net", "chests", "U-Ones", "0")
    train, validation = json.loads(about["train"]), json.loads(about["validation"])
    assert (train[0] + validation[0], train[1] + validation[1], validation[1]) == (40, 20, 2)
    assert load_file("tiny-net-chests.safetensors").keys() >= {"0.0.weight", "0.1.running_mean"}


def test_the_card_says_what_a_user_must_know(cli, chests):
    assert cli("pretrain", "tiny-net", "--dataset", chests, *COMMON, "-o", "out/body.safetensors").code == 0
    card = Path("out/body.md").read_text()
    about = about_weights(Path("out/body.safetensors"))
    assert card.startswith("# body.safetensors\n")
    assert "Frontal films only: 10 laterals left out." in card
    assert "Uncertain findings: U-Ones, an uncertain finding counts as present." in card
    assert f"version `{about['dataset_version']}`" in card
    assert f"hash `{about['protocol_hash']}`; seed 0; epoch 1 of 1 kept (last)" in card
    assert f"Key: `{about['key']}`" in card
    assert "| Fracture | n/a | 0 |" in card
    assert "Citation: Irvin J et al. CheXpert" in card
    assert "Stanford University Dataset Research Use Agreement" in card
    assert "simulated" not in card


def test_the_card_of_simulated_films_says_so(cli):
    assert cli("pretrain", "tiny-net-transfer", *COMMON, "-o", "body.safetensors").code == 0
    assert "**The films are simulated.**" in Path("body.md").read_text()


def test_a_body_that_stands_is_written_again_and_not_trained(cli, chests):
    first = cli("pretrain", "tiny-net", "--dataset", chests, *COMMON)
    before = Path("tiny-net-chests.safetensors").read_bytes()
    again = cli("pretrain", "tiny-net", "--dataset", chests, *COMMON)
    assert "This body stood already; it was not trained again." in again.out
    assert "stood already" not in first.out
    assert "loss" not in again.err
    assert Path("tiny-net-chests.safetensors").read_bytes() == before


def test_another_seed_or_policy_is_another_body(cli, chests):
    ignoring = Path("ignoring.toml")
    text = (FILES / "tiny.toml").read_text()
    ignoring.write_text(text.replace("[pretraining]\n", '[pretraining]\nuncertain = "ignore"\n'))
    command = ("pretrain", "tiny-net", "--dataset", chests, *COMMON)
    assert cli(*command, "-o", "a.safetensors").code == 0
    assert cli(*command, "--seed", 1, "-o", "b.safetensors").code == 0
    assert cli(*command, "--protocol", ignoring, "-o", "c.safetensors").code == 0
    assert len({about_weights(Path(f"{name}.safetensors"))["key"] for name in "abc"}) == 3
    assert "U-Ignore, an uncertain finding counts for nothing" in Path("c.md").read_text()


def test_a_run_of_the_transfer_model_takes_the_body_by_its_key(cli):
    assert cli("pretrain", "tiny-net-transfer", *COMMON).code == 0
    said = cli("run", "--models", "tiny-net-transfer", "--dataset", "tiny", *COMMON)
    assert said.code == 0, said.err
    assert "pretraining" not in said.err
    assert "epoch 1/1" in said.err


def test_a_run_takes_the_file_for_another_model_of_the_same_network(cli, chests):
    assert cli("pretrain", "tiny-net", "--dataset", chests, *COMMON, "-o", "body.safetensors").code == 0
    run = ("run", "--models", "tiny-net-transfer", "--dataset", "tiny", *COMMON)
    said = cli(*run, "--weights", "tiny-net-transfer=body.safetensors")
    assert said.code == 0, said.err
    assert re.search(r"Starts from body\.safetensors \(sha256 \w{8}\), trained on chests: 7 of 7", said.err)
    assert re.search(r"tiny-net-transfer\+\w{8}", said.out)
    board = Path("leaderboards/tiny-tiny/board.md").read_text()
    assert "--weights tiny-net-transfer=body.safetensors" in board
    explained = cli(*run, "--weights", "body.safetensors", "--explain")
    assert ": stands: " in explained.out


def test_a_file_with_other_weights_is_left_as_it_is(cli, chests):
    Path("mine.safetensors").write_bytes(b"precious")
    said = cli("pretrain", "tiny-net", "--dataset", chests, *COMMON, "-o", "mine.safetensors")
    assert said.code == 1
    assert "mine.safetensors is there already and holds other weights. It is left as it is" in said.err
    assert Path("mine.safetensors").read_bytes() == b"precious"
    assert "epoch" not in said.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tiny-net",), "names no set to pretrain on. Name one with --dataset: synthetic-chest"),
        (("forty", "--dataset", "tiny-findings"), "'forty' has no body to pretrain: it names no head"),
        (("tiny-net", "--dataset", "tiny"), "'tiny' has no findings, so no body can be pretrained on it"),
        (("tiny-net", "--dataset", "none.toml"), "Cannot read the description none.toml"),
        (("tiny-net", "--dataset", "."), ". is a folder. Describe it in a cohort.toml of the layout 'chexpert'"),
        (("tiny-nett", "--dataset", "tiny-findings"), "No model named 'tiny-nett'. Did you mean 'tiny-net'?"),
        (("tiny-net", "--dataset", "tiny-findings", "-o", "w.pt"), "End the name with '.safetensors'"),
        (("tiny-net", "--dataset", "tiny-findings", "-o", "folder.safetensors"), "is a folder. Name a file in it"),
    ],
)
def test_what_cannot_be_pretrained_is_told_before_any_training(cli, arguments, said):
    Path("folder.safetensors").mkdir()
    told = cli("pretrain", *arguments, *COMMON)
    assert told.code == 1
    assert said in told.err
    assert "Traceback" not in told.err
    assert "epoch" not in told.err


def test_a_set_with_the_name_of_an_installed_one_is_refused(cli, chests):
    chests.write_text('name = "tiny-findings"\nlayout = "chexpert"\n')
    said = cli("pretrain", "tiny-net", "--dataset", chests, *COMMON)
    assert "'name' is 'tiny-findings', the name of an installed dataset. Give yours another." in said.err


def test_a_run_refuses_weights_that_are_none(cli):
    Path("w.pt").write_text("<html>")
    said = cli("run", "--models", "tiny-net", "--dataset", "tiny", *COMMON, "--weights", "w.pt")
    assert said.code == 1
    assert "w.pt: is no file of weights" in said.err
    assert "starting" not in said.err
