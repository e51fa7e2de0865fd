"""How far an utterance is from each of several references: dynamic time warping with a limited slope.

Steps are (1,1), (1,2) and (2,1) with weights 2, 3 and 3, so a path of I and J frames has the weight I + J
whatever its shape, speed may differ by a factor of two at most, and no step stays within a row: all cells
of a row, of all references, are computed at once.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from voxrun.speech.features import Ints

Costs: TypeAlias = NDArray[np.int32]

FAR: Final = 1 << 28
"""More than any path costs; twice this still fits in 32 bits."""
CELL_LIMIT: Final = 1 << 14
"""The most one pair of frames may cost, so that one bad frame does not decide."""


BATCH_CELLS: Final = 4_000_000
"""Frame pairs in memory at once (a few times 16 MB); long sentences are compared in several goes."""
_STEPS: Final = ((1, 1, 2), (1, 2, 3), (2, 1, 3))
"""Rows, columns and weight of each step."""


def distances(utterance: Ints, references: list[Ints]) -> list[int]:
    """Mean squared distance of frames along the best path to each reference; ``FAR`` without a path.

    Shapes: ``utterance`` (I, bands), each reference (J, bands), values of at most 8 bits or so: products
    are made in float32 and must stay whole numbers below 2**24.
    """
    if not references:
        return []
    widest = max(len(reference) for reference in references)
    batch = max(1, BATCH_CELLS // (len(utterance) * widest))
    return [
        distance
        for start in range(0, len(references), batch)
        for distance in _batch(utterance, references[start : start + batch])
    ]


def _batch(utterance: Ints, references: list[Ints]) -> list[int]:
    lengths = [len(reference) for reference in references]
    width = max(lengths)
    cells = _cells(utterance, references, width)
    last = _rows(cells)
    totals = [int(last[index, length - 1]) for index, length in enumerate(lengths)]
    return [
        FAR if total >= FAR else total // (len(utterance) + length)
        for total, length in zip(totals, lengths, strict=True)
    ]


def worst_stretch(utterance: Ints, reference: Ints, frames: int) -> int:
    """The largest mean cost of ``frames`` utterance frames in a row along the best path; ``FAR`` without one.

    A mean over the whole hides a different word in a long sentence; this does not.
    """
    cells = _cells(utterance, [reference], len(reference))[:, 0]
    path = _path(cells)
    if path is None:
        return FAR
    rows = [row for row, _ in reversed(path)]
    on_path = np.array([cells[cell] for cell in reversed(path)], np.int64)
    # A (2,1) step leaves a frame out: it takes the cost of the frame after it.
    costs = on_path[np.searchsorted(rows, np.arange(len(utterance)))]
    sums = np.cumsum(np.concatenate(([0], costs)))
    width = min(frames, len(costs))
    return int((sums[width:] - sums[:-width]).max()) // width


def _path(cells: Costs) -> list[tuple[int, int]] | None:
    """The best path through one table (I, J), last cell first; None where none reaches the end."""
    rows, columns = cells.shape
    totals = np.full((rows + 2, columns + 2), FAR, np.int64)  # two rows and columns of margin
    totals[2, 2] = 2 * cells[0, 0]
    for row in range(1, rows):
        costs = cells[row]
        options = (
            totals[row + 1, 1:-1] + 2 * costs,
            totals[row + 1, :-2] + 3 * costs,
            totals[row, 1:-1] + 3 * costs,
        )
        totals[row + 2, 2:] = np.minimum(np.minimum.reduce(options), FAR)
    if totals[-1, -1] >= FAR:
        return None
    row, column = rows - 1, columns - 1
    path = [(row, column)]
    while (row, column) != (0, 0):
        cost = int(cells[row, column])
        _, row, column = min(
            (int(totals[row - up + 2, column - left + 2]) + weight * cost, row - up, column - left)
            for up, left, weight in _STEPS
        )
        path.append((row, column))
    return path


def _cells(utterance: Ints, references: list[Ints], width: int) -> Costs:
    """Squared distance of every frame pair: shape (I, references, width)."""
    stacked = np.zeros((len(references), width, utterance.shape[1]), np.float32)
    for index, reference in enumerate(references):
        stacked[index, : len(reference)] = reference
    flat = stacked.reshape(-1, utterance.shape[1])
    own = utterance.astype(np.float32)
    squares = (own**2).sum(axis=1)[:, None] + (flat**2).sum(axis=1)[None, :] - 2 * (own @ flat.T)
    result: Costs = np.minimum(squares, CELL_LIMIT).astype(np.int32)
    return result.reshape(len(utterance), len(references), width)


def _rows(cells: Costs) -> Costs:
    """The cost of the best path to every cell of the last row: shape (references, width)."""
    count, width = cells.shape[1:]
    before = np.full((count, width + 2), FAR, np.int32)  # row i-2, two columns of margin on the left
    above = before.copy()  # row i-1
    above[:, 2] = 2 * cells[0, :, 0]
    for row, costs in enumerate(cells[1:], start=1):
        current = np.full_like(above, FAR)
        straight = above[:, 1:-1] + 2 * costs
        wide = above[:, :-2] + 3 * costs
        steep = before[:, 1:-1] + 3 * costs if row > 1 else straight
        np.minimum(np.minimum(straight, wide), steep, out=current[:, 2:])
        np.minimum(current, FAR, out=current)
        before, above = above, current
    return above[:, 2:]
