"""What a network promises: a model that the suite's own trainer, or one made of its parts, is to train.

It is built as a trainer builds it, its weights drawn as its protocol says. Weights that begin at zero, such as those
of a last layer, are drawn besides: the first step of a training ends the zeros, and here none is taken.
"""

from __future__ import annotations

import io
import pickle
from contextlib import suppress
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ra_bench.errors import PluginError
from ra_bench.testing.check import in_short
from ra_bench.testing.global_state import GENERATORS, seed_all, switches, where_generators_stand
from ra_bench.testing.tiny import TINY
from ra_bench.training.build import build_model, replace_head, residual_ends
from ra_bench.training.cost import count_parameters
from ra_bench.training.device import reproducible
from ra_bench.training.predict import outputs
from ra_bench.training.protocol import with_overrides

if TYPE_CHECKING:
    from ra_bench.specs import ModelSpec
    from ra_bench.testing.check import Promise

#: Height and width of most films here; those of `small_films`; those of `memory`.
_SIZE, _SMALL, _LARGER = (48, 64), (33, 65), (256, 256)

#: Of outputs that should be one but for the order of sums, the share of the largest by which they may differ.
_ROUNDING = 1e-3

#: What one film of 256 x 256 may keep for the backward pass: seven times the most that one of the suite's own keeps.
_MEMORY = 2**30


def global_state(spec: ModelSpec) -> None:
    """Building and running it neither seeds nor sets what all code shares."""
    before = switches()
    once, again, other = (_where_it_leaves_generators(spec, seed) for seed in (1, 1, 2))
    after = switches()
    if changed := [name for name, value in before.items() if after[name] != value]:
        raise PluginError(
            f"Building or running '{spec.name}' changes what all models share: {changed[0]} was "
            f"{before[changed[0]]} before and is {after[changed[0]]} after it. Take that call out of the plugin. How a "
            "step is computed is said by the protocol's section [compute]."
        )
    if seeded := [call for name, call in GENERATORS.items() if once[name] == other[name]]:
        raise PluginError(
            f"Building or running '{spec.name}' seeds the random generators that all share: whatever the seed of the "
            f"job, they stand at the same place afterwards, so that all seeds train alike. Take {_some(seeded)} out of "
            "`build`, `__init__` and `forward`: the trainer seeds before it builds."
        )
    if clocked := [call for name, call in GENERATORS.items() if once[name] != again[name]]:
        raise PluginError(
            f"Building or running '{spec.name}' seeds a random generator that all share with something else each time, "
            f"such as the clock: a job cannot be done again. Take {_some(clocked)} out."
        )


def builds(spec: ModelSpec) -> None:
    """`build`, called without arguments, gives a torch.nn.Module."""
    built(spec)


def output_shape(spec: ModelSpec) -> None:
    """It gives one number a film: a float32 tensor of shape (batch, 1)."""
    model = built(spec)
    for training, count in ((True, 4), (False, 4), (False, 1)):
        model.train(training)
        given = outputs(model, films(count), columns=1, name=spec.name)
        if given.dtype != torch.float32:
            raise PluginError(
                f"'{spec.name}' gives {given.dtype} for films of float32. Let its layers and constants be float32: "
                "take `.double()`, `.half()` and torch.set_default_dtype out of it."
            )


def finite(spec: ModelSpec) -> None:
    """Its outputs and gradients are finite, for black, white and noisy films alike."""
    model = built(spec)
    for name, shown in {"noisy": films(2), "black": films(2, grey=-2.0), "white": films(2, grey=4.0)}.items():
        for training in (True, False):
            model.train(training)
            given = outputs(model, shown, columns=1, name=spec.name)
            if not given.isfinite().all():
                raise PluginError(
                    f"'{spec.name}' gives {given.flatten()[~given.isfinite().flatten()][0].item()} for {name} films "
                    f"{_when(training)}. Look for a division by what may be 0 (a standard deviation of one value), a "
                    "logarithm or root of what may be 0, or an overflow; add a small number there, or clamp."
                )
            if training:
                given.sum().backward()  # type: ignore[no-untyped-call]
                _check_gradients(model, spec, name)


