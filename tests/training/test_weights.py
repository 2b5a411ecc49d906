"""Weights in files: what is read, what is refused, and what of them fits a network."""

import json
import struct

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from ra_bench.errors import WeightsError
from ra_bench.training.about import about_weights
from ra_bench.training.weights import fit_weights, read_weights, write_weights


@pytest.fixture
def net(model):
    return model.build()


@pytest.fixture
def state(net):
    return {name: value + 1 for name, value in net.state_dict().items()}


def test_what_is_written_is_read_back_by_us_and_by_safetensors(tmp_path, state):
    file = tmp_path / "body.safetensors"
    write_weights(state, {"model": "tiny", "seed": "3"}, file)
    for found in (read_weights(file), load_file(file)):
        assert found.keys() == state.keys()
        assert all(torch.equal(found[name], state[name]) for name in state)
    assert about_weights(file) == {"model": "tiny", "seed": "3"}
    with safe_open(file, "pt") as opened:
        assert opened.metadata() == {"model": "tiny", "seed": "3"}


def test_the_same_weights_are_the_same_bytes(tmp_path, state):
    about = {f"fact {number}": str(number) for number in range(20)}
    write_weights(state, about, tmp_path / "a.safetensors")
    write_weights(dict(reversed(state.items())), dict(reversed(about.items())), tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


@pytest.mark.parametrize("key", [None, "state_dict", "model_state_dict", "weights", "model"])
def test_a_checkpoint_of_torch_is_read_wherever_it_keeps_its_tensors(tmp_path, state, key):
    torch.save(state if key is None else {key: state, "epoch": 3, "note": "hello"}, tmp_path / "w.pt")
    found = read_weights(tmp_path / "w.pt")
    assert found.keys() == state.keys()


def test_pickled_objects_are_refused_and_not_run(tmp_path, state):
    trap = tmp_path / "sprung"

    class Trap:
        def __reduce__(self):
            return trap.touch, ()

    torch.save({**state, "more": Trap()}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"w\.pt: holds pickled objects, .* torch\.save\(network\.state_dict\(\)"):
        read_weights(tmp_path / "w.pt")
    assert not trap.exists()


def test_a_whole_pickled_network_is_refused(tmp_path, net):
    torch.save(net, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match="holds pickled objects"):
        read_weights(tmp_path / "w.pt")


@pytest.mark.parametrize("content", [b"", b"x", b"no weights at all", b"PK\x03\x04 torn", b"<html>404</html>"])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(WeightsError, match=r"w\.pt: is no file of weights \(.*\)\. Give a \.safetensors file"):
        read_weights(tmp_path / "w.pt")


def test_a_torn_safetensors_file_is_refused(tmp_path, state):
    write_weights(state, {}, tmp_path / "w.safetensors")
    (tmp_path / "w.safetensors").write_bytes((tmp_path / "w.safetensors").read_bytes()[:-40])
    with pytest.raises(WeightsError, match=r"is no whole safetensors file \(.*\)\. Fetch or write it anew"):
        read_weights(tmp_path / "w.safetensors")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(WeightsError, match=r"none\.pt: cannot be read: No such file or directory\. Give the file"):
        read_weights(tmp_path / "none.pt")


def test_a_file_without_tensors_is_told(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"holds no tensors by name\. Give a file with a network's state_dict"):
        read_weights(tmp_path / "w.pt")


def test_a_tensor_that_is_not_finite_is_told(tmp_path, state):
    state["stem.weight"][0, 0, 0, 0] = float("nan")
    save_file(state, tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match=r"the tensor 'stem\.weight' holds nan or infinity"):
        read_weights(tmp_path / "w.safetensors")


@pytest.mark.parametrize("prefix", ["", "module.", "model.", "module.model.", "_orig_mod."])
def test_all_but_the_head_fits_whatever_a_wrapper_put_before_the_names(net, state, prefix):
    fit = fit_weights({prefix + name: value for name, value in state.items()}, net, "head")
    assert fit.tensors.keys() == {name for name in state if not name.startswith("head.")}
    assert fit.missing + fit.unexpected + fit.other_shape + fit.adapted == ()
    net.load_state_dict(fit.tensors, strict=False)
    assert torch.equal(net.state_dict()["stem.weight"], state["stem.weight"])


def test_an_exact_name_goes_before_one_with_a_prefix(net, state):
    other = torch.zeros_like(state["stem.weight"])
    fit = fit_weights({"module.stem.weight": other, **state}, net, "head")
    assert torch.equal(fit.tensors["stem.weight"], state["stem.weight"])
    assert fit.unexpected == ("module.stem.weight",)


def test_a_head_of_any_size_is_left_out(net, state):
    fit = fit_weights({**state, "head.weight": torch.zeros(1000, 8), "head.extra": torch.zeros(1)}, net, "head")
    assert not [name for name in (*fit.tensors, *fit.unexpected, *fit.other_shape) if name.startswith("head")]


def test_what_does_not_fit_is_listed_by_name(net, state):
    del state["depthwise.bias"], state["norm.num_batches_tracked"]
    state["norm.weight"] = torch.zeros(3)
    state["decoder.weight"] = torch.zeros(3)
    fit = fit_weights(state, net, "head")
    assert (fit.missing, fit.other_shape, fit.unexpected) == (
        ("depthwise.bias",),
        ("norm.weight",),
        ("decoder.weight",),
    )
    assert {"depthwise.bias", "norm.weight"}.isdisjoint(fit.tensors)


def test_whole_numbers_for_fractions_are_quantised_and_do_not_fit(net, state):
    state["stem.weight"] = torch.ones_like(state["stem.weight"], dtype=torch.int8)
    assert fit_weights(state, net, "head").other_shape == ("stem.weight",)


def test_half_precision_fits(net, state):
    fit = fit_weights({name: value.half() for name, value in state.items() if value.is_floating_point()}, net, "head")
    net.load_state_dict(fit.tensors, strict=False)
    assert torch.equal(net.state_dict()["stem.weight"], state["stem.weight"].half().float())


def test_a_first_convolution_for_one_channel_gives_the_same_numbers_on_grey_films(net, state):
    grey = nn.Conv2d(1, 8, 3, stride=2, bias=False)
    fit = fit_weights({**state, "stem.weight": grey.weight.detach()}, net, "head")
    assert fit.adapted == ("stem.weight",)
    assert fit.other_shape == ()
    net.load_state_dict(fit.tensors, strict=False)
    film = torch.randn(2, 1, 17, 23)
    torch.testing.assert_close(net.get_submodule("stem")(film.repeat(1, 3, 1, 1)), grey(film))


@pytest.mark.parametrize(
    "content",
    [b"", b"short", struct.pack("<Q", 2**60) + b"{}", struct.pack("<Q", 4) + b"torn", struct.pack("<Q", 2) + b"[]"],
)
def test_a_file_that_says_nothing_of_itself_says_nothing(tmp_path, content):
    (tmp_path / "w").write_bytes(content)
    assert about_weights(tmp_path / "w") == {}
    assert about_weights(tmp_path / "none") == {}


def test_metadata_that_are_no_texts_are_made_texts(tmp_path):
    header = json.dumps({"__metadata__": {"epoch": 3}}).encode()
    (tmp_path / "w").write_bytes(struct.pack("<Q", len(header)) + header)
    assert about_weights(tmp_path / "w") == {"epoch": "3"}
