"""Findings as targets: what an uncertain or a blank one counts, the loss over them, and how well they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from torch.nn import functional

from ra_bench.errors import TrainingError

if TYPE_CHECKING:
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


def mean_auroc(targets: NDArray[np.float64], weights: NDArray[np.float64], logits: NDArray[np.float64]) -> float:
    """Area under the receiver operating characteristic, 0 to 1, mean over the findings that occur and also fail to.

    nan where there is no such finding.
    """
    areas = [
        _auroc(targets[counted, finding] > 0, logits[counted, finding])
        for finding, counted in enumerate((weights > 0).T)
        if len(set(targets[counted, finding])) == 2
    ]
    return float(np.mean(areas)) if areas else float("nan")


def _auroc(present: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Part of the pairs (present, absent) that the score puts in this order; a tie counts half (Mann-Whitney)."""
    absent = np.sort(score[~present])
    below = np.searchsorted(absent, score[present], side="left")
    not_above = np.searchsorted(absent, score[present], side="right")
    return float((below + not_above).sum() / (2 * present.sum() * len(absent)))


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = 0.5 * (1 + np.tanh(logits / 2))  # no overflow at either end
    return result
