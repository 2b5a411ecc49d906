"""Findings as targets: what an uncertain or a blank one counts, the loss over them, and how well they are told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from torch.nn import functional

from ra_bench.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch
    from numpy.typing import NDArray


def finding_targets(
    findings: NDArray[np.float64], uncertain: Literal["ones", "zeros", "ignore"]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Targets (0 or 1) and weights (0 or 1), each of shape (n, k).

    Parameters
    ----------
    findings : array of shape (n, k)
        1 present, 0 absent, -1 uncertain, nan not mentioned.
    uncertain
        What an uncertain finding counts: present, absent, or nothing (weight 0).

    Raises
    ------
    TrainingError
        Another value, or no finding that counts.

    Notes
    -----
    Not mentioned counts as absent under all three, as is usual with CheXpert (Irvin et al. 2019).

    Examples
    --------
    >>> targets, weights = finding_targets(np.array([[1.0, -1.0, np.nan]]), "ignore")
    >>> targets.tolist(), weights.tolist()
    ([[1.0, 0.0, 0.0]], [[1.0, 0.0, 1.0]])
    """
    known = np.nan_to_num(findings, nan=0.0)
    strange = np.argwhere(~np.isin(known, (-1.0, 0.0, 1.0)))
    if len(strange):
        row, column = strange[0]
        raise TrainingError(
            f"Finding {column} of film {row} is {known[row, column]:g}. "
            "Use 1 present, 0 absent, -1 uncertain, nan blank."
        )
    unsure = known == -1.0
    targets = np.where(unsure, float(uncertain == "ones"), known)
    weights = np.where(unsure & (uncertain == "ignore"), 0.0, 1.0)
    if findings.size and not weights.any():
        raise TrainingError("Every finding is uncertain, and the protocol ignores those. Set pretraining.uncertain.")
    return targets, weights


def finding_loss(
    logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, *, counted: torch.Tensor
) -> torch.Tensor:
    """Binary cross-entropy, summed over the films given, all (films, k), by `counted`: those that count in the batch.

    The parts of a batch add up to its mean over the findings that count; 0 where none does.
    """
    each = functional.binary_cross_entropy_with_logits(logits, targets, weight=weights, reduction="sum")
    return each / counted.clamp(min=1)


def probability_rmse(targets: NDArray[np.float64], weights: NDArray[np.float64], logits: NDArray[np.float64]) -> float:
    """Root mean squared difference of predicted probability and finding (root of the Brier score), 0 to 1, best 0.

    nan where no finding counts.
    """
    counted = weights > 0
    if not counted.any():
        return float("nan")
    return float(np.sqrt(np.mean((_sigmoid(logits[counted]) - targets[counted]) ** 2)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Auroc:
    """How well one finding is told: the area under its receiver operating characteristic, 0 to 1, and on how many.

    The area is nan where no film has the finding, or none has not.
    """

    area: float
    present: int
    absent: int


def aurocs(
    targets: NDArray[np.float64], weights: NDArray[np.float64], logits: NDArray[np.float64]
) -> tuple[Auroc, ...]:
    """The area of each finding over the films on which it counts; all arrays of shape (n, k).

    The area is the part of the pairs (present, absent) that the logit puts in this order, a tie counting half: the
    Mann-Whitney U over n1 n0 (Hanley and McNeil 1982, Radiology 143:29-36).

    Examples
    --------
    >>> aurocs(np.array([[1.0], [0.0], [1.0]]), np.ones((3, 1)), np.array([[2.0], [1.0], [0.0]]))
    (Auroc(area=0.5, present=2, absent=1),)
    """
    found = []
    for finding, counted in enumerate((weights > 0).T):
        present, score = targets[counted, finding] > 0, logits[counted, finding]
        found.append(Auroc(area=_auroc(present, score), present=int(present.sum()), absent=int((~present).sum())))
    return tuple(found)


def auroc_text(targets: NDArray[np.float64], weights: NDArray[np.float64], logits: NDArray[np.float64]) -> str:
    """The areas as JSON: area or null, present and absent films a finding."""
    areas = aurocs(targets, weights, logits)
    return json.dumps([[None if np.isnan(each.area) else each.area, each.present, each.absent] for each in areas])


def mean_auroc(areas: Iterable[Auroc]) -> float:
    """Mean area over the findings that have one; nan where none has."""
    known = [each.area for each in areas if not np.isnan(each.area)]
    return float(np.mean(known)) if known else float("nan")


def _auroc(present: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Part of the pairs (present, absent) that the score puts in this order; a tie counts half; nan if none."""
    if present.all() or not present.any():
        return float("nan")
    absent = np.sort(score[~present])
    below = np.searchsorted(absent, score[present], side="left")
    not_above = np.searchsorted(absent, score[present], side="right")
    return float((below + not_above).sum() / (2 * present.sum() * len(absent)))


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = 0.5 * (1 + np.tanh(logits / 2))  # no overflow at either end
    return result
