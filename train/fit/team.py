"""The processes that train one network together, and the device and precision they compute in."""

import logging
from collections.abc import Callable, Iterable
from typing import Literal, TypeVar, cast

import numpy as np
import torch
from lightning.fabric import Fabric
from numpy.typing import NDArray
from torch import distributed

from train.fit.outcomes import TrainingError
from train.recipe import Precision

# It tells every caller which precision it was asked for.
logging.getLogger("lightning.pytorch.utilities.rank_zero").setLevel(logging.WARNING)


Result = TypeVar("Result")


class Team:
    """One process, or several that share each batch; ``fabric`` is Lightning's handle on them."""

    def __init__(self, fabric: Fabric) -> None:
        self.fabric = fabric
        # Flags go round by a group on the processor: they must not wait for a GPU.
        self._group: distributed.ProcessGroup | None = None
        if fabric.world_size > 1:
            self._group = cast(distributed.ProcessGroup, distributed.new_group(backend="gloo"))

    @property
    def rank(self) -> int:
        """Number of this process; 0 leads and is the only one that writes."""
        return self.fabric.global_rank

    @property
    def size(self) -> int:
        """How many processes."""
        return self.fabric.world_size

    @property
    def leads(self) -> bool:
        """Whether this process writes."""
        return self.rank == 0

    def any(self, *flags: bool) -> list[bool]:
        """Each flag, true for all if it is true for one."""
        if self._group is None:
            return list(flags)
        told = torch.tensor(flags, dtype=torch.int32)
        distributed.all_reduce(told, distributed.ReduceOp.MAX, group=self._group)
        return [bool(flag) for flag in told]

    def sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum over all processes."""
        if self._group is None:
            return values
        shared = torch.from_numpy(values.copy())
        distributed.all_reduce(shared, group=self._group)
        return shared.numpy()

    def lead(self, action: Callable[[], None]) -> None:
        """Let the leader act; what fails there fails everywhere, so that nobody waits for ever."""
        self.together(action if self.leads else lambda: None)

    def together(self, action: Callable[[], Result]) -> Result:
        """Let each act; what fails in one fails everywhere."""
        result: Result | None = None
        failure: TrainingError | None = None
        try:
            result = action()
        except TrainingError as error:
            failure = error
        (failed,) = self.any(failure is not None)
        if failure is not None:
            raise failure
        if failed:
            raise TrainingError("Another worker failed; its message says why.")
        return cast(Result, result)

    def share_state(self, values: Iterable[torch.Tensor]) -> None:
        """Give every process the leader's tensors."""
        if self.size > 1:
            for value in values:
                distributed.broadcast(value.data, 0)


def single(precision: Precision) -> Team:
    """This process alone, on CUDA if there is any."""
    accelerator = "cuda" if torch.cuda.is_available() else "cpu"
    fabric = Fabric(accelerator=accelerator, devices=1, precision=choose(precision, accelerator))
    return Team(fabric)


def choose(precision: Precision, accelerator: str) -> Literal["32-true", "bf16-mixed"]:
    """The precision to compute in.

    Raises TrainingError where bf16 is asked of a device without it.
    """
    native = _has_bf16(accelerator)
    if precision == "bf16" and not native:
        raise TrainingError(
            "precision: expected a device that computes in bfloat16; this one only imitates it, "
            "slower than 32 bits. Take the precision auto or 32."
        )
    return "32-true" if precision == "32" or not native else "bf16-mixed"


def _has_bf16(accelerator: str) -> bool:
    if accelerator == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    known = torch.cpu.get_capabilities()
    return any(known.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
