"""What a fitted network says of every image of a split."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_valve.engines.engine import Runnable


@dataclass(frozen=True, eq=False)
class MemberOutputs:
    """Logits (N,) and maps (N, h, w) of one member over one split."""

    logits: NDArray[np.float64]
    maps: NDArray[np.float32]


def run_member(
    run: Runnable, images: NDArray[np.uint8], told: Callable[[], None] = lambda: None
) -> MemberOutputs:
    """Run one opened network over prepared images stored as bytes (N, S, S).

    ``told`` is called after each image, and may raise to stop.
    """
    logits, maps = [], []
    for image in images:
        logit, activation = run((image.astype(np.float32) / 255.0)[None, None])
        logits.append(float(logit[0]))
        maps.append(activation[0])
        told()
    return MemberOutputs(np.array(logits), np.stack(maps))


def check_outputs(names: Sequence[str], outputs: Mapping[str, Sequence[MemberOutputs]]) -> None:
    """Refuse members whose outputs are not numbers.

    Raises:
        ValueError: naming the member, the split and how many images it concerns.
    """
    for split, members in outputs.items():
        for name, member in zip(names, members, strict=True):
            wrong = int(np.sum(~np.isfinite(member.logits)))
            if wrong:
                raise ValueError(
                    f"Expected a number from {name} for every radiograph of the {split} split, "
                    f"found none for {wrong} of {len(member.logits)}: its training diverged. "
                    "Train it again at a lower rate."
                )
