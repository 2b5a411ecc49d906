"""Every promise of a network: kept by a small one, and broken by one that breaks just this."""

from __future__ import annotations

import random
import re
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from ra_bench import ModelSpec
from ra_bench.errors import RaBenchError
from ra_bench.testing import of_networks, run_all
from ra_bench.testing.check import bound
from ra_bench.testing.global_state import apart, switches, where_generators_stand
from ra_bench.testing.of_networks import NETWORK
from ra_bench.testing.tiny import TINY_NET, tiny_net


class Around(nn.Module):
    """The tiny network, with something done to what it gives."""

    def __init__(self, after=lambda score, film, net: score, before=lambda film, net: film, **parts):
        super().__init__()
        self.net, self.after, self.before = tiny_net(), after, before
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, film):
        return self.after(self.net(self.before(film, self)), film, self)


def spec(build, **facts):
    return ModelSpec(**{"name": "net", "build": build, "citation": "-", **facts})


def around(after=lambda score, film, net: score, *, do=lambda: None, **parts):
    """A network that does something when it is built, and something else when it is run."""

    def build():
        do()
        return Around(after, **{name: part() if name != "before" else part for name, part in parts.items()})

    return build


def also(action):
    """A network that does something in `forward` beside what it should."""
    return around(lambda score, film, net: (action(), score)[1])


def without_statistics():
    net = tiny_net()
    net.norm = nn.BatchNorm2d(8, track_running_stats=False)
    return net


def of_one_size():
    return nn.Sequential(nn.Conv2d(3, 2, 8, stride=8), nn.Flatten(), nn.Linear(2 * 6 * 8, 1))


def unlike_the_last(sizes=iter(range(4, 99))):  # noqa: B008 - it is to remember
    width = next(sizes)
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 1))


def forgetful():
    """What is kept outside the state decides the output."""
    net = Around(lambda score, film, net: score + net.shift)
    net.shift = torch.randn(1)
    return net


def of_memory_order(score, film, net):
    return score + 100 * film.stride(1) / film.stride(0)


def summed_into(score, film, net):
    return torch.zeros(len(film), 1).index_add_(0, torch.arange(len(film)), score)


def idle():
    return around(spare=lambda: nn.Linear(2, 2))()


def draws_from_the_clock():
    net = tiny_net()
    net.stem.register_parameter("extra", nn.Parameter(torch.rand(3, generator=fresh())))
    return net


def fresh():
    generator = torch.Generator()
    generator.seed()
    return generator


@pytest.mark.parametrize("promise", NETWORK, ids=lambda promise: promise.__name__)
def test_a_small_network_keeps(promise):
    promise(TINY_NET)


def torn():
    raise OSError("no such file")


BROKEN = [
    ("builds", spec(dict), "`build` of the model 'net' gives a dict; the trainer 'standard' trains torch.nn.Module"),
    ("global_state", spec(around(do=lambda: torch.manual_seed(0))), "Take 'torch.manual_seed' out of `build`"),
    ("global_state", spec(also(partial(np.random.seed, 3))), "Take 'numpy.random.seed' out of `build`"),
    ("global_state", spec(around(do=lambda: random.seed(3))), "Take 'random.seed' out of `build`, `__init__`"),
    ("global_state", spec(also(random.seed)), "such as the clock: a job cannot be done again. Take 'random.seed' out"),
    ("global_state", spec(around(do=lambda: torch.set_num_threads(2))), "torch.set_num_threads was 1 before and is 2"),
    (
        "global_state",
        spec(also(lambda: torch.use_deterministic_algorithms(True))),
        "torch.use_deterministic_algorithms",
    ),
    (
        "global_state",
        spec(around(do=lambda: setattr(torch.backends.cudnn, "benchmark", True))),
        "torch.backends.cudnn.benchmark was False before and is True after it. Take that call out",
    ),
    (
        "global_state",
        spec(around(do=lambda: torch.set_default_dtype(torch.float64))),
        "torch.set_default_dtype was torch.",
    ),
    ("global_state", spec(also(lambda: torch.set_grad_enabled(False))), "torch.set_grad_enabled was True before"),
    ("output_shape", spec(around(lambda score, film, net: score[:, 0])), "must give a tensor of shape (4, 1)"),
    ("output_shape", spec(around(lambda score, film, net: (score, film))), "gives a tuple for films"),
    ("output_shape", spec(around(lambda score, film, net: score.double())), "gives torch.float64 for films of float32"),
    ("finite", spec(around(lambda score, film, net: score / 0 * 0)), "gives nan for noisy films in training mode"),
    (
        "finite",
        spec(around(lambda score, film, net: score + film.std(dim=(1, 2, 3)).log()[:, None])),
        "gives -inf for black films in training mode. Look for a division",
    ),
    (
        "finite",
        spec(
            around(
                lambda score, film, net: score + (net.w * film).var(dim=(1, 2, 3)).sqrt()[:, None],
                w=lambda: weight(2.0),
            )
        ),
        "The gradient of 'w' in 'net' is not finite for black films",
    ),
    ("uses_films", spec(around(before=lambda film, net: 0 * film)), "its output does not depend on its input"),
    ("gradients", spec(idle), "does not depend on 'spare.weight', 'spare.bias': no gradient comes there"),
    (
        "gradients",
        spec(around(lambda score, film, net: score + 0 * net.w, w=lambda: weight(1.0))),
        "gradient of 'w' in",
    ),
    ("same_seed", spec(draws_from_the_clock), "other weights, first in stem.extra: `build` draws from a generator"),
    ("same_seed", spec(around(lambda s, f, n: s + torch.rand(1, generator=fresh()))), "outputs"),
    ("same_seed", spec(around(lambda s, f, n: s + put(s, f))), "cannot be done twice alike on a CPU"),
    ("batch_independence", spec(without_statistics), "depend on which films are in the batch"),
    (
        "batch_independence",
        spec(around(lambda score, film, net: score + torch.rand(1))),
        "are other numbers the second time: one moves by",
    ),
    (
        "batch_independence",
        spec(around(lambda score, film, net: score + (torch.arange(len(film))[:, None] if len(film) > 1 else 0))),
        "depend on which films are in the batch",
    ),
    ("state_dict", spec(forgetful), "not part of it. Make a tensor that is learnt an nn.Parameter"),
    ("state_dict", spec(unlike_the_last), "The state of 'net' does not fit a second one of it: "),
    (
        "small_films",
        spec(of_one_size),
        "fails on films of 33 x 65 in training mode (RuntimeError: mat1 and mat2 shapes",
    ),
    (
        "channels_last",
        spec(around(before=lambda film, net: film.view(len(film), -1).view(film.shape))),
        "`reshape` where",
    ),
    ("channels_last", spec(around(of_memory_order)), "gives other numbers for films in the order channels_last"),
    ("autocast", spec(around(summed_into)), "fails in half precision, as `--precision bf16` computes it ("),
    ("parameters", spec(tiny_net, parameters=100), "declares 100 parameters and has 321. Write parameters=321 in its"),
    ("layers", spec(tiny_net, head="haed"), "names 'haed' as its head, which does not exist"),
    ("layers", spec(tiny_net, head="depthwise"), "it can be replaced for pretraining only if it is a Linear"),
    ("layers", spec(tiny_net, residual_ends=("end",)), "names 'end' as the end of a residual branch, but no layer"),
    ("layers", spec(around(lambda s, f, n: s[:, :1]), head="net.head"), "it must give a tensor of shape (2, 3)"),
]


