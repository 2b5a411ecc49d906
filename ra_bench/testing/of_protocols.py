"""What a protocol promises: a file that can be read, under the name that it is registered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.errors import PluginError
from ra_bench.testing.naming import check_name
from ra_bench.training.protocol import read_protocol

if TYPE_CHECKING:
    from ra_bench.specs import ProtocolSpec
    from ra_bench.testing.check import Promise


def file(protocol: ProtocolSpec) -> None:
    """Its file is a protocol, and has the name under which it is registered."""
    check_name("protocol", protocol.name)
    found = read_protocol(protocol.file)
    if found.name != protocol.name:
        raise PluginError(
            f"The protocol '{protocol.name}' has name = \"{found.name}\" in {protocol.file.name}. Give both the same: "
            "boards are called after the file's."
        )


PROTOCOL: tuple[Promise, ...] = (file,)
