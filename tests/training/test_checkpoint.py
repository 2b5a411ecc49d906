import logging

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from ra_bench.errors import StorageError, TrainingError
from ra_bench.training.checkpoint import load_body, save, save_body, snapshot


@pytest.fixture
def body(tmp_path, model):
    file = tmp_path / "body.safetensors"
    save_body(model.build(), "head", file)
    return file


def test_a_snapshot_does_not_change_with_the_network(model):
    net = model.build()
    kept = snapshot(net)
    nn.init.zeros_(net.stem.weight)
    assert kept["stem.weight"].abs().sum() > 0


def test_a_body_holds_all_but_the_head(body, model):
    names = load_file(body).keys()
    assert set(model.build().state_dict()) - set(names) == {"head.weight", "head.bias"}


def test_what_loaded_is_logged(body, model, caplog):
    caplog.set_level(logging.INFO)
    load_body(model.build(), "head", body)
    assert "pretrained body: 8 of 8 tensors loaded" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_what_did_not_load_is_logged_by_name(tmp_path, model, caplog):
    weights = snapshot(model.build())
    del weights["depthwise.bias"]
    weights["stem.weight"] = torch.zeros(1)
    weights["extra.weight"] = torch.zeros(1)
    save(weights, tmp_path / "body.pt")
    load_body(model.build(), "head", tmp_path / "body.pt")
    assert "not in the pretrained body, or of another shape: depthwise.bias, stem.weight" in caplog.text
    assert "in the pretrained body, but not in the model: extra.weight" in caplog.text


def test_a_head_in_the_file_is_not_loaded(tmp_path, model):
    save(snapshot(model.build()), tmp_path / "whole.pt")
    net = model.build()
    before = net.head.weight.clone()
    load_body(net, "head", tmp_path / "whole.pt")
    assert torch.equal(net.head.weight, before)


def test_the_body_of_another_network_is_refused(body):
    with pytest.raises(TrainingError, match=r"Not one weight of the pretrained body .*body\.\w+ fits the model"):
        load_body(nn.Sequential(nn.Conv2d(3, 4, 5)), "head", body)


def test_a_model_without_a_named_head_cannot_take_a_body(body, model):
    with pytest.raises(TrainingError, match=r"names no head\. Give ModelSpec\.head"):
        load_body(model.build(), None, body)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 torn"])
def test_a_torn_body_says_which_file_to_delete(tmp_path, model, content):
    (tmp_path / "body.pt").write_bytes(content)
    with pytest.raises(TrainingError, match=r"Cannot load the pretrained body .*body\.pt\. Delete it"):
        load_body(model.build(), "head", tmp_path / "body.pt")


def test_a_missing_body_is_named(tmp_path, model):
    with pytest.raises(TrainingError, match=r"Cannot load the pretrained body .*none\.pt"):
        load_body(model.build(), "head", tmp_path / "none.pt")


def test_a_checkpoint_that_cannot_be_written_is_a_storage_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="Cannot write"):
        save({}, tmp_path / "file" / "checkpoint.pt")