def weight(value):
    return nn.Parameter(torch.tensor(value))


def put(score, film):
    """An operation without an order of sums that is the same each time."""
    return torch.zeros(1).put_(torch.zeros(len(film), dtype=torch.long), score[:, 0], accumulate=False)


@pytest.mark.parametrize(("name", "broken", "said"), BROKEN, ids=[f"{name}-{said[:20]}" for name, _, said in BROKEN])
def test_a_network_that_breaks_one_promise_is_told_what_and_how_to_mend_it(name, broken, said):
    with pytest.raises(RaBenchError, match=re.escape(said)):
        getattr(of_networks, name)(broken)


def test_every_promise_is_broken_by_something_here():
    assert {name for name, _, _ in BROKEN} | {"memory"} == {promise.__name__ for promise in NETWORK}


def test_what_build_raises_is_told_once():
    checks = bound("model 'net'", NETWORK, spec(torn))
    failed = [(done.name, done.said) for done in run_all(checks) if done.state == "failed"]
    assert failed == [("builds", f"OSError: no such file ({__file__.rpartition('/')[2]}, line {line_of(torn)}).")]


def line_of(function):
    return function.__code__.co_firstlineno + 1


def test_what_a_film_may_keep_in_memory_has_a_bound(monkeypatch):
    monkeypatch.setattr(of_networks, "_MEMORY", 2**20)
    with pytest.raises(RaBenchError, match=r"keeps 0\.0 GiB for the backward pass of one film of 256 x 256"):
        of_networks.memory(TINY_NET)


def test_memory_is_what_autograd_keeps_without_the_weights():
    # a film in; 8 channels of 127 x 127 twice, then of 63 x 63; a few bytes behind the pooling
    kept = 4 * (3 * 256 * 256 + 8 * 127 * 127 * 2 + 8 * 63 * 63)
    assert of_networks.memory(TINY_NET) == f"{kept / 2**20:.0f} MiB"


def test_a_network_that_begins_at_zero_is_not_taken_for_a_blind_one():
    def build():
        net = tiny_net()
        nn.init.zeros_(net.head.weight)
        return net

    at_zero = spec(build, overrides={"initialisation": "model"})
    of_networks.uses_films(at_zero)
    assert of_networks.gradients(at_zero) == ""


def test_frozen_layers_are_told():
    def build():
        net = tiny_net()
        net.stem.requires_grad_(False)
        return net

    assert of_networks.gradients(spec(build)) == "1 of 7 are frozen"


def test_drawing_in_training_is_no_seeding():
    dropping = spec(around(lambda score, film, net: net.drop(score), drop=lambda: nn.Dropout(0.5)))
    of_networks.global_state(dropping)
    of_networks.same_seed(dropping)
    of_networks.batch_independence(dropping)


def test_checks_leave_no_trace():
    before, stood = switches(), where_generators_stand()
    with apart():
        torch.manual_seed(5)
        np.random.seed(5)  # noqa: NPY002 - what a careless guest does
        random.seed(5)
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        torch.set_grad_enabled(False)
        torch.backends.cudnn.deterministic = True
        torch.use_deterministic_algorithms(True)
    assert (switches(), where_generators_stand()) == (before, stood)
