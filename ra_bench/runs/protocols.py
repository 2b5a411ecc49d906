"""A protocol by name or by the path of its TOML file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.errors import ProtocolError
from ra_bench.training.protocol import protocol_hash, read_protocol
from ra_bench.values import Protocol

if TYPE_CHECKING:
    from ra_bench.plugins import Registry
    from ra_bench.values import RunRecord


def find_protocol(registry: Registry, name: str) -> Protocol:
    """The protocol registered under a name, or the one in a TOML file.

    Raises
    ------
    UnknownNameError, ProtocolError
        Nobody registered it, or the file cannot be read, or has the name of another protocol.
    """
    if not name.endswith(".toml"):
        return read_protocol(registry.get("protocol", name).file)
    found = read_protocol(Path(name))
    if found.name in registry.names("protocol"):
        original = read_protocol(registry.get("protocol", found.name).file)
        if protocol_hash(found) != protocol_hash(original):  # two protocols would share one board
            raise ProtocolError(
                f"{name}: 'name' is '{found.name}', the name of an installed protocol that says otherwise. "
                "Give yours a name of its own."
            )
    return found


def recorded_protocol(record: RunRecord) -> Protocol:
    """The protocol that a record holds: as its model was trained by it, overrides applied.

    Raises
    ------
    ProtocolError
        It is none that this version of ra-bench knows.
    """
    from pydantic import TypeAdapter

    try:
        return TypeAdapter(Protocol).validate_json(json.dumps(record.protocol), strict=True)
    except ValueError as error:
        first = " ".join(str(error).split()[:12])
        raise ProtocolError(
            f"The record of '{record.job.model}' holds no protocol that this version of ra-bench knows ({first} ...). "
            "Use the version that wrote it."
        ) from error