def uses_films(spec: ModelSpec) -> None:
    """Films that differ get outputs that differ."""
    model = built(spec).eval()
    shown = torch.cat([films(2), films(1, grey=-1.0), films(1, grey=2.0)])
    given = outputs(model, shown, columns=1, name=spec.name).detach().flatten()
    if (given.max() - given.min()).item() <= 1e-6 * given.abs().max().item():
        raise PluginError(
            f"'{spec.name}' gives {given[0].item():g} for each of four films that differ: its output does not depend "
            "on its input. Look whether `forward` uses the films that it is given, and whether the path from them to "
            "the result is cut: a mask of zeros, a ReLU that is never positive, an average over everything."
        )


def gradients(spec: ModelSpec) -> str:
    """The output reaches every parameter that is trained."""
    model = built(spec).train()
    outputs(model, films(4), columns=1, name=spec.name).square().sum().backward()  # type: ignore[no-untyped-call]
    trained = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    unused = [name for name, weight in trained.items() if weight.grad is None]
    dead = [name for name, weight in trained.items() if weight.grad is not None and not weight.grad.any()]
    if unused:
        raise PluginError(
            f"The output of '{spec.name}' does not depend on {_some(unused)}: no gradient comes there. Use the layer "
            "in `forward`, or delete it: it is counted as parameters, and never learns. A `detach()` or `no_grad` on "
            "the way cuts gradients, too."
        )
    if dead:
        raise PluginError(
            f"The gradient of {_some(dead)} in '{spec.name}' is zero for noisy films. Look for what is multiplied by "
            "zero after it, or for an activation that is flat there."
        )
    frozen = sum(1 for _ in model.parameters()) - len(trained)
    return f"{frozen} of {frozen + len(trained)} are frozen" if frozen else ""


def same_seed(spec: ModelSpec) -> None:
    """The same seed gives the same weights, outputs and gradients, to the bit."""
    first, second = _one_step(spec), _one_step(spec)
    for what, advice in (
        ("weights", "`build` draws from a generator that is not seeded, or from the clock"),
        ("outputs", "`forward` draws from a generator that is not seeded, or from the clock"),
        ("gradients", "an operation of its own adds up in an order that changes"),
    ):
        differing = [name for name, value in first[what].items() if not _same(value, second[what][name])]
        if differing:
            raise PluginError(
                f"Two times seed 0 gives '{spec.name}' other {what}, first in {differing[0]}: {advice}. Draw with "
                "torch's own functions and without a generator of your own; the trainer seeds torch, numpy and random."
            )


def batch_independence(spec: ModelSpec) -> None:
    """In evaluation a film's output is its own: neither its neighbours nor its place, nor the time matter."""
    model = built(spec).eval()
    shown = films(5)
    with torch.no_grad():
        together = outputs(model, shown, columns=1, name=spec.name)
        again = outputs(model, shown, columns=1, name=spec.name)
        alone = torch.cat([outputs(model, film[None], columns=1, name=spec.name) for film in shown])
        turned = outputs(model, shown.flip(0), columns=1, name=spec.name).flip(0)
    for given, why, advice in (
        (
            again,
            "are other numbers the second time",
            "Something is drawn or counted: use nn.Dropout, which is silent in evaluation",
        ),
        (
            alone,
            "depend on which films are in the batch",
            "Do not normalise, sort or average over dimension 0; let norms keep running statistics, as BatchNorm2d",
        ),
        (turned, "depend on a film's place in the batch", "Treat all rows of a batch alike"),
    ):
        if not _alike(together, given):
            far = (together - given).abs().max().item()
            raise PluginError(
                f"In evaluation mode the outputs of '{spec.name}' {why}: one moves by {far:.3g}. {advice}. A "
                "prediction that changes with the batch size is none."
            )


def state_dict(spec: ModelSpec) -> None:
    """Its state, saved and loaded into a second one, gives the same outputs to the bit."""
    first, second = built(spec), built(spec, seed=1)
    first.train()(films(4))  # running statistics move
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    try:
        second.load_state_dict(torch.load(file, weights_only=True))
    except (RuntimeError, pickle.UnpicklingError, KeyError, TypeError) as error:
        raise PluginError(
            f"The state of '{spec.name}' does not fit a second one of it: {in_short(error)}. Let every layer be made "
            "in `__init__`, of sizes that are the same each time, and a state hold tensors and numbers only."
        ) from error
    shown = films(4)
    with torch.no_grad():
        given, wanted = second.eval()(shown), first.eval()(shown)
    if not _same(given, wanted):
        raise PluginError(
            f"'{spec.name}' answers otherwise once its state is saved and loaded: something that decides the output is "
            "not part of it. Make a tensor that is learnt an nn.Parameter, one that is kept `register_buffer`; "
            "otherwise weights that are stored would predict something else than they did."
        )


