"""Protocols: read from TOML, checked, overridden and hashed. No torch in this file."""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ra_bench.errors import ProtocolError
from ra_bench.values import Augmentation, Compute, Loss, Optimiser, Pretraining, Protocol, SplitRule

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

#: The protocols that come with ra-bench.
SHIPPED = Path(__file__).parent.parent / "protocols"

_SECTIONS: dict[str, type] = {
    "split": SplitRule,
    "loss": Loss,
    "optimiser": Optimiser,
    "augmentation": Augmentation,
    "pretraining": Pretraining,
    "pretraining.optimiser": Optimiser,
    "compute": Compute,
}

_UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")  # what pydantic calls a key that does not exist

#: Say nothing about how a model is trained with one seed, so they do not change the hash.
_NOT_HASHED = ("summary", "ours", "seeds")

#: Keys that came later, with what they are if not given: hashed only where they say otherwise, so that boards stand.
#: A key that came later than its section stands before it.
CAME_LATER = {
    "normalisation": "training-set",
    "compute.sync_batch_norm": False,
    "compute": {key: value for key, value in asdict(Compute()).items() if key != "sync_batch_norm"},
    "loss.delta": 1.0,
    "optimiser.clip": None,
    "pretraining.optimiser.clip": None,
}

#: Keys of `compute` that `ra-bench run` has options for, in their order.
ASKABLE = ("precision", "compile", "fit_batch")


