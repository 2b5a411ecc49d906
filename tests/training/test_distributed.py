"""Several processes come to what one comes to. Two are started once, with `torchrun`; see two_processes.py."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ra_bench.errors import TrainingError
from ra_bench.training.distributed import ALONE, Team, synchronised, team, waiting
from ra_bench.training.progress_file import CHECKPOINT
from ra_bench.training.weights import read_weights
from ra_bench.values import Compute

SCRIPT = Path(__file__).with_name("two_processes.py")
CASES = ["mse", "wang2022", "wang2022-last-of-three", "wang2022-last-of-two", "wang2022-in-parts", "huber-clipped"]
CASES += ["plain-descent", "idle"]


@given(films=st.integers(2, 100), size=st.integers(1, 12))
def test_the_shares_of_a_batch_that_count_hold_each_film_once_in_order(films, size):
    batch = np.random.default_rng(films).permutation(films)
    shares = [Team(rank=rank, size=size).share(batch) for rank in range(size)]
    assert np.concatenate([share.places for share in shares if share.counts]).tolist() == batch.tolist()
    assert min(len(share.places) for share in shares) >= 2
    assert {share.of for share in shares} == {films}
    assert sum(share.counts for share in shares) == min(size, films // 2)


@given(films=st.integers(0, 100), size=st.integers(1, 12))
def test_each_film_of_a_set_is_predicted_by_one_process(make_films_once, films, size):
    chosen = make_films_once[films]
    own = [Team(rank=rank, size=size).films(chosen) for rank in range(size)]
    assert [name for each in own for name in each.ids] == list(chosen.ids)
    assert np.array_equal(np.concatenate([each.films for each in own]), chosen.films)
    assert np.array_equal(np.concatenate([each.sizes for each in own]), chosen.sizes)


@pytest.fixture(scope="module")
def make_films_once():
    from ra_bench import FilmSet

    every = np.arange(100)
    return [
        FilmSet(
            ids=tuple(map(str, every[:count])),
            films=every[:count, None, None].astype(np.uint8),
            sizes=np.stack([every[:count]] * 2, axis=1),
        )
        for count in range(101)
    ]


def test_a_batch_that_has_not_two_films_a_device_is_refused():
    assert Team(rank=0, size=2).largest_share(5) == 3
    with pytest.raises(TrainingError) as raised:
        Team(rank=0, size=4).largest_share(7)
    assert str(raised.value) == (
        "A batch of 7 films is too small for 4 devices, which need 2 each. "
        "Use --devices 3, or a protocol with a larger batch_size."
    )


def test_a_process_that_is_in_no_team_is_alone():
    net = nn.Linear(1, 1)
    assert team() == ALONE
    assert ALONE.together(net, torch.device("cpu")) is net
    assert (ALONE.most(3), ALONE.same("a"), ALONE.first) == (3, "a", True)
    with waiting(net, last=False):  # has nobody to wait for
        net(torch.zeros(1, 1)).backward()


def test_processes_drop_different_things_and_each_the_same_again():
    def drawn(rank, epoch=1):
        torch.manual_seed(0)
        Team(rank=rank, size=3).draw_apart(7, epoch)
        return torch.rand(4).tolist()

    torch.manual_seed(0)
    untouched = torch.rand(4).tolist()
    assert drawn(0) == untouched
    assert drawn(1) == drawn(1)
    assert len({tuple(drawn(*each)) for each in ((0, 1), (1, 1), (2, 1), (1, 2), (2, 2))}) == 5


def test_normalisation_over_all_shares_needs_gpus(small_net):
    asked, two = Compute(sync_batch_norm=True), Team(rank=0, size=2)
    with pytest.raises(TrainingError, match=r"sync_batch_norm needs GPUs, and the 2 processes compute on: cpu\. Leave"):
        synchronised(small_net(), asked, two, torch.device("cpu"))


def test_normalisation_over_all_shares_is_torchs_and_keeps_names_and_weights(small_net):
    net, asked, two = small_net(), Compute(sync_batch_norm=True), Team(rank=0, size=2)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    made = synchronised(net, asked, two, torch.device("cuda"))
    assert isinstance(made.norm, nn.SyncBatchNorm)
    assert made.state_dict().keys() == before.keys()
    assert torch.equal(made.state_dict()["stem.weight"], before["stem.weight"])


@pytest.mark.parametrize(("asked", "crew"), [(False, Team(rank=0, size=2)), (True, ALONE)])
def test_normalisation_is_left_as_it_is_where_nobody_asked_or_there_is_one_process(small_net, asked, crew):
    net = small_net()
    assert synchronised(net, Compute(sync_batch_norm=asked), crew, torch.device("cuda")) is net
    assert isinstance(net.norm, nn.BatchNorm2d)


@pytest.fixture(scope="module")
def script():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPT.parent)
        return runpy.run_path(str(SCRIPT))


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The folder of what two processes came to, and what each of them has."""
    folder = tmp_path_factory.mktemp("both")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", SCRIPT, folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder, [torch.load(folder / rank / "results.pt", weights_only=False) for rank in ("0", "1")]


