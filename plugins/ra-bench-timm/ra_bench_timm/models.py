"""What timm says of its models, and how that becomes a spec. Nothing is built here."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import timm

from ra_bench import ImageNetWeights, ModelSpec
from ra_bench_timm.net import build, trained

CITATION = "Wightman R. PyTorch Image Models (timm). 2019, doi:10.5281/zenodo.4414861; its model"

#: What timm's tags call weights that saw ImageNet with some thousands of classes: `a1_in1k`, `in21k_ft_in1k`.
_IMAGENET = re.compile(r"(^|_)in\d+k(_|$)")


def names() -> tuple[str, ...]:
    """Every model of timm, and again with each tag of its weights behind a dot."""
    return tuple(dict.fromkeys([*timm.list_models(), *timm.list_pretrained()]))


def find(name: str) -> ModelSpec:
    """The model that timm calls so, with its own first weights.

    Its head can be replaced where timm names one layer; those with two, for distillation, take no weights.
    """
    facts: Any = timm.get_pretrained_cfg(name, allow_unregistered=False)
    return ModelSpec(
        name=name,
        build=partial(build, name),
        citation=citation(name, facts),
        head=facts.classifier if isinstance(facts.classifier, str) else None,
        overrides={"initialisation": "model"},
        in_all=False,
        imagenet=imagenet(name, facts),
    )


def citation(name: str, facts: Any) -> str:
    """timm, the model's name in it, and the paper and the licence of its weights, as far as timm tells."""
    paper = ", ".join(filter(None, (facts.paper_name, facts.paper_ids)))
    weights = f"; its weights {full_name(name, facts)}: {facts.license}" if facts.has_weights else ""
    return f"{CITATION} {name}, timm {timm.__version__}{weights}{f'; named there: {paper}' if paper else ''}"


def imagenet(name: str, facts: Any) -> ImageNetWeights | None:
    """Weights of that tag, or of the model's usual one, where ImageNet is what they learnt from."""
    if not (facts.has_weights and _IMAGENET.search(facts.tag or "")):
        return None
    told = f"timm's {full_name(name, facts)} (licence: {facts.license})"
    return ImageNetWeights(load=partial(trained, name), source=f"{told}: {address(facts)}")


def full_name(name: str, facts: Any) -> str:
    """The name with the tag of the weights."""
    return f"{name.partition('.')[0]}.{facts.tag}" if facts.tag else name


def address(facts: Any) -> str:
    """Where the file of the weights lies."""
    if facts.hf_hub_id:
        return f"https://huggingface.co/{facts.hf_hub_id}/resolve/main/{facts.hf_hub_filename or 'model.safetensors'}"
    return str(facts.url)