def read_protocol(file: Path) -> Protocol:
    """Read a protocol file and check it.

    Raises
    ------
    ProtocolError
        The file cannot be read, is not TOML, has an unknown or missing key or a value that is not allowed.
    """
    try:
        with file.open("rb") as stream:
            content = tomllib.load(stream)
    except OSError as error:
        raise ProtocolError(f"Cannot read the protocol {file}: {error.strerror}. Check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(f"{file} is not valid TOML: {error}. See https://toml.io for how it is written.") from error
    if isinstance(content.get("ours"), dict):
        content["ours"] = dict(_flattened(content["ours"]))
    return _checked(content, origin=str(file))


def with_overrides(protocol: Protocol, overrides: Mapping[str, Any]) -> Protocol:
    """A protocol with some keys changed.

    Parameters
    ----------
    protocol
        What to start from.
    overrides
        New values by dotted key, such as `{"optimiser.learning_rate": 0.01}`.

    Raises
    ------
    ProtocolError
        A key that does not exist, or a value that is not allowed.
    """
    if not overrides:
        return protocol
    content = asdict(protocol)
    origin = f"the overrides of protocol '{protocol.name}'"
    for key, value in overrides.items():
        if key in _SECTIONS:
            raise ProtocolError(f"{origin}: '{key}' is a section. Give its keys one by one, such as '{_first(key)}'.")
        if key not in _known_keys():
            raise ProtocolError(_unknown(key, origin))
        section, last = _place(content, key)
        section[last] = value
    return _checked(content, origin=origin)


def with_compute(protocol: Protocol, wishes: Mapping[str, Any]) -> Protocol:
    """A protocol computed in another way, under a name that says so: its board is another.

    Parameters
    ----------
    protocol
        What to start from.
    wishes
        Keys of `compute` with their values, such as `{"precision": "bf16"}`; what is so already changes nothing.

    Raises
    ------
    ProtocolError
        A key that does not exist, or a value that is not allowed.
    """
    made = with_overrides(protocol, {f"compute.{key}": value for key, value in wishes.items()})
    changed = {
        key: value for key, value in wishes.items() if getattr(made.compute, key) != getattr(protocol.compute, key)
    }
    return replace(made, name=protocol.name + _suffix(changed))


def asked_compute(protocol: Protocol) -> tuple[str, dict[str, Any]]:
    """What `with_compute` made a protocol from, by its name: the name before, and what was asked for.

    Examples
    --------
    >>> quick = read_protocol(SHIPPED / "quick.toml")
    >>> asked_compute(with_compute(quick, {"precision": "bf16"}))
    ('quick', {'precision': 'bf16'})
    >>> asked_compute(quick)
    ('quick', {})
    """
    usual = asdict(Compute())
    wishes = {key: getattr(protocol.compute, key) for key in ASKABLE if getattr(protocol.compute, key) != usual[key]}
    name = protocol.name.removesuffix(_suffix(wishes))
    return (name, wishes) if name != protocol.name else (name, {})


def _suffix(wishes: Mapping[str, Any]) -> str:
    return "".join(f"-{value if isinstance(value, str) else key.replace('_', '-')}" for key, value in wishes.items())


def protocol_hash(protocol: Protocol) -> str:
    """Sha256 (64 hexadecimal digits) of all that decides how one seed is trained: not summary, ours and seeds.

    It is the same on every machine: keys are sorted, and 1 and 1.0 are the same number.
    """
    content = asdict(_checked(asdict(protocol), origin=f"protocol '{protocol.name}'"))
    for key in _NOT_HASHED:
        del content[key]
    for key, usual in CAME_LATER.items():
        section, last = _place(content, key)
        if section[last] == usual:
            del section[last]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def base_size(protocol: Protocol) -> tuple[int, int]:
    """Height and width in pixels at which films are kept, so that the smallest scale still covers the input.

    A protocol with 1024 x 1024 inputs and scales from 0.9 keeps films at 1138 x 1138.
    """
    scale = protocol.augmentation.smallest_scale
    return _ceiling(protocol.height / scale), _ceiling(protocol.width / scale)


def _place(content: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """The table that holds a dotted key, and the key's last part."""
    *sections, last = key.split(".")
    for name in sections:
        content = content[name]
    return content, last


def _ceiling(pixels: float) -> int:
    return math.ceil(pixels - 1e-9)  # 90 / 0.9 may come out a hair above 100


def _checked(content: Mapping[str, Any], *, origin: str) -> Protocol:
    """Validate a protocol's content. As JSON, so that a list may stand for a tuple but "16" not for 16."""
    from pydantic import ValidationError

    try:
        text = json.dumps(content, allow_nan=False, default=str)
    except ValueError:
        bad = [key for key, value in _flattened(content) if isinstance(value, float) and not math.isfinite(value)]
        raise ProtocolError(f"{origin}: '{', '.join(bad)}' is not a finite number. Write a finite one.") from None
    try:
        protocol = _adapter().validate_json(text, strict=True)
    except ValidationError as error:
        # a misspelt key comes first; that its list is then too short says nothing more
        details = [detail for detail in error.errors() if not (detail["type"] == "too_short" and detail["input"])]
        details.sort(key=lambda detail: detail["type"] not in _UNKNOWN)
        raise ProtocolError("\n".join(_explained(detail, origin) for detail in details)) from None
    _check_consistency(protocol, origin)
    return protocol


@cache
def _adapter() -> TypeAdapter[Protocol]:
    from pydantic import TypeAdapter

    return TypeAdapter(Protocol)


def _check_consistency(protocol: Protocol, origin: str) -> None:
    """Refuse what each key allows by itself but the protocol as a whole does not."""
    turns = [turn for turn in protocol.augmentation.turns if turn in {90, 270}]
    if turns and protocol.height != protocol.width:
        raise ProtocolError(
            f"{origin}: 'augmentation.turns' has {turns[0]}, which needs a square input; "
            f"height is {protocol.height}, width {protocol.width}. Make them equal or turn by 0 and 180 only."
        )
    for key, optimiser in (
        ("optimiser", protocol.optimiser),
        ("pretraining.optimiser", protocol.pretraining.optimiser),
    ):
        if optimiser.warmup > 0 and optimiser.schedule != "one-cycle":
            raise ProtocolError(
                f"{origin}: '{key}.warmup' is {optimiser.warmup}, but the schedule '{optimiser.schedule}' has no "
                f"warm-up. Remove it, or set '{key}.schedule' to 'one-cycle'."
            )
        if optimiser.momentum >= 1:
            raise ProtocolError(f"{origin}: '{key}.momentum' is {optimiser.momentum}; it must be less than 1.")
    for key in protocol.ours:
        if key not in _known_keys() and key not in _SECTIONS:
            raise ProtocolError(_unknown(key, f"{origin}, [ours]"))


@cache
def _known_keys() -> tuple[str, ...]:
    """Every key that holds a value, dotted: "height", "loss.name", ..., "pretraining.optimiser.warmup"."""
    names = [f"{section}.{field.name}" for section, kind in _SECTIONS.items() for field in fields(kind)]
    return tuple(key for key in [field.name for field in fields(Protocol)] + names if key not in _SECTIONS)


def _flattened(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its dotted key; those of a list one by one."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple):
            yield from ((f"{prefix}{key}", item) for item in value)
        else:
            yield f"{prefix}{key}", value


def _explained(detail: ErrorDetails, origin: str) -> str:
    """One sentence on one mistake: file, key, what was found, what is allowed."""
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] in _UNKNOWN:
        return _unknown(key, origin)
    if detail["type"] in {"missing", "missing_argument"}:
        return f"{origin}: '{key}' is missing. Add it."
    if detail["type"] == "dataclass_type":
        return f"{origin}: '{key}' is {detail['input']!r}; allowed: a section with keys such as '{_first(key)}'."
    if detail["type"] == "too_short":
        return f"{origin}: '{key}' is {detail['input']!r}; allowed: a list that is not empty."
    allowed = detail["msg"].removeprefix("Input should be ")
    return f"{origin}: '{key}' is {detail['input']!r}; allowed: {allowed}."


def _first(section: str) -> str:
    return f"{section}.{fields(_SECTIONS[section])[0].name}"


def _unknown(key: str, origin: str) -> str:
    """Say that a key does not exist, and which is near."""
    section = key.rpartition(".")[0]
    beside = [known for known in (*_known_keys(), *_SECTIONS) if known.rpartition(".")[0] == section]
    nearest = get_close_matches(key, beside, n=1) or get_close_matches(key, (*_known_keys(), *_SECTIONS), n=1)
    if nearest:
        return f"{origin}: there is no key '{key}'. Did you mean '{nearest[0]}'?"
    allowed = ", ".join(sorted(beside) or sorted(_SECTIONS))
    return f"{origin}: there is no key '{key}'. Allowed here: {allowed}."
