"""What this distribution registers: the collection `timm`, any of timm's models by its name there."""

from __future__ import annotations

from ra_bench import CollectionSpec, ModelSpec, hookimpl


def names() -> tuple[str, ...]:
    """Every model of timm, and again with each tag of its weights behind a dot."""
    from ra_bench_timm.models import names

    return names()


def find(name: str) -> ModelSpec:
    """The model that timm calls so."""
    from ra_bench_timm.models import find

    return find(name)


@hookimpl
def register_collections() -> list[CollectionSpec]:
    """All of timm, which is imported when one of its models is asked for."""
    return [CollectionSpec(name="timm", find=find, names=names, summary="any model of timm by its name there")]
