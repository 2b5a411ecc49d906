"""From a finished run to numbers and pictures."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

from ra_bench.attention.pictures import heated
from ra_bench.errors import AttentionError, StorageError
from ra_bench.reports.attention_page import attention_page, write_attention
from ra_bench.reports.pages import page_text
from ra_bench.suite import look_where

if TYPE_CHECKING:
    from pathlib import Path

    from ra_bench.suite import Suite

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def asked(tiny_protocol: Path) -> dict[str, Any]:
    return {"protocol": str(tiny_protocol), "device": "cpu"}


@pytest.fixture(scope="session")
def found(trained: Suite, asked: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What is found on films whose damage is known, and two looks."""
    return look_where(
        trained, "bright-net", dataset="bright", shown=2, out=tmp_path_factory.mktemp("unused") / "look", **asked
    )


def test_attention_lies_on_the_damage_that_is_seen(found: Any) -> None:
    means, gaps = found[0].means, found[0].gaps
    # A disc of 6 pixels' radius around a square of 8 x 8, of 32 x 48 pixels; one of two sites is damaged.
    assert means["film_damage"].value == pytest.approx(np.pi * 6**2 / (32 * 48), rel=0.03)
    assert means["sites_damage"].value == pytest.approx(0.5, abs=0.01)
    assert means["on_damage"].value > 0.7
    assert 0.6 < means["follows_damage"].value < 0.8  # cells of 4 pixels, enlarged, around a disc of 12 across
    assert gaps["others_damage"].value > 0.3


def test_means_are_of_the_films_and_gaps_of_their_differences(found: Any) -> None:
    shares = found[0].shares
    assert len(shares) == found[0].films == 4
    own, other = (np.array([getattr(one, name) for one in shares]) for name in ("on_damage", "film_damage"))
    assert found[0].means["on_damage"].value == pytest.approx(own.mean())
    assert found[0].gaps["film_damage"].value == pytest.approx((own - other).mean())


def test_the_page_says_what_chance_would_give_and_that_films_are_simulated(found: Any) -> None:
    said = page_text(attention_page(found[0]))
    assert "SIMULATED films" in said
    assert "even over the film (chance)" in said
    assert "'1': 8 x 12 cells for a film of 32 x 48 pixels" in said
    assert "Measured on 4 films. Left out: 0 without damage" in said