def small_films(spec: ModelSpec) -> None:
    """Films of 33 x 65 pixels, small and odd, get one number each."""
    model = built(spec)
    for training in (True, False):
        try:
            given = outputs(model.train(training), films(2, size=_SMALL), columns=1, name=spec.name)
        except (RuntimeError, ValueError) as error:
            raise PluginError(
                f"'{spec.name}' fails on films of 33 x 65 {_when(training)} ({type(error).__name__}: "
                f"{in_short(error)}). The size is the protocol's: end with nn.AdaptiveAvgPool2d(1) in place of a fixed "
                "size, pad so that odd sizes may be halved, and halve five times at most."
            ) from error
        if not given.isfinite().all():
            raise PluginError(
                f"'{spec.name}' gives what is not finite for films of 33 x 65 {_when(training)}: some layer is left "
                "with no pixel, or with a single value to take a spread of. Halve films less often."
            )


def channels_last(spec: ModelSpec) -> None:
    """Films and weights in the order channels_last, as trainers give them, change nothing but rounding."""
    model, shown = built(spec).eval(), films(4)
    with torch.no_grad():
        wanted = outputs(model, shown, columns=1, name=spec.name)
        model.to(memory_format=torch.channels_last)
        try:
            given = outputs(model, shown.contiguous(memory_format=torch.channels_last), columns=1, name=spec.name)
        except RuntimeError as error:
            raise PluginError(
                f"'{spec.name}' fails on films in the order channels_last, as the trainer gives them "
                f"({in_short(error)}). Write `flatten` or `reshape` where it says `view`."
            ) from error
    if not _alike(wanted, given):
        raise PluginError(
            f"'{spec.name}' gives other numbers for films in the order channels_last: one moves by "
            f"{(wanted - given).abs().max().item():.3g}. Address pixels by index, never by stride or memory order "
            "(`as_strided`, `data_ptr`)."
        )


def autocast(spec: ModelSpec) -> None:
    """Under CPU autocast to bfloat16 it runs, forwards and backwards, and stays finite."""
    model = built(spec).train()
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            given = outputs(model, films(4), columns=1, name=spec.name)
        given.float().sum().backward()  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        raise PluginError(
            f"'{spec.name}' fails in half precision, as `--precision bf16` computes it ({in_short(error)}). Bring "
            "tensors that meet to one type: `x.to(weight.dtype)`, or compute that part in float32."
        ) from error
    if not given.isfinite().all():
        raise PluginError(
            f"'{spec.name}' gives what is not finite in half precision (bfloat16). Compute that part in float32: "
            "`with torch.autocast(x.device.type, enabled=False)`."
        )


def parameters(spec: ModelSpec) -> str:
    """It has as many parameters as it declares."""
    counted = count_parameters(built(spec))
    if spec.parameters is None:
        return f"it declares none; it has {counted:,}"
    if counted != spec.parameters:
        raise PluginError(
            f"'{spec.name}' declares {spec.parameters:,} parameters and has {counted:,}. Write parameters={counted:_} "
            "in its ModelSpec, or look for the layer that is missing or too much."
        )
    return f"{counted:,}"


def layers(spec: ModelSpec) -> str:
    """The layers that it names are there: the head, which pretraining replaces, and the ends of residual branches."""
    model = built(spec)
    residual_ends(model, spec)
    if spec.head is None and spec.pretraining is None:
        return "it names no head"
    replace_head(model, spec, outputs=3)
    outputs(model, films(2), columns=3, name=spec.name)
    return ""


