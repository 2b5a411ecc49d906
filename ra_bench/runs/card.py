"""The card of a pretrained body: what it is, made of what its file says of itself."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_POLICIES = {
    "U-Ones": "an uncertain finding counts as present",
    "U-Zeros": "an uncertain finding counts as absent",
    "U-Ignore": "an uncertain finding counts for nothing, neither in the loss nor in the AUROC",
}


_SIMULATED = """
**The films are simulated.** This body has seen drawings and no patient: it shows that the road is built, not where it
leads.
"""

_CHOSEN = "\nThe epoch was chosen on the same films, which flatters the numbers."

_CARD = """\
# {file}

The body of `{model}` ({plugin}), trained to tell {count} findings on the films of `{dataset}`. Its head is left out.
Made with {made_with}.
{warning}
## Use

```sh
ra-bench run --models {model} --weights {model}={file}
```

Or in Python: `safetensors.torch.load_file` gives its tensors by name. A film is one grey in three channels,
{input} (height x width), bone bright, minus the mean and over the SD of the grey values of the training films.

## How it was made

- Set: {dataset}, version `{dataset_version}`. {said}
- Trained on {trained}; validated on {validated}.
- Uncertain findings: {policy}, {meaning}. What is not mentioned counts as absent.
- Protocol: {protocol}, hash `{protocol_hash}`; seed {seed}; epoch {epoch} of {epochs} kept ({keep}).
- Key: `{key}`.

## How well it tells findings

| finding | AUROC | present | absent |
|---|---:|---:|---:|
{rows}

{mean}. AUROC is the part of the pairs of a film with the finding and a film without that are put in this order, a tie
counting half; n/a where no film has it or none has not. Films of one patient are counted one by one.{chosen}
What is present and absent is what the set says, with the policy above.

## Data

Citation: {citation}

Licence of the films: {licence}. Whether these weights may be passed on is for that licence to say.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How well a finding is told on the validation films: AUROC, nan where a side is missing, and films a side."""

    finding: str
    area: float
    present: int
    absent: int


def told(about: Mapping[str, str]) -> tuple[Told, ...]:
    """How well each finding is told, by the metadata of a body's file."""
    return tuple(
        Told(finding=name, area=math.nan if area is None else float(area), present=int(present), absent=int(absent))
        for name, (area, present, absent) in zip(json.loads(about["findings"]), json.loads(about["auroc"]), strict=True)
    )


def mean_area(findings: Sequence[Told]) -> tuple[float, int]:
    """Mean AUROC over the findings that have one, and how many they are; nan where none has."""
    areas = [each.area for each in findings if not math.isnan(each.area)]
    return (sum(areas) / len(areas) if areas else math.nan), len(areas)


def area_text(area: float) -> str:
    """Three digits, or n/a."""
    return "n/a" if math.isnan(area) else f"{area:.3f}"


def card(about: Mapping[str, str], file: str) -> str:
    """The card in markdown, of the metadata of a body's file."""
    findings = told(about)
    mean, count = mean_area(findings)
    films, patients = json.loads(about["train"])
    held_out, of_patients = json.loads(about["validation"])
    rows = [f"| {each.finding} | {area_text(each.area)} | {each.present} | {each.absent} |" for each in findings]
    return _CARD.format(
        **about,
        file=file,
        count=len(findings),
        warning=_SIMULATED if about["simulated"] == "true" else "",
        said=" ".join(json.loads(about["remarks"])),
        trained=f"{films:,} films of {patients:,} patients",
        validated=f"{held_out:,} films of {of_patients:,} other patients",
        meaning=_POLICIES[about["policy"]],
        rows="\n".join(rows),
        mean=f"Mean over {count} findings: {area_text(mean)}",
        chosen="" if about["keep"] == "last" else _CHOSEN,
    )