@pytest.fixture(scope="session")
def own(trained: Suite, asked: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a model that says itself where it looks says of those films, and a look."""
    out = tmp_path_factory.mktemp("unused") / "look"
    return look_where(trained, "bright-own", dataset="bright", shown=1, out=out, **asked)


def test_a_models_own_attention_stands_beside_chance_and_no_library_is_named(own: Any, found: Any) -> None:
    assert (own[0].layer, own[0].library, own[0].map_size) == (None, None, (8, 12))
    assert own[0].means["film_damage"] == found[0].means["film_damage"]
    assert own[0].means["on_damage"].value == pytest.approx(found[0].means["on_damage"].value, abs=1e-6)


def test_a_models_own_attention_is_called_so(own: Any, tmp_path: Path) -> None:
    page, values, *_ = write_attention(*own, tmp_path / "look")
    said = page.read_text(encoding="utf-8")
    assert "The model's own attention: 8 x 12 cells for a film of 32 x 48 pixels." in said
    assert "Grad-CAM" not in said
    assert json.loads(values.read_text(encoding="utf-8"))["layer"] is None


def test_overlays_numbers_and_page_are_written(found: Any, tmp_path: Path) -> None:
    files = write_attention(*found, tmp_path / "look")
    assert [str(file.relative_to(tmp_path / "look")) for file in files][:3] == [
        "attention.md",
        "attention.json",
        f"films/01-{found[0].shown[0].replace('/', '-')}.png",
    ]
    assert "![Overlays](attention.png)" in files[0].read_text(encoding="utf-8")
    content = json.loads(files[1].read_text(encoding="utf-8"))
    assert (content["layer"], content["map_size"], len(content["shares"])) == ("1", [8, 12], 4)
    assert all(width_of(file) > 900 for file in files[2:])  # film and overlay side by side


def width_of(file: Path) -> int:
    with Image.open(file) as picture:
        return picture.width


def test_an_overlay_is_coloured_where_the_model_looks_and_grey_elsewhere() -> None:
    attention = np.zeros((4, 6))
    attention[1, 2] = 3.0
    film = np.full((4, 6), 100, np.uint8)
    picture = heated(film, attention)
    red, green, blue = picture[1, 2].astype(int)
    assert min(red, green) > blue + 50  # yellow
    assert (picture[2, 3] == 100).all()
    assert (heated(film, np.zeros((4, 6))) == 100).all()


def test_of_films_whose_damage_nobody_knows_there_are_overlays_only(
    trained: Suite, asked: dict[str, Any], tmp_path: Path
) -> None:
    found, looks = look_where(trained, "bright-net", dataset="unseen", shown=3, out=tmp_path / "look", **asked)
    assert (found.means, found.shares, len(looks)) == ({}, (), 3)
    write_attention(found, looks, tmp_path / "look")
    assert "On drawn damage" not in (tmp_path / "look" / "attention.md").read_text(encoding="utf-8")


def test_without_a_folder_for_overlays_they_are_not_computed(trained: Suite, asked: dict[str, Any]) -> None:
    assert look_where(trained, "bright-net", dataset="bright", **asked)[1] == ()
    with pytest.raises(AttentionError, match=r"'unseen' is not known.*--out"):
        look_where(trained, "bright-net", dataset="unseen", **asked)


def test_overlays_are_never_written_among_boards(trained: Suite, asked: dict[str, Any]) -> None:
    with pytest.raises(AttentionError, match=r"lies within .* where boards are that anybody may see"):
        look_where(trained, "bright-net", dataset="unseen", out=trained.boards / "unseen" / "look", **asked)


def test_without_a_finished_run_it_says_how_to_train_it(trained: Suite, asked: dict[str, Any]) -> None:
    with pytest.raises(AttentionError) as raised:
        look_where(trained, "bright-net", dataset="bright", seed=7, **asked)
    said = str(raised.value)
    assert "no finished run of 'bright-net', seed 7, on 'bright' under 'tiny'" in said
    assert "ra-bench run --models bright-net --dataset bright --protocol " in said
    assert f"--seeds 7 -p {trained.plugin_files[0]}" in said


@pytest.fixture
def copied(trained: Suite, tmp_path: Path) -> Suite:
    """The same runs, to be spoilt."""
    shutil.copytree(trained.runs, tmp_path / "runs")
    return replace(trained, runs=tmp_path / "runs")


def checkpoint(suite: Suite) -> Path:
    (file,) = suite.runs.glob("bright-*/bright-net/*/checkpoint.pt")
    return file


def test_a_run_that_kept_no_weights_is_told_of(copied: Suite, asked: dict[str, Any]) -> None:
    checkpoint(copied).unlink()
    with pytest.raises(AttentionError, match=r"holds no checkpoint.pt: .* --afresh"):
        look_where(copied, "bright-net", dataset="bright", **asked)


@pytest.mark.parametrize("spoil", [b"", b"no checkpoint", None])
def test_weights_that_cannot_be_used_are_told_of(copied: Suite, asked: dict[str, Any], spoil: bytes | None) -> None:
    file = checkpoint(copied)
    if spoil is None:
        content = torch.load(file, weights_only=True)
        del content["weights"]["0.weight"]
        torch.save(content, file)
    else:
        file.write_bytes(spoil)
    with pytest.raises(AttentionError, match=r"does not hold what the trainer 'standard' keeps.* --afresh"):
        look_where(copied, "bright-net", dataset="bright", **asked)


def test_a_folder_that_cannot_be_made_is_told_of(found: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        write_attention(*found, tmp_path / "file" / "look")