def memory(spec: ModelSpec) -> str:
    """What one film of 256 x 256 keeps for the backward pass is at most 1 GiB."""
    model = built(spec).train()
    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    held: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            held[storage.data_ptr()] = storage.nbytes()
        return tensor

    count = 2
    shown = films(count, size=_LARGER)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        given = outputs(model, shown, columns=1, name=spec.name)
    a_film = sum(held.values()) // count
    del given
    if a_film > _MEMORY:
        raise PluginError(
            f"'{spec.name}' keeps {a_film / 2**30:.1f} GiB for the backward pass of one film of 256 x 256, and sixteen "
            "times that at 1024 x 1024. Halve the film earlier, have fewer channels where it is large, or wrap blocks "
            "in torch.utils.checkpoint."
        )
    return f"{a_film / 2**20:.0f} MiB"


NETWORK: tuple[Promise, ...] = (
    global_state,
    builds,
    parameters,
    output_shape,
    finite,
    uses_films,
    gradients,
    same_seed,
    batch_independence,
    state_dict,
    small_films,
    channels_last,
    autocast,
    layers,
    memory,
)


def built(spec: ModelSpec, *, seed: int = 0) -> nn.Module:
    """The network, built from a seed, with no weights that are all zero."""
    seed_all(seed)
    model = build_model(spec, with_overrides(TINY, _initialisation(spec)))
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():
                nn.init.normal_(parameter, std=0.01)
    return model


def films(count: int, *, size: tuple[int, int] = _SIZE, grey: float | None = None) -> Tensor:
    """Films as a network gets them, (count, 3, height, width), z-scores: noise, or all of one grey."""
    generator = torch.Generator().manual_seed(7)
    height, width = size
    one = torch.randn((count, 1, height, width), generator=generator)
    return (one if grey is None else torch.full_like(one, grey)).repeat(1, 3, 1, 1)


def _initialisation(spec: ModelSpec) -> dict[str, object]:
    """How its weights are drawn, where it says so itself."""
    return {key: value for key, value in spec.overrides.items() if key == "initialisation"}


def _where_it_leaves_generators(spec: ModelSpec, seed: int) -> dict[str, str]:
    """The state of each generator after building, a training step and an evaluation from one seed."""
    seed_all(seed)
    with suppress(Exception):  # what it raises is told by `builds` and `output_shape`
        model = spec.build()
        model.train()(films(2))
        model.eval()(films(2))
    return where_generators_stand()


def _one_step(spec: ModelSpec) -> dict[str, dict[str, Tensor]]:
    """Weights, outputs and gradients of a first step from seed 0, as the trainer takes it."""
    try:
        with reproducible(0, torch.device("cpu")):
            model = build_model(spec, with_overrides(TINY, _initialisation(spec))).train()
            weights = {name: value.clone() for name, value in model.state_dict().items()}
            given = outputs(model, films(4), columns=1, name=spec.name)
            given.square().sum().backward()  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        if "deterministic" not in str(error):
            raise
        raise PluginError(
            f"An operation of '{spec.name}' cannot be done twice alike on a CPU, and the trainer asks for that "
            f"({in_short(error)}). Use another one."
        ) from error
    slopes = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    return {"weights": weights, "outputs": {"the result of `forward`": given.detach()}, "gradients": slopes}


def _check_gradients(model: nn.Module, spec: ModelSpec, shown: str) -> None:
    """Refuse a gradient that is not finite, and forget them all."""
    for name, weight in model.named_parameters():
        if weight.grad is not None and not weight.grad.isfinite().all():
            raise PluginError(
                f"The gradient of '{name}' in '{spec.name}' is not finite for {shown} films, though the output is. A "
                "root or a norm has no gradient at 0: add a small number under it."
            )
    model.zero_grad(set_to_none=True)


def _alike(first: Tensor, second: Tensor) -> bool:
    """Whether two outputs are one but for the order of sums; what is not finite is told by `finite`."""
    largest = first.nan_to_num(0, 0, 0).abs().max().item()
    return torch.allclose(first, second, rtol=0, atol=_ROUNDING * largest, equal_nan=True)


def _same(first: Tensor, second: Tensor) -> bool:
    """Whether two tensors are one to the bit."""
    return first.shape == second.shape and torch.allclose(first, second, rtol=0, atol=0, equal_nan=True)


def _when(training: bool) -> str:  # noqa: FBT001 - as nn.Module.train takes it
    return "in training mode" if training else "in evaluation mode"


def _some(names: list[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