@pytest.fixture
def one(script, tmp_path):
    """What one process comes to in a case, and its checkpoint."""

    def call(name):
        result = script["trained"](script["CASES"][name], tmp_path / name)
        return result, torch.load(tmp_path / name / CHECKPOINT, weights_only=True)

    return call


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_two_processes_come_to_the_weights_of_one_where_nothing_is_normalised(both, one, name):
    folder, (first, _) = both
    result, checkpoint = one(name)
    found = torch.load(folder / "0" / name / CHECKPOINT, weights_only=True)
    assert found["epoch"] == checkpoint["epoch"]
    torch.testing.assert_close(found["weights"], checkpoint["weights"], rtol=1e-3, atol=2e-5)
    assert first[name]["losses"] == pytest.approx(result["losses"], rel=1e-4)
    assert first[name]["test"] == pytest.approx(result["test"], rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*CASES, "normalised"])
def test_both_processes_come_to_the_same_bits_and_one_writes(both, name):
    folder, (first, second) = both
    assert first[name]["losses"] == second[name]["losses"]
    assert np.array_equal(first[name]["validation"], second[name]["validation"])
    assert np.array_equal(first[name]["test"], second[name]["test"])
    assert (folder / "0" / name / CHECKPOINT).exists()
    assert not (folder / "1" / name / CHECKPOINT).exists()


@pytest.mark.slow
def test_where_something_is_normalised_two_processes_come_to_something_else(both, one):
    # or the figure would not be worth the remark that the board makes
    _, (first, _) = both
    result, _ = one("normalised")
    assert first["normalised"]["losses"] != pytest.approx(result["losses"], rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("count", [7, 1, 0])
def test_predictions_of_both_come_together_in_the_order_of_the_films(both, script, make_films, protocol, count):
    alone = script["told"](script["two_columns"](), make_films(count, protocol, name="p", seed=5)[0], ALONE)
    assert alone.shape == (count, 2)
    for each in both[1]:
        assert each[f"films-{count}"]["told"] == pytest.approx(alone, rel=1e-5)


@pytest.mark.slow
def test_a_team_agrees_on_statistics_and_on_what_one_of_them_has(both):
    for each in both[1]:
        assert each["team"] == {"agreed": [0.5] * 8, "most": 4, "same": "said by 0"}


@pytest.mark.slow
def test_two_processes_come_to_the_pretrained_body_of_one(both, script, tmp_path):
    script["pretrained"](tmp_path / "alone")
    found = read_weights(both[0] / "0" / "pretrained" / "body.safetensors")
    wanted = read_weights(tmp_path / "alone" / "body.safetensors")
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=2e-5)
    assert not (both[0] / "1" / "pretrained" / "body.safetensors").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Names of threads are read from /proc")
def test_who_left_has_no_thread_that_could_abort_the_end_of_the_process(both):
    for each in both[1]:
        assert each["threads"]
        assert not [name for name in each["threads"] if "gloo" in name]
